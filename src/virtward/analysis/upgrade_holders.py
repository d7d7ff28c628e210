"""Who holds a role through which entry, and what each loses by the upgrade.

Rule: an entry counts for a user only where it decides: not where an entry of the user's own hides it, or
NoAccess overrules it. A token without privilege separation fares as its user does. `root@pam` loses nothing.
"""

from collections.abc import Iterable, Iterator

from ..policy.evaluate import applicable
from ..policy.model import NO_ACCESS, AclEntry, Policy
from ..policy.names import ROOT
from .upgrade_calls import Change
from .upgrade_places import Lost, Places
from .upgrade_report import Holder, Loss


class Holders:
    """The holders of roles in one policy, which answers for both releases."""

    def __init__(self, policy: Policy, changes: tuple[Change, ...]) -> None:
        self.policy = policy
        self.changes = changes
        self.places = Places(policy, changes)
        self.by_role: dict[str, list[AclEntry]] = {}
        for entry in policy.entries():
            if entry.subject != ROOT:
                self.by_role.setdefault(entry.role, []).append(entry)
        self._entry = {(entry.role, entry.path, entry.subject): entry for entry in policy.entries()}
        self._lost: dict[tuple[Lost, str, str], Lost] = {}
        self._free: dict[str, list[str]] = {}
        for token in policy.tokens.values():
            if not token.privsep:
                self._free.setdefault(token.user, []).append(token.id)

    def entries(self, role: str) -> list[AclEntry]:
        """The entries that give a role, by path and subject."""
        return sorted(self.by_role.get(role, ()), key=lambda entry: (entry.path, entry.subject))

    def entry(self, holder: Holder) -> AclEntry:
        """The entry through which somebody holds a role: the group's, the user's, or the token's own."""
        token = self.policy.tokens.get(holder.subject)
        owner = token.user if token is not None and not token.privsep else holder.subject
        return self._entry[holder.role, holder.path, holder.via or owner]

    def on_machines(self, role: str) -> tuple[Holder, ...]:
        """The entries that give a role somewhere where machines are, as the file has them."""
        return tuple(_holder(entry) for entry in self.entries(role) if self.places.machines(entry))

    def of(self, entry: AclEntry, wanted: int) -> Iterator[str]:
        """The users and tokens who hold any privilege of a mask by an entry."""
        machines = self.places.machines(entry)
        path = f"/vms/{machines[0]}" if machines else entry.path
        known: dict[str, bool] = {}
        for user, subject in self._named(entry):
            alike = self.places.alike(subject, path)
            if alike not in known:
                known[alike] = self._counts(entry, user, alike, path, wanted)
            if known[alike]:
                yield subject

    def _counts(self, entry: AclEntry, user: str, subject: str, path: str, wanted: int) -> bool:
        """Whether an entry decides for a user, and something of a mask is held by the subject where it leads."""
        if not self.places.held(subject, path) & wanted:
            return False
        deciding = applicable(self.places.near(path), user, entry.path, last=True)
        return entry in deciding and not any(each.role == NO_ACCESS for each in deciding)

    def _named(self, entry: AclEntry) -> Iterator[tuple[str, str]]:
        """Those whom an entry is for: whose entries count, and who it is."""
        if entry.kind == "token":
            token = self.policy.tokens.get(entry.subject)
            if token is not None and token.privsep:
                yield entry.subject, entry.subject
            return
        group = self.policy.groups.get(entry.name) if entry.kind == "group" else None
        for user in sorted(group.members) if group else (entry.subject,):
            if user in self.policy.users:
                yield user, user
                yield from ((user, tokenid) for tokenid in self._free.get(user, ()))

    def lost(self, entry: AclEntry, subject: str, about: Lost) -> Lost:
        """Those of some changes by which a holder loses calls on some machine that an entry reaches."""
        found: set[int] = set()
        for machine in self.places.machines(entry):
            alike = self.places.alike(subject, f"/vms/{machine}")
            key = (about, machine, alike)
            if key not in self._lost:
                self._lost[key] = self.places.lost(alike, machine, about)
            found.update(self._lost[key])
        return tuple(sorted(found))

    def each(self, role: str, wanted: int) -> list[tuple[Holder, AclEntry]]:
        """Everybody who holds any privilege of a mask by a role, user by user, and through which entry."""
        return [
            (_holder(entry, subject), entry) for entry in self.entries(role) for subject in self.of(entry, wanted)
        ]

    def losing(self, role: str, about: Lost) -> list[tuple[Holder, Lost]]:
        """Who loses some of the changes by a role; a group whose members all fare alike is named itself."""
        found: list[tuple[Holder, Lost]] = []
        held = self.policy.roles[role].mask
        for entry in self.entries(role):
            fares = {subject: self.lost(entry, subject, about) for subject in self.of(entry, held)}
            everybody = entry.kind == "group" and all(subject in fares for _, subject in self._named(entry))
            if everybody and len(set(fares.values())) == 1 and any(fares.values()):
                found.append((_holder(entry), next(iter(fares.values()))))
            else:
                found += [(_holder(entry, subject), lost) for subject, lost in fares.items() if lost]
        return found

    def losses(self, fares: Iterable[tuple[Holder, Lost]]) -> tuple[Loss, ...]:
        """What holders lose, those who lose the same together."""
        grouped: dict[Lost, list[Holder]] = {}
        for holder, lost in fares:
            if lost:
                grouped.setdefault(lost, []).append(holder)
        return tuple(
            Loss(tuple(who), self.calls(lost, roots=False), self.calls(lost, roots=True))
            for lost, who in grouped.items()
        )

    def calls(self, numbers: Iterable[int], *, roots: bool | None = None) -> tuple[str, ...]:
        """The calls of some changes, or only of those that are (or aren't) root@pam's from then on."""
        chosen = (change for change in map(self.changes.__getitem__, numbers) if roots in (None, change.roots))
        found = sorted(pair for change in chosen for pair in zip(change.places, change.calls, strict=True))
        return tuple(call for _, call in found)


def _holder(entry: AclEntry, subject: str = "") -> Holder:
    """The holder of an entry: its subject, or a member of the group."""
    via = entry.subject if subject and entry.kind == "group" else ""
    return Holder(subject or entry.subject, entry.path, entry.role, via, entry.line)
