"""What an edit changes, record by record, and how a snapshot takes that up.

Rule: a snapshot is an earlier one with changed records applied, no matter whether this process changed them or
another: there is one way, and every index follows from the records. A kept record comes from no file: `line` is 0.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ..policy.edit.change import changed, touched_by
from ..policy.model import Acl, AclEntry, Group, Policy, Pool, Role, Token, User
from ..ports import SecretKey

R = TypeVar("R", User, Token, Group, Role, Pool)
V = TypeVar("V")
Node = tuple[AclEntry, ...]
Pairs = frozenset[tuple[str, str]]
"""(user, group) pairs."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Records by their ids, None for one that is gone; `acl` has all entries of each subject that it names.

    `late` are the pairs of `Policy.unrecorded` whose user exists, all of them: only a file that was imported and
    not written since has any.
    """

    users: Mapping[str, User | None] = field(default_factory=dict)
    tokens: Mapping[str, Token | None] = field(default_factory=dict)
    groups: Mapping[str, Group | None] = field(default_factory=dict)
    roles: Mapping[str, Role | None] = field(default_factory=dict)
    pools: Mapping[str, Pool | None] = field(default_factory=dict)
    acl: Mapping[str, Mapping[str, Node]] = field(default_factory=dict)
    late: Pairs = frozenset()

    def names(self) -> Iterator[tuple[str, str]]:
        """(kind, id) of everything that changed; the kind `acl` goes with a subject."""
        tables: tuple[tuple[str, Mapping[str, object]], ...] = (
            ("user", self.users),
            ("token", self.tokens),
            ("group", self.groups),
            ("role", self.roles),
            ("pool", self.pools),
            ("acl", self.acl),
        )
        for kind, table in tables:
            for name in table:
                yield kind, name

    def __bool__(self) -> bool:
        return next(self.names(), None) is not None

    def orphans(self) -> Iterator[SecretKey]:
        """The secrets of users and tokens that are gone: a later one of the same name must not have them."""
        for userid, user in self.users.items():
            if user is None:
                yield SecretKey("password", userid)
                yield SecretKey("tfa", userid)
        for tokenid, token in self.tokens.items():
            if token is None:
                yield SecretKey("token", tokenid)


def difference(old: Policy, new: Policy) -> Changes:
    """What differs in `new`; records and entries that are the same objects are not looked at."""
    return Changes(
        _table(old.users, new.users),
        _table(old.tokens, new.tokens),
        _table(old.groups, new.groups),
        _table(old.roles, new.roles),
        _table(old.pools, new.pools),
        _acl(old.acl, new.acl),
        frozenset(pair for pair in new.unrecorded if pair[0] in new.users),
    )


def _table(old: Mapping[str, R], new: Mapping[str, R]) -> dict[str, R | None]:
    if old is new:
        return {}
    found: dict[str, R | None] = {name: None for name in old if name not in new}
    for name, record in new.items():
        before = old.get(name)
        if before is not record:
            record = record._replace(id=name, line=0)
            if record != before:
                found[name] = record
    return found


def _acl(old: Acl, new: Acl) -> dict[str, Mapping[str, Node]]:
    if old is new:
        return {}
    found: dict[str, Mapping[str, Node]] = {subject: {} for subject in old if subject not in new}
    for subject, at in new.items():
        before = old.get(subject, {})
        if before is not at:
            after = nodes(entry._replace(path=p, subject=subject) for p, es in at.items() for entry in es)
            if after != before:
                found[subject] = after
    return found


def nodes(entries: Iterable[AclEntry]) -> dict[str, Node]:
    """Path -> entries by role, for the entries of one subject; a role counts once, with propagation if at all."""
    flags: dict[str, dict[str, bool]] = {}
    subject = ""
    for entry in entries:
        subject = entry.subject
        at = flags.setdefault(entry.path, {})
        # PVE: a file has the lines without propagation first, and the last line counts.
        at[entry.role] = at.get(entry.role, False) or bool(entry.propagate)
    return {
        path: tuple(AclEntry(path, subject, role, at[role]) for role in sorted(at)) for path, at in flags.items()
    }


def private(policy: Policy) -> Policy:
    """The same policy with a dictionary of views of its own, which no other thread adds to meanwhile."""
    mine = replace(policy)
    mine.views.update(policy.views.copy())
    return mine


def applied(policy: Policy, changes: Changes) -> Policy:
    """The policy with these records; it keeps the views of everybody who isn't concerned."""
    users = _merged(policy.users, changes.users)
    groups = _merged(policy.groups, changes.groups)
    roles = _merged(policy.roles, changes.roles)
    acl: Acl = policy.acl
    if changes.acl:
        acl = {**acl, **changes.acl}
        for subject in [subject for subject, at in changes.acl.items() if not at]:
            del acl[subject]
    fields: dict[str, Any] = {
        "users": users,
        "tokens": _merged(policy.tokens, changes.tokens),
        "groups": groups,
        "roles": roles,
        "pools": _merged(policy.pools, changes.pools),
        "acl": acl,
        "groups_of": _groups_of(policy, changes),
        "pools_of": _pools_of(policy, changes),
        "unrecorded": _unrecorded(policy, users, groups, changes),
    }
    # NoAccess is part of every view.
    all_touched = not policy.release.roles.keys().isdisjoint(changes.roles)
    known = replace(policy) if all_touched else private(policy)
    return changed(known, _touched(policy, changes, groups, acl), **fields)


