"""Users and their memberships. Source: pve-access-control 9.1.1 (`/access/users`), as observed."""

from collections.abc import Iterable

from ...errors import Error
from ..model import Group, Policy, User
from ..names import split_user
from .change import changed, replaced, rereading, without


@rereading
def add_user(policy: Policy, user: User, groups: Iterable[str] = (), *, ignore_case: bool = False) -> Policy:
    """A new user, in these groups. With `ignore_case` (a setting of its realm) spelling alone makes no new user."""
    split_user(user.id)
    known = _stored_spelling(policy, user.id) if ignore_case else user.id
    if known in policy.users:
        raise Error(f"user '{known}' already exists")
    return _in_groups(policy, user, groups, append=True)


@rereading
def modify_user(policy: Policy, user: User, groups: Iterable[str] | None = None, *, append: bool = False) -> Policy:
    """The existing user with this record; `groups`, if given, replaces its memberships or adds to them."""
    policy.user(user.id)
    if groups is None:
        return changed(policy, (), users={**policy.users, user.id: user})
    return _in_groups(policy, user, groups, append=append)


@rereading
def delete_user(policy: Policy, userid: str) -> Policy:
    """Without the user, its tokens, memberships and own ACL entries; nothing to do is no error."""
    # PVE: entries of its tokens are written once more, without effect (quirk Q19).
    split_user(userid)
    groups = dict(policy.groups)
    for subject in policy.groups_of.get(userid, ()):
        group = groups[subject[1:]]
        groups[group.id] = group._replace(members=group.members - {userid})
    return changed(
        policy,
        {userid},
        users=without(policy.users, userid),
        tokens=without(policy.tokens, *(token.id for token in policy.tokens_of(userid))),
        groups=groups,
        groups_of=without(policy.groups_of, userid),
        acl=replaced(policy.acl, userid, {}),
        gone=frozenset(token.id for token in policy.tokens_of(userid)),
        unrecorded=frozenset(pair for pair in policy.unrecorded if pair[0] != userid),
    )


def _in_groups(policy: Policy, user: User, groups: Iterable[str], *, append: bool) -> Policy:
    wanted = list(dict.fromkeys(groups))
    for name in wanted:
        if name not in policy.groups:
            raise Error(f"no such group '{name}'")
    before = {subject[1:] for subject in policy.groups_of.get(user.id, ())}
    after = before | set(wanted) if append else set(wanted)
    members: dict[str, Group] = dict(policy.groups)
    for name in before ^ after:
        old = members[name]
        members[name] = old._replace(members=old.members ^ {user.id})
    groups_of = without(policy.groups_of, user.id)
    if after:
        groups_of[user.id] = tuple(f"@{name}" for name in sorted(after))
    recorded = {(user.id, name) for name in wanted} | {(user.id, name) for name in before - after}
    return changed(
        policy,
        {user.id},
        users={**policy.users, user.id: user},
        groups=members,
        groups_of=groups_of,
        unrecorded=policy.unrecorded - recorded,
    )


def _stored_spelling(policy: Policy, userid: str) -> str:
    lowered = userid.lower()
    return next((known for known in policy.users if known.lower() == lowered), userid)
