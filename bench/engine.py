"""Times the engine on one file: reading, decisions, lists, an edit.

Every round reads the file anew, so that "first" and "cold" are really that, without reaching into caches.
The floor is `table[path] & bit` over exactly the questions of the warm decisions, in the same order, in turn
with them; the time of the empty loop is taken off the floor and off the decisions alike. Questions are timed in
batches of a hundred, everything dearer one by one, and the median is taken: a batch that another process
interrupted doesn't count for more than one.
"""

import gc
from dataclasses import dataclass
from itertools import cycle, islice
from random import Random
from statistics import median
from time import perf_counter_ns

from virtward.policy import edit, listing, usercfg
from virtward.policy.evaluate import privileges
from virtward.policy.model import AclEntry, Policy
from virtward.policy.privileges import BITS

from .generate import ADMINISTRATORS
from .questions import PATHS_EACH, Cast, cast, own_paths, paths_for
from .timing import Samples, timed

AUDIT = BITS["VM.Audit"]
_BATCH = 100
_PASSES = 5
_AGAIN = 5
_EDITS = 20

Pairs = list[tuple[str, str]]
"""(subject, path)."""


class Wrong(Exception):
    """An answer was wrong, so its time means nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one round asks: first one question per active subject, then `PATHS_EACH` others each."""

    cast: Cast
    first: Pairs
    questions: Pairs
    vmids: frozenset[str]


def measure(data: bytes, rounds: int, seed: int) -> Samples:
    """Nanoseconds per operation, one number per round. Raises Wrong for a wrong answer."""
    samples: Samples = {}
    for number in range(rounds):
        for name, value in _round(data, Random(f"{seed} {number}"), check=number == 0).items():
            samples.setdefault(name, []).append(value)
    return samples


def split(text: str) -> list[list[str]]:
    """What reading is compared with."""
    return [line.split(":") for line in text.split("\n")]


def _round(data: bytes, random: Random, *, check: bool) -> dict[str, float]:
    text = data.decode()
    found = {"split": timed(lambda: split(text))[0]}
    found["read"], parsed = timed(lambda: usercfg.parse(data))
    found["left to collect"] = _collection()
    policy = parsed.policy
    plan = _plan(policy, random)
    for subject in plan.cast.warming:
        privileges(policy, subject, "/vms/100")
    found["first"] = median(_asking(policy, [pair]) for pair in plan.first)
    found |= _decisions(policy, plan.questions)
    found |= _lists(policy, plan)
    if check:
        _check_lists(policy, plan, random)
    found |= _edits(policy, plan, random)
    return found


def _collection() -> int:
    """The next collection of young objects: reading may have put it off."""
    start = perf_counter_ns()
    gc.collect(0)
    return perf_counter_ns() - start


def _plan(policy: Policy, random: Random) -> Plan:
    people = cast(policy, random)
    vmids = frozenset(vmid for pool in policy.pools.values() for vmid in pool.vms)
    first: Pairs = []
    questions: Pairs = []
    for subject in people.active:
        asked = paths_for(policy, subject, random, PATHS_EACH + 1)
        # The slice makes a new string each, as a caller would: one whose hash nobody has computed yet.
        pairs = [(subject, "/" + path[1:]) for path in asked]
        first.append(pairs[0])
        questions.extend(pairs[1:])
    random.shuffle(questions)
    return Plan(people, first, questions, vmids)


def _asking(policy: Policy, pairs: Pairs) -> int:
    start = perf_counter_ns()
    for subject, path in pairs:
        _ = privileges(policy, subject, path) & AUDIT
    return perf_counter_ns() - start


def _empty(pairs: Pairs) -> int:
    start = perf_counter_ns()
    for _subject, _path in pairs:
        pass
    return perf_counter_ns() - start


def _floor(table: dict[str, int], pairs: Pairs) -> int:
    start = perf_counter_ns()
    for _subject, path in pairs:
        _ = table[path] & AUDIT
    return perf_counter_ns() - start


