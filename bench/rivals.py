"""Cold decisions of pycasbin and cedarpy on the nearest model each can express, and whether they agree.

The simplification, the same for both: entries add up. Neither can say that a deeper entry replaces one from
above, that a user's entry hides a group's, that NoAccess drives out other roles, or that a token holds what
its owner holds too; so `NoAccess` entries and tokens are left out. What is kept: groups, roles as sets of
privileges, the tree of paths, propagation or not, and pools that hand their roles to their members.

Every path appears twice: `Place` has the places below it under it, for entries that propagate; `Exact` is
what a question is about, for entries that don't. A pool's member is below its pool's `Exact`.
Both libraries get everything prepared outside the clock: parsed policies, built entities, warm role caches.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns

import casbin
import cedarpy

from virtward.policy.evaluate import privileges, visited
from virtward.policy.model import NO_ACCESS, Policy
from virtward.policy.privileges import BITS, names

from .questions import Question

Judge = Callable[[Question], bool]

SIMPLIFICATION = "entries only add up; no deeper entry replaces, no user's hides a group's, no NoAccess, no tokens"

_CASBIN_MODEL = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _
g2 = _, _
g3 = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub) && g2(r.obj, p.obj) && g3(r.act, p.act)
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Nanoseconds per cold decision, and how often a rival's verdict was Virtward's."""

    name: str
    version: str
    nanoseconds: float
    allowed: int
    expressible: int
    agreed: int
    others: int
    others_agreed: int
    simplification: str = SIMPLIFICATION

    @property
    def agrees(self) -> bool:
        """Whether every verdict that the rival's model can express is the same."""
        return self.expressible > 0 and self.agreed == self.expressible


def compare(policy: Policy, questions: list[Question], versions: dict[str, str]) -> list[Comparison]:
    """Both rivals on the same questions, which are about users."""
    judges = {"pycasbin": _casbin(policy), "cedarpy": _cedar(policy)}
    plain = [expressible(policy, question) for question in questions]
    return [_compare(name, versions[name], judge, policy, questions, plain) for name, judge in judges.items()]


def _compare(
    name: str, version: str, judge: Judge, policy: Policy, questions: list[Question], plain: list[bool]
) -> Comparison:
    judge(questions[0])
    times: list[int] = []
    granted = 0
    counts = {True: [0, 0], False: [0, 0]}
    for question, simple in zip(questions, plain, strict=True):
        start = perf_counter_ns()
        allowed = judge(question)
        times.append(perf_counter_ns() - start)
        expected = bool(privileges(policy, question.subject, question.path) & BITS[question.privilege])
        granted += expected
        counts[simple][0] += 1
        counts[simple][1] += allowed == expected
    (simple_ones, agreed), (others, others_agreed) = counts[True], counts[False]
    return Comparison(name, version, median(times), granted, simple_ones, agreed, others, others_agreed)


def expressible(policy: Policy, question: Question) -> bool:
    """Whether adding up gives the right answer by construction: on each walk at most one node decides."""
    walks = [question.path, *(f"/pool/{pool}" for pool in policy.pools_of.get(question.path, ()))]
    subjects = (question.subject, *policy.groups_of.get(question.subject, ()))
    for walk in walks:
        steps = visited(walk)
        found = [
            (step, subject == question.subject, entry.role)
            for step in steps
            for subject in subjects
            for entry in policy.acl.get(subject, {}).get(step, ())
            if entry.propagate or step == steps[-1]
        ]
        if len({(step, own) for step, own, _ in found}) > 1 or any(role == NO_ACCESS for _, _, role in found):
            return False
    return True


def places(policy: Policy) -> Iterator[tuple[str, str | None, tuple[str, ...]]]:
    """(path, the path above, the pools it is a member of), for every path that anybody may be asked about."""
    found = {*policy.acl_paths, *policy.pools_of, *(f"/pool/{pool}" for pool in policy.pools)}
    for path in list(found):
        found.update(visited(path))
    for path in sorted(found):
        above = None if path == "/" else path.rpartition("/")[0] or "/"
        yield path, above, policy.pools_of.get(path, ())


def _grants(policy: Policy) -> Iterator[tuple[str, str, bool, str]]:
    """(subject, path, propagate, role) of the entries that a rival gets."""
    for entry in policy.entries():
        if entry.role != NO_ACCESS and entry.kind != "token":
            yield entry.subject, entry.path, entry.propagate, entry.role


def _casbin(policy: Policy) -> Judge:
    model = casbin.Enforcer.new_model(text=_CASBIN_MODEL)
    enforcer = casbin.Enforcer(model)
    enforcer.add_policies(
        sorted((subject, path if below else f"={path}", role) for subject, path, below, role in _grants(policy))
    )
    enforcer.add_grouping_policies([(user, group) for user, groups in policy.groups_of.items() for group in groups])
    tree = []
    for path, above, pools in places(policy):
        tree.append((f"={path}", path))
        if above is not None:
            tree.append((path, above))
        tree.extend((f"={path}", f"=/pool/{pool}") for pool in pools)
    enforcer.add_named_grouping_policies("g2", tree)
    enforcer.add_named_grouping_policies(
        "g3", [(name, role.id) for role in policy.roles.values() for name in names(role.mask)]
    )

    def judge(question: Question) -> bool:
        return bool(enforcer.enforce(question.subject, f"={question.path}", question.privilege))

    return judge


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _entity(kind: str, name: str, *parents: dict[str, str]) -> dict[str, object]:
    return {"uid": _uid(kind, name), "attrs": {}, "parents": list(parents)}


def _cedar_entities(policy: Policy) -> Iterator[dict[str, object]]:
    for group in policy.groups:
        yield _entity("Group", f"@{group}")
    for user in sorted(policy.users.keys() | policy.groups_of.keys()):
        yield _entity("User", user, *(_uid("Group", group) for group in policy.groups_of.get(user, ())))
    for path, above, pools in places(policy):
        yield _entity("Place", path, *([_uid("Place", above)] if above is not None else []))
        yield _entity("Exact", path, _uid("Place", path), *(_uid("Exact", f"/pool/{pool}") for pool in pools))
    for role in policy.roles:
        yield _entity("Action", f"role {role}")
    for name, bit in policy.release.bits.items():
        holders = [role.id for role in policy.roles.values() if role.mask & bit]
        yield _entity("Action", name, *(_uid("Action", f"role {role}") for role in holders))


def _cedar_policies(policy: Policy) -> Iterator[str]:
    for subject, path, below, role in _grants(policy):
        who = f'principal in Group::"{subject}"' if subject[0] == "@" else f'principal == User::"{subject}"'
        where = f'resource in {"Place" if below else "Exact"}::"{path}"'
        yield f'permit({who}, action in Action::"role {role}", {where});'


def _cedar(policy: Policy) -> Judge:
    policies = cedarpy.PolicySet.from_str("\n".join(_cedar_policies(policy)))
    entities = cedarpy.Entities.from_json_str(json.dumps(list(_cedar_entities(policy))))

    def judge(question: Question) -> bool:
        request = {
            "principal": _uid("User", question.subject),
            "action": _uid("Action", question.privilege),
            "resource": _uid("Exact", question.path),
            "context": {},
        }
        return cedarpy.is_authorized(request, policies, entities).allowed

    return judge
