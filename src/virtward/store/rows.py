"""The policy as rows, all of it, and how values are kept in columns.

Rule: text that has no UTF-8 (bytes of a file that were none, lone surrogates) is
kept as a blob, so that every text comes back as it was; numbers that don't fit 64 signed bits are kept as text.
"""

import gc
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ..policy.model import AclEntry, Group, Policy, Pool, Role, Token, User, builtin_roles
from ..policy.privileges import Release
from .changes import Node, Pairs, ghosts

Cell = str | bytes | int | float | None
Row = tuple[Cell, ...]
_new = tuple.__new__


class Snapshot(NamedTuple):
    """The policy of a revision; `stable` as in `settle`."""

    revision: int
    policy: Policy
    stable: bool


def cell(value: str | int | float | None) -> Cell:
    """A value as a column keeps it."""
    if isinstance(value, str):
        if value.isascii():
            return value
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "surrogatepass")
    elif isinstance(value, int) and value >= 2**63:
        return str(value)
    return value


def text(value: Cell) -> str:
    """The text that a column keeps."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else str(value)


def number(value: Cell) -> float:
    """The number that a column keeps."""
    if isinstance(value, int | float):
        return value
    return int(text(value))


class _Texts(dict[Cell, str]):
    """Column -> text, so that a text that many rows have is in memory once."""

    def __missing__(self, value: Cell) -> str:
        found = self[value] = text(value)
        return found


def load(connection: sqlite3.Connection, release: Release) -> Snapshot:
    """Everything, read anew."""
    revision, stable = connection.execute("SELECT revision, settled FROM state").fetchone()
    with _no_collection():
        return Snapshot(revision, _policy(connection.execute, release), bool(stable))


@contextmanager
def _no_collection() -> Iterator[None]:
    collecting = gc.isenabled()
    gc.disable()  # there is no garbage here, and looking for it among a million new objects takes long
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _policy(execute: Callable[[str], Iterable[Row]], release: Release) -> Policy:
    texts = _Texts()
    users = {user.id: user for user in map(user_of, execute("SELECT * FROM users"))}
    texts.update((name, name) for name in users)
    tokens = {token.id: token for token in map(token_of, execute("SELECT * FROM tokens"))}
    groups, groups_of, late = _groups(execute, texts)
    pools, pools_of = _pools(execute, texts)
    roles = builtin_roles(release)
    for name, held in execute("SELECT id, privileges FROM roles"):
        roles[text(name)] = role_of(text(name), held, release)
    acl: dict[str, dict[str, Node]] = {}
    for raw, place, role, propagate in execute("SELECT subject, path, role, propagate FROM acl"):
        subject, path = texts[raw], texts[place]
        entry = _new(AclEntry, (path, subject, texts[role], propagate == 1, 0))
        at = acl.get(subject)
        if at is None:
            acl[subject] = {path: (entry,)}
        else:
            at[path] = (*at[path], entry) if path in at else (entry,)
    unrecorded = ghosts(users, groups) | late
    return Policy(users, tokens, groups, roles, pools, acl, groups_of, pools_of, unrecorded, release=release)


def user_of(row: Row) -> User:
    """A row of `users`."""
    userid, enable, expire, first, last, email, comment, keys = row
    mail = None if email is None else text(email)
    return User(text(userid), enable == 1, number(expire), text(first), text(last), mail, text(comment), text(keys))


def token_of(row: Row) -> Token:
    """A row of `tokens`."""
    tokenid, expire, privsep, comment = row
    return Token(text(tokenid), number(expire), privsep == 1, text(comment))


def role_of(name: str, held: Cell, release: Release) -> Role:
    """A role that holds what a row of `roles` names, as far as the release knows it."""
    mask = sum(release.bits.get(privilege, 0) for privilege in text(held).split(","))
    # PVE: a line for a built-in role can only add to it.
    return Role(name, mask | release.roles.get(name, 0))


_Index = dict[str, tuple[str, ...]]


def _groups(execute: Callable[[str], Iterable[Row]], texts: _Texts) -> tuple[dict[str, Group], _Index, Pairs]:
    members: dict[str, list[str]] = {}
    groups_of: _Index = {}
    late = set()
    for name, member, is_late in execute('SELECT "group", user, late FROM members ORDER BY "group"'):
        group, user = texts[name], texts[member]
        members.setdefault(group, []).append(user)
        groups_of[user] = (*groups_of.get(user, ()), texts[f"@{group}"])
        if is_late:
            late.add((user, group))
    groups = {}
    for name, comment in execute('SELECT id, comment FROM "groups"'):
        group = texts[name]
        groups[group] = Group(group, frozenset(members.get(group, ())), text(comment))
    return groups, groups_of, frozenset(late)


def _pools(execute: Callable[[str], Iterable[Row]], texts: _Texts) -> tuple[dict[str, Pool], _Index]:
    found: dict[str, tuple[list[str], list[str]]] = {}
    pools_of: _Index = {}
    alone: dict[str, tuple[str, ...]] = {}
    for name, kind, raw in execute("SELECT pool, kind, id FROM pool_members ORDER BY pool"):
        pool, member = texts[name], text(raw)
        vms, storages = found.setdefault(pool, ([], []))
        (vms if kind == "vms" else storages).append(member)
        path = f"/{texts[kind]}/{member}"
        pools_of[path] = (*pools_of[path], pool) if path in pools_of else alone.setdefault(pool, (pool,))
    pools = {}
    for name, comment in execute("SELECT id, comment FROM pools"):
        pool = texts[name]
        vms, storages = found.get(pool) or ([], [])
        pools[pool] = Pool(pool, text(comment), frozenset(vms), frozenset(storages))
    return pools, pools_of
