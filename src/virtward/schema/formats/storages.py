"""Formats of storages: contents, paths, servers."""

import re
from collections.abc import Mapping

from ...errors import Error
from ..value import Check
from .addresses import is_address, is_host_and_port
from .matching import fitting, matching

CONTENTS = frozenset({"images", "rootdir", "vztmpl", "iso", "backup", "snippets", "none", "import"})

_OVERRIDE = re.compile(r"([a-z]+)=(.+)", re.DOTALL)


def _check_content(text: str) -> None:
    if text not in CONTENTS:
        raise Error(f"invalid content type '{text}'")


def _is_override_path(path: str) -> bool:
    """Whether a content type may be in that folder: no `..`, no dot at the end, and not too long."""
    plain = ".." not in path and not path.endswith(".")
    return plain and len(path) < 1023 and all(len(name) < 255 for name in path.split("/"))


def _check_override(text: str) -> None:
    match = _OVERRIDE.fullmatch(text.removesuffix("\n"))
    if match is not None:
        _check_content(match[1])
    if match is None or not _is_override_path(match[2]):
        raise Error(f"invalid override '{text}'")


FORMATS: Mapping[str, Check] = {
    "pve-storage-content": _check_content,
    # PVE: only the beginning is looked at.
    "pve-storage-path": matching(r"(?s:/[^;()]+.*)", "value does not look like a valid absolute path"),
    "pve-storage-server": fitting(is_address, "value does not look like a valid server name or IP address"),
    "pve-storage-portal-dns": fitting(is_host_and_port, "value does not look like a valid portal address"),
    "pve-storage-vgname": matching(
        r"[a-zA-Z0-9][a-zA-Z0-9\-_.]*[a-zA-Z0-9]", "lvm name '{}' contains illegal characters"
    ),
    "pve-storage-options": matching(r"\S+", "invalid options '{}'"),
    "pve-dir-override": _check_override,
}
"""Format name -> check."""
