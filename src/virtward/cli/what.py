"""`what-can`: the privileges of a subject on every path, or its answer for every API call."""

from ..analysis.what import Held, what_can
from ..errors import Error
from ..policy.model import Policy
from ..policy.privileges import Release
from ..policy.trace import Basis
from .known import askable_path, asleep, known_subject, path_notes
from .output import Data, Record, emit_list, note
from .shell import Call
from .source import load, mention_problems
from .who import nothing_needed, via_record


def run(call: Call) -> int:
    """0 whenever the question could be answered."""
    source = load(call)
    policy = source.policy
    subject, notes = known_subject(call.text("subject"), policy)
    if call.flag("endpoints") and call.text("under"):
        raise Error("--under is about paths of privileges, --endpoints about API calls: ask one at a time")
    under = askable_path(call.text("under"), policy.release, policy) if call.text("under") else "/"
    notes += path_notes(under, policy.release, policy)
    sleeps = asleep(subject, policy, call.now)
    if sleeps:
        notes.append(f"{subject} can't log on now: {sleeps}")
    mention_problems(call, source)
    for text in notes:
        note(call.shell, text)
    if call.flag("endpoints"):
        emit_list(call, "--endpoints", _endpoints(policy, subject))
    else:
        emit_list(call, "", [_record(held, policy) for held in what_can(policy, subject, under)])
    return 0


def _record(held: Held, policy: Policy) -> Record:
    pools = frozenset(policy.pools_of.get(held.path, ()))
    privileges: dict[str, Data] = {**held.privileges}
    via: list[Data] = [via_record(entry, pools) for entry in held.via]
    if held.basis is Basis.ROOT:
        via = [nothing_needed(Basis.ROOT.value)]
    return {
        "path": held.path,
        "shown": _shown(held.privileges, policy.release),
        "privileges": privileges,
        "via": via,
    }


def _shown(privileges: dict[str, bool], release: Release) -> str:
    if len(privileges) == len(release.bits) and len({*privileges.values()}) == 1:
        return f"all {len(privileges)}{'*' if all(privileges.values()) else ''}"
    return " ".join(f"{name}{'*' if below else ''}" for name, below in privileges.items())


def _endpoints(policy: Policy, subject: str) -> list[Record]:
    from ..analysis.endpoints import endpoints
    from ..rules.loader import load as rules

    return [
        {"method": each.method, "path": each.path, "verdict": each.verdict, "depends_on": list(each.on)}
        for each in endpoints(policy, subject, rules(policy.release.name))
    ]
