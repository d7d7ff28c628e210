"""Who can do it: every user and token that passes, and through what.

Rule: the answer is the filter of `decide` over all subjects; only those whom no entry on the way names are
left out unasked, and a property test holds that to brute force.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..policy.evaluate import View, view, visited
from ..policy.explain import explain
from ..policy.logon import expired
from ..policy.model import AclEntry, Policy
from ..policy.names import ROOT
from ..policy.paths import fill, normalise
from ..policy.requirement import (
    AllOf,
    AnyOf,
    Authenticated,
    Decision,
    Holds,
    ModifiesPermissions,
    Params,
    Requirement,
    Self,
    TicketOnly,
    World,
    decide,
)


@dataclass(frozen=True, slots=True)
class Holder:
    """A user or token that may, or a token that only its user's lost right keeps from it (`cut_off`).

    `via` are the entries it rests on, its own side first (none for `root@pam`). `note` says why it can't log on
    now, if it can't: permissions themselves never look at that.
    """

    subject: str
    kind: str
    via: tuple[AclEntry, ...]
    cut_off: bool = False
    note: str = ""


def who_can(requirement: Requirement, params: Params, policy: Policy, now: int) -> list[Holder]:
    """Everybody who passes, users and tokens, sorted by id; `now` (Unix seconds) marks expired accounts."""
    found = []
    for subject in sorted(candidates(requirement, params, policy)):
        decision = decide(requirement, subject, params, policy)
        token = policy.tokens.get(subject)
        kind = "token" if token else "user"
        if decision.allowed:
            found.append(Holder(subject, kind, _via(decision), note=_asleep(policy, subject, now)))
        elif token is not None and token.privsep and _own_side_holds(decision, subject):
            found.append(Holder(subject, kind, _via(decision), True, _asleep(policy, subject, now)))
    return found


def candidates(requirement: Requirement, params: Params, policy: Policy) -> set[str]:
    """The users and tokens of the policy that might pass: everybody, unless only some can by what it asks."""
    paths: set[str] = set()
    named = {ROOT}
    pending = [requirement]
    while pending:
        match pending.pop():
            case World() | Authenticated() | TicketOnly() | AllOf(()) | Holds(privileges=(), any=False):
                return {*policy.users, *policy.tokens}
            case ModifiesPermissions(template) if normalise(fill(template, params)) is None:
                return {*policy.users, *policy.tokens}
            case AllOf(terms) | AnyOf(terms):
                pending.extend(terms)
            case Self():
                named.add(str(params.get("userid")))
            case term:
                paths |= _paths(term, params, policy)
    for subject, at in policy.acl.items():
        if not paths.isdisjoint(at):
            group = policy.groups.get(subject[1:]) if subject.startswith("@") else None
            named.update(group.members if group else (subject,))
    tokens = {token.id for token in policy.tokens.values() if token.user in named}
    return {subject for subject in named if subject in policy.users or subject in policy.tokens} | tokens


def _paths(term: Requirement, params: Params, policy: Policy) -> set[str]:
    """Every path whose entries could matter to a term without terms below it."""
    found: set[str] = set()
    for trace in explain(decide(term, "-", params, policy)).traces:
        found.update(visited(trace.path))
        for pool in policy.pools_of.get(trace.path, ()):
            found.update(visited(f"/pool/{pool}"))
    return found


def _via(decision: Decision) -> tuple[AclEntry, ...]:
    """The entries that give what the decision asked for, without repeats."""
    entries = (
        entry
        for leaf in explain(decision).leaves()
        for trace in leaf.traces
        for side in trace.sides
        for privilege in leaf.wanted
        for entry in side.giving(decision.policy, privilege)
    )
    return tuple(dict.fromkeys(entries))


def _own_side_holds(decision: Decision, tokenid: str) -> bool:
    """Whether a separated token's own entries would be enough, were it not for its user."""
    seen = view(decision.policy, tokenid)
    unlimited = replace(decision.policy)
    unlimited.views[tokenid] = View(seen.nodes, seen.pools_of, seen.noaccess)
    return decide(decision.requirement, tokenid, decision.params, unlimited).allowed


def _asleep(policy: Policy, subject: str, now: int) -> str:
    return "; ".join(_reasons(policy, subject, now))


def _reasons(policy: Policy, subject: str, now: int) -> Iterator[str]:
    token = policy.tokens.get(subject)
    if token is not None and expired(token.expire, now):
        yield "token expired"
    user = policy.users.get(token.user if token else subject)
    if user is None:
        yield "no such user"
    elif not user.enable:
        yield "user disabled" if token else "disabled"
    elif expired(user.expire, now):
        yield "user expired" if token else "expired"
