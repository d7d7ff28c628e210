"""Who holds what on a path (sections 4 to 7).

A flag is the set of values it may have: upstream's is random where two groups differ over a role (Q15).
"""

from .policy import Policy, is_token, is_user, owner

Flags = dict[str, set[bool]]
ROOT, NOACCESS = "root@pam", "NoAccess"
ALWAYS_LISTED = {"/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"}


def nodes(path: str) -> list[str]:
    """The nodes a look-up visits (section 4). Paths are taken as they are; `/` takes a first slash."""
    if path == "/":
        return ["/"]
    segments = path.rstrip("/").split("/")
    visited = ["/"] if segments[0] == "" and len(segments) > 1 else []
    named = [segment for segment in segments if segment]
    return visited + ["/" + "/".join(named[:depth]) for depth in range(1, len(named) + 1)]


def applicable(policy: Policy, authid: str, node: str, last: bool) -> Flags:
    """The roles one node gives: by entries for the token, else for the user, else for all their groups."""
    groups = {group for group, members in policy.groups.items() if authid in members}
    for kind, subjects in (("token", {authid}), ("user", {authid}), ("group", groups)):
        found: Flags = {}
        for (path, subject_kind, subject, role), flag in policy.acl.items():
            if path == node and subject_kind == kind and subject in subjects and (last or flag):
                found.setdefault(role, set()).add(flag)
        if found:
            return found
    return {}


def roles(policy: Policy, authid: str, path: str) -> Flags | None:
    """Section 5. None for a token that isn't configured."""
    if authid == ROOT:
        return {"Administrator": {True}}
    if is_token(authid) and authid not in policy.tokens:
        return None
    if is_token(authid) and not policy.tokens[authid]:
        return roles(policy, owner(authid), path)
    current: Flags = {}
    visited = nodes(path)
    for node in visited:
        current = applicable(policy, authid, node, last=node == visited[-1]) or current
    return {NOACCESS: current[NOACCESS]} if NOACCESS in current else current


def privileges(policy: Policy, authid: str, path: str | None) -> Flags:
    """Section 6."""
    if authid == ROOT:
        return {privilege: {True} for privilege in policy.roles["Administrator"]}
    if path is None:
        return {}
    if is_token(authid):
        if authid not in policy.tokens:
            return {}
        owners = privileges(policy, owner(authid), path)
        if not policy.tokens[authid]:
            return owners
        own = by_roles(policy, authid, path)
        if owner(authid) == ROOT:
            return own
        return {p: {x and y for x in own[p] for y in owners[p]} for p in own if p in owners}
    return by_roles(policy, authid, path) if is_user(authid) else {}


def by_roles(policy: Policy, authid: str, path: str) -> Flags:
    """Steps 4 to 6: the roles on the path itself, then those of the pools that have it as a member."""
    current = dict(roles(policy, authid, path) or {})
    attached: set[str] = set()
    for pool, members in policy.pools.items():
        if path in members:
            attached |= set(roles(policy, authid, f"/pool/{pool}") or {})
    if NOACCESS not in current and NOACCESS in attached:
        current = {NOACCESS: {False}}
    elif NOACCESS not in current:
        current = {role: {False} for role in attached} | current
    held: Flags = {}
    for role, flags in current.items():
        for p in policy.roles[role]:
            held[p] = {x or y for x in held.get(p, {False}) for y in flags}
    return held


def effective(policy: Policy, authid: str) -> dict[str, Flags]:
    """Section 7: what is held, for every path that is listed and where anything is."""
    candidates = ALWAYS_LISTED.union(*policy.pools.values(), *(nodes(entry[0]) for entry in policy.acl))
    held = {path: privileges(policy, authid, path) for path in candidates}
    return {path: flags for path, flags in held.items() if flags}


def holders(policy: Policy, wanted: set[str], path: str) -> set[str]:
    """The users and tokens that hold all of the privileges on a path."""
    return {who for who in policy.users | set(policy.tokens) if wanted <= set(privileges(policy, who, path))}
