"""What a subject holds below a path whose last segments aren't known, for all their values at once.

Rule: verdicts come from `policy`; this module only decides which values have to be asked about. These are the
ones that the subject's entries name, the members of pools that they name, and one that stands for all others.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..policy.evaluate import View, privileges, view
from ..policy.model import Policy

UNNAMED = "?"  # no id and no ACL path can contain it
_DEEPEST_POOL = 3


class Shape(NamedTuple):
    """A path whose last segments are variable: what is before them, with its slash, and how many they are."""

    prefix: str
    variables: int


MEMBERS = {Shape("/vms/", 1): "vms", Shape("/storage/", 1): "storage"}
"""The shapes whose values can be members of pools, and what `Policy.members` calls these."""


class Held(NamedTuple):
    """Mask -> the values with that mask; the mask of every other value, and of those that `alike` has.

    `alike` are the members of pools that no entry names: all of `of`, but for the `named`.
    """

    groups: dict[int, frozenset[str]]
    others: int
    alike: int
    of: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()


class Values:
    """What one subject holds, shape by shape; each is worked out once."""

    def __init__(self, policy: Policy, subject: str) -> None:
        self.policy = policy
        self.subject = subject
        self.nodes = _nodes(view(policy, subject))
        self._held: dict[Shape, Held] = {}
        # Equal answers are one object, which makes comparing and naming them cheap.
        self._joined: dict[tuple[Shape, tuple[int, ...], bool], frozenset[str]] = {}

    def fits(self, mask: int, wanted: Iterable[str], any_: bool) -> bool:
        """Whether a mask has the privileges, or any of them; one that the release doesn't know is never held."""
        bits = self.policy.release.bits
        held = (bool(mask & bits.get(privilege, 0)) for privilege in wanted)
        return any(held) if any_ else all(held)

    def mask(self, path: str) -> int:
        """What the subject holds on a path; `*` in it is a value that nothing names."""
        return privileges(self.policy, self.subject, path.replace("*", UNNAMED))

    def where(self, shape: Shape, wanted: tuple[str, ...], any_: bool) -> tuple[frozenset[str], bool]:
        """The values whose verdict differs from that of a value that nothing names, and this one's verdict."""
        held = self.held(shape)
        others = self.fits(held.others, wanted, any_)
        masks = tuple(mask for mask in held.groups if self.fits(mask, wanted, any_) != others)
        alike = self.fits(held.alike, wanted, any_) != others
        key = (shape, masks, alike)
        if key not in self._joined:
            found = [held.groups[mask] for mask in masks]
            if alike:
                found.append(held.of - held.named)
            self._joined[key] = found[0] if len(found) == 1 else frozenset[str]().union(*found)
        return self._joined[key], others

    def held(self, shape: Shape) -> Held:
        """What the subject holds, value by value."""
        if shape not in self._held:
            unnamed = self.mask(shape.prefix + "/".join(["*"] * shape.variables))
            section = MEMBERS.get(shape)
            if section is None:
                self._held[shape] = Held(self._grouped(shape, self._named(shape)), unnamed, unnamed)
            else:
                names, members = self._members(shape, section), self.policy.members[section]
                # Members of pools that no entry names all fare alike: one is asked about.
                one = next((name for name in members if name not in names), None)
                alike = unnamed if one is None else self.mask(shape.prefix + one)
                self._held[shape] = Held(self._grouped(shape, names), unnamed, alike, members, names)
        return self._held[shape]

    def _grouped(self, shape: Shape, names: Iterable[str]) -> dict[int, frozenset[str]]:
        groups: dict[int, set[str]] = {}
        for name in names:
            groups.setdefault(self.mask(shape.prefix + name), set()).add(name)
        return {mask: frozenset(group) for mask, group in groups.items()}

    def asked(self, shape: Shape) -> list[str]:
        """The values that were asked about one by one."""
        return [name for names in self.held(shape).groups.values() for name in names]

    def _named(self, shape: Shape) -> Iterable[str]:
        """The values that entries name; `*` in one is any that isn't named."""
        prefix, depth = shape
        names: dict[str, None] = {}
        if prefix == "/pool/":
            names.update(dict.fromkeys(self.policy.pools))
        for node in self.nodes:
            if node.startswith(prefix):
                rest = node.removeprefix(prefix)
                names.update(dict.fromkeys(_pool(rest) if prefix == "/pool/" else _padded(rest, depth)))
        return names

    def _members(self, shape: Shape, section: str) -> frozenset[str]:
        """The ids that entries name, and the members of pools that they name."""
        named = (node.removeprefix(shape.prefix) for node in self.nodes if node.startswith(shape.prefix))
        names = {name for name in named if "/" not in name}
        for pool in self._pools():
            record = self.policy.pools[pool]
            names |= record.vms if section == "vms" else record.storages
        return frozenset(names)

    def _pools(self) -> Iterator[str]:
        """The pools on or below whose path an entry names the subject."""
        pending = [node.removeprefix("/pool/") for node in self.nodes if node.startswith("/pool/")]
        while pending:
            pool = pending.pop()
            if pool in self.policy.pools:
                yield pool
            pending.extend(self.policy.subpools.get(pool, ()))


def _nodes(seen: View) -> list[str]:
    """The paths on which entries name the subject or, for a token, its owner."""
    owner = seen.owner.nodes if seen.owner is not None else ()
    return [*dict.fromkeys((*seen.nodes, *owner))]


def _pool(rest: str) -> Iterator[str]:
    yield rest
    if rest.count("/") < _DEEPEST_POOL - 1:
        yield f"{rest}/*"


def _padded(rest: str, depth: int) -> Iterator[str]:
    """A value of `depth` segments for each beginning of a path."""
    parts = rest.split("/")
    for size in range(1, min(len(parts), depth) + 1):
        yield "/".join((*parts[:size], *["*"] * (depth - size)))
