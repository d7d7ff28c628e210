"""Strategies that make up edits of a policy, each with the subjects whose views it may touch."""

from collections.abc import Callable, Set
from typing import NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.properties.configurations import GROUPS, PATHS, POOLS, ROLES, STORAGES, TOKENS, USERS, VMIDS, few
from virtward.errors import Error
from virtward.policy import edit
from virtward.policy.model import AclEntry, Policy, Token, User


class Edit(NamedTuple):
    """An edit; `touches` says which users and tokens it is about, their tokens not counted."""

    says: str
    apply: Callable[[Policy], Policy]
    touches: Callable[[Policy], Set[str]]

    def __repr__(self) -> str:
        return self.says

    def outcome(self, policy: Policy) -> Policy | None:
        """The policy after the edit, None if it is refused."""
        try:
            return self.apply(policy)
        except Error:
            return None

    def tried(self, policy: Policy) -> Policy:
        """The policy after the edit, or as it was if the edit is refused."""
        return self.outcome(policy) or policy


def behind(policy: Policy, subjects: Set[str]) -> set[str]:
    """The users and tokens that ACL subjects stand for."""
    found = {subject for subject in subjects if subject[1:] not in policy.groups}
    return found.union(*(policy.groups[s[1:]].members for s in subjects - found))


def named_with(policy: Policy, role: str) -> set[str]:
    """The users and tokens behind the entries that give a role."""
    return behind(policy, {entry.subject for entry in policy.entries() if entry.role == role})


def below_pool(policy: Policy, pool: str) -> set[str]:
    """The users and tokens behind the entries that go with a top-level pool."""
    place = f"/pool/{pool}"
    subjects = {e.subject for e in policy.entries() if e.path == place or e.path.startswith(place + "/")}
    return behind(policy, subjects) if "/" not in pool else set()


def nobody(_: Policy) -> set[str]:
    return set()


def set_entry(entry: AclEntry) -> Edit:
    return Edit(f"set {entry}", lambda p: edit.set_entry(p, entry), lambda p: behind(p, {entry.subject}))


def remove_entry(path: str, subject: str, role: str) -> Edit:
    return Edit(
        f"remove {path} {subject} {role}",
        lambda p: edit.remove_entry(p, path, subject, role),
        lambda p: behind(p, {subject}),
    )


def modify_acl(
    caller: str, path: str, roles: list[str], subjects: list[str], propagate: bool, delete: bool
) -> Edit:
    groups = [subject[1:] for subject in subjects if subject[1:] in GROUPS]
    tokens = [subject for subject in subjects if subject in TOKENS]
    users = [subject for subject in subjects if subject in USERS]
    return Edit(
        f"acl by {caller}: {path} {roles} {subjects} propagate={propagate} delete={delete}",
        lambda p: edit.modify_acl(
            p, caller, path, roles, users=users, groups=groups, tokens=tokens, propagate=propagate, delete=delete
        ),
        lambda p: behind(p, set(subjects)),
    )


def put_user(user: str, groups: list[str] | None, append: bool) -> Edit:
    def apply(policy: Policy) -> Policy:
        if user in policy.users:
            return edit.modify_user(policy, User(user, comment="new"), groups, append=append)
        return edit.add_user(policy, User(user), groups or ())

    def touches(policy: Policy) -> set[str]:
        return set() if groups is None and user in policy.users else {user}

    return Edit(f"put user {user} {groups} append={append}", apply, touches)


def put_token(token: str, privsep: bool) -> Edit:
    def apply(policy: Policy) -> Policy:
        change = edit.modify_token if token in policy.tokens else edit.add_token
        return change(policy, Token(token, privsep=privsep))

    return Edit(f"put token {token} privsep={privsep}", apply, lambda p: {token})


def delete_token(token: str) -> Edit:
    user, _, sub = token.rpartition("!")
    return Edit(f"delete token {token}", lambda p: edit.delete_token(p, user, sub), lambda p: {token})


def put_role(role: str, privileges: list[str], append: bool) -> Edit:
    def apply(policy: Policy) -> Policy:
        if role in policy.roles:
            return edit.modify_role(policy, role, privileges, append=append)
        return edit.add_role(policy, role, privileges)

    return Edit(f"put role {role} {privileges} append={append}", apply, lambda p: named_with(p, role))


