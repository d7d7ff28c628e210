"""The parameters of Proxmox VE's calls, read from package data when first asked for.

Rule: reading costs a few milliseconds once; the parameters of a call are made when they are looked at.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pkgutil import get_data
from typing import TypedDict, cast

from ..errors import Invalid, ProgramError
from .decode import Decoder, KeysData
from .params import Params
from .propstring import PropertyString

DEFAULT = "9"


class _Call(TypedDict):
    method: str
    path: str
    params: KeysData
    open: int


class _Release(TypedDict):
    formats: Mapping[str, KeysData]
    endpoints: Sequence[_Call]


class Schemas:
    """The parameters of each call of one release; immutable, safe to share."""

    def __init__(self, calls: Sequence[_Call], formats: Mapping[str, KeysData]) -> None:
        self._calls = {(call["method"], call["path"]): call for call in calls}
        self._decoder = Decoder(formats)
        self._formats = formats
        self._made: dict[tuple[str, str], Params] = {}

    @property
    def calls(self) -> tuple[tuple[str, str], ...]:
        """Method and path template of every call, in URL order."""
        return tuple(self._calls)

    @property
    def formats(self) -> tuple[str, ...]:
        """The names of the property strings."""
        return tuple(self._formats)

    def params(self, method: str, path: str) -> Params:
        """The parameters of a call, those of its path included; ProgramError for a call that isn't known."""
        key = (method, path)
        if key not in self._calls:
            raise ProgramError(f"no parameters are known for {method} {path}")
        if key not in self._made:
            call = self._calls[key]
            self._made[key] = self._decoder.params(call["params"], open=bool(call.get("open")))
        return self._made[key]

    def property_string(self, name: str) -> PropertyString:
        """A property string by the name of its format, such as `ps:net~2`; ProgramError if it isn't known."""
        if name not in self._formats:
            raise ProgramError(f"no property string is called {name}")
        return self._decoder.property_string(name)


@cache
def load(release: str = DEFAULT) -> Schemas:
    """The parameters of release `9` (any 9.x); raises Invalid for another release."""
    if release != DEFAULT:
        raise Invalid({"release": f"there are no parameters for {release!r}, only for {DEFAULT}"})
    data = cast(_Release, json.loads(get_data(__package__, f"data/params-{release}.json") or b""))
    return Schemas(data["endpoints"], data["formats"])
