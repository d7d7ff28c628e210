"""ACL changes, with the delegation rule for callers who lack `Permissions.Modify`.

Source: pve-access-control 9.1.1 (`PUT /access/acl`), as observed.
"""

from collections.abc import Sequence

from ...errors import Error, Invalid
from ..evaluate import privileges
from ..model import NO_ACCESS, AclEntry, Policy
from ..names import parse_token
from ..paths import normalise, valid
from ..privileges import BITS, SHIFT
from .change import changed, drop, put, rereading, touched_by


@rereading
def set_entry(policy: Policy, entry: AclEntry) -> Policy:
    """The policy with this entry, unchecked: whoever calls has decided that it may be."""
    return changed(policy, touched_by(policy, [entry.subject]), acl=put(policy.acl, entry))


@rereading
def remove_entry(policy: Policy, path: str, subject: str, role: str) -> Policy:
    """The policy without this entry, unchecked; it need not be there."""
    return changed(policy, touched_by(policy, [subject]), acl=drop(policy.acl, path, subject, role))


@rereading
def modify_acl(
    policy: Policy,
    caller: str,
    path: str,
    roles: Sequence[str],
    *,
    users: Sequence[str] = (),
    groups: Sequence[str] = (),
    tokens: Sequence[str] = (),
    propagate: bool = True,
    delete: bool = False,
) -> Policy:
    """Adds (or deletes) every role for every subject on a path, as `caller`; all or nothing.

    Whether the caller may change permissions on the path at all is the gate's question, asked before.
    Without `Permissions.Modify` there it may only hand on what it holds itself (`may_delegate`).
    Raises Invalid for the path, Error for what doesn't exist or may not be handed on.
    """
    place = acl_path(path, policy.release.name, delete=delete)
    held = privileges(policy, caller, place)
    acl = policy.acl
    # PVE: the check looks at the path as given, the entry lands where segments `0` are skipped (quirk Q9).
    stored = "/" + "/".join(part for part in place.split("/") if part not in ("", "0"))
    for role in roles:
        if role not in policy.roles:
            raise Error(f"role '{role}' does not exist")
        may_delegate(policy, held, role, propagate=propagate, delete=delete)
        for subject in _subjects(policy, groups, users, tokens):
            if delete:
                acl = drop(acl, stored, subject, role)
            else:
                acl = put(acl, AclEntry(stored, subject, role, propagate))
    subjects = (*(f"@{group}" for group in groups), *users, *tokens)
    return changed(policy, touched_by(policy, subjects), acl=acl)


def acl_path(path: str, release: str, *, delete: bool = False) -> str:
    """The normalised path of an ACL change; Invalid if it is none, or, when adding, has no valid shape."""
    place = normalise(path)
    if place is None or not (delete or valid(place, release)):
        raise Invalid({"path": f"invalid ACL path '{path}'"})
    return place


def may_delegate(policy: Policy, held: int, role: str, *, propagate: bool, delete: bool) -> None:
    """Raises unless someone who holds the mask `held` on a path may add (or remove) this role there."""
    if held & BITS["Permissions.Modify"]:
        return
    verb = "remove" if delete else "add"
    if role == NO_ACCESS:
        raise Invalid({"role": f"Cannot {verb} role 'NoAccess' - requires 'Permissions.Modify'"})
    wanted = policy.roles[role].mask
    if wanted & ~held:
        raise Invalid(
            {"role": f"Cannot {verb} role '{role}' - requires 'Permissions.Modify' or superset of privileges."}
        )
    if not delete and propagate and wanted & ~(held >> SHIFT):
        raise Invalid(
            {
                "role": f"Cannot add role '{role}' with propagation"
                " - requires 'Permissions.Modify' or propagated superset of privileges."
            }
        )


def _subjects(policy: Policy, groups: Sequence[str], users: Sequence[str], tokens: Sequence[str]) -> list[str]:
    for group in groups:
        if group not in policy.groups:
            raise Error(f"group '{group}' does not exist")
    for user in users:
        if user not in policy.users:
            raise Error(f"user '{user}' does not exist")
    for token in tokens:
        policy.token(*parse_token(token))
    return [*(f"@{group}" for group in groups), *users, *tokens]
