"""Generates realistic `user.cfg` files of a given size, the same bytes for the same seed on every Python.

Rule: only `Random.random()` is used, because it alone is promised to stay the same between Python releases,
and nothing iterates over a set. The text is canonical: what Proxmox VE itself would write.

    python -m bench.generate L --seed 7 > large.cfg
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from virtward.policy.privileges import DEFAULT

SEED = 1

T = TypeVar("T")
Entry = tuple[str, str, str]
"""(path, subject, role); the subject is a user id, a token id, or `@group`."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each; `users` counts `root@pam`, `entries` counts (path, subject, role)."""

    users: int
    groups: int
    entries: int
    pools: int
    machines: int

    @property
    def tokens(self) -> int:
        """How many users have an API token."""
        return self.users // 20

    @property
    def roles(self) -> int:
        """How many custom roles."""
        return 10 + self.groups // 50


SIZES: Mapping[str, Size] = {
    "S": Size(users=1_000, groups=100, entries=2_000, pools=500, machines=5_000),
    "L": Size(users=20_000, groups=2_000, entries=100_000, pools=5_000, machines=100_000),
}

ADMINISTRATORS: Mapping[str, str] = {"/": "ada.admin@pve", "/vms": "vic.admin@pve", "/pool": "pia.admin@pve"}
"""Path -> the user who administers all machines through one propagating entry there."""

_FIRST = ("Anna", "Ben", "Chlo%C3%A9", "David", "Elif", "Farid", "Grace", "J%C3%BCrgen", "Kenji", "Lucia", "")
_LAST = ("Ndiaye", "M%C3%BCller", "Rossi", "Okafor", "Svensson", "Nguyen", "O'Brien", "Kowalski", "Silva", "")
_COMMENTS = ("", "", "", "external, until the end of the project", "see ticket 4711", "night shift %25")
_REALMS = ("pve", "pve", "corp-ad", "corp-ad", "ldap")
_TEAMS = ("web", "db", "build", "test", "mail", "stage", "edge", "lab")
_MACHINE_ROLES = ("PVEVMUser", "PVEVMUser", "PVEVMUser", "PVEVMAdmin", "PVEAuditor", "PVETemplateUser")


@dataclass(slots=True)
class Site:
    """What a file says. Users and tokens are kept as their lines; `entries` says whether each propagates."""

    users: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    pools: dict[str, list[str]] = field(default_factory=dict)
    storages: dict[str, list[str]] = field(default_factory=dict)
    roles: dict[str, list[str]] = field(default_factory=dict)
    entries: dict[Entry, bool] = field(default_factory=dict)


