"""Whether a check's condition holds for a call: yes, no, or it depends.

Rule: three-valued, as strong Kleene logic: `depends` never turns into yes or no by guessing.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..errors import ProgramError
from .model import Params, When
from .values import items, parts, true


class Truth(NamedTuple):
    """`known` True or False; None if it depends on what the text says."""

    known: bool | None
    depends: str = ""


YES, NO = Truth(True), Truth(False)


def holds(when: When, params: Params, caller: str | None) -> Truth:
    """Whether the condition holds; what is said of the caller depends when `caller` is None."""
    match when.kind:
        case "always":
            return YES
        case "not":
            return _not(holds(when.parts[0], params, caller))
        case "all":
            return _all([holds(part, params, caller) for part in when.parts])
        case "any":
            return _not(_all([_not(holds(part, params, caller)) for part in when.parts]))
        case "depends":
            return Truth(None, fill(when.args[0], params))
        case "self" | "task-owner":
            return _about_caller(when.kind, params.get(when.args[0], ""), caller)
        case kind:
            name, *rest = when.args
            return YES if _given(kind, params.get(name), *rest) else NO


def _given(kind: str, value: str | None, text: str = "") -> bool:
    """A condition on one parameter, None if it isn't given."""
    if value is None:
        return False
    match kind:
        case "given":
            # A blank value counts as not given: that asks for more wherever the two differ.
            return bool(items(value))
        case "on":
            return true(value)
        case "off":
            return not true(value)
        case "is":
            return value == text
        case "ends":
            return value.endswith(text)
        case "named":
            return text in items(value)
        case "part":
            return text in parts(value)
        case _:
            raise ProgramError(f"unknown condition {kind!r}")


def _not(truth: Truth) -> Truth:
    return truth if truth.known is None else Truth(not truth.known)


def _all(truths: Sequence[Truth]) -> Truth:
    if NO in truths:
        return NO
    depends = [truth.depends for truth in truths if truth.known is None]
    return Truth(None, "; ".join(depends)) if depends else YES


def _about_caller(kind: str, value: str, caller: str | None) -> Truth:
    """Whether the caller is the user named, or the one who started the task named."""
    if kind == "task-owner":
        fields = value.split(":")
        value = fields[7] if len(fields) > 7 else ""
    if caller is None:
        return Truth(None, f"whether the caller is {value or 'its owner'}")
    return YES if value and caller in (value, _owner(value)) else NO


def _owner(authid: str) -> str:
    """The user of a token id, the user id itself of any other."""
    user, mark, sub = authid.rpartition("!")
    return user if mark and "@" not in sub else authid


def fill(text: str, params: Params) -> str:
    """The text with `{name}` replaced by the parameter, where it is given."""
    for name, value in params.items():
        text = text.replace("{" + name + "}", value)
    return text
