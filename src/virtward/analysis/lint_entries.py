"""Traps in ACL entries: those for what isn't there, those without effect, those that cut each other off.

Rule: how entries combine is said in `policy.evaluate`; here only the one path is looked at where they meet.
The work is linear in the entries and in the groups' members at such a path.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from typing import NamedTuple

from ..policy.model import NO_ACCESS, AclEntry, Policy, subject_kind
from ..policy.names import ROOT
from ..policy.paths import valid
from ..policy.privileges import names
from .lint_rules import Finding, finding
from .lint_wording import NAMED, entries_text, first_line, listed

_LEAF = re.compile(r"/(?:nodes|storage|vms|access/groups|access/realm|mapping/[^/]+)/[^/]+")
_WHO = "{role} for {subject}"


def entry_findings(policy: Policy) -> Iterator[Finding]:
    """The traps in a policy's ACL entries, group members and roles."""
    for subject, at in policy.acl.items():
        yield from _about_subject(policy, subject, at)
        yield from _about_denials(subject, at)
    for path, entries in _gathered(policy, policy.acl).items():
        yield from _about_path(policy, path, entries)
    of_groups = _gathered(policy, [subject for subject in policy.acl if subject_kind(subject) == "group"])
    yield from _hidden(policy, of_groups)
    meetings = _Meetings(policy)
    for path, entries in of_groups.items():
        if len(entries) > 1:
            yield from _random(policy, meetings, path, entries)
            yield from _denied_by_group(policy, meetings, path, entries)
    yield from _about_roles(policy)
    yield from _ghosts(policy)


def _gathered(policy: Policy, subjects: Iterable[str]) -> dict[str, list[AclEntry]]:
    """Path -> the entries of some subjects there."""
    found: dict[str, list[AclEntry]] = {}
    for subject in subjects:
        for path, entries in policy.acl[subject].items():
            at = found.get(path)
            if at is None:
                found[path] = [*entries]
            else:
                at += entries
    return found


def _about_subject(policy: Policy, subject: str, at: Mapping[str, tuple[AclEntry, ...]]) -> Iterator[Finding]:
    """A subject that isn't there, or one whose entries never matter."""
    kind = subject_kind(subject)
    token = policy.tokens.get(subject)
    name = subject.removeprefix("@") if kind == "group" else subject
    if subject == ROOT:
        code = "entry-for-root"
    elif name not in {"user": policy.users, "group": policy.groups, "token": policy.tokens}[kind]:
        code = f"entry-for-unknown-{kind}"
    elif token is not None and not token.privsep:
        code = "entry-for-unseparated-token"
    else:
        return
    entries = [entry for some in at.values() for entry in some]
    values = {"at": token.line, "owner": token.user} if token is not None else {}
    yield finding(code, first_line(entries), name, entries=entries_text(entries), **values)


def _about_denials(subject: str, at: Mapping[str, tuple[AclEntry, ...]]) -> Iterator[Finding]:
    """Roles that one subject has next to its own NoAccess."""
    for path, entries in at.items():
        denial = next((entry for entry in entries if entry.role == NO_ACCESS), None)
        if denial is None or len(entries) == 1 or subject == ROOT:
            continue
        below = not denial.propagate and not _LEAF.fullmatch(path)
        spared = [entry for entry in entries if below and entry.propagate]
        if spared:
            yield _only_here(path, subject, [denial, *spared], "{role}")
        for entry in entries:
            if entry is not denial and entry not in spared:
                text = entries_text([entry], "{role} for {subject} on {path}")
                yield finding("entry-overruled", entry.line, path, entry=text, who=subject, denial=denial.line)


def _about_path(policy: Policy, path: str, entries: Sequence[AclEntry]) -> Iterator[Finding]:
    """Paths that nothing looks at, or that name a pool or group that isn't there."""
    pool, group = path.removeprefix("/pool/"), path.removeprefix("/access/groups/")
    if not valid(path, policy.release.name):
        code = "path-without-meaning"
    elif pool != path and pool not in policy.pools:
        code = "entry-on-unknown-pool"
    elif group != path and group not in policy.groups:
        code = "entry-on-unknown-group"
    else:
        return
    values = {"pool": pool, "group": group, "release": policy.release.name}
    yield finding(code, first_line(entries), path, entries=entries_text(entries, _WHO), **values)


def _hidden(policy: Policy, of_groups: Mapping[str, Sequence[AclEntry]]) -> Iterator[Finding]:
    """Users whose own entries on a path take away what their groups have there."""
    for user, groups in policy.groups_of.items():
        at = policy.acl.get(user)
        if at is None or user == ROOT:
            continue
        for path, own in at.items():
            if path in of_groups and all(entry.role != NO_ACCESS for entry in own):
                theirs = [entry for group in groups for entry in policy.acl.get(group, {}).get(path, ())]
                yield from _hidden_at(policy, user, path, own, theirs)


def _hidden_at(
    policy: Policy, user: str, path: str, own: Sequence[AclEntry], theirs: Sequence[AclEntry]
) -> Iterator[Finding]:
    lost = given(policy, theirs) & ~given(policy, own)
    denied = any(entry.role == NO_ACCESS for entry in theirs)
    if not denied and not lost:
        return
    yield finding(
        "noaccess-hidden" if denied else "group-entry-hidden",
        first_line(own),
        path,
        who=user,
        own=entries_text(own, "{role}"),
        entries=entries_text(theirs, _WHO),
        privileges=listed(names(lost)),
    )


