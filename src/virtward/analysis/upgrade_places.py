"""What somebody loses at a place: the changed calls, decided before and after, for a machine that an entry reaches.

Rule: verdicts come from `policy.decide`. A question about one machine looks at few paths, so it is put to a
policy that has only the entries on these; answers are remembered by what is held on them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from ..policy.evaluate import privileges, visited
from ..policy.model import Acl, AclEntry, Policy, Role
from ..policy.names import ROOT
from ..policy.paths import fill
from ..policy.privileges import BITS
from ..policy.requirement import decide
from .upgrade_calls import Change, asked

ANY = "-"
"""Stands for any machine that no entry names."""

_KEPT = 256  # policies of places
_SOMEBODY = "any@pve"
_CONSTANT = ("/", "/vms", "/pool", "/storage", "/nodes", "/mapping")

Lost = tuple[int, ...]
"""Which of the changes, by their number."""


class _Near(Mapping[str, Mapping[str, tuple[AclEntry, ...]]]):
    """The entries on some paths, by subject; a subject's are looked up when it is asked about."""

    def __init__(self, by_path: Acl, paths: Iterable[str]) -> None:
        self.on = [(path, by_path[path]) for path in paths if path in by_path]
        self.of: dict[str, dict[str, tuple[AclEntry, ...]]] = {}
        self.alike: dict[tuple[str, ...], str] = {}
        self.stands_for: dict[str, str] = {}

    def __getitem__(self, subject: str) -> Mapping[str, tuple[AclEntry, ...]]:
        found = self.of.get(subject)
        if found is None:
            found = self.of[subject] = {path: entries[subject] for path, entries in self.on if subject in entries}
        return found

    def get(self, subject: str, default: object = None) -> Mapping[str, tuple[AclEntry, ...]]:
        """The entries of a subject; the evaluator asks so, and often."""
        return self[subject]

    def __iter__(self) -> Iterator[str]:
        return iter({subject for _, entries in self.on for subject in entries})

    def __len__(self) -> int:
        return len({subject for _, entries in self.on for subject in entries})


