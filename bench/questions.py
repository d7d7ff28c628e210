"""Which subjects are asked about, and which questions: drawn from a policy, the same for the same policy."""

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from virtward.policy.model import Policy

from .generate import ADMINISTRATORS

_ACTIVE, _WARMING, _LISTING = 200, 50, 50
PATHS_EACH = 50
_TOKEN_SHARE = 0.05
_PRIVILEGES = (
    "VM.Audit",
    "VM.Audit",
    "VM.PowerMgmt",
    "VM.Config.Disk",
    "VM.Console",
    "Datastore.Audit",
    "Pool.Audit",
)


class Question(NamedTuple):
    """Whether a subject holds a privilege on a path."""

    subject: str
    path: str
    privilege: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Subjects in separate roles, so that a question is the first about its subject where that matters.

    `active` are ordinary users and, one in twenty, tokens; `warming` are asked before anything is measured;
    `listing` are users who hold something on machines of their own, through a group and through a pool.
    """

    active: list[str]
    warming: list[str]
    listing: list[str]


def cast(policy: Policy, random: Random) -> Cast:
    """Draws the subjects. A small policy gives fewer of them."""
    users = [user for user in sorted(policy.users) if user != "root@pam" and user not in ADMINISTRATORS.values()]
    random.shuffle(users)
    entitled = [user for user in users if _ordinary(policy, user)]
    tokens = [token for token in sorted(policy.tokens) if policy.tokens[token].user != "root@pam"]
    some = min(_ACTIVE, len(entitled) // 2)
    few = int(some * _TOKEN_SHARE)
    active = entitled[: some - few] + random.sample(tokens, few)
    random.shuffle(active)
    listing = entitled[some : some + _LISTING]
    warming = [user for user in users if user not in {*active, *listing}][:_WARMING]
    return Cast(active, warming, listing)


def _ordinary(policy: Policy, user: str) -> bool:
    """Entries of one's own on machines, a group with a pool, and no group of administrators."""
    groups = policy.groups_of.get(user, ())
    through_groups = [path for group in groups for path in policy.acl.get(group, {})]
    return (
        any(path.startswith("/vms/") for path in policy.acl.get(user, {}))
        and any(path.startswith("/pool/") for path in through_groups)
        and "/" not in through_groups
    )


def own_paths(policy: Policy, subject: str) -> list[str]:
    """The paths that entries of the subject or its groups name, and the machines of pools among them."""
    user = subject.partition("!")[0]
    found: dict[str, None] = {}
    for name in (subject, user, *policy.groups_of.get(user, ())):
        for path in policy.acl.get(name, {}):
            found[path] = None
            pool = policy.pools.get(path.removeprefix("/pool/"))
            if pool is not None and path.startswith("/pool/"):
                found.update((f"/vms/{vmid}", None) for vmid in sorted(pool.vms))
    return list(found)


def paths_for(policy: Policy, subject: str, random: Random, count: int) -> list[str]:
    """Different paths to ask a subject about: half are its own, if it has as many, the rest any machines."""
    own = own_paths(policy, subject)
    chosen = dict.fromkeys(random.sample(own, min(count // 2, len(own))))
    machines = 100 + sum(len(pool.vms) for pool in policy.pools.values())
    while len(chosen) < count:
        chosen[f"/vms/{random.randrange(100, machines)}"] = None
    paths = list(chosen)
    random.shuffle(paths)
    return paths


def sample(policy: Policy, subjects: list[str], random: Random, count: int) -> list[Question]:
    """Single questions about users, half of them about paths of their own, with various privileges."""
    users = [subject for subject in subjects if "!" not in subject]
    found = []
    for _ in range(count):
        user = random.choice(users)
        found.append(Question(user, random.choice(paths_for(policy, user, random, 4)), random.choice(_PRIVILEGES)))
    return found
