"""Sizes of disks: `8G` <-> bytes. Units are binary. Source: pve-common 9.2.1, as observed."""

import re

from ..errors import Error

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:([KMGT])(?:iB)?)?\n?")
_UNITS = "KMGT"
_LONGEST = 300


def size_in_bytes(text: str) -> int:
    """The bytes of a size such as `512M`, `1.5G` or `8GiB`, rounded down; raises Error for anything else."""
    match = _SIZE.fullmatch(text) if len(text) < _LONGEST else None
    if match is None:
        raise Error(f"value does not look like a valid disk size: {text}")
    factor = 1024 ** (_UNITS.index(match[2]) + 1) if match[2] else 1
    return int(float(match[1]) * factor) if "." in match[1] else int(match[1]) * factor


def size_text(size: int) -> str:
    """Bytes in the largest unit that divides them."""
    unit = ""
    for larger in _UNITS:
        if size % 1024:
            break
        size, unit = size // 1024, larger
    return f"{size}{unit}"
