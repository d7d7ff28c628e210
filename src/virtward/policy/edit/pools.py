"""Pools and their members. Source: pve-manager 14a22df3 (`PVE/API2/Pool.pm`), as observed."""

from collections.abc import Collection, Sequence

from ...errors import Error
from ..checks import check, check_modify_permissions
from ..model import Policy, Pool
from ..names import check_pool
from .change import changed, rereading, without


@rereading
def add_pool(policy: Policy, pool: str, comment: str = "") -> Policy:
    """A new, empty pool; the pool above must exist, and the last part must start with a letter."""
    check_pool(pool)
    if pool in policy.pools:
        raise Error(f"pool '{pool}' already exists")
    parent, _, last = pool.rpartition("/")
    if not (last[0].isascii() and last[0].isalpha()):
        raise Error("pool name must start with a letter")
    if parent and parent not in policy.pools:
        raise Error(f"parent '{parent}' of pool '{pool}' does not exist")
    return changed(policy, (), pools={**policy.pools, pool: Pool(pool, comment)})


@rereading
def modify_pool(
    policy: Policy,
    caller: str,
    pool: str,
    *,
    comment: str | None = None,
    vms: Sequence[str] = (),
    storages: Sequence[str] = (),
    delete: bool = False,
    allow_move: bool = False,
) -> Policy:
    """The pool with members added (or deleted) and perhaps another comment, as `caller`; all or nothing.

    The caller must be able to change permissions on every member, and to allocate in a pool it moves one from.
    Raises Forbidden for that, Error for members that are or aren't there.
    """
    if pool not in policy.pools:
        raise Error(f"pool '{pool}' does not exist")
    new = policy
    if comment is not None:
        new = changed(new, (), pools={**new.pools, pool: new.pools[pool]._replace(comment=comment)})
    for vmid in vms:
        check_modify_permissions(policy, caller, f"/vms/{vmid}")
        new = _drop_vm(new, pool, vmid) if delete else _put_vm(new, caller, pool, vmid, allow_move)
    for storage in storages:
        check_modify_permissions(policy, caller, f"/storage/{storage}")
        present = storage in new.pools[pool].storages
        if present is not delete:
            raise Error(f"Storage '{storage}' is {'not' if delete else 'already'} a pool member")
        new = _member(new, pool, f"/storage/{storage}", present=not delete)
    return new


@rereading
def delete_pool(policy: Policy, pool: str, vms: Collection[str] = (), storages: Collection[str] = ()) -> Policy:
    """Without the pool, which must be empty of sub-pools and of members that exist (`vms`, `storages`)."""
    if pool not in policy.pools:
        raise Error(f"pool '{pool}' does not exist")
    record = policy.pools[pool]
    inside = (
        *(f"pool '{sub}'" for sub in policy.subpools.get(pool, ())),
        *(f"VM {vmid}" for vmid in sorted(record.vms) if vmid in vms),
        *(f"storage '{storage}'" for storage in sorted(record.storages) if storage in storages),
    )
    if inside:
        raise Error(f"pool '{pool}' is not empty (contains {inside[0]})")
    new = policy
    members = (*(f"/vms/{vmid}" for vmid in record.vms), *(f"/storage/{s}" for s in record.storages))
    for path in members:
        new = _member(new, pool, path, present=False)
    acl = policy.acl
    if "/" not in pool:
        # PVE: entries of a nested pool stay and apply again to a new pool of that name (quirk Q22).
        place = f"/pool/{pool}"
        acl = {
            subject: {
                path: entries for path, entries in at.items() if path != place and not path.startswith(place + "/")
            }
            for subject, at in acl.items()
        }
        acl = {subject: at for subject, at in acl.items() if at}
    touched = {s for s, at in policy.acl.items() if len(acl.get(s, ())) != len(at)}
    everyone = {member for s in touched for member in _stands_for(policy, s)}
    return changed(new, everyone, pools=without(new.pools, pool), acl=acl)


def _stands_for(policy: Policy, subject: str) -> Collection[str]:
    group = policy.groups.get(subject[1:]) if subject.startswith("@") else None
    return group.members if group else (subject,)


def _put_vm(policy: Policy, caller: str, pool: str, vmid: str, allow_move: bool) -> Policy:
    current = policy.pools_of.get(f"/vms/{vmid}", (None,))[0]
    if current == pool:
        raise Error(f"VM {vmid} is already a pool member")
    if current is not None:
        if not allow_move:
            raise Error(f"VM {vmid} belongs already to pool '{current}' and 'allow-move' is not set")
        check(policy, caller, f"/pool/{current}", ("Pool.Allocate",))
        policy = _member(policy, current, f"/vms/{vmid}", present=False)
    return _member(policy, pool, f"/vms/{vmid}", present=True)


def _drop_vm(policy: Policy, pool: str, vmid: str) -> Policy:
    if vmid not in policy.pools[pool].vms:
        raise Error(f"VM {vmid} is not a pool member")
    return _member(policy, pool, f"/vms/{vmid}", present=False)


def _member(policy: Policy, pool: str, path: str, *, present: bool) -> Policy:
    """The policy where a path is, or isn't, a direct member of a pool."""
    _, kind, name = path.split("/")
    record = policy.pools[pool]
    if kind == "vms":
        record = record._replace(vms=record.vms | {name} if present else record.vms - {name})
    else:
        storages = record.storages | {name} if present else record.storages - {name}
        record = record._replace(storages=storages)
    pools_of = dict(policy.pools_of)
    others = tuple(each for each in pools_of.pop(path, ()) if each != pool)
    after = (*others, pool) if present else others
    if after:
        pools_of[path] = after
    return changed(policy, (), pools={**policy.pools, pool: record}, pools_of=pools_of)
