"""Types of parameters: text, numbers, flags, lists and arrays.

Rule: as upstream, a value is checked as text, in this order: type, format, pattern, length, limits, choices; the
first thing that is wrong is its error. Patterns end as in Perl, before one trailing line feed.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from ..errors import Error
from . import formats
from .params import MISSING, Param
from .value import Check, Scope, Value, kind_of, number_text, split_list, text_of

__all__ = ["Array", "Boolean", "Check", "Integer", "ListOf", "Number", "Param", "Scalar", "String", "enum"]

# PVE: digits of other scripts pass upstream's check of numbers and then count as 0; here they are no number.
_INTEGER = re.compile(r"[+-]?[0-9]{1,640}\n?")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\n?")


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    # PVE: a pattern isn't bracketed, so `a|b` is "starts with a, or ends with b".
    return re.compile(f"^{pattern}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar(Param):
    """A value that is one text."""

    kind: ClassVar[str] = "string"

    format: str = ""
    pattern: str = ""
    min_length: int | None = None
    max_length: int | None = None
    choices: tuple[str, ...] = ()

    def parse(self, raw: object, scope: Scope) -> Value | None:
        """The value; see Param."""
        text = text_of(raw)
        if text is None:
            return scope.fail(f"type check ('{self.kind}') failed - got {kind_of(raw)}")
        value = self.read(text)
        if value is None:
            return scope.fail(f"type check ('{self.kind}') failed - got '{text}'")
        try:
            value = self.formatted(text, value, scope)
        except Error as error:
            return scope.fail(f"invalid format - {error.message}\n")
        problem = self._problem(text, value)
        return value if problem is None else scope.fail(problem)

    def read(self, text: str) -> Value | None:
        """The text as a value; None if it isn't of the type."""
        return text

    def formatted(self, text: str, value: Value, scope: Scope) -> Value:
        """The value once the text's format is checked; raises Error if it doesn't have it."""
        if self.format:
            formats.check(self.format, text, scope.formats)
        return value

    def beyond(self, value: Value) -> str | None:
        """What is wrong with the value's size."""
        return None

    def _problem(self, text: str, value: Value) -> str | None:
        if self.pattern and not _pattern(self.pattern).search(text):
            return "value does not match the regex pattern"
        if self.max_length is not None and len(text) > self.max_length:
            return f"value may only be {self.max_length} characters long"
        if self.min_length is not None and len(text) < self.min_length:
            return f"value must be at least {self.min_length} characters long"
        problem = self.beyond(value)
        if problem is None and self.choices and text not in self.choices:
            return f"value '{text}' does not have a value in the enumeration '{', '.join(self.choices)}'"
        return problem


@dataclass(frozen=True, slots=True, kw_only=True)
class String(Scalar):
    """Text."""


def enum(*choices: str, optional: bool = False, default: str | None = None) -> String:
    """One of these words."""
    return String(choices=choices, optional=optional, default=default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Scalar):
    """A number; without point and exponent it becomes an int, otherwise a float. Infinity is none."""

    kind: ClassVar[str] = "number"

    minimum: int | float | None = None
    maximum: int | float | None = None

    def read(self, text: str) -> Value | None:
        """See Scalar."""
        if _INTEGER.fullmatch(text):
            return int(text)
        number = float(text) if _NUMBER.fullmatch(text) else math.inf
        return number if math.isfinite(number) else None

    def beyond(self, value: Value) -> str | None:
        """See Scalar."""
        if not isinstance(value, int | float):
            return None
        if self.maximum is not None and value > self.maximum:
            return f"value must have a maximum value of {number_text(self.maximum)}"
        if self.minimum is not None and value < self.minimum:
            return f"value must have a minimum value of {number_text(self.minimum)}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(Number):
    """An integer, of at most 640 digits."""

    kind: ClassVar[str] = "integer"

    def read(self, text: str) -> Value | None:
        """See Scalar."""
        return int(text) if _INTEGER.fullmatch(text) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf(Scalar):
    """Text of items that have a format each, `item`; its value is the list of them. JSON may give an array."""

    item: str = "string"

    def parse(self, raw: object, scope: Scope) -> Value | None:
        """The list; see Param."""
        # Called by name: a class with slots is a new class, which `super()` without arguments doesn't know.
        return Scalar.parse(self, _joined(raw) if isinstance(raw, list | tuple) else raw, scope)

    def formatted(self, text: str, value: Value, scope: Scope) -> Value:
        """See Scalar."""
        formats.check(f"{self.item}-list", text, scope.formats)
        return split_list(text)


def _joined(raw: Sequence[object]) -> object:
    """An array as the text of a list; itself if an element is an array or an object."""
    items = [_element(item) for item in raw]
    return raw if None in items else ",".join(item or "" for item in items)


def _element(item: object) -> str | None:
    return str(int(item or 0)) if isinstance(item, bool) else "" if item is None else text_of(item)


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean(Param):
    """A flag: exactly `0` or `1`, or a JSON boolean."""

    kind: ClassVar[str] = "boolean"

    def parse(self, raw: object, scope: Scope) -> Value | None:
        """The flag; see Param."""
        if isinstance(raw, bool):
            return raw
        text = text_of(raw)
        if text is None:
            return scope.fail(f"type check ('boolean') failed - got {kind_of(raw)}")
        if text not in ("0", "1"):
            return scope.fail(f"type check ('boolean') failed - got '{text}'")
        return text == "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Array(Param):
    """An array; a form's repeated name, or one value alone."""

    kind: ClassVar[str] = "array"

    items: Param

    def parse(self, raw: object, scope: Scope) -> Value | None:
        """The array; see Param."""
        # PVE: one value alone becomes an array only if Perl takes it for true.
        if text_of(raw) not in (None, "", "0"):
            raw = [raw]
        if not isinstance(raw, list | tuple):
            return scope.fail("type check ('array') failed")
        values: list[Value] = []
        for number, item in enumerate(raw):
            value = self._item(item, scope.item(number))
            values += [] if value is None else [value]
        return values

    def _item(self, item: object, scope: Scope) -> Value | None:
        if item is not None:
            return self.items.parse(item, scope)
        return None if self.items.optional else scope.fail(MISSING)
