"""The evaluator: which roles and privileges a subject has on a path.

Rule: this is the only place that knows how entries combine; listings, explanations and requirements ask here.
A mask (`privileges.BITS`, `SHIFT`) says what is held, in its lower half, and what is held with propagation, in
its upper half. Source: pve-access-control 9.1.1, as observed; the same in 8.2.3.
"""

from collections.abc import Mapping
from typing import NamedTuple

from .model import NO_ACCESS, AclEntry, Policy
from .names import ROOT, is_user, split_token
from .privileges import ALL, SHIFT

# Bits of a node's state above the two halves of its mask: any role applies here; one of them is NoAccess.
DEFINED = 1 << (2 * SHIFT)
DENIED = DEFINED << 1

MASK = DEFINED - 1
"""The two halves of a mask, without those bits."""

_PATHS_KEPT = 10_000  # per view: bounds what a caller can make us remember by asking for many paths
_VIEWS_KEPT = 4_096


def privileges(policy: Policy, subject: str, path: str | None) -> int:
    """The mask of what a subject (user or token id) holds on a path; 0 for an undefined path or subject.

    The path is used as given: look-ups don't normalise. The token of a user is limited to what its user holds.
    """
    try:
        return policy.views[subject][path]
    except KeyError:
        return view(policy, subject)[path]


def roles(policy: Policy, subject: str, path: str) -> Mapping[str, bool] | None:
    """The roles of a subject on a path, each with whether it propagates; None for a token that isn't there.

    Neither pools nor a token's limits count here. `root@pam` has Administrator.
    """
    if subject == ROOT:
        return {"Administrator": True}
    if split_token(subject):
        token = policy.tokens.get(subject)
        if token is None:
            return None
        if not token.privsep:
            return roles(policy, token.user, path)
    elif not is_user(subject):
        return {}
    return role_set(deciding(policy, subject, path))


def deciding(policy: Policy, subject: str, path: str) -> tuple[AclEntry, ...]:
    """The entries that decide on a path: those of the deepest node with any that apply."""
    current: tuple[AclEntry, ...] = ()
    steps = visited(path)
    for step in steps[:-1]:
        current = applicable(policy, subject, step, last=False) or current
    return applicable(policy, subject, steps[-1], last=True) or current if steps else ()


def applicable(policy: Policy, subject: str, path: str, *, last: bool) -> tuple[AclEntry, ...]:
    """The entries of one node that apply: the subject's own, or, if none of those does, its groups'.

    An entry applies on the last node of a walk, and on any other if it propagates.
    """
    own = _at(policy, subject, path, last)
    if own:
        return own
    groups = policy.groups_of.get(subject, ())
    return tuple(entry for group in groups for entry in _at(policy, group, path, last))


def _at(policy: Policy, subject: str, path: str, last: bool) -> tuple[AclEntry, ...]:
    entries = policy.acl.get(subject, {}).get(path, ())
    if policy.gone:
        entries = tuple(entry for entry in entries if entry.role in policy.roles)
    return entries if last else tuple(entry for entry in entries if entry.propagate)


def role_set(entries: tuple[AclEntry, ...]) -> dict[str, bool]:
    """Role -> propagates, for the entries of one node. NoAccess drives out all others."""
    found: dict[str, bool] = {}
    for entry in entries:
        # PVE: where two groups give the same role, upstream's flag is random (quirk Q15); we take the lesser.
        found[entry.role] = entry.propagate and found.get(entry.role, True)
    return {NO_ACCESS: found[NO_ACCESS]} if NO_ACCESS in found else found


def visited(path: str) -> list[str]:
    """The nodes a look-up visits. The path need not be normal: without its first slash it misses the root."""
    if path == "/":
        return ["/"]
    parts = path.rstrip("/").split("/")
    steps = ["/"] if not parts[0] and len(parts) > 1 else []
    at = ""
    for part in parts:
        if part:
            at = f"{at}/{part}"
            steps.append(at)
    return steps