def _decisions(policy: Policy, pairs: Pairs) -> dict[str, float]:
    """Nanoseconds per question: cold, then warm and the floor in turn, the loop taken off each."""
    batches = [pairs[at : at + _BATCH] for at in range(0, len(pairs), _BATCH)]
    cold = median(_asking(policy, batch) for batch in batches)
    table = {path: privileges(policy, subject, path) for subject, path in pairs}
    empty, floor, warm = [], [], []
    for _ in range(_PASSES):
        empty += [_empty(batch) for batch in batches]
        floor += [_floor(table, batch) for batch in batches]
        warm += [_asking(policy, batch) for batch in batches]
    loop = median(empty)
    return {
        "loop": loop / _BATCH,
        "floor": (median(floor) - loop) / _BATCH,
        "warm": (median(warm) - loop) / _BATCH,
        "cold": (cold - loop) / _BATCH,
    }


def _list(policy: Policy, subject: str, vmids: frozenset[str]) -> tuple[int, frozenset[str]]:
    start = perf_counter_ns()
    seen = listing.machines(policy, subject, AUDIT, vmids)
    return perf_counter_ns() - start, seen


def _lists(policy: Policy, plan: Plan) -> dict[str, float]:
    """Ordinary users whom nobody asked about before, then the same again; then the administrators."""
    users, vmids = plan.cast.listing, plan.vmids
    found: dict[str, float] = {
        "list": median(_list(policy, user, vmids)[0] for user in users),
        "list again": median(_list(policy, user, vmids)[0] for _ in range(_AGAIN) for user in users),
    }
    for path, administrator in ADMINISTRATORS.items():
        found[f"list all, {path}"], seen = _list(policy, administrator, vmids)
        if seen != vmids:
            raise Wrong(f"the administrator of {path} sees {len(seen)} of {len(vmids)} machines")
        again = [_list(policy, administrator, vmids)[0] for _ in range(_AGAIN)]
        found[f"list all again, {path}"] = median(again)
    return found


def _check_lists(policy: Policy, plan: Plan, random: Random) -> None:
    for user in plan.cast.listing[:5]:
        some = frozenset(random.sample(sorted(plan.vmids), 2_000)) | listing.machines(
            policy, user, AUDIT, plan.vmids
        )
        expected = {vmid for vmid in some if privileges(policy, user, f"/vms/{vmid}") & AUDIT}
        if listing.machines(policy, user, AUDIT, some) != expected:
            raise Wrong(f"the list of {user} is not what the decisions say")


def _edits(policy: Policy, plan: Plan, random: Random) -> dict[str, float]:
    """One entry set to the next decision it changes, on a policy that keeps all views of the round."""
    times = []
    for user, entry in _planned_edits(policy, plan, random):
        start = perf_counter_ns()
        policy = edit.set_entry(policy, entry)
        allowed = privileges(policy, user, entry.path) & AUDIT
        times.append(perf_counter_ns() - start)
        if not allowed:
            raise Wrong(f"an entry for {entry.subject} on {entry.path} gave {user} nothing")
    return {"edit": median(times)}


def _planned_edits(policy: Policy, plan: Plan, random: Random) -> list[tuple[str, AclEntry]]:
    """For users and their groups in turn an entry on a machine that the user may not audit yet."""
    machines = sorted(plan.vmids)
    users = (subject for subject in plan.cast.active if "!" not in subject)
    found = []
    for user, own in zip(islice(users, _EDITS), cycle((True, False)), strict=False):
        subject = user if own else policy.groups_of[user][0]
        named = set(own_paths(policy, user))
        while True:
            path = f"/vms/{random.choice(machines)}"
            if path not in named and not privileges(policy, user, path) & AUDIT:
                break
        found.append((user, AclEntry(path, subject, "PVEVMUser")))
    return found
