"""The rules of a Proxmox VE release, read from package data when first asked for.

Rule: reading costs a few milliseconds once; a Rule is made only when it is looked at.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple, TypedDict, cast

from ..errors import Invalid
from . import decode, match
from .decode import Endpoint, MonitorData, OptionsData
from .model import GuestOptions, Monitor, Rule, Tables

if TYPE_CHECKING:
    from importlib.machinery import SourceFileLoader

RELEASES = ("8.4", "9")
DEFAULT = "9"

_FROM_CODE = ("checks", "root_params", "filter", "filter_tree", "note", "takes_rest")

# PVE: `GET /` answers but is missing from upstream's own schema, so it isn't counted among the rules.
_INDEX: Endpoint = {"method": "GET", "path": "/", "name": "index", "requires": {"user": "all"}}


class Match(NamedTuple):
    """A rule and the call's parameters: the query's, and those of the path, which win."""

    rule: Rule
    params: dict[str, str]


class _Release(TypedDict):
    release: str
    sources: Sequence[str]
    later: Sequence[str]
    monitor: MonitorData
    options: Mapping[str, OptionsData]
    endpoints: Sequence[Endpoint]


class Rules:
    """The endpoints of one release with what they require; immutable, safe to share."""

    def __init__(
        self,
        release: str,
        endpoints: Sequence[Endpoint],
        tables: Tables,
        *,
        sources: Sequence[str] = (),
        later: Sequence[str] = (),
    ) -> None:
        self.release = release
        self.sources = tuple(sources)
        self.later = tuple(later)
        self.tables = tables
        self._endpoints = endpoints
        self._made: dict[int, Rule] = {}

    @classmethod
    def from_endpoints(
        cls, release: str, endpoints: Iterable[Endpoint], code: "Rules", *, sources: Sequence[str] = ()
    ) -> "Rules":
        """Rules for endpoints from elsewhere, such as a host's own API description.

        What upstream checks in code is in no description: it is taken from `code` for the calls it knows.
        """
        known = {(data["method"], data["path"]): data for data in code._endpoints}
        merged = [_with_code(data, known.get((data["method"], data["path"]))) for data in endpoints]
        return cls(release, merged, code.tables, sources=sources)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, in URL order; `GET /` is found but isn't listed."""
        return tuple(self._rule(index) for index in range(len(self._endpoints)))

    @cached_property
    def _trie(self) -> match.Node:
        listed = (*self._endpoints, _INDEX)
        return match.build((data["method"], data["path"], data.get("takes_rest", False)) for data in listed)

    def _rule(self, index: int) -> Rule:
        if index not in self._made:
            data = self._endpoints[index] if index < len(self._endpoints) else _INDEX
            self._made[index] = decode.rule(data, self.tables)
        return self._made[index]

    def find(self, method: str, url: str) -> Match | None:
        """The rule for a call, with or without `/api2/json`, host and query in the URL; None if there is none."""
        parts = match.split(url)
        route = match.find(self._trie, method.upper(), parts.segments)
        return Match(self._rule(route.number), {**parts.query, **route.params}) if route else None

    def get(self, method: str, path: str) -> Rule | None:
        """The rule for a method and a path template, written as upstream does."""
        found = self.find(method, path)
        return found.rule if found and found.rule.path == path else None

    def suggest(self, method: str, url: str) -> tuple[str, ...]:
        """Calls, as `METHOD /path`, that somebody may have meant who asked for one that doesn't exist.

        Other methods of the same path if there are any, otherwise the closest paths, those with the method first.
        """
        segments = match.split(url).segments
        here = match.methods(self._trie, segments)
        if here:
            return tuple(f"{other} /{'/'.join(segments)}" for other in here if other != method.upper())
        paths = match.similar(dict.fromkeys(data["path"] for data in self._endpoints), segments)
        return tuple(f"{self._method(method.upper(), path)} {path}" for path in paths)

    def _method(self, method: str, path: str) -> str:
        """The method, or one that the path has."""
        here = match.methods(self._trie, match.split(path).segments)
        return method if method in here else next(iter(here), method)

    def options(self, guest: str) -> GuestOptions:
        """The option table of `qemu` or `lxc`."""
        return self.tables.options[guest]

    @property
    def monitor(self) -> Monitor:
        """What QEMU monitor commands need."""
        return self.tables.monitor


def _with_code(data: Endpoint, code: Endpoint | None) -> Endpoint:
    """The endpoint, completed with what only `code` knows of it."""
    if code is None:
        return data
    known = {key: value for key, value in code.items() if key in _FROM_CODE}
    return cast(Endpoint, {**known, **data})


def load(release: str = DEFAULT) -> Rules:
    """The rules of `8.4` or `9` (any 9.x); raises Invalid for another release."""
    if release not in RELEASES:
        raise Invalid({"release": f"there are no rules for {release!r}, only for {' and '.join(RELEASES)}"})
    return _read(release)


@cache
def _read(release: str) -> Rules:
    data = cast(_Release, json.loads(_data(f"api-{release}.json")))
    tables = Tables(
        options={guest: decode.guest_options(options) for guest, options in data["options"].items()},
        monitor=decode.monitor(data["monitor"]),
    )
    return Rules(release, data["endpoints"], tables, sources=data["sources"], later=data["later"])


def _data(name: str) -> bytes:
    """A file of package data, read by whatever loaded this module: importlib.resources takes ten milliseconds."""
    loader = cast("SourceFileLoader", __spec__.loader)
    return loader.get_data(__file__.removesuffix("loader.py") + "data/" + name)
