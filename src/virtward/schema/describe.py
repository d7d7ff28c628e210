"""Descriptions of parameters as fragments of JSON Schema 2020-12, which OpenAPI 3.1 uses.

Rule: a fragment allows what the wire carries best: flags are 0 or 1, lists and property strings are text. What
JSON Schema has no word for stands under a key that begins with `x-`.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from .params import Param, Params
from .propstring import PropertyString
from .types import Array, Boolean, ListOf, Number, Scalar
from .value import Value

Json: TypeAlias = str | int | float | bool | Sequence["Json"] | Mapping[str, "Json"] | None
Fragment: TypeAlias = dict[str, Json]


def describe_all(params: Mapping[str, Param]) -> Fragment:
    """The object of a call's parameters, or of a property string's keys."""
    single = {name: param for name, param in params.items() if not name.endswith("[n]")}
    indexed = {_indexed(name, param): param for name, param in params.items() if name.endswith("[n]")}
    companions = {name: [param.requires] for name, param in single.items() if param.requires}
    fragment: Fragment = {
        "type": "object",
        "properties": {name: describe(param) for name, param in single.items()},
        "patternProperties": {name: describe(param) for name, param in indexed.items()},
        "required": [name for name, param in single.items() if not param.optional],
        "dependentRequired": companions,
    }
    found = {name: value for name, value in fragment.items() if value or name == "properties"}
    return {**found, "additionalProperties": isinstance(params, Params) and params.open}


def describe(param: Param) -> Fragment:
    """One parameter."""
    match param:
        case Boolean():
            fragment: Fragment = {"type": "integer", "enum": [0, 1]}
        case Array():
            fragment = {"type": "array", "items": describe(param.items)}
        case Scalar():
            fragment = _scalar(param)
        case _:
            fragment = {}
    return fragment if param.default is None else {**fragment, "default": _default(param.default)}


def _scalar(param: Scalar) -> Fragment:
    fragment: Fragment = {
        "type": param.kind,
        "format": _format(param),
        "pattern": f"^(?:{param.pattern})$" if param.pattern else "",
        "minLength": param.min_length,
        "maxLength": param.max_length,
        "enum": [*map(int, param.choices)] if param.kind == "integer" else [*param.choices],
    }
    if isinstance(param, Number):
        fragment |= {"minimum": param.minimum, "maximum": param.maximum}
    if isinstance(param, PropertyString):
        fragment |= {"x-keys": describe_all(param.keys), "x-default-key": param.default_key}
        aliases: Fragment = {name: alias.target for name, alias in param.aliases.items()}
        fragment["x-aliases"] = aliases
    return {name: value for name, value in fragment.items() if value not in (None, "", [], {})}


def _format(param: Scalar) -> str:
    match param:
        case ListOf():
            return f"{param.item}-list"
        case PropertyString():
            return param.name
        case _:
            return param.format


def _indexed(name: str, param: Param) -> str:
    """`net[n]` as a pattern of names."""
    last = 99 if param.last is None else param.last
    return f"^{name[:-3]}(?:{'|'.join(map(str, range(last + 1)))})$" if last < 40 else f"^{name[:-3]}[0-9]+$"


def _default(value: Value) -> Json:
    match value:
        case bool():
            return int(value)
        case str() | int() | float():
            return value
        case Mapping():
            return {name: _default(item) for name, item in value.items()}
        case _:
            return ",".join(str(item) for item in value)
