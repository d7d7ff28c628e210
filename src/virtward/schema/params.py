"""Parameters: what every kind of them has in common, and a set of them checked together.

Rule: all errors are found, none stops the search. A name like `net[n]` stands for `net0`, `net1` ... up to the
last index of its Param.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .value import Scope, Value, kind_of, plain

MISSING = "property is missing and it is not optional"
UNDEFINED = "property is not defined in schema and the schema does not allow additional properties"

_INDEXED = re.compile(r"([a-z]+)(0|[1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Param(ABC):
    """One parameter. `requires` names its companion, `last` is the highest index of a `name[n]`."""

    optional: bool = False
    default: Value | None = None
    requires: str = ""
    last: int | None = None

    @abstractmethod
    def parse(self, raw: object, scope: Scope) -> Value | None:
        """The value of what was given, which isn't None; None and an error in the scope if it is none."""


class Params(Mapping[str, Param]):
    """The parameters of a call, or the keys of a property string. With `open`, unknown ones are let through."""

    __slots__ = ("_indexed", "_params", "open", "required")

    def __init__(self, params: Mapping[str, Param], *, open: bool = False) -> None:
        self._params = dict(params)
        self.open = open
        self.required = tuple(name for name, param in params.items() if not param.optional)
        self._indexed = {name[:-3]: param for name, param in params.items() if name.endswith("[n]")}

    def __getitem__(self, name: str) -> Param:
        """The parameter as it is declared, `net[n]` and all."""
        return self._params[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    def find(self, name: str) -> Param | None:
        """The parameter that a given name means; None if the schema doesn't have it."""
        param = self._params.get(name)
        if param is not None:
            return None if name.endswith("[n]") else param
        match = _INDEXED.fullmatch(name) if self._indexed else None
        param = self._indexed.get(match[1]) if match else None
        if match is None or param is None or (param.last is not None and int(match[2]) > param.last):
            return None
        return param

    def defaults(self) -> dict[str, Value]:
        """The fixed defaults."""
        return {name: param.default for name, param in self._params.items() if param.default is not None}

    def check(self, raw: Mapping[str, object], scope: Scope) -> dict[str, Value]:
        """The values that are right; what is wrong or missing is recorded in the scope."""
        for name in self.required:
            if raw.get(name) is None:
                scope.key(name).fail(MISSING)
        values: dict[str, Value] = {}
        for name, given in raw.items():
            value = self._value(name, given, scope.key(name))
            if value is not None:
                values[name] = value
        self._check_companions(raw, scope)
        return values

    def _value(self, name: str, given: object, scope: Scope) -> Value | None:
        param = self.find(name)
        if param is None and not self.open:
            return scope.fail(UNDEFINED)
        if given is None:
            return None
        if param is not None:
            return param.parse(given, scope)
        value = plain(given)
        return scope.fail(f"type check ('string') failed - got {kind_of(given)}") if value is None else value

    def _check_companions(self, raw: Mapping[str, object], scope: Scope) -> None:
        # PVE: a name without a value counts as not given, and yet asks for its companion.
        for name in raw:
            param = self.find(name)
            if param is not None and param.requires and raw.get(param.requires) is None:
                scope.key(param.requires).fail(f"missing property required by '{scope.key(name).path}'")
