"""Values: what comes in, what parsing makes of it, and where errors go.

Rule: what comes in is form text or decoded JSON. A JSON number counts as the text upstream would print; a JSON
boolean, array or object is no text. Source: pve-common 9.2.1, as observed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"]
"""A parsed value; never None, which stands for "not given"."""

Check: TypeAlias = Callable[[str], object]
"""A named format: raises Error with upstream's words for a text that doesn't have it."""

Formats: TypeAlias = Mapping[str, Check]

# White space as Perl sees it in text. Python's `\s` has four control characters more.
_WHITE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
BLANK = re.compile(f"[{_WHITE}]*")
_LARGEST_BITS = 2048
_ITEM = re.compile(f"[^{_WHITE},;]+")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the value stands that is being looked at, the formats there are, and the errors so far by place."""

    path: str
    formats: Formats
    errors: dict[str, str]

    def fail(self, text: str) -> Value | None:
        """Records an error, and returns None, for the caller to return."""
        # PVE: two errors in one place are joined by a backslash and an n, not by a line feed.
        known = self.errors.get(self.path)
        self.errors[self.path] = text if known is None else f"{known}\\n{text}"
        return None

    def key(self, name: str) -> "Scope":
        """The scope of a key of this value."""
        return Scope(f"{self.path}.{name}" if self.path else name, self.formats, self.errors)

    def item(self, number: int) -> "Scope":
        """The scope of an element of this value."""
        return Scope(f"{self.path}[{number}]", self.formats, self.errors)


def text_of(raw: object) -> str | None:
    """A scalar as text; None if it is a JSON boolean, an array or an object."""
    match raw:
        case str():
            return raw
        case bool():
            return None
        case int() | float():
            return number_text(raw)
        case _:
            return None


def number_text(number: int | float) -> str:
    """A number as Perl prints it."""
    if isinstance(number, float):
        return f"{number:.15g}"
    return str(number) if number.bit_length() <= _LARGEST_BITS else "Inf"


def kind_of(raw: object) -> str:
    """What upstream calls a value that is no scalar."""
    match raw:
        case bool():
            return "JSON::PP::Boolean"
        case Mapping():
            return "HASH"
        case _:
            return "ARRAY"


def split_list(text: str) -> list[str]:
    """The items of a list, between commas, semicolons and white space, or NUL bytes if there are any."""
    if "\0" in text:
        return text.rstrip("\0").split("\0") if text.strip("\0") else []
    return _ITEM.findall(text)


def plain(raw: object) -> Value | None:
    """A value that no schema speaks of: a JSON boolean, text, or a list of these; None if it is nested deeper."""
    if isinstance(raw, list | tuple):
        items = [item if isinstance(item, bool) else text_of(item) for item in raw]
        return None if None in items else [item for item in items if item is not None]
    return raw if isinstance(raw, bool) else text_of(raw)
