"""Roles. Source: pve-access-control 9.1.1 (`/access/roles`), as observed."""

from collections.abc import Sequence

from ...errors import Error, Invalid
from ..model import Policy, Role
from ..names import check_privilege, check_role
from ..privileges import mask_of
from .change import changed, rereading, touched_by

RESERVED = "cannot use role ID starting with the (case-insensitive) 'PVE' namespace"


def reserved(role: str) -> bool:
    """Whether a role id is in the name space of the built-in ones."""
    return role[:3].lower() == "pve"


@rereading
def add_role(policy: Policy, role: str, privileges: Sequence[str] = ()) -> Policy:
    """A new role with these privileges."""
    check_role(role)
    if reserved(role):
        raise Invalid({"roleid": RESERVED})
    if role in policy.roles:
        raise Error(f"role '{role}' already exists")
    return _put(policy, Role(role, _mask(policy, privileges)))


@rereading
def modify_role(policy: Policy, role: str, privileges: Sequence[str], *, append: bool = False) -> Policy:
    """The role with these privileges, or with these added to its own."""
    if role in policy.release.roles:
        raise Error(f"auto-generated role '{role}' cannot be modified")
    _require(policy, role)
    mask = _mask(policy, privileges)
    return _put(policy, Role(role, mask | policy.roles[role].mask if append else mask))


@rereading
def delete_role(policy: Policy, role: str) -> Policy:
    """Without the role; entries that name it are written once more, without effect (quirk Q20)."""
    if role in policy.release.roles:
        raise Error(f"auto-generated role '{role}' cannot be deleted")
    _require(policy, role)
    roles = {name: each for name, each in policy.roles.items() if name != role}
    return changed(policy, _users_of(policy, role), roles=roles, gone=frozenset((role,)))


def _put(policy: Policy, role: Role) -> Policy:
    return changed(policy, _users_of(policy, role.id), roles={**policy.roles, role.id: role})


def _users_of(policy: Policy, role: str) -> set[str]:
    named = {entry.subject for entry in policy.entries() if entry.role == role}
    return touched_by(policy, named)


def _mask(policy: Policy, privileges: Sequence[str]) -> int:
    for privilege in privileges:
        check_privilege(privilege, policy.release)
    return mask_of(privileges)


def _require(policy: Policy, role: str) -> None:
    if role not in policy.roles:
        raise Error(f"role '{role}' does not exist")