class View(dict[str | None, int]):
    """What one subject holds, path by path: a mask is worked out when first asked for.

    `nodes` has, for each path where entries name the subject or its groups, the state of a walk that ends
    there and of one that goes on (0 where no entry applies). A separated token also has its owner's view, and
    holds only what both say.
    """

    __slots__ = ("handed_down", "lists", "noaccess", "nodes", "owner", "pool_nodes", "pools_of")

    def __init__(
        self,
        nodes: Mapping[str, tuple[int, int]],
        pools_of: Mapping[str, tuple[str, ...]],
        noaccess: int,
        owner: "View | None" = None,
    ) -> None:
        super().__init__()
        self.nodes = nodes
        self.pools_of = pools_of
        self.noaccess = noaccess
        self.owner = owner
        self.lists: dict[str, Exceptions] = {}
        # Path -> the state a walk brings along to what lies directly below it; and `nodes` by pool id.
        self.handed_down: dict[str, int] = {}
        self.pool_nodes = {path[6:]: node for path, node in nodes.items() if path.startswith("/pool/")}

    def __missing__(self, path: str | None) -> int:
        if path is None:
            return 0
        mask = self.resolve(path)
        if len(self) >= _PATHS_KEPT:
            self.clear()
            self.handed_down.clear()
        self[path] = mask
        return mask

    def resolve(self, path: str) -> int:
        """The mask on a path, worked out anew."""
        mask = self.unlimited(path)
        return mask & self.owner[path] if self.owner is not None and mask else mask

    def unlimited(self, path: str) -> int:
        """The mask on a path from the subject's own and its groups' entries alone."""
        pools = self.pools_of.get(path)
        state = self.state(path)
        return (self.joined(state, pools) if pools else state) & MASK

    def state(self, path: str) -> int:
        """The state at the end of the walk to a path."""
        nodes = self.nodes
        if not nodes:
            return 0
        parent, slash, name = path.rpartition("/")
        handed = self.handed_down.get(parent)
        if handed is None or not slash or not name:
            return self.walk(path)
        node = nodes.get(path)
        return node[0] or handed if node else handed

    def walk(self, path: str) -> int:
        """As `state`, step by step; what the last step starts from is kept for the paths beside this one."""
        nodes = self.nodes
        steps = visited(path)
        if not steps:
            return 0
        current = 0
        for step in steps[:-1]:
            if step in nodes:
                current = nodes[step][1] or current
        last = steps[-1]
        if last == path != "/":  # only then does the look-up visit exactly the path's own prefixes
            self.handed_down[path.rpartition("/")[0]] = current
        return (nodes[last][0] if last in nodes else 0) or current

    def given(self, pool: str) -> int:
        """The state at `/pool/<pool>`: as `state` says, without putting the path together."""
        node = self.pool_nodes.get(pool)
        if node is not None and node[0]:
            return node[0]
        above = pool.rpartition("/")[0]
        while above:
            node = self.pool_nodes.get(above)
            if node is not None and node[1]:
                return node[1]
            above = above.rpartition("/")[0]
        handed = self.handed_down.get("/pool")
        if handed is None:
            self.walk("/pool/-")
            handed = self.handed_down["/pool"]
        return handed

    def joined(self, state: int, pools: tuple[str, ...]) -> int:
        """A member's state with its pools' roles, which don't propagate; NoAccess wins on either side."""
        if state & DENIED:
            return state
        given = 0
        for pool in pools:
            given |= self.given(pool)
        if given & DENIED:
            return DEFINED | DENIED | self.noaccess
        return state | given & (ALL | DEFINED)


class Exceptions(NamedTuple):
    """A section of machines or storages, seen by one subject without its owner's limits.

    Every id has the mask `outside` if no pool has it, `inside` if one has, except for those in `groups`,
    which maps a mask to the ids that have it.
    """

    outside: int
    inside: int
    groups: Mapping[int, frozenset[str]]


class Everything(View):
    """The view of `root@pam` and of its tokens without separation: every privilege on any path.

    For `root@pam` itself that goes for an undefined path too, for its tokens it doesn't.
    """

    __slots__ = ("everything", "undefined")

    def __init__(self, everything: int, undefined: int) -> None:
        super().__init__({}, {}, 0)
        self.everything = everything
        self.undefined = undefined

    def __missing__(self, path: str | None) -> int:
        return self.undefined if path is None else self.everything


def view(policy: Policy, subject: str) -> View:
    """The subject's view, made now if nobody asked about it before."""
    known = policy.views.get(subject)
    if known is not None:
        return known
    made = _make_view(policy, subject)
    if len(policy.views) >= _VIEWS_KEPT:
        policy.views.clear()
    policy.views[subject] = made
    return made


def _make_view(policy: Policy, subject: str) -> View:
    noaccess = policy.roles[NO_ACCESS].mask
    if subject == ROOT:
        return Everything(policy.release.everything, policy.release.everything)
    owner = None
    if split_token(subject):
        token = policy.tokens.get(subject)
        if token is None:
            return View({}, {}, noaccess)
        if not token.privsep:
            return Everything(policy.release.everything, 0) if token.user == ROOT else view(policy, token.user)
        # PVE: for a token of root@pam only its own entries count.
        owner = view(policy, token.user) if token.user != ROOT else None
    elif not is_user(subject):
        return View({}, {}, noaccess)
    return View(_nodes(policy, subject), policy.pools_of, noaccess, owner)


def _nodes(policy: Policy, subject: str) -> dict[str, tuple[int, int]]:
    paths = set(policy.acl.get(subject, ()))
    for group in policy.groups_of.get(subject, ()):
        paths.update(policy.acl.get(group, ()))
    return {
        path: (
            _state(policy, applicable(policy, subject, path, last=True)),
            _state(policy, applicable(policy, subject, path, last=False)),
        )
        for path in paths
    }


def _state(policy: Policy, entries: tuple[AclEntry, ...]) -> int:
    if not entries:
        return 0
    found = role_set(entries)
    state = DEFINED | (DENIED if NO_ACCESS in found else 0)
    for name, propagates in found.items():
        role = policy.roles.get(name)
        if role is not None:
            state |= role.mask | (role.mask << SHIFT if propagates else 0)
    return state


def rebased(views: Mapping[str, View], pools_of: Mapping[str, tuple[str, ...]]) -> dict[str, View]:
    """The same views over other pool memberships: what was worked out per path is asked anew."""
    made: dict[int, View] = {}

    def rebase(old: View) -> View:
        if isinstance(old, Everything):
            return old
        if id(old) not in made:
            owner = rebase(old.owner) if old.owner is not None else None
            made[id(old)] = View(old.nodes, pools_of, old.noaccess, owner)
        return made[id(old)]

    return {subject: rebase(old) for subject, old in views.items()}
