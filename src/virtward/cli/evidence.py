"""What an answer rests on, path by path: the entries that count, those cut off, and how they reach the subject.

Rule: facts in, facts out; nothing here decides, and how they read is `story`'s affair.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..analysis.question import Answer
from ..policy.explain import Pair, Term
from ..policy.model import NO_ACCESS, AclEntry, Policy
from ..policy.privileges import BITS, names
from ..policy.trace import Basis, Cut, Side, Trace
from .output import Data
from .source import Source

_LONGEST = 100  # characters of a line that are shown as they stand


class Place(NamedTuple):
    """A path that a question is about: its trace, and the privileges asked about there."""

    trace: Trace
    wanted: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path."""
        return self.trace.path

    def holds(self) -> list[str]:
        """What the subject holds there in the end."""
        return names(self.trace.mask)


def places(found: Answer) -> list[Place]:
    """The paths that matter to an answer, in the order of the rule's terms."""
    traces: dict[str, Trace] = {}
    wanted: dict[str, dict[str, None]] = {}
    for part, decision in found.decisions:
        if part.certain:
            for leaf in _mattering(decision.explanation):
                for trace in leaf.traces:
                    traces.setdefault(trace.path, trace)
                    wanted.setdefault(trace.path, {}).update(dict.fromkeys(leaf.wanted))
    return [Place(trace, tuple(wanted[path])) for path, trace in traces.items()]


def _mattering(term: Term) -> Iterator[Term]:
    """The leaves on which a term's verdict rests: those that fail don't matter to one that holds."""
    if not term.terms:
        yield term
    for each in term.terms:
        if each.held or not term.held:
            yield from _mattering(each)


class Evidence:
    """Looks up the lines of the file that entries, groups, pools and subjects come from."""

    def __init__(self, source: Source) -> None:
        self.policy: Policy = source.policy
        self._lines = source.data.split(b"\n")

    def text(self, entry: AclEntry) -> str:
        """The line of an entry as the file has it; if that is long, with only this subject and role."""
        line = self._lines[entry.line - 1].decode("utf-8", "surrogateescape").strip() if entry.line else ""
        if line and len(line) <= _LONGEST:
            return line
        fields = (line.split(":") + [""] * 5)[2:5]
        subjects, roles = (
            _among(name, text) for name, text in zip((entry.subject, entry.role), fields[1:], strict=True)
        )
        return f"acl:{int(entry.propagate)}:{entry.path}:{subjects}:{roles}:"

    def subject(self, subject: str) -> str:
        """`alice@pve (line 2)`."""
        record = self.policy.users.get(subject) or self.policy.tokens.get(subject)
        return f"{subject}{self.at(record.line) if record else ''}"

    def group(self, group: str) -> str:
        """`group devs (line 10)`."""
        record = self.policy.groups.get(group)
        return f"group {group}{self.at(record.line) if record else ''}"

    def pool(self, pool: str) -> str:
        """`pool web (line 13)`."""
        record = self.policy.pools.get(pool)
        return f"pool {pool}{self.at(record.line) if record else ''}"

    @staticmethod
    def at(line: int) -> str:
        """` (line 13)`, empty for what isn't from the file."""
        return f" (line {line})" if line else ""

    def gives(self, entry: AclEntry, wanted: Iterable[str]) -> list[str]:
        """Which of some privileges an entry's role has."""
        role = self.policy.roles.get(entry.role)
        return [name for name in wanted if role and role.mask & BITS.get(name, 0)]

    def relevant(self, side: Side, wanted: tuple[str, ...]) -> list[Cut]:
        """The cuts worth telling: of entries that would have given something, and of NoAccess."""
        cuts = dict.fromkeys(side.cuts)
        return [cut for cut in cuts if cut.entry.role == NO_ACCESS or self.gives(cut.entry, wanted)]

    def record(self, entry: AclEntry) -> dict[str, Data]:
        """An entry for programs."""
        return {
            "line": entry.line,
            "path": entry.path,
            "subject": entry.subject,
            "role": entry.role,
            "propagate": entry.propagate,
            "text": self.text(entry),
        }

    def side(self, side: Side) -> dict[str, Data]:
        """A side for programs."""
        return {
            "subject": side.subject,
            "privileges": names(side.mask),
            "deciding": [self.record(entry) for entry in dict.fromkeys(side.deciding)],
            "cut_off": [
                {
                    "entry": self.record(cut.entry),
                    "cause": cut.cause.value,
                    "by": [self.record(entry) for entry in dict.fromkeys(cut.by)],
                }
                for cut in dict.fromkeys(side.cuts)
            ],
        }

    def place(self, place: Place) -> dict[str, Data]:
        """A path for programs."""
        return {
            "path": place.path,
            "pools": list(self.policy.pools_of.get(place.path, ())),
            "basis": place.trace.basis.value,
            "privileges": place.holds(),
            "sides": [self.side(side) for side in place.trace.sides],
        }


def _among(name: str, field: str) -> str:
    return name if field.strip() in ("", name) else f"...,{name},..."


def lacking_sides(found: Iterable[Place], pair: Pair) -> tuple[str, ...]:
    """The ids on whose side a missing privilege is lacking, where there are two sides."""
    privilege, path = pair
    for place in found:
        if place.path == path and place.trace.basis is Basis.BOTH:
            return tuple(side.subject for side in place.trace.lacking(privilege))
    return ()