class Places:
    """What the changes of an upgrade mean at the places of a policy that answers for both releases."""

    def __init__(self, policy: Policy, changes: tuple[Change, ...]) -> None:
        self.policy = policy
        self.changes = changes
        self._near: dict[str, Policy] = {}
        self._lost: dict[tuple[Lost, tuple[int, ...]], Lost] = {}
        self._alone: dict[tuple[int, bool], tuple[Lost, Lost]] = {}
        self._asked: dict[Lost, tuple[str, ...]] = {}
        every = tuple(range(len(changes)))
        paths = (fill(template, {}) for template in self._templates(every))
        self._always = tuple(dict.fromkeys(step for path in (*_CONSTANT, *paths) for step in visited(path)))
        self._by_path: dict[str, dict[str, tuple[AclEntry, ...]]] = {}
        for subject, at in policy.acl.items():
            for path, entries in at.items():
                self._by_path.setdefault(path, {})[subject] = entries

    # Places

    def machines(self, entry: AclEntry) -> tuple[str, ...]:
        """Machines that an entry reaches, one for all that fare alike; none if it reaches none."""
        path = entry.path
        if path.startswith("/vms/") and path.count("/") == 2:
            return (path.removeprefix("/vms/"),)
        if path in ("/", "/vms", "/pool"):
            # PVE: through its pools an entry above them reaches a machine even past an entry on `/vms`.
            member = (self._member,) if self._member and path != "/vms" else ()
            return ((ANY, *member) if path != "/pool" else member) if entry.propagate else ()
        pool = path.removeprefix("/pool/")
        return self._of_pool(pool, entry.propagate) if path.startswith("/pool/") else ()

    def _of_pool(self, pool: str, propagate: bool) -> tuple[str, ...]:
        """A member of a pool or, if it has none and the entry propagates, of a pool below."""
        record = self.policy.pools.get(pool)
        vms = record.vms if record else frozenset()
        if vms:
            plain = (vmid for vmid in vms if f"/vms/{vmid}" not in self._by_path)
            return (min(plain, default="") or min(vms),)
        below = (self._of_pool(each, True) for each in self.policy.subpools.get(pool, ())) if propagate else ()
        return next((found for found in below if found), ())

    @cached_property
    def _member(self) -> str:
        """A machine in a pool, if possible one that no entry names, nor its pool."""
        pools = [pool for pool in self.policy.pools.values() if pool.vms]
        pools.sort(key=lambda pool: (f"/pool/{pool.id}" in self._by_path, pool.id))
        return self._of_pool(pools[0].id, False)[0] if pools else ""

    def near(self, path: str) -> Policy:
        """A policy that answers as the whole one does on a path, and on those that the changes ask about."""
        if path not in self._near:
            if len(self._near) >= _KEPT:
                self._near.clear()
            pools = (f"/pool/{pool}" for pool in self.policy.pools_of.get(path, ()))
            steps = dict.fromkeys((*self._always, *(step for each in (path, *pools) for step in visited(each))))
            self._near[path] = replace(self.policy, acl=_Near(self._by_path, steps))
        return self._near[path]

    def alike(self, subject: str, path: str) -> str:
        """A user who fares on a path as the subject does: of all with the same groups, the first asked about.

        That is so for users without entries of their own near, and for their tokens without privilege separation.
        """
        near = self.near(path).acl
        if not isinstance(near, _Near):
            return subject
        found = near.stands_for.get(subject)
        if found is None:
            found = near.stands_for[subject] = self._alike(near, subject)
        return found

    def _alike(self, near: _Near, subject: str) -> str:
        token = self.policy.tokens.get(subject)
        user = token.user if token is not None and not token.privsep else subject
        if user == ROOT or user not in self.policy.users or near[user]:
            return subject
        groups = tuple(group for group in self.policy.groups_of.get(user, ()) if near[group])
        return near.alike.setdefault(groups, user)

    def held(self, subject: str, path: str) -> int:
        """The mask of what a subject holds on a path."""
        return privileges(self.near(path), subject, path)

    # Calls

    def lost(self, subject: str, machine: str, about: Lost) -> Lost:
        """Those of some changes by which a subject loses calls on a machine."""
        policy = self.near(f"/vms/{machine}")
        params = _params(machine)
        masks = (privileges(policy, subject, fill(template, params)) for template in self._templates(about))
        key = (about, tuple(masks))
        if key not in self._lost:
            self._lost[key] = self._changed(policy, subject, machine, about)
        return self._lost[key]

    def _templates(self, about: Lost) -> tuple[str, ...]:
        """The paths that some changes ask about."""
        if about not in self._asked:
            sides = (side for number in about for side in (self.changes[number].before, self.changes[number].after))
            # A pool that no parameter names is never looked at.
            leaves = (leaf.template for side in sides for leaf in asked(side) if leaf.require_param is None)
            self._asked[about] = tuple(dict.fromkeys(leaves))
        return self._asked[about]

    def _changed(self, policy: Policy, subject: str, machine: str, about: Iterable[int]) -> Lost:
        params = _params(machine)
        return tuple(
            number
            for number in about
            if decide((change := self.changes[number]).before, subject, params, policy)
            and not (change.after and decide(change.after, subject, params, policy))
        )

    def restored(self, subject: str, machine: str, role: str, privilege: str, lost: Lost) -> Lost:
        """Of what a subject loses on a machine, what it keeps if a role gets a privilege."""
        policy = self.near(f"/vms/{machine}")
        mended = Role(role, policy.roles[role].mask | BITS[privilege])
        left = self._changed(replace(policy, roles={**policy.roles, role: mended}), subject, machine, lost)
        return tuple(number for number in lost if number not in left)

    def alone(self, role: str, *, everywhere: bool) -> tuple[Lost, Lost]:
        """The changes by which a role on its own loses, and gains, calls: given on `/`, or on machines only."""
        key = (self.policy.roles[role].mask, everywhere)
        if key not in self._alone:
            policy = self._only(role, everywhere)
            gained = (
                number
                for number, change in enumerate(self.changes)
                if change.after
                and decide(change.after, _SOMEBODY, {}, policy)
                and not decide(change.before, _SOMEBODY, {}, policy)
            )
            self._alone[key] = self._changed(policy, _SOMEBODY, ANY, range(len(self.changes))), tuple(gained)
        return self._alone[key]

    def _only(self, role: str, everywhere: bool) -> Policy:
        path = "/" if everywhere else "/vms"
        acl = {_SOMEBODY: {path: (AclEntry(path, _SOMEBODY, role),)}}
        return replace(self.policy, acl=acl, groups_of={}, pools_of={})


def _params(machine: str) -> dict[str, str]:
    return {"vmid": machine, "guest": machine}
