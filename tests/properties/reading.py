"""The engine's answers in the terms of the specification, and what two policies have in common."""

from typing import Any

from tests.spec.evaluate import Flags
from virtward.policy.model import Policy
from virtward.policy.privileges import BITS, SHIFT, names


def flags(mask: int) -> dict[str, bool]:
    """A mask as privilege -> propagates."""
    found = {name: bool(mask >> SHIFT & BITS[name]) for name in names(mask)}
    assert mask == sum(BITS[name] << (SHIFT * flag) | BITS[name] for name, flag in found.items()), bin(mask)
    return found


def agree(engine: dict[str, bool] | None, specified: Flags | None) -> bool:
    """Whether the same is held, with a flag that the specification allows."""
    if engine is None or specified is None:
        return engine is None and specified is None
    return engine.keys() == specified.keys() and all(engine[name] in specified[name] for name in engine)


def content(policy: Policy) -> dict[str, Any]:
    """What a policy says, without line numbers, what upstream's user records know of groups, and unset e-mails."""
    return {
        "users": {name: user._replace(line=0, email=user.email or "") for name, user in policy.users.items()},
        "tokens": {name: token._replace(line=0) for name, token in policy.tokens.items()},
        "groups": {name: group._replace(line=0) for name, group in policy.groups.items()},
        "roles": {name: role._replace(line=0) for name, role in policy.roles.items()},
        "pools": {name: pool._replace(line=0) for name, pool in policy.pools.items()},
        "acl": {(e.path, e.subject, e.role): e.propagate for e in policy.entries()},
        "groups_of": {user: sorted(groups) for user, groups in policy.groups_of.items()},
        "pools_of": {path: sorted(pools) for path, pools in policy.pools_of.items()},
    }