def delete_role(role: str) -> Edit:
    return Edit(f"delete role {role}", lambda p: edit.delete_role(p, role), lambda p: named_with(p, role))


def put_group(group: str) -> Edit:
    def apply(policy: Policy) -> Policy:
        change = edit.modify_group if group in policy.groups else edit.add_group
        return change(policy, group, "new")

    return Edit(f"put group {group}", apply, nobody)


def delete_group(group: str) -> Edit:
    return Edit(f"delete group {group}", lambda p: edit.delete_group(p, group), lambda p: behind(p, {f"@{group}"}))


def modify_pool(pool: str, vms: list[str], storages: list[str], delete: bool) -> Edit:
    def apply(policy: Policy) -> Policy:
        if pool not in policy.pools:
            return edit.add_pool(policy, pool, "new")
        return edit.modify_pool(
            policy, "root@pam", pool, vms=vms, storages=storages, delete=delete, allow_move=True
        )

    return Edit(f"put pool {pool} {vms} {storages} delete={delete}", apply, nobody)


def delete_pool(pool: str) -> Edit:
    return Edit(f"delete pool {pool}", lambda p: edit.delete_pool(p, pool), lambda p: below_pool(p, pool))


def delete_user(user: str) -> Edit:
    return Edit(f"delete user {user}", lambda p: edit.delete_user(p, user), lambda p: {user})


_subjects = st.sampled_from(("@ops", "@dev", *USERS, *TOKENS, "@void", "root@pam"))
_places = st.sampled_from((*PATHS, "/pool/p", "/vms/100", "/"))
_roles = st.sampled_from(("PVEVMUser", "PVEAuditor", "NoAccess"))

_comers = st.sampled_from(("ann@pve", "bob@pam"))
_kept_apart = st.sampled_from(("ann@pve!t1", "root@pam!t1"))

edits: SearchStrategy[Edit] = st.one_of(
    st.builds(set_entry, st.builds(AclEntry, _places, _subjects, _roles, st.booleans())),
    st.builds(remove_entry, _places, _subjects, _roles),
    st.builds(
        modify_acl,
        st.sampled_from(("root@pam", "root@pam", "ann@pve")),
        _places,
        few(("PVEVMUser", "NoAccess", *ROLES), 1, 2),
        few(("@ops", "@dev", *USERS, *TOKENS), 1, 3),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(put_user, st.sampled_from(USERS), st.none() | few(GROUPS, 0, 2), st.booleans()),
    st.builds(delete_user, st.sampled_from(USERS)),
    st.builds(put_token, st.sampled_from(TOKENS), st.booleans()),
    st.builds(delete_token, st.sampled_from(TOKENS)),
    st.builds(put_role, st.sampled_from(ROLES), few(("VM.Audit", "VM.Allocate", "Sys.Audit"), 0, 2), st.booleans()),
    st.builds(delete_role, st.sampled_from(ROLES)),
    st.builds(put_group, st.sampled_from(GROUPS)),
    st.builds(delete_group, st.sampled_from(GROUPS)),
    st.builds(modify_pool, st.sampled_from(POOLS), few(VMIDS, 0, 2), few(STORAGES, 0, 1), st.booleans()),
    st.builds(delete_pool, st.sampled_from(POOLS)),
)

# What goes and comes back under its old name must not find what it left behind.
returns: SearchStrategy[list[Edit]] = st.one_of(
    st.builds(lambda token: [delete_token(token), put_token(token, True)], _kept_apart),
    st.builds(lambda role: [delete_role(role), put_role(role, ["VM.Audit"], False)], st.sampled_from(ROLES)),
    st.builds(
        lambda user: [delete_user(user), put_user(user, None, False), put_token(f"{user}!t1", True)], _comers
    ),
    st.builds(lambda group: [delete_group(group), put_group(group)], st.sampled_from(GROUPS)),
    st.builds(lambda pool: [delete_pool(pool), modify_pool(pool, [], [], False)], st.sampled_from(POOLS)),
)

sequences = st.lists(edits, min_size=1, max_size=4) | st.builds(
    lambda before, back: [*before, *back], st.lists(edits, max_size=1), returns
)
