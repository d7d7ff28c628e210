"""Groups. Members are managed through users, as upstream. Source: pve-access-control 9.1.1."""

from ...errors import Error
from ..model import Group, Policy
from ..names import check_group
from .change import changed, replaced, rereading


@rereading
def add_group(policy: Policy, group: str, comment: str = "") -> Policy:
    """A new, empty group. An entry or a membership left from an earlier group of that name takes effect."""
    check_group(group)
    if group in policy.groups:
        raise Error(f"group '{group}' already exists")
    return changed(policy, (), groups={**policy.groups, group: Group(group, comment=comment)})


@rereading
def modify_group(policy: Policy, group: str, comment: str | None = None) -> Policy:
    """The group with another comment, if one is given."""
    _require(policy, group)
    if comment is None:
        return policy
    return changed(policy, (), groups={**policy.groups, group: policy.groups[group]._replace(comment=comment)})


@rereading
def delete_group(policy: Policy, group: str) -> Policy:
    """Without the group and the ACL entries that name it."""
    _require(policy, group)
    members = policy.groups[group].members
    subject = f"@{group}"
    groups_of = dict(policy.groups_of)
    for member in members:
        rest = tuple(each for each in groups_of[member] if each != subject)
        if rest:
            groups_of[member] = rest
        else:
            del groups_of[member]
    return changed(
        policy,
        members,
        groups={name: each for name, each in policy.groups.items() if name != group},
        groups_of=groups_of,
        acl=replaced(policy.acl, subject, {}),
        unrecorded=frozenset(pair for pair in policy.unrecorded if pair[1] != group),
    )


def _require(policy: Policy, group: str) -> None:
    if group not in policy.groups:
        raise Error(f"group '{group}' does not exist")
