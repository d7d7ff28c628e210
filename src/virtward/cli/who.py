"""`who-can`: every user and token that may, and through what."""

from collections.abc import Iterator
from typing import NamedTuple

from ..analysis.question import Question, answer
from ..analysis.who import Holder, who_can
from ..policy.model import AclEntry, Policy
from ..policy.names import ROOT
from ..policy.requirement import Authenticated, TicketOnly
from .asking import Wanted, asked, question_of
from .known import path_notes
from .output import Data, Record, emit_list, note
from .shell import Call
from .source import load, mention_problems


class _Passing(NamedTuple):
    """A subject that passes every certain part of a question; `open` is what stays open for it."""

    subject: str
    kind: str
    via: tuple[AclEntry, ...]
    cut_off: bool
    asleep: str
    open: tuple[str, ...]


def run(call: Call) -> int:
    """0 whenever the question could be answered."""
    source = load(call)
    policy = source.policy
    what = asked([call.text("what"), call.text("path"), *call.words("arguments")], policy.release, policy)
    question, notes = question_of(what, policy.release)
    if isinstance(what, Wanted):
        notes += path_notes(what.path, policy.release, policy)
    mention_problems(call, source)
    for text in (*notes, *question.notes):
        note(call.shell, text)
    found = passing(question, policy, call.now)
    for text in dict.fromkeys(text for each in found for text in each.open):
        note(call.shell, f"depends on {text}")
    pools = _pools(question, policy)
    emit_list(call, "", [_record(each, pools) for each in found])
    return 0


def passing(question: Question, policy: Policy, now: int) -> list[_Passing]:
    """Everybody who passes all the parts that are certain, sorted; cut-off tokens included, marked."""
    lists: list[dict[str, Holder]] = []
    for part in question.parts:
        # Whoever passes the other parts is asked about all of them below, these included.
        if part.certain and not isinstance(part.requirement, TicketOnly | Authenticated):
            found = who_can(part.requirement, part.params, policy, now)
            lists.append({holder.subject: holder for holder in found})
    if not lists:
        lists.append({h.subject: h for h in who_can(Authenticated(), {}, policy, now)})
    return [*_common(question, policy, lists)]


def _common(question: Question, policy: Policy, lists: list[dict[str, Holder]]) -> Iterator[_Passing]:
    shortest = min(lists, key=len)
    for subject, holder in sorted(shortest.items()):
        if not all(subject in each for each in lists):
            continue
        holders = [each[subject] for each in lists]
        cut_off = any(each.cut_off for each in holders)
        found = answer(question, subject, policy)
        if found.refused and not cut_off:
            continue
        via = tuple(dict.fromkeys(entry for each in holders for entry in each.via))
        yield _Passing(subject, holder.kind, via, cut_off, holder.note, found.open)


def _pools(question: Question, policy: Policy) -> frozenset[str]:
    """The pools that have a path of the question as a member."""
    paths = {
        trace.path
        for part, decision in answer(question, "-", policy).decisions
        if part.certain
        for leaf in decision.explanation.leaves()
        for trace in leaf.traces
    }
    return frozenset(pool for path in paths for pool in policy.pools_of.get(path, ()))


def _record(found: _Passing, pools: frozenset[str]) -> Record:
    marks = [mark for mark, is_so in (("cut off", found.cut_off), ("depends", bool(found.open))) if is_so]
    via: list[Data] = [via_record(entry, pools) for entry in found.via]
    if not via:
        via = [nothing_needed("root@pam holds everything" if found.subject == ROOT else "any log-on is enough")]
    return {
        "subject": found.subject,
        "kind": found.kind,
        "via": via,
        "cut_off": found.cut_off,
        "depends_on": list(found.open),
        "marks": [*marks, *([found.asleep] if found.asleep else [])],
    }


def via_record(entry: AclEntry, pools: frozenset[str] = frozenset()) -> dict[str, Data]:
    """An entry that something rests on, in words and for programs; `pools` are those it may act through."""
    through = f" through {entry.subject}" if entry.kind == "group" else ""
    inside = (each for each in sorted(pools) if f"/pool/{each}".startswith(f"{entry.path}/"))
    pool = next(inside, "") if entry.path.startswith("/pool") else ""
    member = f" for pool {pool}" if pool else ""
    return {
        "says": f"line {entry.line}: {entry.role} on {entry.path}{through}{member}",
        "line": entry.line,
        "path": entry.path,
        "subject": entry.subject,
        "role": entry.role,
    }


def nothing_needed(says: str) -> dict[str, Data]:
    """What stands in for an entry where a right rests on none."""
    return {"says": says, "line": 0, "path": "", "subject": "", "role": ""}
