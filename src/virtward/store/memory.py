"""The store in memory: for the simulated demo and for tests; it forgets everything when the process ends.

Rule: it answers as the SQLite store does, settling of edits included, and never needs refreshing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Lock, get_ident

from ..errors import Error, Unavailable
from ..policy.model import Policy, empty
from ..policy.usercfg import Diagnostic, parse, render
from ..ports import SecretKey, Task
from .changes import applied, difference, private
from .refusals import no_such_task, require_listable, task_exists
from .settle import Settled, imported, settled


class MemoryStore:
    """A `Store` that starts with a policy (default: only `root@pam`), which counts as read from a file."""

    def __init__(self, policy: Policy | None = None) -> None:
        if policy and policy.gone:
            policy = parse(render(policy), policy.release).policy
        start = empty(policy.release) if policy else empty()
        self._policy = applied(start, difference(start, policy)) if policy else start
        self._stable = policy is None
        self._imported: bytes | None = None
        self._secrets: dict[SecretKey, bytes] = {}
        self._documents: dict[str, bytes] = {}
        self._tasks: dict[str, Task] = {}
        self._logs: dict[str, list[str]] = {}
        self._lock = _WriteLock()
        self._closed = False

    def policy(self) -> Policy:
        """The policy as it is."""
        self._open()
        return self._policy

    def refresh(self) -> None:
        """Does nothing: nobody else writes."""
        self._open()

    def edit(
        self, change: Callable[[Policy], Policy], secrets: Mapping[SecretKey, bytes | None] | None = None
    ) -> Policy:
        """Applies a pure edit, together with secrets, as `SqliteStore.edit` does."""
        with self._lock:
            self._open()
            outcome = settled(self._policy, change(private(self._policy)), stable=self._stable)
            self._take_up(outcome, None)
            for key, secret in (secrets or {}).items():
                self._put_secret(key, secret)
            return self._policy

    def _take_up(self, outcome: Settled, data: bytes | None) -> None:
        changes, stable = outcome
        if changes or not (stable and self._stable) or data is not None:
            self._policy = applied(self._policy, changes)
            self._stable = stable
            self._imported = data
        for key in changes.orphans():
            self._secrets.pop(key, None)

    def import_user_cfg(self, data: bytes) -> list[Diagnostic]:
        """Replaces the whole policy by that of a `user.cfg`, just as it reads; what doesn't fit is returned."""
        with self._lock:
            self._open()
            policy, diagnostics = parse(data, self._policy.release)
            self._take_up(imported(self._policy, data, policy), data)
        return diagnostics

    def export_user_cfg(self) -> bytes:
        """A `user.cfg` that Proxmox VE reads to the policy: as it writes it, or the imported one until an edit."""
        with self._lock:
            self._open()
            return render(self._policy) if self._imported is None else self._imported

    def secret(self, key: SecretKey) -> bytes | None:
        """A secret, or None."""
        self._open()
        return self._secrets.get(key)

    def secrets(self, kind: str) -> Mapping[str, bytes]:
        """Every secret of a kind by its id; Error for any kind but second factors."""
        self._open()
        require_listable(kind)
        return {key.id: secret for key, secret in self._secrets.copy().items() if key.kind == kind}

    def replace_secret(self, key: SecretKey, old: bytes | None, new: bytes | None) -> bool:
        """Sets (or with None removes) a secret if it still is `old`; False if it no longer is."""
        with self._lock:
            self._open()
            if self._secrets.get(key) != old:
                return False
            self._put_secret(key, new)
            return True

    def _put_secret(self, key: SecretKey, secret: bytes | None) -> None:
        if secret is None:
            self._secrets.pop(key, None)
        else:
            self._secrets[key] = secret

    def document(self, name: str) -> bytes | None:
        """A named document, or None."""
        self._open()
        return self._documents.get(name)

    def edit_document(self, name: str, change: Callable[[bytes | None], bytes | None]) -> None:
        """Replaces a document by what `change` makes of it, under the write lock; None removes it."""
        with self._lock:
            self._open()
            data = change(self._documents.get(name))
            if data is None:
                self._documents.pop(name, None)
            else:
                self._documents[name] = data

    def add_task(self, task: Task) -> None:
        """Records a task that starts; Conflict if its UPID is taken."""
        with self._lock:
            self._open()
            if task.upid in self._tasks:
                raise task_exists(task.upid)
            self._tasks[task.upid] = task
            self._logs[task.upid] = []

    def end_task(self, upid: str, endtime: int, status: str) -> None:
        """Records how a task ended; NotThere if there is no such task."""
        with self._lock:
            self._open()
            if upid not in self._tasks:
                raise no_such_task(upid)
            self._tasks[upid] = replace(self._tasks[upid], endtime=endtime, status=status)

    def task(self, upid: str) -> Task | None:
        """A task, or None."""
        self._open()
        return self._tasks.get(upid)

    def tasks(self) -> Iterator[Task]:
        """All tasks, newest first."""
        self._open()
        latest_first = reversed(list(self._tasks.copy().values()))
        return iter(sorted(latest_first, key=lambda task: -task.starttime))

    def append_log(self, upid: str, lines: Sequence[str]) -> None:
        """Adds lines to a task's log; NotThere if there is no such task."""
        with self._lock:
            self._log(upid).extend(lines)

    def log(self, upid: str, start: int, limit: int) -> tuple[Sequence[str], int]:
        """Lines of a task's log from `start` (from 0), at most `limit` (0: all), and how many there are."""
        with self._lock:
            lines = self._log(upid)
            return lines[start : start + limit if limit else None], len(lines)

    def _log(self, upid: str) -> list[str]:
        self._open()
        if upid not in self._logs:
            raise no_such_task(upid)
        return self._logs[upid]

    def close(self) -> None:
        """Ends the use of the store; what is called afterwards is Unavailable."""
        self._closed = True

    def _open(self) -> None:
        if self._closed:
            raise Unavailable("the store is closed")


class _WriteLock:
    """The write lock, which refuses a write inside a write, as a database does."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._owner = 0

    def __enter__(self) -> None:
        if self._owner == get_ident():
            raise Error("the store is being written to by this very call")
        self._lock.acquire()
        self._owner = get_ident()

    def __exit__(self, *_: object) -> None:
        self._owner = 0
        self._lock.release()
