"""What a `user.cfg` says (section 2), without its texts, dates and warnings; machine ids stay below 2^64."""

import re
from dataclasses import dataclass

from virtward.policy.privileges import DEFAULT, Release, names

REALM = "[A-Za-z][A-Za-z0-9._-]+"
USER = rf"[^ \t\n\v\f\r:/]+@{REALM}"
NAME = "[A-Za-z0-9._-]+"
POOL = f"{NAME}(/{NAME}){{0,2}}"
STORAGE = "[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]"
DATE = "[0-9]*"


@dataclass
class Policy:
    """Tokens say if they are separated; pools hold their members' paths; entries say if they propagate."""

    users: set[str]
    tokens: dict[str, bool]
    groups: dict[str, set[str]]
    roles: dict[str, set[str]]
    pools: dict[str, set[str]]
    acl: dict[tuple[str, str, str, str], bool]  # path, kind of subject, its name, role


def fits(pattern: str, name: str) -> bool:
    """Whether all of a name has a pattern; no name may be `0`."""
    return name != "0" and re.fullmatch(pattern, name) is not None


def is_user(name: str) -> bool:
    return 3 <= len(name.encode("utf-8", "surrogateescape")) <= 64 and fits(USER, name)


def is_token(name: str) -> bool:
    return fits(f"{USER}!{REALM}", name)


def owner(token: str) -> str:
    return token.rpartition("!")[0]


def items(field: str) -> list[str]:
    """A list: by NUL bytes if there are any, else by white space, `,`, `;` and the bytes 85 and A0 (Q10)."""
    raw = field.encode("utf-8", "surrogateescape")
    found = raw.split(b"\0") if b"\0" in raw else re.findall(rb"[^\s,;\x85\xa0]+", raw)
    return [item.decode("utf-8", "surrogateescape") for item in found]


def read(data: bytes, release: Release = DEFAULT) -> Policy:
    """Line by line, in order; what doesn't fit is left out."""
    builtin = {role: set(names(mask)) for role, mask in release.roles.items()}
    policy = Policy({"root@pam"}, {}, {}, builtin, {}, {})
    for line in data.split(b"\n"):
        fields = [field.strip().decode("utf-8", "surrogateescape") for field in line.strip().split(b":")]
        kind, first, second, third, fourth, *_ = [*fields, "", "", "", ""]
        if kind == "user" and is_user(first) and re.fullmatch(DATE, third):
            policy.users.add(first)  # a repeated line takes the user's tokens away (Q4)
            policy.tokens = {token: sep for token, sep in policy.tokens.items() if owner(token) != first}
        elif kind == "token" and is_token(first) and owner(first) in policy.users:
            if re.fullmatch(DATE, second):
                policy.tokens[first] = third not in ("", "0")
        elif kind == "group" and fits(NAME, first):
            policy.groups.setdefault(first, set()).update(filter(is_user, items(second)))
        elif kind == "role" and fits(NAME, first):
            policy.roles.setdefault(first, set()).update(release.bits.keys() & items(second))
        elif kind == "pool" and fits(POOL, first):
            read_pool(policy, first, items(third), items(fourth))
        elif kind == "acl" and fits("[A-Za-z0-9._/-]+", second):
            read_acl(policy, first not in ("", "0"), second, items(third), items(fourth))
    return policy


def read_pool(policy: Policy, pool: str, vms: list[str], storages: list[str]) -> None:
    """Parents come into being with their children; a machine is in one pool, a storage in any number."""
    for end in re.finditer("/|$", pool):
        policy.pools.setdefault(pool[: end.start()], set())
    for vm in vms:
        taken = set().union(*policy.pools.values())
        if re.fullmatch("[0-9]+", vm) and f"/vms/{int(vm)}" not in taken:
            policy.pools[pool].add(f"/vms/{int(vm)}")
    policy.pools[pool].update(f"/storage/{storage}" for storage in storages if fits(STORAGE, storage))


def read_acl(policy: Policy, flag: bool, path: str, subjects: list[str], roles: list[str]) -> None:
    """Roles and tokens must be known by now, users and groups need not (Q6); segments `0` vanish (Q9)."""
    node = "/" + "/".join(segment for segment in path.split("/") if segment not in ("", "0"))
    for role in set(roles) & policy.roles.keys():
        for subject in subjects:
            if subject.startswith("@") and fits(NAME, subject[1:]):
                policy.acl[node, "group", subject[1:], role] = flag
            elif is_user(subject):
                policy.acl[node, "user", subject, role] = flag
            elif subject in policy.tokens:
                policy.acl[node, "token", subject, role] = flag
