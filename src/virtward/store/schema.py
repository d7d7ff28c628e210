"""The tables of the SQLite store, and how a file of an earlier version becomes one of this.

Rule: a migration is never changed once it is released; a new version is a new row at the end. `PRAGMA user_version`
is how many have run. Columns have no type, so that what is stored is what was given.
"""

import sqlite3

from ..errors import Error

APPLICATION = 0x56547764
"""`PRAGMA application_id` of our files ("VTwd"): any other SQLite file is refused."""

_FIRST = (
    # revision: counts changes of the policy. settled: writing user.cfg and reading it again would change nothing.
    # imported: the file the policy was read from, as long as nothing was changed since.
    "CREATE TABLE state (revision NOT NULL, settled NOT NULL, imported)",
    "CREATE TABLE users (id PRIMARY KEY NOT NULL, enable NOT NULL, expire NOT NULL, firstname NOT NULL,"
    " lastname NOT NULL, email, comment NOT NULL, keys NOT NULL) WITHOUT ROWID",
    "CREATE TABLE tokens (id PRIMARY KEY NOT NULL, expire NOT NULL, privsep NOT NULL, comment NOT NULL)"
    " WITHOUT ROWID",
    'CREATE TABLE "groups" (id PRIMARY KEY NOT NULL, comment NOT NULL) WITHOUT ROWID',
    # late: read before its user, so that upstream's record of the user doesn't know of it.
    'CREATE TABLE members ("group" NOT NULL, user NOT NULL, late NOT NULL DEFAULT 0, PRIMARY KEY ("group", user))'
    " WITHOUT ROWID",
    # Custom roles, and built-in ones that an imported file adds privileges to; names, separated by commas.
    "CREATE TABLE roles (id PRIMARY KEY NOT NULL, privileges NOT NULL) WITHOUT ROWID",
    "CREATE TABLE pools (id PRIMARY KEY NOT NULL, comment NOT NULL) WITHOUT ROWID",
    "CREATE TABLE pool_members (pool NOT NULL, kind NOT NULL, id NOT NULL, PRIMARY KEY (pool, kind, id))"
    " WITHOUT ROWID",
    "CREATE TABLE acl (subject NOT NULL, path NOT NULL, role NOT NULL, propagate NOT NULL,"
    " PRIMARY KEY (subject, path, role)) WITHOUT ROWID",
    # What each of the last revisions changed, for the other servers; the kind `all` says: read everything anew.
    "CREATE TABLE journal (revision NOT NULL, kind NOT NULL, id NOT NULL, PRIMARY KEY (revision, kind, id))"
    " WITHOUT ROWID",
    "CREATE TABLE secrets (kind NOT NULL, id NOT NULL, data NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID",
    "CREATE TABLE documents (name PRIMARY KEY NOT NULL, data NOT NULL) WITHOUT ROWID",
    "CREATE TABLE tasks (seq INTEGER PRIMARY KEY, upid UNIQUE NOT NULL, node NOT NULL, pid NOT NULL,"
    " pstart NOT NULL, starttime NOT NULL, type NOT NULL, id NOT NULL, user NOT NULL, endtime, status)",
    "CREATE INDEX tasks_by_time ON tasks (starttime, seq)",
    "CREATE TABLE task_lines (task NOT NULL, n NOT NULL, line NOT NULL, PRIMARY KEY (task, n)) WITHOUT ROWID",
    "INSERT INTO users VALUES ('root@pam', 1, 0, '', '', NULL, '', '')",
    "INSERT INTO state VALUES (0, 1, NULL)",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)
"""The statements of each version, the first at version 1."""


def migrate(connection: sqlite3.Connection, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS) -> None:
    """Brings a file, perhaps empty, to the newest version, all or nothing; the caller commits.

    Raises Error for a file of a newer version, or of another program.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION and (application or version or tables):
        raise Error("this is not a store of Virtward, but a database of another program")
    if version > len(migrations):
        raise Error(
            f"the store has version {version}, but this Virtward knows versions up to {len(migrations)} only:"
            " it was used by a newer Virtward, so use that one or restore the backup made before the upgrade"
        )
    for statement in (each for script in migrations[version:] for each in script):
        connection.execute(statement)
    if version < len(migrations):
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