class _Generator:
    """Builds one Site; a method per kind of thing, called in the order of the file."""

    def __init__(self, size: Size, random: Random) -> None:
        self.size = size
        self.random = random.random
        self.site = Site()
        self.ordinary: list[str] = []
        self.token_names: list[str] = []
        self.pool_names: list[str] = []
        self.role_names: list[str] = []

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def below(self, limit: int) -> int:
        return int(self.random() * limit)

    def pick(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def build(self) -> Site:
        self.users()
        self.groups()
        self.pools()
        self.roles()
        self.entries()
        return self.site

    def users(self) -> None:
        site = self.site
        names = ["root@pam", *ADMINISTRATORS.values()]
        while len(names) < self.size.users:
            names.append(f"{self.pick('abcdefghijklmnoprstvw')}{len(names):05d}@{self.pick(_REALMS)}")
        self.ordinary = names[len(ADMINISTRATORS) + 1 :]
        ordinary = frozenset(self.ordinary)
        for user in names:
            first, last = self.pick(_FIRST), self.pick(_LAST)
            expire = 1_700_000_000 + self.below(200_000_000) if self.chance(0.1) else 0
            mail = f"{user.partition('@')[0]}@example.com" if self.chance(0.8) else ""
            enable = 0 if self.chance(0.03) and user in ordinary else 1
            text = (
                f"{enable}:{expire}:{first}:{last}:{mail}:{self.pick(_COMMENTS)}:{'x' if self.chance(0.1) else ''}:"
            )
            site.users[user] = f"user:{user}:{text}"
        while len(site.tokens) < self.size.tokens:
            token = f"{self.pick(names)}!{self.pick(('ci', 'backup', 'terraform'))}"
            site.tokens[token] = f"token:{token}:0:{self.chance(0.7):d}:{self.pick(_COMMENTS)}:"
        self.token_names = list(site.tokens)

    def groups(self) -> None:
        """Ordinary users are in one to three groups; `staff` has a quarter of them besides."""
        site = self.site
        names = ["admins", "auditors", "staff", *(f"team-{n:04d}" for n in range(self.size.groups - 3))]
        members: dict[str, dict[str, None]] = {name: {} for name in names}
        for user in self.ordinary:
            for _ in range(1 + self.below(3)):
                members[self.pick(names[3:])][user] = None
            if self.chance(0.25):
                members["staff"][user] = None
        for name in ("admins", "auditors"):
            for _ in range(5):
                members[name][self.pick(self.ordinary)] = None
        site.groups = {name: sorted(users) for name, users in members.items()}

    def pools(self) -> None:
        """Half of the pools lie in others, up to three levels; every machine is in exactly one pool."""
        site, names = self.site, self.pool_names
        while len(names) < self.size.pools:
            parent = self.pick(names) if names and self.chance(0.5) else ""
            name = f"{self.pick(_TEAMS)}{len(names):04d}"
            if parent.count("/") < 2:
                names.append(f"{parent}/{name}" if parent else name)
        site.pools = {name: [] for name in names}
        site.storages = {name: [] for name in names}
        for vmid in range(100, 100 + self.size.machines):
            at = self.random()
            # The first pools become a good deal larger than the last ones.
            site.pools[names[int(at * (0.3 + 0.7 * at) * len(names))]].append(str(vmid))
        for name in names:
            if self.chance(0.2):
                site.storages[name].append(f"nfs-{self.below(40):02d}")

    def roles(self) -> None:
        privileges = sorted(DEFAULT.bits)
        for number in range(self.size.roles):
            held = {self.pick(privileges): None for _ in range(1 + self.below(10))}
            self.site.roles[f"{self.pick(_TEAMS)}-role-{number:02d}"] = sorted(held)
        self.role_names = list(self.site.roles)

    def entries(self) -> None:
        entries = self.site.entries
        entries["/", ADMINISTRATORS["/"], "Administrator"] = True
        entries["/vms", ADMINISTRATORS["/vms"], "PVEVMAdmin"] = True
        entries["/pool", ADMINISTRATORS["/pool"], "PVEVMAdmin"] = True
        entries["/pool", ADMINISTRATORS["/pool"], "PVEPoolAdmin"] = True
        entries["/", "@admins", "PVEAdmin"] = True
        entries["/", "@auditors", "PVEAuditor"] = True
        entries["/storage/local", "@staff", "PVEDatastoreUser"] = True
        makers = self.makers()
        while len(entries) < self.size.entries:
            path, subject, role = self.pick(makers)()
            entries.setdefault((path, subject, role), self.chance(0.9))

    def makers(self) -> list[Callable[[], Entry]]:
        """Functions that make one entry each, as often in the list as their share in percent."""
        shares = {
            self.user_on_machine: 56,
            self.group_on_pool: 10,
            self.user_on_pool: 10,
            self.group_on_machine: 8,
            self.on_infrastructure: 9,
            self.token_entry: 3,
            self.user_noaccess: 1,
            self.second_role: 2,
            self.left_over: 1,
        }
        return [maker for maker, share in shares.items() for _ in range(share)]

    def user(self) -> str:
        return self.pick(self.ordinary)

    def group(self) -> str:
        return f"@team-{self.below(self.size.groups - 3):04d}"

    def role(self) -> str:
        return self.pick(self.role_names) if self.chance(0.3) else self.pick(_MACHINE_ROLES)

    def machine(self) -> str:
        return f"/vms/{100 + self.below(self.size.machines)}"

    def pool(self) -> str:
        return f"/pool/{self.pick(self.pool_names)}"

    def user_on_machine(self) -> Entry:
        return self.machine(), self.user(), self.role()

    def group_on_machine(self) -> Entry:
        return self.machine(), self.group(), self.role()

    def user_on_pool(self) -> Entry:
        return self.pool(), self.user(), self.role()

    def group_on_pool(self) -> Entry:
        return self.pool(), self.group(), self.role()

    def on_infrastructure(self) -> Entry:
        path, role = self.pick(
            (
                (f"/storage/nfs-{self.below(40):02d}", "PVEDatastoreUser"),
                (f"/nodes/node{self.below(32):02d}", "PVESysAdmin"),
                (f"/sdn/zones/zone{self.below(8)}/vnet{self.below(200):03d}", "PVESDNUser"),
                (f"/mapping/pci/gpu{self.below(50):02d}", "PVEMappingUser"),
            )
        )
        return path, self.group() if self.chance(0.8) else self.user(), role

    def token_entry(self) -> Entry:
        return self.machine() if self.chance(0.7) else self.pool(), self.pick(self.token_names), self.role()

    def user_noaccess(self) -> Entry:
        return self.machine(), self.user(), "NoAccess"

    def second_role(self) -> Entry:
        """Another role for the subject that got the latest entry, on the same path."""
        path, subject, _ = next(reversed(self.site.entries))
        return path, subject, self.role()

    def left_over(self) -> Entry:
        """An entry of a user who is gone: Proxmox VE warns about it and keeps it."""
        return self.machine(), f"gone{self.below(self.size.users)}@pve", "PVEVMUser"


def generate(size: Size, seed: int = SEED) -> Site:
    """A site of this size; the same for the same seed."""
    return _Generator(size, Random(f"virtward {seed} {size}")).build()


def render(site: Site) -> str:
    """The site's `user.cfg`."""
    return "".join(f"{line}\n" for line in _lines(site))


def _lines(site: Site) -> Iterator[str]:
    tokens: dict[str, list[str]] = {}
    for token in sorted(site.tokens):
        tokens.setdefault(token.partition("!")[0], []).append(site.tokens[token])
    for user in sorted(site.users):
        yield site.users[user]
        yield from tokens.get(user, ())
    yield ""
    for name in sorted(site.groups):
        yield f"group:{name}:{','.join(site.groups[name])}:{'from the directory' if name == 'staff' else ''}:"
    yield ""
    for name in sorted(site.pools):
        yield f"pool:{name}::{','.join(sorted(site.pools[name]))}:{','.join(site.storages[name])}:"
    yield ""
    for name in sorted(site.roles):
        yield f"role:{name}:{','.join(site.roles[name])}:"
    yield ""
    yield from _acl_lines(site)


def _acl_lines(site: Site) -> Iterator[str]:
    """In tree order; subjects with the same roles on a path share a line, those without propagation first."""
    held: dict[str, dict[tuple[bool, str], list[str]]] = {}
    for (path, subject, role), propagate in site.entries.items():
        held.setdefault(path, {}).setdefault((propagate, subject), []).append(role)
    for path in sorted(held, key=lambda path: path.split("/")):
        shared: dict[tuple[bool, str], list[str]] = {}
        for (propagate, subject), roles in held[path].items():
            shared.setdefault((propagate, ",".join(sorted(roles))), []).append(subject)
        for (propagate, joined), subjects in sorted(shared.items()):
            yield f"acl:{propagate:d}:{path}:{','.join(sorted(subjects))}:{joined}:"


def main() -> int:
    """Writes one file to standard output."""
    parser = argparse.ArgumentParser(prog="python -m bench.generate", description="Generate a user.cfg.")
    parser.add_argument("size", choices=sorted(SIZES))
    parser.add_argument("--seed", type=int, default=SEED, help="another number, another file (default: 1)")
    args = parser.parse_args()
    sys.stdout.write(render(generate(SIZES[args.size], args.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
