"""What is left of an edit once Proxmox VE has written `user.cfg` and read it again.

Rule: what a store keeps is what upstream would have at its next read, so entries of tokens and roles that are
gone go with them (quirks Q19, Q20). Plain changes are settled record by record; anything unusual, by writing the
file and reading it, which is the definition. Source: pve-access-control 9.1.1, as observed.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, TypeVar

from ..errors import Error, Invalid
from ..policy.fields import FALSE, WHITE, decode_text, encode_text, split_list
from ..policy.model import Group, Policy, Pool, Role, Token, User, subject_kind
from ..policy.names import PLAIN, ROOT, STORAGE, is_user, split_token
from ..policy.usercfg import parse, render
from .changes import Changes, Node, difference

V = TypeVar("V")

_RAW = re.compile(r"[^:\n]*\n?")
_PATH = re.compile(r"(?:/(?!0(?:/|\Z))[A-Za-z0-9.\-_]+)+|/")
_POOL = re.compile(r"[A-Za-z][A-Za-z0-9.\-_]*(?:/[A-Za-z][A-Za-z0-9.\-_]*){0,2}")
_VMID = re.compile(r"[1-9][0-9]{0,17}")


class Settled(NamedTuple):
    """What changes, and whether writing and reading the result once more would change nothing."""

    changes: Changes
    stable: bool


class _Unusual(Exception):
    """A change that only the file can tell the effect of."""


def settled(old: Policy, new: Policy, *, stable: bool = True) -> Settled:
    """What an edit from `old` to `new` changes for good. `stable`: writing and reading `old` changes nothing.

    Raises Invalid for text that would turn into lines of its own, Error for ids that have no bytes.
    """
    edited = difference(old, new)
    for user in edited.users.values():
        for name, text in (("email", user.email), ("keys", user.keys)) if user else ():
            if text and not _RAW.fullmatch(text):
                raise Invalid({name: "contains characters that user.cfg can't hold"})
    try:
        if stable:
            try:
                return Settled(_plain(old, new, edited), True)
            except _Unusual:
                pass
        return _by_file(old, new)
    except UnicodeEncodeError:
        raise Error("an id contains a lone surrogate, which has no bytes") from None


def imported(old: Policy, data: bytes, new: Policy) -> Settled:
    """What changes when `new`, read from the file `data`, takes the place of `old`: everything counts as read."""
    return Settled(difference(old, new), render(new) == data)


def _by_file(old: Policy, new: Policy) -> Settled:
    text = render(new)
    again = parse(text, new.release).policy
    return Settled(difference(old, again), render(again) == text)


def _plain(old: Policy, new: Policy, edited: Changes) -> Changes:
    """The changes, settled record by record; _Unusual if one isn't plain."""
    users = {name: _user(name, user) for name, user in edited.users.items()}
    if users.get(ROOT, ...) is None:
        users[ROOT] = User(ROOT)  # PVE: root@pam exists, whatever the file says.
    tokens = {
        name: _token(name, token) if token and token.user in new.users else None
        for name, token in edited.tokens.items()
    }
    left = {name for name, user in edited.users.items() if user is None}
    if left:
        tokens |= {token.id: None for token in old.tokens.values() if token.user in left}
    settled = replace(
        edited,
        users=users,
        tokens=tokens,
        groups={name: _group(old, new, name, group) for name, group in edited.groups.items()},
        roles={
            name: _role(new, name, role) for name, role in edited.roles.items() if name not in old.release.roles
        },
        pools={name: _pool(old, new, name, pool) for name, pool in edited.pools.items()},
        late=frozenset(),
    )
    return _without_nothing(old, replace(settled, acl=_acl(old, new, settled)))


def _without_nothing(old: Policy, changes: Changes) -> Changes:
    """The changes without those that turned out to be none."""
    return Changes(
        _real(old.users, changes.users),
        _real(old.tokens, changes.tokens),
        _real(old.groups, changes.groups),
        _real(old.roles, changes.roles),
        _real(old.pools, changes.pools),
        {subject: at for subject, at in changes.acl.items() if old.acl.get(subject, {}) != at},
    )


def _real(before: Mapping[str, V], after: Mapping[str, V | None]) -> dict[str, V | None]:
    return {name: record for name, record in after.items() if before.get(name) != record}


def _text(text: str) -> str:
    """A text as it comes back: without white space around it, and not at all if it is `0` (quirk Q2)."""
    field = _escaped(text)
    return "" if field in FALSE else decode_text(field)


