"""The data file's records, made into parameters."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from .combinations import RULES
from .params import Param, Params
from .propstring import Alias, PropertyString
from .types import Array, Boolean, Integer, ListOf, Number, String
from .value import Value, split_list


class ParamData(TypedDict, total=False):
    """A parameter. `last` is the highest index; `alias` and `names` make it another name of a key."""

    type: str
    optional: int
    default: str | int | float
    requires: str
    last: int
    format: str
    pattern: str
    minLength: int
    maxLength: int
    minimum: int | float
    maximum: int | float
    enum: Sequence[str]
    items: "ParamData"
    default_key: int
    alias: str
    names: str


class _Common(TypedDict):
    optional: bool
    default: Value | None
    requires: str
    last: int | None


class _Text(_Common):
    format: str
    pattern: str
    min_length: int | None
    max_length: int | None
    choices: tuple[str, ...]


KeysData = Mapping[str, ParamData]


class Decoder:
    """Makes parameters; knows the property strings by the names of their formats, and makes each once."""

    def __init__(self, formats: Mapping[str, KeysData]) -> None:
        self._formats = formats
        self._made: dict[str, tuple[Params, dict[str, Alias]]] = {}

    def params(self, data: KeysData, *, open: bool = False) -> Params:
        """The parameters of a call, or the keys of a property string."""
        return Params({name: self.param(item) for name, item in data.items()}, open=open)

    def param(self, data: ParamData) -> Param:
        """One parameter."""
        match data.get("type", "string"):
            case "boolean":
                return Boolean(**_common(data))
            case "array":
                return Array(**_common(data), items=self.param(data.get("items", {})))
            case "integer":
                return Integer(**_text(data), minimum=data.get("minimum"), maximum=data.get("maximum"))
            case "number":
                return Number(**_text(data), minimum=data.get("minimum"), maximum=data.get("maximum"))
            case _:
                return self._string(data)

    def _string(self, data: ParamData) -> Param:
        name = data.get("format", "")
        if name.endswith("-list"):
            return _list(_text(data), name.removesuffix("-list"))
        return self.property_string(name, data) if name in self._formats else String(**_text(data))

    def property_string(self, name: str, data: ParamData | None = None) -> PropertyString:
        """A property string by the name of its format; raises KeyError if there is none of that name."""
        keys, aliases = self._keys(name)
        text = _text(data or {})
        text["format"] = ""
        return PropertyString(
            **text,
            name=name,
            keys=keys,
            aliases=aliases,
            default_key=next((key for key, item in self._formats[name].items() if item.get("default_key")), ""),
            rule=RULES.get(name),
        )

    def _keys(self, name: str) -> tuple[Params, dict[str, Alias]]:
        if name not in self._made:
            data = self._formats[name]
            keys = self.params({key: item for key, item in data.items() if "alias" not in item})
            aliases = {k: Alias(i["alias"], i.get("names", "")) for k, i in data.items() if "alias" in i}
            self._made[name] = keys, aliases
        return self._made[name]


def _common(data: ParamData) -> _Common:
    default: Value | None = data.get("default")
    if data.get("type") == "boolean" and default is not None:
        default = bool(default)
    return {
        "optional": bool(data.get("optional")),
        "default": default,
        "requires": data.get("requires", ""),
        "last": data.get("last"),
    }


def _text(data: ParamData) -> _Text:
    return {
        **_common(data),
        "format": data.get("format", ""),
        "pattern": data.get("pattern", ""),
        "min_length": data.get("minLength"),
        "max_length": data.get("maxLength"),
        "choices": tuple(data.get("enum", ())),
    }


def _list(text: _Text, item: str) -> ListOf:
    text["format"] = ""
    if text["default"] is not None:
        text["default"] = split_list(str(text["default"]))
    return ListOf(**text, item=item)
