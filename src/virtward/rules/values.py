"""Values of parameters: flags, lists and property strings.

Rule: read leniently, the way that asks for more: what isn't clearly false is true, what isn't clearly absent is
there. Upstream refuses malformed values after it has checked permissions.
"""

import re
from collections.abc import Iterator

_SEPARATORS = r"[,; \t\r\n\0]+"
_FALSE = frozenset({"", "0", "no", "off", "false"})
_LAST_VLAN = 4094


def true(value: str) -> bool:
    """Whether the text of a boolean parameter means true."""
    return value.lower() not in _FALSE


def items(value: str) -> list[str]:
    """The items of a list parameter."""
    return [item for item in re.split(_SEPARATORS, value) if item]


def targets(value: str) -> list[str]:
    """The right sides of a storage map: `b, c` of `a:b,c`; the map `1`, each storage to itself, has none."""
    return [item.rpartition(":")[2] for item in items(value) if item != "1"]


def parts(value: str, default: str = "") -> dict[str, str]:
    """A property string `key=value,...`; a part without key is that of `default`."""
    found: dict[str, str] = {}
    for part in value.split(","):
        key, equals, text = part.partition("=")
        if equals:
            found[key.strip()] = text.strip()
        elif part.strip():
            found[default] = part.strip()
    return found


def vlans(trunks: str) -> Iterator[int]:
    """Every VLAN of `1;5-9`, in order; what is no number or range is left out."""
    for item in items(trunks):
        first, dash, last = item.partition("-")
        if first.isdigit() and (last.isdigit() or not dash):
            yield from range(int(first), min(int(last or first), _LAST_VLAN) + 1)
