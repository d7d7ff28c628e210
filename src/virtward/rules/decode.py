"""Endpoints and tables as JSON -> Rule, Check, GuestOptions, Monitor.

Rule: the shapes are those of the data files, which `tools/build_rules.py` writes; any other source of endpoints
brings the same shape.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NotRequired, TypeAlias, TypedDict, cast

from ..errors import ProgramError
from .model import (
    Check,
    Gate,
    GuestOptions,
    Monitor,
    Named,
    Need,
    Option,
    Param,
    Prose,
    Rule,
    Tables,
    Tree,
    When,
)

WhenData: TypeAlias = Sequence["str | WhenData"]
OptionData: TypeAlias = str | Mapping[str, Sequence[str] | Sequence[Tree] | str]


class CheckData(TypedDict):
    """A check; `need` is a tree, "root", {"depends": text} or {"rule": name, parameter names...}."""

    label: str
    when: WhenData
    need: Tree | str | Mapping[str, str]
    each: NotRequired[Sequence[str]]
    bind: NotRequired[Mapping[str, Sequence[str]]]
    open: NotRequired[Mapping[str, str]]
    since: NotRequired[str]


class Endpoint(TypedDict):
    """An endpoint; the parameters as `type?:format=choice|choice`, whatever is false or empty left out."""

    method: str
    path: str
    name: str
    requires: Gate | None
    params: NotRequired[Mapping[str, str]]
    refuses_tokens: NotRequired[bool]
    takes_rest: NotRequired[bool]
    open_params: NotRequired[bool]
    root_params: NotRequired[Sequence[str]]
    checks: NotRequired[Sequence[CheckData]]
    filter: NotRequired[str]
    filter_tree: NotRequired[Tree]
    note: NotRequired[str]


class OptionsData(TypedDict):
    """The options of one kind of guest."""

    names: Mapping[str, OptionData]
    delete_only: Mapping[str, OptionData]
    default: str
    control: Mapping[str, Sequence[str]]
    cpu_model: NotRequired[Mapping[str, Tree | str]]


class MonitorData(TypedDict):
    """The monitor's commands by level."""

    read_only: Sequence[str]
    levels: Mapping[str, Sequence[str]]
    unlisted: str


def rule(data: Endpoint, tables: Tables) -> Rule:
    """The endpoint as a Rule."""
    return Rule(
        method=data["method"],
        path=data["path"],
        name=data["name"],
        requires=data["requires"],
        params={name: param(spec, name.endswith("[n]")) for name, spec in data.get("params", {}).items()},
        allow_token=not data.get("refuses_tokens", False),
        checks=tuple(check(item) for item in data.get("checks", ())),
        root_params=tuple(data.get("root_params", ())),
        filter=data.get("filter", ""),
        filter_tree=data.get("filter_tree"),
        note=data.get("note", ""),
        open_params=data.get("open_params", False),
        tables=tables,
    )


@lru_cache(maxsize=1024)
def param(spec: str, indexed: bool = False) -> Param:
    """The parameter that `type?:format=choice|choice` describes."""
    head, _, choices = spec.partition("=")
    kind, _, form = head.partition(":")
    enum = tuple(choices.split("|")) if choices else ()
    return Param(kind.endswith("?"), kind.removesuffix("?"), form, enum, indexed)


def check(data: CheckData) -> Check:
    """The check, its condition and need taken apart."""
    return Check(
        label=data["label"],
        when=when(data["when"]),
        need=need(data["need"]),
        each=tuple(data.get("each", ())),
        bind={name: tuple(how) for name, how in data.get("bind", {}).items()},
        open=data.get("open", {}),
        since=data.get("since", ""),
    )


def when(data: WhenData) -> When:
    """The condition; its parts are those members that are lists."""
    kind, *members = data
    texts = tuple(member for member in members if isinstance(member, str))
    parts = tuple(when(member) for member in members if not isinstance(member, str))
    return When(cast(str, kind), texts, parts)


def need(data: Tree | str | Mapping[str, str]) -> Need:
    """The need."""
    match data:
        case list():
            return data
        case "root":
            return "root"
        case str():
            raise ProgramError(f"not a need: {data!r}")
        case {"depends": text}:
            return Prose(text)
        case _:
            return Named(data["rule"], {key: text for key, text in data.items() if key != "rule"})


def guest_options(data: OptionsData) -> GuestOptions:
    """The option table of one kind of guest."""
    model = data.get("cpu_model", {})
    return GuestOptions(
        names={name: option(spec) for name, spec in data["names"].items()},
        delete_only={name: option(spec) for name, spec in data["delete_only"].items()},
        default=option(data["default"]),
        control={mode: frozenset(names) for mode, names in data["control"].items()},
        cpu_model=cast(Tree, model.get("need", [])),
        cpu_model_since=cast(str, model.get("since", "")),
    )


def option(spec: OptionData) -> Option:
    """The option: a privilege, "root", or an object with `all`, `any`, `also`, `value`."""
    if spec == "root":
        return Option(root=True)
    if isinstance(spec, str):
        return Option(all=(spec,))
    return Option(
        all=tuple(cast("Sequence[str]", spec.get("all", ()))),
        any=tuple(cast("Sequence[str]", spec.get("any", ()))),
        also=tuple(cast("Sequence[Tree]", spec.get("also", ()))),
        value=cast(str, spec.get("value", "")),
    )


def monitor(data: MonitorData) -> Monitor:
    """The monitor's levels by command."""
    levels = {command: level for level, commands in data["levels"].items() for command in commands}
    return Monitor(tuple(data["read_only"]), levels, data["unlisted"])
