"""One SQLite file: who may read it, its connections, and its transactions.

Rule: any number of readers at a time, one writer per process, and what goes wrong below is `Unavailable` above. A
file that was removed or replaced is never written to: what is acknowledged must be where the path leads.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, get_ident

from ..errors import Error, Unavailable
from .files import identity, make_private
from .schema import migrate


class Transaction:
    """A transaction that writes; without `commit` nothing of it happens."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def commit(self) -> None:
        """Makes it durable as far as the transaction is; Unavailable if that can't be."""
        self.connection.execute("COMMIT")


class Database:
    """A file and its connections. `busy` is for how many seconds a write waits for those of others."""

    def __init__(self, path: Path, busy: float) -> None:
        self.path = path
        self._busy = busy
        self._idle: list[sqlite3.Connection] = []
        self._lock = Lock()
        self._owner = 0
        self._writer: sqlite3.Connection | None = None
        self._closed = False
        with _reached("opened"):
            make_private(path)
            self._file = identity(path)
        with self.writing() as transaction:
            migrate(transaction.connection)
            transaction.commit()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the file, that of now, until the end of the block."""
        with _reached("read"):
            self._check()
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect()
            kept = False
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
                kept = not self._closed
            finally:
                if kept:
                    self._idle.append(connection)
                else:
                    _close(connection)

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Transaction]:
        """A transaction that nobody else writes beside. With `durable`, a commit survives a loss of power.

        Raises Unavailable if another writes for longer than the store waits, Error inside another such block.
        """
        if self._owner == get_ident():
            raise Error("the store is being written to by this very call")
        if not self._lock.acquire(timeout=self._busy):
            raise Unavailable("the store can't be written: others have been writing for too long")
        try:
            self._owner = get_ident()
            with _reached("written"):
                yield from self._transaction(durable)
        finally:
            self._owner = 0
            self._lock.release()

    def _transaction(self, durable: bool) -> Iterator[Transaction]:
        self._check()
        connection = self._writer or self._connect()
        self._writer = None
        try:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            yield Transaction(connection)
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            _close(connection)  # whatever state it is in: the next write starts with a fresh one
            raise
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            self._writer = connection
            raise
        self._writer = connection

    def close(self) -> None:
        """Closes every connection that isn't in use; the others close as they end."""
        self._closed = True
        with self._lock:
            if self._writer is not None:
                _close(self._writer)
                self._writer = None
        while self._idle:
            with suppress(IndexError):
                _close(self._idle.pop())

    def _check(self) -> None:
        if self._closed:
            raise Unavailable("the store is closed")
        if identity(self.path) != self._file:
            raise Unavailable("the store's file was replaced: restart the server to use the new one")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            timeout=self._busy,
            isolation_level=None,
            check_same_thread=False,
            uri=True,
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
        except sqlite3.Error:
            _close(connection)
            raise
        return connection


@contextmanager
def _reached(what: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise Unavailable(f"the store can't be {what}: {error}") from error


def _close(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        connection.close()
