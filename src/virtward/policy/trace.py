"""How a verdict came about: the entries along a walk, which of them decided, and what cut off the others.

Rule: nothing here decides; every part asks `evaluate`, and a property test holds the two together.
"""

from dataclasses import dataclass
from enum import StrEnum

from .evaluate import applicable, privileges, view, visited
from .model import NO_ACCESS, AclEntry, Policy
from .names import ROOT, is_user, split_token
from .privileges import BITS


class Cause(StrEnum):
    """Why an entry along the walk doesn't count."""

    NOT_PROPAGATED = "doesn't propagate"
    REPLACED = "replaced further down"
    HIDDEN = "hidden by the user's own entry there"
    NO_ACCESS = "overruled by NoAccess"


@dataclass(frozen=True, slots=True)
class Cut:
    """An entry that doesn't count, and the entries that see to it (none if it just doesn't propagate)."""

    entry: AclEntry
    cause: Cause
    by: tuple[AclEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk down the tree for one subject: the entries that decide at its end, and those cut off."""

    subject: str
    path: str
    deciding: tuple[AclEntry, ...]
    cuts: tuple[Cut, ...]

    @property
    def denied(self) -> bool:
        """Whether NoAccess decides."""
        return any(entry.role == NO_ACCESS for entry in self.deciding)


@dataclass(frozen=True, slots=True)
class Side:
    """What one id holds by itself: its walk to the path and, if the path is a pool's member, to each pool."""

    subject: str
    walk: Walk
    pools: tuple[Walk, ...]
    mask: int

    @property
    def deciding(self) -> tuple[AclEntry, ...]:
        """The entries that count in the end."""
        if self.walk.denied:
            return self.walk.deciding
        refusing = tuple(e for walk in self.pools if walk.denied for e in walk.deciding)
        return refusing or (*self.walk.deciding, *(e for walk in self.pools for e in walk.deciding))

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """The entries that don't count, those that NoAccess on the other walk overrules included."""
        walks = (self.walk, *self.pools)
        found = [cut for walk in walks for cut in walk.cuts]
        counts = self.deciding
        if any(entry.role == NO_ACCESS for entry in counts):
            lost = (entry for walk in walks for entry in walk.deciding if entry not in counts)
            found += [Cut(entry, Cause.NO_ACCESS, counts) for entry in lost]
        return tuple(found)

    def giving(self, policy: Policy, privilege: str) -> tuple[AclEntry, ...]:
        """The deciding entries whose role has the privilege."""
        return tuple(e for e in self.deciding if _gives(policy, e, privilege))

    def lost(self, policy: Policy, privilege: str) -> tuple[Cut, ...]:
        """What would have given the privilege, had it not been cut off."""
        return tuple(cut for cut in self.cuts if _gives(policy, cut.entry, privilege))


class Basis(StrEnum):
    """On what an answer rests."""

    ROOT = "root@pam holds everything"
    ENTRIES = "ACL entries"
    OWNER = "a token without privilege separation holds what its user holds"
    BOTH = "a separated token holds what both its own entries and its user's give"
    NO_TOKEN = "no such token"  # noqa: S105 - words, not a secret
    NO_SUBJECT = "neither a user nor a token id"


@dataclass(frozen=True, slots=True)
class Trace:
    """Why a subject holds a mask on a path. `sides` has the token's own side first, then its user's."""

    subject: str
    path: str
    mask: int
    basis: Basis
    sides: tuple[Side, ...]

    def lacking(self, privilege: str) -> tuple[Side, ...]:
        """The sides on which the privilege is missing."""
        return tuple(side for side in self.sides if not side.mask & BITS[privilege])


def trace(policy: Policy, subject: str, path: str) -> Trace:
    """The whole story of `evaluate.privileges` for one question."""
    mask = privileges(policy, subject, path)
    if subject == ROOT:
        return Trace(subject, path, mask, Basis.ROOT, ())
    if not split_token(subject):
        if not is_user(subject):
            return Trace(subject, path, mask, Basis.NO_SUBJECT, ())
        return Trace(subject, path, mask, Basis.ENTRIES, (_side(policy, subject, path),))
    token = policy.tokens.get(subject)
    if token is None:
        return Trace(subject, path, mask, Basis.NO_TOKEN, ())
    if not token.privsep:
        owner = trace(policy, token.user, path)
        return Trace(subject, path, mask, Basis.ROOT if token.user == ROOT else Basis.OWNER, owner.sides)
    own = _side(policy, subject, path)
    if token.user == ROOT:
        return Trace(subject, path, mask, Basis.ENTRIES, (own,))
    return Trace(subject, path, mask, Basis.BOTH, (own, _side(policy, token.user, path)))


def _side(policy: Policy, subject: str, path: str) -> Side:
    pools = tuple(walk(policy, subject, f"/pool/{pool}") for pool in policy.pools_of.get(path, ()))
    return Side(subject, walk(policy, subject, path), pools, view(policy, subject).unlimited(path))


def walk(policy: Policy, subject: str, path: str) -> Walk:
    """The walk down to a path, with what each entry on the way came to."""
    current: tuple[AclEntry, ...] = ()
    cuts: list[Cut] = []
    steps = visited(path)
    for number, step in enumerate(steps, 1):
        used = applicable(policy, subject, step, last=number == len(steps))
        cuts += _unused(policy, subject, step, used)
        if used:
            cuts += [Cut(entry, Cause.REPLACED, used) for entry in current]
            current = used
    refusing = tuple(entry for entry in current if entry.role == NO_ACCESS)
    if refusing:
        cuts += [Cut(e, Cause.NO_ACCESS, refusing) for e in current if e not in refusing]
    return Walk(subject, path, refusing or current, tuple(cuts))


def _unused(policy: Policy, subject: str, step: str, used: tuple[AclEntry, ...]) -> list[Cut]:
    found = []
    for principal in (subject, *policy.groups_of.get(subject, ())):
        for entry in policy.acl.get(principal, {}).get(step, ()):
            if entry not in used:
                hidden = entry.subject != subject and any(e.subject == subject for e in used)
                found.append(Cut(entry, Cause.HIDDEN, used) if hidden else Cut(entry, Cause.NOT_PROPAGATED))
    return found


def _gives(policy: Policy, entry: AclEntry, privilege: str) -> bool:
    role = policy.roles.get(entry.role)
    return role is not None and bool(role.mask & BITS[privilege])
