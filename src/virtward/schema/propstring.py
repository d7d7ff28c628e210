"""Property strings: `virtio=AA:BB:CC:DD:EE:FF,bridge=vmbr0` <-> typed values.

Rule: whatever `read` takes, `write` gives back so that it reads to the same. Source: pve-common 9.2.1, as
observed.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ..errors import Error
from .params import Param, Params
from .sizes import size_text
from .types import Boolean, Scalar
from .value import BLANK, Formats, Scope, Value

Rule: TypeAlias = Callable[[Mapping[str, Value]], None]
"""A check of all values together; raises Error."""

_PART = re.compile(r"([^=]+)=(.+)$")
_TRUE = frozenset({"1", "on", "yes", "true"})
_FALSE = frozenset({"0", "off", "no", "false"})
_UNWRITABLE = re.compile(r"[,\n]")


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name of the key `target`. With `names`, the name itself is the value of that key: `virtio=<mac>`."""

    target: str
    names: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyString(Scalar):
    """Text of keys and values. `default_key` may go without its name; `rule` looks at all values together."""

    name: str
    keys: Params
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    default_key: str = ""
    rule: Rule | None = None

    def formatted(self, text: str, value: Value, scope: Scope) -> Value:
        """The values by key."""
        return read(text, self, scope.formats, scope.path)


def read(text: str, form: PropertyString, formats: Formats, path: str = "") -> dict[str, Value]:
    """The values of a property string; `path` is what errors call it. Raises Error with upstream's words."""
    errors: dict[str, str] = {}
    values = form.keys.check(split(text, form), Scope(path, formats, errors))
    if errors:
        raise Error("format error\n" + "\n".join(f"{name}: {error}" for name, error in sorted(errors.items())))
    if form.rule is not None:
        form.rule(values)
    return values


def split(text: str, form: PropertyString) -> dict[str, str]:
    """The texts of a property string's keys, aliases resolved, flags as `0` or `1`, otherwise unchecked."""
    found: dict[str, str] = {}
    bare = False
    for part in text.split(","):
        match = _PART.match(part)
        if BLANK.fullmatch(part):
            continue
        if match:
            _add(match[1], match[2], form, found)
        elif "=" in part:
            raise Error("missing key in comma-separated list property")
        elif not form.default_key:
            raise Error("value without key, but schema does not define a default key")
        elif bare or found.get(form.default_key, "0") != "0":
            raise Error(f"duplicate key in comma-separated list property: {form.default_key}")
        else:
            found[form.default_key] = part
            bare = True
    return found


def _add(name: str, text: str, form: PropertyString, found: dict[str, str]) -> None:
    if name in found:
        raise Error(f"duplicate key in comma-separated list property: {name}")
    alias = form.aliases.get(name)
    if alias is not None and alias.names:
        if alias.names in found:
            raise Error(f"key alias '{alias.names}' is already defined")
        found[alias.names] = name
    key = alias.target if alias else name
    param = form.keys.find(key)
    if param is None:
        raise Error(f"invalid key in comma-separated list property: {key}")
    # PVE: a value given under two names of a key is no duplicate, the last one counts.
    found[key] = _flag(text) if isinstance(param, Boolean) else text


def _flag(text: str) -> str:
    # PVE: only with its name may a flag be `on` or `yes`; a bare default has to be `0` or `1`.
    lower = text.lower()
    return "1" if lower in _TRUE else "0" if lower in _FALSE else text


def write(values: Mapping[str, Value], form: PropertyString) -> str:
    """The property string of typed values, in upstream's order: default key, mandatory keys, the others.

    The size of a disk may be a number of bytes. Raises Error for a key the form doesn't have and for a value
    that a property string can't carry.
    """
    for name in values:
        if form.keys.find(name) is None:
            raise Error(f"invalid key '{name}'")
    first = [form.default_key] if form.default_key in values else []
    needed = sorted(name for name in values if not form.keys[name].optional)
    order = dict.fromkeys([*first, *needed, *sorted(values)])
    texts = {name: _text(value, form.keys[name]) for name, value in values.items()}
    return ",".join(_parts(order, texts, form))


def _parts(order: Mapping[str, None], texts: Mapping[str, str], form: PropertyString) -> Iterator[str]:
    done: set[str] = set()
    for name in order:
        alias = form.aliases.get(texts[name])
        if name in done:
            continue
        done.add(name)
        if alias is not None and alias.names == name and alias.target in texts.keys() - done:
            done.add(alias.target)
            yield f"{texts[name]}={_writable(alias.target, texts[alias.target])}"
        elif name == form.default_key and _may_be_bare(texts[name]):
            yield texts[name]
        else:
            yield f"{name}={_writable(name, texts[name])}"


def _may_be_bare(text: str) -> bool:
    return "=" not in text and "," not in text and not BLANK.fullmatch(text)


def _writable(name: str, text: str) -> str:
    if not text or _UNWRITABLE.search(text):
        raise Error(f"illegal value for {name}")
    return text


def _text(value: Value, param: Param) -> str:
    match value:
        case bool():
            return str(int(value))
        case int() if isinstance(param, Scalar) and param.format == "disk-size":
            return size_text(value)
        case int() | str():
            return str(value)
        case float():
            return repr(value)
        case Mapping():
            raise Error("illegal value with keys")
        case _:
            return ";".join(_text(item, param) for item in value) or ";"
