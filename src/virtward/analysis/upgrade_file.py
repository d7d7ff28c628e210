"""The file of an upgrade check, read as both releases at once, and what Proxmox VE's own checker says of it.

Rule: privileges have the same bit in every release, so one policy whose roles have the privileges of both
answers for both: a requirement of a release only asks for privileges that this release knows.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..policy.fields import WHITE, split_list
from ..policy.model import Policy
from ..policy.names import PLAIN
from ..policy.privileges import Release
from ..policy.usercfg import Diagnostic, parse


class RoleLine(NamedTuple):
    """A `role` line as it stands in the file, unknown privileges included."""

    line: int
    role: str
    privileges: tuple[str, ...]


class File(NamedTuple):
    """What a file says to both releases. `policy` has the privileges and roles of either."""

    policy: Policy
    diagnostics: list[Diagnostic]
    roles: tuple[RoleLine, ...]
    old: Release
    new: Release

    @property
    def dropped(self) -> frozenset[str]:
        """The privileges that the new release doesn't know any more."""
        return frozenset(self.old.bits.keys() - self.new.bits.keys())

    @property
    def added(self) -> frozenset[str]:
        """The privileges that only the new release knows."""
        return frozenset(self.new.bits.keys() - self.old.bits.keys())

    def lines_of(self, role: str, naming: Iterable[str] = ()) -> tuple[int, ...]:
        """The lines that define a role, or only those that name one of some privileges."""
        wanted = frozenset(naming)
        lines = (each for each in self.roles if each.role == role)
        return tuple(each.line for each in lines if not wanted or not wanted.isdisjoint(each.privileges))

    def builtin(self, role: str) -> bool:
        """Whether either release has the role built in."""
        return role in self.old.roles or role in self.new.roles


def read(text: bytes, old: Release, new: Release) -> File:
    """Reads a file for both releases."""
    parsed = parse(text, _together(old, new))
    return File(parsed.policy, parsed.diagnostics, tuple(_role_lines(text)), old, new)


def _together(old: Release, new: Release) -> Release:
    names = {*old.roles, *new.roles}
    roles = {name: old.roles.get(name, 0) | new.roles.get(name, 0) for name in sorted(names)}
    return Release(f"{old.name}+{new.name}", {**old.bits, **new.bits}, roles)


def _role_lines(text: bytes) -> Iterator[RoleLine]:
    for number, line in enumerate(text.decode("utf-8", "surrogateescape").split("\n"), 1):
        if "role" in line:
            kind, name, privileges = (*(each.strip(WHITE) for each in line.strip(WHITE).split(":")), "", "")[:3]
            # PVE: the reader takes the name `0` for an empty one (quirk Q12).
            if kind == "role" and name != "0" and PLAIN.fullmatch(name):
                yield RoleLine(number, name, tuple(split_list(privileges)))


def upstream(file: File) -> str:
    """The verdict of Proxmox VE's own checker, which looks at role lines only, in our words."""
    custom = {each.role for each in file.roles if each.role not in file.old.roles}
    affected = {each.role for each in file.roles if each.role in custom and file.dropped & set(each.privileges)}
    if affected:
        return f"FAIL: {len(affected)} custom role(s) to adapt (it doesn't say which)"
    return f"PASS: {len(custom)} custom role(s), none to adapt"
