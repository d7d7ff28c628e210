"""`show`: what the file holds, as tables."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from ..policy.model import Policy
from ..policy.names import bytewise
from ..policy.paths import sort_key
from ..policy.privileges import Release, names
from .output import Record, emit_list
from .shell import Call
from .source import load, mention_problems, release_of


def run(call: Call) -> int:
    """0 whenever the file could be read."""
    noun = call.text("noun")
    if noun == "privileges":
        emit_list(call, noun, _privileges(release_of(call)))
        return 0
    source = load(call)
    mention_problems(call, source)
    emit_list(call, noun, _LISTS[noun](source.policy))
    return 0


def _users(policy: Policy) -> list[Record]:
    tokens: dict[str, list[str]] = {}
    for token in sorted(policy.tokens):
        user, _, sub = token.rpartition("!")
        tokens.setdefault(user, []).append(sub)
    return [
        {
            "id": user.id,
            "enabled": user.enable,
            "expires": moment(user.expire),
            "groups": sorted(group[1:] for group in policy.groups_of.get(user.id, ())),
            "tokens": tokens.get(user.id, []),
            "name": f"{user.firstname} {user.lastname}".strip(),
            "email": user.email,
            "comment": user.comment,
            "line": user.line,
        }
        for user in sorted(policy.users.values(), key=lambda user: bytewise(user.id))
    ]


def _groups(policy: Policy) -> list[Record]:
    return [
        {"id": group.id, "members": _sorted(group.members), "comment": group.comment, "line": group.line}
        for _, group in sorted(policy.groups.items())
    ]


def _roles(policy: Policy) -> list[Record]:
    used = Counter(entry.role for entry in policy.entries())
    return [
        {
            "id": role.id,
            "builtin": role.id in policy.release.roles,
            "entries": used[role.id],
            "privileges": names(role.mask),
            "line": role.line,
        }
        for _, role in sorted(policy.roles.items())
    ]


def _tokens(policy: Policy) -> list[Record]:
    return [
        {
            "id": token.id,
            "separated": token.privsep,
            "expires": moment(token.expire),
            "comment": token.comment,
            "line": token.line,
        }
        for token in sorted(policy.tokens.values(), key=lambda token: bytewise(token.id))
    ]


def _pools(policy: Policy) -> list[Record]:
    return [
        {
            "id": pool.id,
            "guests": _by_number(pool.vms),
            "storages": sorted(pool.storages),
            "comment": pool.comment,
            "line": pool.line,
        }
        for pool in sorted(policy.pools.values(), key=lambda pool: sort_key(pool.id))
    ]


def _acl(policy: Policy) -> list[Record]:
    return [
        {
            "path": entry.path,
            "subject": entry.subject,
            "kind": entry.kind,
            "role": entry.role,
            "propagate": entry.propagate,
            "line": entry.line,
        }
        for entry in sorted(policy.entries(), key=lambda e: (sort_key(e.path), bytewise(e.subject), e.role))
    ]


def _privileges(release: Release) -> list[Record]:
    return [
        {
            "id": name,
            "category": name.partition(".")[0],
            "roles": [role for role, mask in release.roles.items() if mask & bit],
        }
        for name, bit in sorted(release.bits.items())
    ]


def _sorted(ids: Iterable[str]) -> list[str]:
    return sorted(ids, key=bytewise)


def _by_number(vmids: Iterable[str]) -> list[str]:
    return sorted(vmids, key=lambda vmid: (len(vmid), vmid))


def moment(seconds: float) -> str | None:
    """A date and time in UTC, None for never; seconds beyond what a calendar holds come as a number."""
    if not seconds:
        return None
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


_LISTS: Mapping[str, Callable[[Policy], list[Record]]] = {
    "users": _users,
    "groups": _groups,
    "roles": _roles,
    "tokens": _tokens,
    "pools": _pools,
    "acl": _acl,
}
