"""Texts of options: checked, written in upstream's way, and taken apart into facts.

Rule: a fact is the text of an option (`cores`), or of one key of its property string (`scsi0.cache`); facts and
options tell the same. What a caller may not use is refused here and nowhere else.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from ..errors import Error, Invalid
from ..policy.names import FORMATS as POLICY_FORMATS
from ..schema.formats import FORMATS
from ..schema.params import UNDEFINED, Param
from ..schema.propstring import PropertyString, split, write
from ..schema.types import Integer, Number
from ..schema.value import Formats, Scope, Value, number_text
from . import options
from .crypt import is_hashed
from .options import Option

Facts = Mapping[str, str]
"""`cores` -> `2`, `scsi0.cache` -> `none`."""

# XML can't hold the other control characters, nor halves of surrogate pairs and the two last code points.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_UNWRITABLE = re.compile("[,\n]")
_INTEGER = re.compile("[0-9]{1,18}")
_NUMBER = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?(?:e[+-]?[0-9]{1,2})?")
_CONTROL = re.compile("[\t\n\r]")
_MULTILINE = frozenset({"description"})
# How upstream's own interface separates the items of a list.
_SEPARATORS = {"tags": ";", "nameserver": " "}


@cache
def formats() -> Formats:
    """Every named format: those of values, and those of the policy's ids."""
    return {**FORMATS, **POLICY_FORMATS}


def canonical(name: str, value: Value) -> str:
    """The text of an option as upstream writes it, from text or from what `schema` made of it.

    Raises Error, saying what is wrong, for an option or a value that nobody may set.
    """
    row = options.find(name)
    if row is None or row.internal:
        raise Error(UNDEFINED if options.param(name) is None else f"option '{name}' is not supported here")
    text = plain_text(name, value)
    _check_characters(name, text)
    checked = _checked(name, text)
    _check_supported(row, name, checked)
    if name == "cipassword" and not is_hashed(checked):
        raise Error("the password has to be hashed before it is kept")
    return checked


def plain_text(name: str, value: Value) -> str:
    """A typed value as text; text stays as it is."""
    form = options.form(name)
    match value:
        case bool():
            return str(int(value))
        case int() | float():
            return number_text(value)
        case str():
            return value
        case Mapping() if form is not None:
            return write(value, form)
        case Sequence():
            return _SEPARATORS.get(name, ",").join(str(item) for item in value)
        case _:
            raise Error("illegal value with keys")


def _check_characters(name: str, text: str) -> None:
    if _UNPRINTABLE.search(text) or (name not in _MULTILINE and _CONTROL.search(text.removesuffix("\n"))):
        raise Error("value has control characters")
    if not text.strip():
        raise Error("value is empty")


def _checked(name: str, text: str) -> str:
    """The text, once it is valid, in upstream's way of writing."""
    param = options.param(name)
    if param is None:
        raise Error(UNDEFINED)
    if name not in _MULTILINE:
        text = text.removesuffix("\n")
    scope = Scope("", formats(), {})
    value = param.parse(text, scope)
    if value is None:
        raise Error(scope.errors[""].rstrip("\n"))
    if isinstance(value, Mapping) and isinstance(param, PropertyString):
        return write(value, param)
    return plain_text(name, value)


def _check_supported(row: Option, name: str, text: str) -> None:
    """Raises Error for keys and values that upstream knows and this doesn't."""
    form = options.form(name)
    parts = {"": text} if form is None else split(text, form)
    for key in parts:
        if row.keys is not None and key not in row.keys:
            raise Error(f"key '{key}' of option '{name}' is not supported here")
    for key, pattern in (row.refused or {}).items():
        if re.fullmatch(pattern, parts.get(key, "")):
            raise Error(f"value '{parts[key]}' of option '{name}' is not supported here")


def checked(texts: Mapping[str, Value]) -> dict[str, str]:
    """The canonical texts of several options; raises Invalid naming every one that is wrong."""
    found: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name, value in texts.items():
        try:
            found[name] = canonical(name, value)
        except Error as error:
            wrong[name] = error.message
    if wrong:
        raise Invalid(dict(sorted(wrong.items())))
    return found


def parts(name: str, text: str) -> dict[str, str]:
    """The texts of the keys of an option's property string; of an option without keys, its text under ``""``."""
    form = options.form(name)
    return {"": text} if form is None else split(text, form)


def joined(name: str, texts: Mapping[str, str]) -> str:
    """The reverse of `parts`."""
    form = options.form(name)
    return texts[""] if form is None else write(texts, form)


def facts(texts: Mapping[str, str]) -> dict[str, str]:
    """What options say, fact by fact."""
    return {
        f"{name}.{key}" if key else name: value
        for name, text in texts.items()
        for key, value in parts(name, text).items()
    }


def from_facts(known: Facts) -> dict[str, str]:
    """The options that say these facts; what no text can carry is dropped, with its option if that needs it."""
    grouped: dict[str, dict[str, str]] = {}
    for fact, text in known.items():
        name, _, key = fact.partition(".")
        grouped.setdefault(name, {})[key] = text
    writable = {name: _writable(name, keys) for name, keys in sorted(grouped.items()) if options.find(name)}
    return {name: joined(name, keys) for name, keys in writable.items() if keys}


def _writable(name: str, keys: Mapping[str, str]) -> dict[str, str]:
    """The keys that an option's text can carry; none if that leaves out one that it needs."""
    form = options.form(name)
    if form is None:
        return {"": keys[""]} if _fits(options.param(name), keys.get("", "")) else {}
    found = {key: text for key, text in keys.items() if key in form.keys and _fits(form.keys[key], text)}
    found = {key: text for key, text in found.items() if not _UNWRITABLE.search(text)}
    return found if set(form.keys.required) <= found.keys() else {}


def _fits(param: Param | None, text: str) -> bool:
    """Whether a text that somebody else wrote is one at all, and a number where one is wanted."""
    match param:
        case Integer():
            return _INTEGER.fullmatch(text) is not None
        case Number():
            return _NUMBER.fullmatch(text) is not None
        case _:
            return bool(text)


def device(known: Facts, name: str) -> dict[str, str]:
    """The facts of one option by key."""
    start = f"{name}."
    return {fact.removeprefix(start): text for fact, text in known.items() if fact.startswith(start)}
