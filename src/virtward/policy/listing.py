"""Whole lists: all paths where a subject holds something, what a log-on answers, which machines it may see.

Rule: a list is the filter of a check over its candidates; where it is computed by sets instead, a property
test holds it to that. Source: pve-access-control 9.1.1, as observed.
"""

import re
from collections.abc import Iterator, Mapping

from .evaluate import MASK, Everything, Exceptions, View, privileges, view
from .model import Policy
from .privileges import ALL, BITS, names

_EFFECTIVE = ("/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms")
_CAPABLE = ("/", "/nodes", "/access/groups", "/vms", "/storage", "/sdn", "/mapping")
_NOBODY = "?"  # no id and no ACL path can contain it: stands for any that no entry names
_SECTION = re.compile(r"/(\w+)", re.ASCII)


def _starting(*prefixes: str) -> int:
    return sum(bit for name, bit in BITS.items() if name.startswith(prefixes))


_SHOWN: Mapping[str, Mapping[str, int]] = {
    "access": {"access": _starting("User.", "Group.", "Permissions.Modify")},
    "dc": {"dc": _starting("Sys.Audit", "Sys.Modify", "SDN.")},
    "mapping": {"mapping": _starting("Mapping.", "Permissions.Modify")},
    "nodes": {"nodes": _starting("Sys.", "Permissions.Modify")},
    "sdn": {"sdn": _starting("SDN.", "Permissions.Modify")},
    "storage": {"storage": _starting("Datastore.", "Permissions.Modify")},
    "vms": {"vms": _starting("VM.", "Permissions.Modify")},
    "pool": {
        "vms": _starting("VM.", "Permissions.Modify"),
        "storage": _starting("Datastore.", "Permissions.Modify"),
    },
}
"""Section of a path -> section of the answer -> the privileges shown there."""


def effective(policy: Policy, subject: str) -> dict[str, int]:
    """Path -> mask, for every path upstream lists where the subject holds anything at all."""
    candidates = {*_EFFECTIVE, *policy.acl_paths, *policy.pools_of}
    masks = ((path, privileges(policy, subject, path)) for path in sorted(candidates))
    return {path: mask for path, mask in masks if mask & ALL}


def capabilities(policy: Policy, subject: str) -> dict[str, list[str]]:
    """What the web interface is told at log-on: section -> sorted privileges."""
    found = dict.fromkeys(sorted(set(_SHOWN) - {"pool"}), 0)
    for path in {*_CAPABLE, *policy.acl_paths}:
        mask = privileges(policy, subject, path)
        match = _SECTION.match(path)
        for section, shown in _SHOWN.get(match[1] if match else "dc", {}).items():
            found[section] |= mask & shown
    return {section: names(mask) for section, mask in found.items()}


def machines(policy: Policy, subject: str, wanted: int, vmids: frozenset[str]) -> frozenset[str]:
    """Those of some machines on which the subject holds every privilege of the mask `wanted`."""
    return _members(policy, view(policy, subject), "vms", wanted, vmids)


def storages(policy: Policy, subject: str, wanted: int, names: frozenset[str]) -> frozenset[str]:
    """Those of some storages on which the subject holds every privilege of the mask `wanted`."""
    return _members(policy, view(policy, subject), "storage", wanted, names)


def _members(policy: Policy, seen: View, section: str, wanted: int, ids: frozenset[str]) -> frozenset[str]:
    if isinstance(seen, Everything):
        return ids if seen.everything & wanted == wanted else frozenset()
    outside, inside, groups = _exceptions(policy, seen, section)
    result = _by_default(policy, section, ids, outside & wanted == wanted, inside & wanted == wanted)
    granted = [names for mask, names in groups.items() if mask & wanted == wanted]
    if result:
        refused = [names for mask, names in groups.items() if mask & wanted != wanted]
        if refused:
            result = result.difference(*refused)
    if granted:
        result |= ids.intersection(frozenset().union(*granted))
    return result & _members(policy, seen.owner, section, wanted, ids) if seen.owner is not None else result


def _by_default(policy: Policy, section: str, ids: frozenset[str], outside: bool, inside: bool) -> frozenset[str]:
    if outside == inside:
        return ids if outside else frozenset()
    stray = ids - policy.members[section]
    if outside:
        return stray
    return ids - stray if stray else ids


def _exceptions(policy: Policy, seen: View, section: str) -> Exceptions:
    known = seen.lists.get(section)
    if known is not None:
        return known
    prefix = f"/{section}/"
    state = seen.state(prefix + _NOBODY)
    groups: dict[int, set[str]] = {}
    own = {path.removeprefix(prefix) for path in seen.nodes if path.startswith(prefix)}
    for pool in _pools_named(policy, seen):
        record = policy.pools[pool]
        if section == "vms":
            groups.setdefault(seen.joined(state, (pool,)) & MASK, set()).update(record.vms)
        else:
            own |= record.storages
    if own:
        for names in groups.values():
            names -= own
        for name in own:
            groups.setdefault(seen.unlimited(prefix + name), set()).add(name)
    made = seen.lists[section] = Exceptions(
        state & MASK,
        seen.joined(state, (_NOBODY,)) & MASK,
        {mask: frozenset(names) for mask, names in groups.items()},
    )
    return made


def _pools_named(policy: Policy, seen: View) -> Iterator[str]:
    """The pools on or below whose path some entry names the subject."""
    pending = [path.removeprefix("/pool/") for path in seen.nodes if path.startswith("/pool/")]
    while pending:
        pool = pending.pop()
        if pool in policy.pools:
            yield pool
        pending.extend(policy.subpools.get(pool, ()))