def _escaped(text: str) -> str:
    return encode_text("" if text == "0" else text).strip(WHITE)


def _raw(text: str) -> str:
    """A field that is written without escapes."""
    if not text.isascii() or "\n" in text:
        raise _Unusual
    return text.strip(WHITE) if text != "0" else ""


def _must(condition: bool) -> None:
    if not condition:
        raise _Unusual


def _listed(name: str) -> None:
    """_Unusual for an id that doesn't stay whole on a line, or in a list."""
    _must("\n" not in name and split_list(name) == [name])


def _user(name: str, user: User | None) -> User | None:
    if user is None:
        return None
    _must(is_user(name) and type(user.expire) is int and 0 <= user.expire < 2**64)
    _listed(name)
    email, keys = _raw(user.email or ""), _raw(user.keys)
    return user._replace(
        enable=bool(user.enable),
        firstname=_text(user.firstname),
        lastname=_text(user.lastname),
        # PVE: an empty e-mail is there if anything follows it on the line, even a `0`.
        email=email if email or keys or _escaped(user.comment) else None,
        comment=_text(user.comment),
        keys="" if keys == "0" else keys,
    )


def _token(name: str, token: Token) -> Token:
    _must(split_token(name) is not None and type(token.expire) is int and 0 <= token.expire < 2**64)
    _listed(name)
    return token._replace(privsep=bool(token.privsep), comment=_text(token.comment))


def _group(old: Policy, new: Policy, name: str, group: Group | None) -> Group | None:
    if group is None:
        return None
    _must(_plain_id(name))
    before = old.groups[name].members if name in old.groups else frozenset()
    for member in group.members - before:
        _must(is_user(member))
        _listed(member)
    return group._replace(comment=_text(group.comment))


def _plain_id(name: str) -> bool:
    return name != "0" and "\n" not in name and PLAIN.fullmatch(name) is not None


def _role(new: Policy, name: str, role: Role | None) -> Role | None:
    if role is None:
        return None
    _must(_plain_id(name))
    return role._replace(mask=role.mask & sum(new.release.bits.values()))


def _pool(old: Policy, new: Policy, name: str, pool: Pool | None) -> Pool | None:
    if pool is None:
        # PVE: a pool is there as long as one below it is.
        _must(not any(other.startswith(name + "/") for other in new.pools))
        return None
    _must(_POOL.fullmatch(name) is not None)
    parent = name.rpartition("/")[0]
    _must(not parent or parent in new.pools)
    before = old.pools.get(name, Pool(name))
    for vmid in pool.vms - before.vms:
        # PVE: a machine that is in two pools stays in the first of them.
        _must(_VMID.fullmatch(vmid) is not None and new.pools_of.get(f"/vms/{vmid}") == (name,))
    for storage in pool.storages - before.storages:
        _must("\n" not in storage and STORAGE.fullmatch(storage) is not None)
    return pool._replace(comment=_text(pool.comment))


def _acl(old: Policy, new: Policy, changes: Changes) -> dict[str, Mapping[str, Node]]:
    """The changed entries, without those of tokens and roles that aren't there and those of `root@pam`."""
    known = {**changes.acl}
    gone_roles = {name for name, role in changes.roles.items() if role is None}
    if gone_roles:
        for subject, at in new.acl.items():
            if subject not in known and any(e.role in gone_roles for es in at.values() for e in es):
                known[subject] = at
    for name, token in changes.tokens.items():
        if token is None and name in new.acl:
            known[name] = {}
    return {subject: _entries(new, changes, subject, at) for subject, at in known.items()}


def _entries(new: Policy, changes: Changes, subject: str, at: Mapping[str, Node]) -> Mapping[str, Node]:
    if subject == ROOT or not at:
        return {}
    kind = subject_kind(subject)
    if kind == "token" and changes.tokens.get(subject, new.tokens.get(subject)) is None:
        return {}
    group = subject.startswith("@") and _plain_id(subject[1:])
    _must({"token": True, "group": group, "user": is_user(subject)}[kind])
    _listed(subject)
    kept: dict[str, Node] = {}
    for path, entries in at.items():
        _must(_PATH.fullmatch(path) is not None)
        node = tuple(entry for entry in entries if entry.role in new.roles or entry.role in new.release.roles)
        if node:
            kept[path] = node
    return kept
