"""Writing what an edit changed, and taking up what others wrote.

Rule: only rows that differ are written, and each revision names in the journal what it changed, so that another
server reads just that.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping

from ..policy.model import AclEntry, Group, Policy, Pool, Role, Token, User, builtin_roles
from ..policy.privileges import Release, names
from .changes import Changes, Node, applied, nodes
from .rows import Row, Snapshot, cell, load, role_of, text, token_of, user_of

KEPT = 1_000
"""How many revisions the journal goes back, and how many records of one it names before it says `all`."""

Statement = tuple[str, list[Row]]


def caught_up(connection: sqlite3.Connection, known: Snapshot) -> Snapshot:
    """The newest snapshot: the known one with what the journal names read anew, or everything."""
    revision, stable = connection.execute("SELECT revision, settled FROM state").fetchone()
    if revision == known.revision:
        return known
    release = known.policy.release
    (oldest,) = connection.execute("SELECT min(revision) FROM journal").fetchone()
    if revision < known.revision or oldest is None or oldest > known.revision + 1:
        return load(connection, release)
    query = "SELECT DISTINCT kind, id FROM journal WHERE revision > ? LIMIT ?"
    named = connection.execute(query, (known.revision, KEPT + 1)).fetchall()
    if len(named) > KEPT or any(kind == "all" for kind, _ in named):
        return load(connection, release)
    changes = _read(connection, release, [(kind, text(name)) for kind, name in named])
    return Snapshot(revision, applied(known.policy, changes), bool(stable))


def _read(connection: sqlite3.Connection, release: Release, named: Iterable[tuple[str, str]]) -> Changes:
    """The records of some names, as they are now."""

    def rows(query: str, name: str) -> list[Row]:
        return connection.execute(query, (cell(name),)).fetchall()

    users: dict[str, User | None] = {}
    tokens: dict[str, Token | None] = {}
    groups: dict[str, Group | None] = {}
    roles: dict[str, Role | None] = {}
    pools: dict[str, Pool | None] = {}
    acl: dict[str, Mapping[str, Node]] = {}
    for kind, name in named:
        match kind:
            case "user":
                found = rows("SELECT * FROM users WHERE id = ?", name)
                users[name] = user_of(found[0]) if found else None
            case "token":
                found = rows("SELECT * FROM tokens WHERE id = ?", name)
                tokens[name] = token_of(found[0]) if found else None
            case "group":
                groups[name] = _group(rows, name)
            case "role":
                roles[name] = _role(rows, name, release)
            case "pool":
                pools[name] = _pool(rows, name)
            case _:
                acl[name] = _entries(rows, name)
    return Changes(users, tokens, groups, roles, pools, acl)


_Rows = Callable[[str, str], list[Row]]


def _role(rows: _Rows, name: str, release: Release) -> Role | None:
    found = rows("SELECT privileges FROM roles WHERE id = ?", name)
    return role_of(name, found[0][0], release) if found else builtin_roles(release).get(name)


def _group(rows: _Rows, name: str) -> Group | None:
    found = rows('SELECT comment FROM "groups" WHERE id = ?', name)
    members = rows('SELECT user FROM members WHERE "group" = ?', name)
    return Group(name, frozenset(text(user) for (user,) in members), text(found[0][0])) if found else None


def _pool(rows: _Rows, name: str) -> Pool | None:
    found = rows("SELECT comment FROM pools WHERE id = ?", name)
    if not found:
        return None
    members = rows("SELECT kind, id FROM pool_members WHERE pool = ?", name)
    vms, storages = (
        frozenset(text(member) for kind, member in members if kind == wanted) for wanted in ("vms", "storage")
    )
    return Pool(name, text(found[0][0]), vms, storages)


def _entries(rows: _Rows, subject: str) -> dict[str, Node]:
    found = rows("SELECT path, role, propagate FROM acl WHERE subject = ?", subject)
    return nodes(AclEntry(text(path), subject, text(role), flag == 1) for path, role, flag in found)


def write(
    connection: sqlite3.Connection, old: Snapshot, changes: Changes, *, stable: bool, imported: bytes | None = None
) -> int:
    """Writes what changed as the next revision, whose number it returns. `imported`: the file it comes from."""
    for query, rows in _statements(old.policy, changes):
        if rows:
            connection.executemany(query, rows)
    late = frozenset(pair for pair in old.policy.unrecorded if pair[0] in old.policy.users)
    if late or changes.late:
        connection.execute("UPDATE members SET late = 0 WHERE late = 1")
        pairs = [(cell(group), cell(user)) for user, group in changes.late]
        connection.executemany('UPDATE members SET late = 1 WHERE "group" = ? AND user = ?', pairs)
    revision = old.revision + 1
    named = list(changes.names())
    if len(named) > KEPT or late or changes.late or not named:
        named = [("all", "")]
    entries = [(revision, kind, cell(name)) for kind, name in named]
    connection.executemany("INSERT INTO journal VALUES (?, ?, ?)", entries)
    connection.execute("DELETE FROM journal WHERE revision <= ?", (revision - KEPT,))
    connection.execute("UPDATE state SET revision = ?, settled = ?, imported = ?", (revision, stable, imported))
    return revision


def _statements(old: Policy, changes: Changes) -> Iterator[Statement]:
    yield "DELETE FROM users WHERE id = ?", _gone(changes.users)
    users: list[Row] = [
        (*(cell(u.id), u.enable, cell(u.expire)), *map(cell, (u.firstname, u.lastname, u.email, u.comment, u.keys)))
        for u in changes.users.values()
        if u
    ]
    yield "INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?)", users
    yield "DELETE FROM tokens WHERE id = ?", _gone(changes.tokens)
    tokens: list[Row] = [
        (cell(t.id), cell(t.expire), t.privsep, cell(t.comment)) for t in changes.tokens.values() if t
    ]
    yield "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?)", tokens
    yield from _role_statements(old.release, changes)
    yield from _group_statements(old, changes)
    yield from _pool_statements(old, changes)
    yield from _acl_statements(old, changes)


def _gone(records: Mapping[str, object]) -> list[Row]:
    return [(cell(name),) for name, record in records.items() if record is None]


def _role_statements(release: Release, changes: Changes) -> Iterator[Statement]:
    """A built-in role has a row only while it differs from what the release gives it."""
    kept = {name: r if r and release.roles.get(name) != r.mask else None for name, r in changes.roles.items()}
    yield "DELETE FROM roles WHERE id = ?", _gone(kept)
    roles: list[Row] = [(cell(r.id), ",".join(names(r.mask))) for r in kept.values() if r]
    yield "INSERT OR REPLACE INTO roles VALUES (?, ?)", roles


def _group_statements(old: Policy, changes: Changes) -> Iterator[Statement]:
    yield 'DELETE FROM "groups" WHERE id = ?', _gone(changes.groups)
    groups: list[Row] = [(cell(g.id), cell(g.comment)) for g in changes.groups.values() if g]
    yield 'INSERT OR REPLACE INTO "groups" VALUES (?, ?)', groups
    gone: list[Row] = []
    come: list[Row] = []
    for name, group in changes.groups.items():
        before = old.groups[name].members if name in old.groups else frozenset()
        after = group.members if group else frozenset()
        gone += [(cell(name), cell(user)) for user in before - after]
        come += [(cell(name), cell(user)) for user in after - before]
    yield 'DELETE FROM members WHERE "group" = ? AND user = ?', gone
    yield 'INSERT INTO members ("group", user) VALUES (?, ?)', come


def _pool_statements(old: Policy, changes: Changes) -> Iterator[Statement]:
    yield "DELETE FROM pools WHERE id = ?", _gone(changes.pools)
    pools: list[Row] = [(cell(p.id), cell(p.comment)) for p in changes.pools.values() if p]
    yield "INSERT OR REPLACE INTO pools VALUES (?, ?)", pools
    gone: list[Row] = []
    come: list[Row] = []
    for name, pool in changes.pools.items():
        before, after = old.pools.get(name, Pool(name)), pool or Pool(name)
        for kind, was, now in (("vms", before.vms, after.vms), ("storage", before.storages, after.storages)):
            gone += [(cell(name), kind, cell(member)) for member in was - now]
            come += [(cell(name), kind, cell(member)) for member in now - was]
    yield "DELETE FROM pool_members WHERE pool = ? AND kind = ? AND id = ?", gone
    yield "INSERT INTO pool_members VALUES (?, ?, ?)", come


def _acl_statements(old: Policy, changes: Changes) -> Iterator[Statement]:
    gone: list[Row] = []
    come: list[Row] = []
    for subject, at in changes.acl.items():
        before = {entry for entries in old.acl.get(subject, {}).values() for entry in entries}
        after = {entry for entries in at.values() for entry in entries}
        gone += [(cell(subject), cell(e.path), cell(e.role)) for e in before - after]
        come += [(cell(subject), cell(e.path), cell(e.role), e.propagate) for e in after - before]
    yield "DELETE FROM acl WHERE subject = ? AND path = ? AND role = ?", gone
    yield "INSERT INTO acl VALUES (?, ?, ?, ?)", come
