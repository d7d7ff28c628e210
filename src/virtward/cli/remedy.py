"""How to make a no a yes: the ways to grant it, or why no grant can."""

from collections.abc import Iterable, Iterator

from ..analysis.grant import Way
from ..analysis.question import Answer
from ..policy.explain import Pair
from ..policy.names import split_token
from ..policy.requirement import Decision, RootOnly, TicketOnly, Unspecified
from .output import Data
from .text import Line, Span, counted, listed, wrap

_NAMED = 3  # privileges named per path
_PATHS = 2  # paths named

ROOT_ONLY = "no role can grant this: root@pam only"


def pair(found: Pair) -> dict[str, Data]:
    """A (privilege, path) pair for programs."""
    return {"privilege": found[0], "path": found[1]}


def pairs(found: Iterable[Pair]) -> list[Data]:
    """Pairs for programs, by path."""
    return [pair(each) for each in sorted(found, key=lambda each: (each[1], each[0]))]


def record(way: Way) -> dict[str, Data]:
    """A way for programs."""
    return {
        "says": way.says,
        "commands": list(way.commands),
        "new_role": way.new_role,
        "gains": pairs(way.gains),
        "loses": pairs(way.loses),
    }


def refusing(found: Answer) -> list[Decision]:
    """The decisions of parts that surely refuse."""
    return [decision for part, decision in found.decisions if part.certain and not decision]


def root_only(found: Answer) -> bool:
    """Whether a refusal is one that no grant changes because the call, or a part of it, is root@pam's alone."""
    return any(isinstance(each.requirement, RootOnly | Unspecified) for each in refusing(found))


def hopeless(found: Answer) -> str:
    """Why no grant can make it a yes."""
    token = split_token(found.subject)
    if root_only(found):
        return ROOT_ONLY
    if token and any(isinstance(each.requirement, TicketOnly) for each in refusing(found)):
        return f"no role can grant this: API tokens are refused here, {token[0]} must log on with a password"
    notes = [leaf.note for each in refusing(found) for leaf in each.explanation.leaves() if leaf.note]
    return f"no role can grant this: {notes[0]}" if notes else "no role can grant this"


def grants(ways: list[Way], width: int) -> Iterator[Line]:
    """The ways, numbered, with their commands and what else they change."""
    for number, way in enumerate(ways, 1):
        first, *others = wrap(way.says, width - 6)
        yield [f"  {number}. ", Span(first, "bold")]
        for line in others:
            yield ["     ", Span(line, "bold")]
        for command in way.commands:
            yield ["       ", Span(command, "name")]
        for line in wrap(_besides(way), width - 6):
            yield ["     ", line]
        if way.loses:
            for line in wrap(f"takes away {_change(way.loses)}", width - 6):
                yield ["     ", Span(line, "bad")]


def _besides(way: Way) -> str:
    if not way.gains:
        return "gives nothing else"
    below = ", and the same on whatever else lies below" if way.breadth > 1 else ""
    return f"gives more: {_change(way.gains)}{below}"


def _change(found: frozenset[Pair]) -> str:
    """`3 privileges on /vms/100 (VM.Audit, VM.Backup, VM.Clone)`; many paths are counted."""
    by_path: dict[str, list[str]] = {}
    for privilege, path in sorted(found, key=lambda each: (each[1], each[0])):
        by_path.setdefault(path, []).append(privilege)
    alike: dict[tuple[str, ...], list[str]] = {}
    for path, privileges in by_path.items():
        alike.setdefault(tuple(privileges), []).append(path)
    parts = [
        f"{counted(len(privileges), 'privilege')} on {_paths(paths)} ({listed(privileges, _NAMED)})"
        for privileges, paths in alike.items()
    ]
    return "; ".join(parts[:_PATHS]) + ("; and others" if len(parts) > _PATHS else "")


def _paths(paths: list[str]) -> str:
    more = len(paths) - _PATHS
    return listed(paths) if more <= 0 else f"{listed(paths[:_PATHS])} and {counted(more, 'more path')}"
