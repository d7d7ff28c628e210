"""The ways to grant what is missing, ordered by how much more than that each would give.

Rule: a way is only listed if, tried on the policy by a pure edit, it turns the answer into a yes.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from shlex import quote

from ..policy.edit import add_role, modify_user, remove_entry, set_entry
from ..policy.evaluate import privileges, view
from ..policy.explain import Pair
from ..policy.model import NO_ACCESS, AclEntry, Policy
from ..policy.names import ROOT
from ..policy.paths import ancestors, valid
from ..policy.privileges import ALL, mask_of, names
from ..policy.trace import Cause, Cut, walk
from .question import Answer, answer

_SHOWN = 6  # ways shown at most
_ROLES = 3  # roles tried per path, those with the fewest privileges first
_GROUPS = 5  # groups tried
_MEASURED = 1_000  # paths looked at to measure what a way gives besides


@dataclass(frozen=True, slots=True)
class Way:
    """One way, in words and as `pveum` commands.

    `gains` and `loses` are the (privilege, path) pairs that change for the subject besides those asked for, over
    the paths the policy knows that the change reaches. `breadth` is 0 if the change is on the asked path alone, 1
    through a pool, a group or a removed entry, 2 on a path above. With `new_role` a role has to be made first.
    """

    says: str
    commands: tuple[str, ...]
    gains: frozenset[Pair]
    loses: frozenset[Pair]
    breadth: int
    new_role: bool = False


@dataclass(frozen=True, slots=True)
class _Need:
    """The privileges (a mask) that an id lacks on a path by what it holds itself."""

    subject: str
    path: str
    lacking: int


@dataclass(frozen=True, slots=True)
class _Step:
    """One edit of a way: what it says, its commands, the path it starts from."""

    says: str
    commands: tuple[str, ...]
    apply: Callable[[Policy], Policy]
    path: str
    breadth: int = 0
    new_role: bool = False


def ways(found: Answer, policy: Policy) -> list[Way]:
    """How to make an answer a yes, least extra power first; empty if no grant can (or none is needed).

    Ways with a new role come last: they give the least, but need the right to make roles.
    """
    if not found.refused:
        return []
    made: dict[tuple[str, ...], Way] = {}
    for missing in found.tree.ways[:_SHOWN]:
        needs = tuple(_needs(found.subject, policy, missing))
        choices = [_steps(policy, need, few=len(needs) > 1) for need in needs]
        for steps in islice(product(*choices), 24):
            way = _tried(found, policy, steps, missing)
            if way is not None:
                made.setdefault(way.commands, way)
    order = sorted(made.values(), key=lambda way: (bool(way.loses), way.breadth, len(way.gains)))
    return [
        *[way for way in order if not way.new_role][: _SHOWN - 1],
        *[way for way in order if way.new_role][:1],
    ]


def _needs(subject: str, policy: Policy, missing: Iterable[Pair]) -> Iterator[_Need]:
    by_path: dict[str, list[str]] = {}
    for privilege, path in missing:
        by_path.setdefault(path, []).append(privilege)
    for path in sorted(by_path):
        for side in sides(policy, subject):
            lacking = mask_of(by_path[path]) & ~view(policy, side).unlimited(path)
            if lacking:
                yield _Need(side, path, lacking)


def sides(policy: Policy, subject: str) -> tuple[str, ...]:
    """The ids whose entries count for a subject: a separated token's own and its user's, else just one."""
    token = policy.tokens.get(subject)
    if token is None:
        return (subject,)
    if not token.privsep:
        return (token.user,)
    return (subject,) if token.user == ROOT else (subject, token.user)


def _tried(found: Answer, policy: Policy, steps: tuple[_Step, ...], missing: frozenset[Pair]) -> Way | None:
    new = policy
    for step in steps:
        new = step.apply(new)
    if answer(found.question, found.subject, new).refused:
        return None
    gains, loses = _difference(policy, new, found.subject, steps)
    return Way(
        "; ".join(dict.fromkeys(step.says for step in steps)),
        tuple(dict.fromkeys(command for step in steps for command in step.commands)),
        gains - missing,
        loses,
        max(step.breadth for step in steps),
        any(step.new_role for step in steps),
    )


def _difference(
    old: Policy, new: Policy, subject: str, steps: tuple[_Step, ...]
) -> tuple[frozenset[Pair], frozenset[Pair]]:
    tops = {step.path for step in steps}
    reached = set(tops)
    for pool in old.pools.values():
        if any(_below(f"/pool/{pool.id}", top) for top in tops):
            reached |= {f"/vms/{vmid}" for vmid in pool.vms} | {f"/storage/{name}" for name in pool.storages}
    wide = tuple(top for top in tops if not _is_leaf(old, top))
    if wide:
        known = (*old.acl_paths, *old.pools_of)
        reached |= set(islice((path for path in known if any(_below(path, top) for top in wide)), _MEASURED))
    gains: set[Pair] = set()
    loses: set[Pair] = set()
    for path in islice(sorted(reached, key=lambda path: (path not in tops, path)), _MEASURED):
        before, after = privileges(old, subject, path) & ALL, privileges(new, subject, path) & ALL
        gains.update((name, path) for name in names(after & ~before))
        loses.update((name, path) for name in names(before & ~after))
    return frozenset(gains), frozenset(loses)


def _below(path: str, top: str) -> bool:
    return top in ("/", path) or path.startswith(top + "/")


def _steps(policy: Policy, need: _Need, *, few: bool) -> list[_Step]:
    """The edits that might meet one need; `few` where several needs multiply."""
    if few:
        return [*_roles_on(policy, need, need.path), *_lifting(policy, need), *_new_role(policy, need)]
    return [
        *_roles_on(policy, need, need.path),
        *_wider(policy, need),
        *_joining(policy, need),
        *_unblocking(policy, need),
        *_lifting(policy, need),
        *_new_role(policy, need),
    ]


def _roles_on(policy: Policy, need: _Need, path: str, count: int = _ROLES, breadth: int = 0) -> Iterator[_Step]:
    """Existing roles on a path, those with the fewest privileges first."""
    fitting = [r for r in policy.roles.values() if not need.lacking & ~r.mask and r.id != NO_ACCESS]
    fitting.sort(key=lambda role: (role.mask.bit_count(), role.id))
    propagate = breadth > 1 or _is_leaf(policy, path)
    for role in fitting[:count]:
        yield _entry(AclEntry(path, need.subject, role.id, propagate), breadth)


def _entry(entry: AclEntry, breadth: int = 0) -> _Step:
    how, flag = ("", "") if entry.propagate else (", not propagating", " --propagate 0")
    command = f"pveum acl modify {_target(entry)}{flag}"
    says = f"give {entry.subject} the role {entry.role} on {entry.path}{how}"
    return _Step(says, (command,), lambda policy: set_entry(policy, entry), entry.path, breadth)


def _target(entry: AclEntry) -> str:
    """Path, role and subject of an entry as arguments of `pveum acl`."""
    return f"{quote(entry.path)} --roles {quote(entry.role)} --{entry.kind}s {quote(entry.name)}"


def _is_leaf(policy: Policy, path: str) -> bool:
    """Whether nothing the policy knows lies below a path, so that propagation makes no difference."""
    return path.count("/") > 1 and path not in policy.acl_parents


def _wider(policy: Policy, need: _Need) -> Iterator[_Step]:
    """The smallest role on the pools that have the path as a member, and on the path above."""
    for pool in policy.pools_of.get(need.path, ()):
        yield from _roles_on(policy, need, f"/pool/{pool}", 2, breadth=1)
    for path in reversed(ancestors(need.path)[:-1]):
        if valid(path, policy.release.name):
            yield from _roles_on(policy, need, path, 1, breadth=2)
            return


def _joining(policy: Policy, need: _Need) -> Iterator[_Step]:
    """Groups that hold what is lacking, for a user to join."""
    user = policy.users.get(need.subject)
    if user is None or user.id == ROOT:
        return
    fitting = []
    for group in policy.groups:
        entries = walk(policy, f"@{group}", need.path).deciding
        mask = 0
        for entry in entries:
            mask |= policy.roles[entry.role].mask if entry.role in policy.roles else 0
        if not need.lacking & ~mask and not any(entry.role == NO_ACCESS for entry in entries):
            fitting.append((mask.bit_count(), group))
    for _, group in sorted(fitting)[:_GROUPS]:
        command = f"pveum user modify {quote(user.id)} --groups {quote(group)} --append 1"
        top = min(policy.acl.get(f"@{group}", {"/": ()}), key=len)
        yield _Step(f"let {user.id} join the group {group}", (command,), _joins(need.subject, group), top, 1)


def _joins(userid: str, group: str) -> Callable[[Policy], Policy]:
    return lambda policy: modify_user(policy, policy.user(userid), (group,), append=True)


def _unblocking(policy: Policy, need: _Need) -> Iterator[_Step]:
    """Removing what cuts off entries that would give it: NoAccess, or a deeper or own entry."""
    for path in (need.path, *(f"/pool/{pool}" for pool in policy.pools_of.get(need.path, ()))):
        for cut in walk(policy, need.subject, path).cuts:
            role = policy.roles.get(cut.entry.role)
            if role and not need.lacking & ~role.mask and cut.cause is not Cause.NOT_PROPAGATED:
                yield _removal(cut)


def _lifting(policy: Policy, need: _Need) -> Iterator[_Step]:
    """Where NoAccess decides and cuts off nothing that would do: removing it and giving a role instead."""
    pools = policy.pools_of.get(need.path, ())
    walks = [walk(policy, need.subject, path) for path in (need.path, *(f"/pool/{pool}" for pool in pools))]
    refusing = tuple(entry for each in walks if each.denied for entry in each.deciding)
    if not refusing:
        return
    for role in _roles_on(policy, need, need.path, 1):
        removal = _removal(Cut(refusing[0], Cause.NO_ACCESS, refusing))
        what = removal.says.partition(", which cuts off")[0]

        def apply(policy: Policy, role: _Step = role, removal: _Step = removal) -> Policy:
            return role.apply(removal.apply(policy))

        yield _Step(f"{what} and {role.says}", (*removal.commands, *role.commands), apply, refusing[0].path, 1)


def _removal(cut: Cut) -> _Step:
    def apply(policy: Policy) -> Policy:
        for entry in cut.by:
            policy = remove_entry(policy, entry.path, entry.subject, entry.role)
        return policy

    commands = tuple(f"pveum acl delete {_target(entry)}" for entry in cut.by)
    what = ", ".join(f"{entry.role} for {entry.subject} on {entry.path}" for entry in cut.by)
    says = f"remove {what}, which cuts off {cut.entry.role} on {cut.entry.path}"
    return _Step(says, commands, apply, cut.by[0].path, 1)


def _new_role(policy: Policy, need: _Need) -> Iterator[_Step]:
    """A new role with just what is lacking, and what an entry on that path would otherwise take away."""
    inherited = (
        0 if policy.acl.get(need.subject, {}).get(need.path) else view(policy, need.subject).unlimited(need.path)
    )
    mask = need.lacking | inherited & ALL
    privileges_ = names(mask)
    name = f"only-{names(need.lacking)[0]}"
    while name in policy.roles:
        name += "-2"
    step = _entry(AclEntry(need.path, need.subject, name, _is_leaf(policy, need.path)))
    command = f'pveum role add {name} --privs "{" ".join(privileges_)}"'

    def apply(policy: Policy) -> Policy:
        return step.apply(policy if name in policy.roles else add_role(policy, name, privileges_))

    yield _Step(f"make a role {name} and {step.says}", (command, *step.commands), apply, need.path, new_role=True)