class _Meeting(NamedTuple):
    """Users who are in groups of two sides at once: how many, the first few, and all groups of those few."""

    number: int
    first: Sequence[str]
    groups: frozenset[str]


class _Meetings:
    """Who meets where. Remembered, because the same groups meet on many paths; only a few are ever named."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.known: dict[tuple[tuple[str, ...], ...], tuple[set[str], _Meeting]] = {}
        self.own: dict[str, list[str]] = {}
        for subject, at in policy.acl.items():
            if subject in policy.groups_of:
                for path in at:
                    self.own.setdefault(path, []).append(subject)

    def meet(self, path: str, *sides: Sequence[AclEntry]) -> _Meeting:
        """The users for whom groups' entries of the first two sides count on a path, and none of the others.

        An entry of their own there would hide all of these, and root@pam needs none.
        """
        key = tuple(tuple(entry.name for entry in side) for side in sides)
        if key not in self.known:
            some, others, *without = map(self._members, key)
            users = (some & others).difference({ROOT}, *without)
            self.known[key] = users, self._meeting(users)
        users, meeting = self.known[key]
        hidden = {user for user in self.own.get(path, ()) if user in users}
        if hidden.isdisjoint(meeting.first):
            return meeting._replace(number=meeting.number - len(hidden))
        return self._meeting(users - hidden)

    def _members(self, groups: Iterable[str]) -> set[str]:
        known = self.policy.groups
        return set().union(*(known[name].members for name in groups if name in known))

    def _meeting(self, users: set[str]) -> _Meeting:
        first = nsmallest(NAMED, users)
        groups = frozenset(group for user in first for group in self.policy.groups_of.get(user, ()))
        return _Meeting(len(users), first, groups)


def _random(policy: Policy, meetings: _Meetings, path: str, entries: Sequence[AclEntry]) -> Iterator[Finding]:
    """The same role through groups that differ in propagation, for users who are in both."""
    by_role: dict[str, list[AclEntry]] = {}
    for entry in entries:
        if given(policy, (entry,)):
            by_role.setdefault(entry.role, []).append(entry)
    for role, some in by_role.items():
        lasting = [entry for entry in some if entry.propagate]
        passing = [entry for entry in some if not entry.propagate]
        if lasting and passing and (meeting := meetings.meet(path, lasting, passing)).number:
            yield finding(
                "random-propagation",
                first_line(some),
                path,
                users=listed(meeting.first, meeting.number),
                role=role,
                lasting=entries_text([e for e in lasting if e.subject in meeting.groups], "{subject}"),
                passing=entries_text([e for e in passing if e.subject in meeting.groups], "{subject}"),
            )


def _denied_by_group(
    policy: Policy, meetings: _Meetings, path: str, entries: Sequence[AclEntry]
) -> Iterator[Finding]:
    """NoAccess without propagation from one group, a role with it from another, for users who are in both."""
    denials = [entry for entry in entries if entry.role == NO_ACCESS]
    if not denials or _LEAF.fullmatch(path):
        return
    spared = [e for e in entries if e.propagate and e.role != NO_ACCESS and given(policy, (e,))]
    groups = {entry.subject for entry in spared}
    passing = [entry for entry in denials if not entry.propagate and entry.subject not in groups]
    meeting = meetings.meet(path, passing, spared, [entry for entry in denials if entry.propagate])
    if meeting.number:
        concerned = [entry for entry in (*passing, *spared) if entry.subject in meeting.groups]
        yield _only_here(path, listed(meeting.first, meeting.number), concerned, _WHO)


def _only_here(path: str, who: str, entries: Sequence[AclEntry], says: str) -> Finding:
    members = " and on the pool's members" if path.startswith("/pool/") else ""
    text = entries_text(entries, says)
    return finding("noaccess-only-here", first_line(entries), path, who=who, entries=text, members=members)


def _about_roles(policy: Policy) -> Iterator[Finding]:
    """Roles without privileges that are given to somebody, and names that belong to Proxmox VE."""
    custom = policy.roles.keys() - policy.release.roles.keys()
    for name in custom:
        if name[:3].lower() == "pve":
            yield finding("reserved-role-name", policy.roles[name].line, name)
    empty = {name for name in custom if not policy.roles[name].mask}
    used: dict[str, list[AclEntry]] = {}
    for entry in policy.entries() if empty else ():
        if entry.role in empty:
            used.setdefault(entry.role, []).append(entry)
    for name, entries in used.items():
        text = entries_text(entries, "to {subject} on {path}")
        yield finding("empty-role-in-use", policy.roles[name].line, name, entries=text)


def _ghosts(policy: Policy) -> Iterator[Finding]:
    """Group members that aren't users."""
    for user, groups in policy.groups_of.items():
        if user not in policy.users:
            lines = {group[1:]: policy.groups[group[1:]].line for group in groups if group[1:] in policy.groups}
            text = listed(f"group {group} (line {line})" for group, line in lines.items())
            yield finding("unknown-group-member", min(lines.values(), default=0), user, groups=text)


def given(policy: Policy, entries: Iterable[AclEntry]) -> int:
    """The privileges that some entries give together, as the lower half of a mask."""
    mask = 0
    for entry in entries:
        role = policy.roles.get(entry.role)
        mask |= role.mask if role is not None else 0
    return mask
