"""What can a subject do: the privileges on every path where it holds any, with the entries they come from."""

from dataclasses import dataclass

from ..policy.listing import effective
from ..policy.model import AclEntry, Policy
from ..policy.privileges import BITS, SHIFT, names
from ..policy.trace import Basis, Trace, trace


@dataclass(frozen=True, slots=True)
class Held:
    """What a subject holds on one path: privilege -> propagates, and the entries that give any of it."""

    path: str
    privileges: dict[str, bool]
    via: tuple[AclEntry, ...]
    basis: Basis


def what_can(policy: Policy, subject: str, under: str = "/") -> list[Held]:
    """Every path at or below `under` where the subject holds something, sorted.

    The paths are those Proxmox VE lists for effective permissions: the fixed ones, those of the ACL tree, and the
    members of pools.
    """
    return [
        _held(policy, subject, path, mask)
        for path, mask in effective(policy, subject).items()
        if under in ("/", path) or path.startswith(under + "/")
    ]


def _held(policy: Policy, subject: str, path: str, mask: int) -> Held:
    how = trace(policy, subject, path)
    privileges = {name: bool(mask >> SHIFT & BITS[name]) for name in names(mask)}
    return Held(path, privileges, _sources(policy, how, mask), how.basis)


def _sources(policy: Policy, how: Trace, mask: int) -> tuple[AclEntry, ...]:
    """The deciding entries whose role gives something that is held."""
    found = (
        entry
        for side in how.sides
        for entry in side.deciding
        if entry.role in policy.roles and policy.roles[entry.role].mask & mask
    )
    return tuple(dict.fromkeys(found))
