"""The store in an SQLite file: durable, shared by any number of servers on one host.

Rule: an edit happens inside one transaction that starts with what others wrote; its outcome is settled (`settle`),
written row by row and durable before anybody sees it. Readers see one immutable snapshot, which a thread of its own
keeps new. Too old a snapshot is no answer: without contact to the file, everything is refused in the end.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event, Lock, Thread

from ..errors import Error, Unavailable
from ..policy.model import Policy
from ..policy.privileges import DEFAULT, Release
from ..policy.usercfg import Diagnostic, parse, render
from ..ports import Clock, SecretKey, Task
from . import tasks
from .changes import applied, private
from .database import Database, Transaction
from .journal import caught_up, write
from .refusals import require_listable
from .rows import Snapshot, cell, load, text
from .settle import Settled, imported, settled


class SqliteStore:
    """A `Store`, made if there is none at `path`; the file is the server's user's alone.

    Seconds: `bound`, the age at which a snapshot is no longer trusted; `poll`, the time between two looks for what
    others wrote; `busy`, how long a write waits for those of others. Age is measured with `clock`; should that be
    set back in the very moment the file is lost, a snapshot may be trusted for up to twice the bound.

    Errors: Unavailable if the file can't be reached, is locked for too long, or the disk is full; Error for a file
    of a newer version or of another program, or one that others can read.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        release: Release = DEFAULT,
        bound: float = 30.0,
        poll: float = 0.5,
        busy: float = 5.0,
    ) -> None:
        self.path = path
        self._clock = clock
        self._bound = bound
        self._database = Database(path, busy)
        self._swap = Lock()  # held while a snapshot that was read or committed becomes the current one
        self._closing = Event()
        self._contact = clock.now()
        with self._database.reading() as connection:
            self._snapshot = load(connection, release)
        self._poller = Thread(target=self._poll, args=(poll,), name="virtward-store", daemon=True)
        self._poller.start()

    def policy(self) -> Policy:
        """The newest snapshot this process knows; doesn't block. Unavailable once it is too old to trust."""
        if abs(self._clock.now() - self._contact) > self._bound:
            raise Unavailable("the store hasn't been reached for too long to trust what was read from it")
        return self._snapshot.policy

    def refresh(self) -> None:
        """Takes up what others wrote; Unavailable if the store can't be read."""
        with self._swap, self._database.reading() as connection:
            began = self._clock.now()
            self._snapshot = caught_up(connection, self._snapshot)
            self._contact = began

    def _poll(self, seconds: float) -> None:
        while not self._closing.wait(seconds):
            try:
                self.refresh()
            except Error:
                continue  # the age of the snapshot tells

    def edit(
        self, change: Callable[[Policy], Policy], secrets: Mapping[SecretKey, bytes | None] | None = None
    ) -> Policy:
        """Applies a pure edit to the newest policy, under the store's write lock, together with secrets.

        Secrets that are None are removed, and so are those of users and tokens that the edit removes. Durable when
        it returns; if `change` raises, nothing changed. What is kept is what Proxmox VE would have at its next read
        of `user.cfg`. Unavailable if it can't be written.
        """
        with self._database.writing() as transaction:
            known = caught_up(transaction.connection, self._snapshot)
            new = change(private(known.policy))
            outcome = settled(known.policy, new, stable=known.stable)
            return self._commit(transaction, known, outcome, secrets or {})

    def import_user_cfg(self, data: bytes) -> list[Diagnostic]:
        """Replaces the whole policy by that of a `user.cfg`, just as it reads; what doesn't fit is returned.

        What Proxmox VE loses when it next writes the file (docs/semantics.md) is lost at the next edit, too.
        """
        with self._database.writing() as transaction:
            known = caught_up(transaction.connection, self._snapshot)
            policy, diagnostics = parse(data, known.policy.release)
            self._commit(transaction, known, imported(known.policy, data, policy), {}, data)
        return diagnostics

    def export_user_cfg(self) -> bytes:
        """A `user.cfg` that Proxmox VE reads to the policy: as it writes it, or the imported one until an edit."""
        with self._database.reading() as connection:
            (data,) = connection.execute("SELECT imported FROM state").fetchone()
            if data is not None:
                return bytes(data)
            return render(caught_up(connection, self._snapshot).policy)

    def _commit(
        self,
        transaction: Transaction,
        known: Snapshot,
        outcome: Settled,
        secrets: Mapping[SecretKey, bytes | None],
        data: bytes | None = None,
    ) -> Policy:
        connection = transaction.connection
        changes, stable = outcome
        snapshot = known
        if changes or not (stable and known.stable) or data is not None:
            revision = write(connection, known, changes, stable=stable, imported=data)
            snapshot = Snapshot(revision, applied(known.policy, changes), stable)
        for key, secret in {**dict.fromkeys(changes.orphans()), **secrets}.items():
            _put_secret(transaction, key, secret)
        with self._swap:
            began = self._clock.now()
            transaction.commit()
            self._snapshot = snapshot
            self._contact = began
        return snapshot.policy

    def secret(self, key: SecretKey) -> bytes | None:
        """A secret, or None."""
        query = "SELECT data FROM secrets WHERE kind = ? AND id = ?"
        with self._database.reading() as connection:
            row = connection.execute(query, (key.kind, cell(key.id))).fetchone()
        return None if row is None else bytes(row[0])

    def secrets(self, kind: str) -> Mapping[str, bytes]:
        """Every secret of a kind by its id; Error for any kind but second factors."""
        require_listable(kind)
        with self._database.reading() as connection:
            rows = connection.execute("SELECT id, data FROM secrets WHERE kind = ?", (kind,)).fetchall()
        return {text(name): bytes(data) for name, data in rows}

    def replace_secret(self, key: SecretKey, old: bytes | None, new: bytes | None) -> bool:
        """Sets (or with None removes) a secret if it still is `old`; False if it no longer is."""
        query = "SELECT data FROM secrets WHERE kind = ? AND id = ?"
        with self._database.writing() as transaction:
            row = transaction.connection.execute(query, (key.kind, cell(key.id))).fetchone()
            if (None if row is None else bytes(row[0])) != old:
                return False
            _put_secret(transaction, key, new)
            transaction.commit()
        return True

    def document(self, name: str) -> bytes | None:
        """A named document, or None."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT data FROM documents WHERE name = ?", (cell(name),)).fetchone()
        return None if row is None else bytes(row[0])

    def edit_document(self, name: str, change: Callable[[bytes | None], bytes | None]) -> None:
        """Replaces a document by what `change` makes of it, under the write lock; None removes it."""
        with self._database.writing() as transaction:
            connection = transaction.connection
            row = connection.execute("SELECT data FROM documents WHERE name = ?", (cell(name),)).fetchone()
            data = change(None if row is None else bytes(row[0]))
            if data is None:
                connection.execute("DELETE FROM documents WHERE name = ?", (cell(name),))
            else:
                connection.execute("INSERT OR REPLACE INTO documents VALUES (?, ?)", (cell(name), data))
            transaction.commit()

    def add_task(self, task: Task) -> None:
        """Records a task that starts; Conflict if its UPID is taken."""
        with self._database.writing() as transaction:
            tasks.add(transaction.connection, task)
            transaction.commit()

    def end_task(self, upid: str, endtime: int, status: str) -> None:
        """Records how a task ended; NotThere if there is no such task."""
        with self._database.writing() as transaction:
            tasks.end(transaction.connection, upid, endtime, status)
            transaction.commit()

    def task(self, upid: str) -> Task | None:
        """A task, or None."""
        with self._database.reading() as connection:
            return tasks.get(connection, upid)

    def tasks(self) -> Iterator[Task]:
        """All tasks, newest first; read in pages, so that no read lasts long."""
        place: tuple[int, int] | None = None
        while True:
            with self._database.reading() as connection:
                found, place = tasks.page(connection, place)
            yield from found
            if place is None:
                return

    def append_log(self, upid: str, lines: Sequence[str]) -> None:
        """Adds lines to a task's log, which a loss of power may take; NotThere if there is no such task."""
        with self._database.writing(durable=False) as transaction:
            tasks.append(transaction.connection, upid, lines)
            transaction.commit()

    def log(self, upid: str, start: int, limit: int) -> tuple[Sequence[str], int]:
        """Lines of a task's log from `start` (from 0), at most `limit` (0: all), and how many there are."""
        with self._database.reading() as connection:
            return tasks.lines(connection, upid, start, limit)

    def close(self) -> None:
        """Ends the use of the store; what is called afterwards is Unavailable."""
        self._closing.set()
        self._poller.join()
        self._contact = float("-inf")
        self._database.close()


def _put_secret(transaction: Transaction, key: SecretKey, secret: bytes | None) -> None:
    if secret is None:
        transaction.connection.execute("DELETE FROM secrets WHERE kind = ? AND id = ?", (key.kind, cell(key.id)))
    else:
        values = (key.kind, cell(key.id), secret)
        transaction.connection.execute("INSERT OR REPLACE INTO secrets VALUES (?, ?, ?)", values)