def _merged(old: Mapping[str, V], new: Mapping[str, V | None]) -> Mapping[str, V]:
    if not new:
        return old
    merged = dict(old)
    for name, record in new.items():
        if record is None:
            merged.pop(name, None)
        else:
            merged[name] = record
    return merged


def _joined(policy: Policy, changes: Changes) -> Iterator[tuple[str, str, bool]]:
    """(user, group, whether it is a member now) of every membership that changed."""
    for name, group in changes.groups.items():
        before = policy.groups[name].members if name in policy.groups else frozenset()
        after = group.members if group else frozenset()
        for member in before ^ after:
            yield member, name, member in after


def _groups_of(policy: Policy, changes: Changes) -> Mapping[str, tuple[str, ...]]:
    moves = ((member, f"@{group}", present) for member, group, present in _joined(policy, changes))
    return _index(policy.groups_of, moves) if changes.groups else policy.groups_of


def _pools_of(policy: Policy, changes: Changes) -> Mapping[str, tuple[str, ...]]:
    moves: list[tuple[str, str, bool]] = []
    for name, pool in changes.pools.items():
        before, after = _paths(policy.pools.get(name)), _paths(pool)
        moves += [(path, name, path in after) for path in before ^ after]
    return _index(policy.pools_of, moves) if moves else policy.pools_of


def _paths(pool: Pool | None) -> frozenset[str]:
    if pool is None:
        return frozenset()
    return frozenset((*(f"/vms/{vmid}" for vmid in pool.vms), *(f"/storage/{name}" for name in pool.storages)))


def _index(
    old: Mapping[str, tuple[str, ...]], moves: Iterable[tuple[str, str, bool]]
) -> dict[str, tuple[str, ...]]:
    """An index of sorted names with some put in, or taken out."""
    index = dict(old)
    for key, name, present in moves:
        others = [each for each in index.pop(key, ()) if each != name]
        after = tuple(sorted([*others, name])) if present else tuple(others)
        if after:
            index[key] = after
    return index


def _unrecorded(policy: Policy, users: Mapping[str, User], groups: Mapping[str, Group], changes: Changes) -> Pairs:
    late = frozenset(pair for pair in policy.unrecorded if pair[0] in policy.users)
    if late == changes.late and not changes.groups and users.keys() == policy.users.keys():
        return policy.unrecorded
    return changes.late | ghosts(users, groups)


def ghosts(users: Mapping[str, User], groups: Mapping[str, Group]) -> Pairs:
    """The memberships of users that don't exist (quirk Q6)."""
    return frozenset(
        (member, name) for name, group in groups.items() for member in group.members if member not in users
    )


def _touched(policy: Policy, changes: Changes, groups: Mapping[str, Group], acl: Acl) -> set[str]:
    """The users and tokens whose verdicts may differ, by more than the pools of machines and storages."""
    found = {*changes.users, *changes.tokens, *(member for member, _, _ in _joined(policy, changes))}
    subjects = set(changes.acl)
    if changes.roles:
        for entries in (policy.acl, acl):
            subjects |= {
                e.subject for at in entries.values() for es in at.values() for e in es if e.role in changes.roles
            }
    # Who joined or left a group is in `found` already.
    return found | touched_by(replace(policy, groups=groups), subjects)
