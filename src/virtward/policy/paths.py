"""ACL paths: normalise, valid shapes, fill templates, ancestors.

Rule: text in, text out; nothing here knows a policy. Source: pve-access-control 9.1.1; what a look-up makes
of a path that was not normalised is in `evaluate`.
"""

import re
from collections.abc import Mapping

_SLASHES = re.compile(r"/{2,}")
_CHARACTERS = re.compile(r"[A-Za-z0-9.\-_/]+\n?")
_TEMPLATE = re.compile(r"([^{]+)|\{([^}]+)\}|\{")

_N = r"[A-Za-z0-9._-]+"
_SHAPES_8 = (
    r"/|/access|/access/groups|/access/realm|/nodes|/pool|/sdn|/storage|/vms|/mapping",
    rf"/access/groups/{_N}|/access/realm/{_N}|/nodes/{_N}|/pool/{_N}(?:/{_N}){{0,2}}|/storage/{_N}",
    rf"/vms/[1-9][0-9]{{2,}}|/mapping/{_N}(?:/{_N})?",
    r"/sdn/controllers(?:/[A-Za-z0-9_-]+)?|/sdn/(?:dns|ipams)(?:/[A-Za-z0-9]+)?",
    rf"/sdn/zones(?:/{_N}(?:/{_N}(?:/[1-9][0-9]{{0,3}})?)?)?",
)
_SHAPES_9 = (*_SHAPES_8, r"/sdn/(?:fabrics|prefix-lists|route-maps)(?:/[A-Za-z0-9]+)?")
_VALID = {
    release: re.compile(rf"(?:{'|'.join(shapes)})\n?")
    for release, shapes in {"8.4": _SHAPES_8, "9": _SHAPES_9}.items()
}


def normalise(path: str | None) -> str | None:
    """The path as ACL entries name it, or None where it can't be one (undefined, empty, `0`, odd characters)."""
    if not path or path == "0":
        return None
    path = _SLASHES.sub("/", path).removesuffix("/")
    if path in ("", "0"):
        return "/"
    if not path.startswith("/"):
        path = "/" + path
    return path if _CHARACTERS.fullmatch(path) else None


def valid(path: str, release: str = "9") -> bool:
    """Whether an ACL entry may be added on this normalised path, by the shapes that the release allows."""
    return bool(_VALID[release].fullmatch(path))


def fill(template: str, params: Mapping[str, object]) -> str:
    """`/vms/{vmid}` with its parameters filled in; one that is absent, empty or `0` becomes `-`.

    The result is not normalised and may be hostile (`/vms/100/../..`): normalise it before use.
    """
    # PVE: a stray `{` and a literal chunk `0` vanish (vectors of kind `template`).
    parts = []
    for literal, name in _TEMPLATE.findall(template):
        if literal:
            parts.append(literal if literal != "0" else "")
        elif name:
            value = params.get(name)
            parts.append("-" if value is None or value in ("", "0", 0) else str(value))
    return "".join(parts)


def ancestors(path: str) -> list[str]:
    """The paths from `/` down to `path` itself, for a path in normal form."""
    if path == "/":
        return ["/"]
    found = ["/"]
    at = path.find("/", 1)
    while at > 0:
        found.append(path[:at])
        at = path.find("/", at + 1)
    found.append(path)
    return found


def sort_key(path: str) -> list[str]:
    """Orders paths as a walk through the tree does: parents first, children by their name."""
    return path.split("/")
