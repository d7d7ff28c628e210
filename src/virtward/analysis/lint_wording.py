"""How the texts of `lint` show ids, lists and ACL entries."""

from collections.abc import Iterable, Sequence

from ..policy.model import AclEntry

NAMED = 5
"""How many names or entries a text lists before it says "and N more"."""


def shown(text: str) -> str:
    """The text with everything unprintable escaped."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char.isprintable():
        return char
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape").decode("ascii")


def listed(items: Iterable[str], count: int | None = None) -> str:
    """`a, b and c`; of many only the first few, with the number of the others. `count` says how many there are."""
    names = list(items)
    more = (len(names) if count is None else count) - NAMED
    if more > 0:
        return f"{', '.join(names[:NAMED])} and {more} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def entries_text(entries: Sequence[AclEntry], says: str = "{role} on {path}") -> str:
    """ACL entries in words, each with its line; `says` is a template of the entry's fields."""
    ordered = sorted(entries, key=lambda e: (e.line, e.path, e.subject, e.role))
    return listed(f"{says} (line {{line}})".format(**entry._asdict()) for entry in ordered)


def first_line(entries: Iterable[AclEntry]) -> int:
    """The first line that has one of the entries."""
    return min((entry.line for entry in entries), default=0)
