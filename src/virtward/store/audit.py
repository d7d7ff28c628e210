"""The audit log: append-only, one JSON line per record, chained by hash (`chain`), shared by any number of servers.

What the chain proves, and what it can't: a line that was changed, removed, put in or cut off by an accident, a
tool, or somebody who doesn't also rewrite all that follows and the head, shows in `verify`. There is no secret in
it. Whoever can write both files as they please, which the server's own user and root can, may forge a whole chain.
To hold against them, note the newest hash elsewhere from time to time, or ship the lines to another host.

Durability: `append` returns when the line is on disk (`fdatasync`; threads that append at the same time share
one). The head is written after that, without a sync of its own: after a loss of power it may be a little
old, and would then not miss what is cut off behind it. With `durable=False` nothing is synced, so a loss of
power may take the last lines, which `verify` then reports. `kill -9` never costs what `append` returned from.

An incomplete line, which a process killed in the middle of a write leaves behind, stays where it is: the next
append ends it and writes a record of its own (`"audit":"repaired"`) about it. The same goes for a log that ends
before its head: the record counts on from the head, so that the gap shows until the lines are put back.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from ..errors import Error, Unavailable
from ..ports import Clock
from .chain import RESERVED, START, Place, encode, head_of, link, parse, read_head, write_head
from .files import identity, make_private
from .verify import Entry, Problem, follow, verify

__all__ = ["AuditLog", "Entry", "Problem", "follow", "verify"]

_BLOCK = 4_096


class AuditLog:
    """The log at `path`, made if there is none, for appending; `clock` gives each record's time.

    Unavailable if it can't be written; the record is then not in it, or incomplete, which the next one says.
    """

    def __init__(self, path: Path, clock: Clock, *, durable: bool = True) -> None:
        self._path = path
        self._durable = durable
        self._clock = clock
        self._lock = Lock()  # flock doesn't tell the threads of a process apart
        self._syncing = Lock()
        self._synced: tuple[int, int] = (0, 0)
        self._retired: list[int] = []
        self._fd = self._head = -1
        self._known: tuple[int, Place] | None = None  # the size of the file, and the place at its end
        self._closed = False
        with _written():
            self._open()

    def append(self, record: Mapping[str, object]) -> None:
        """Writes a record, durably (see above); Error if it isn't JSON or uses a reserved key."""
        taken = RESERVED & record.keys()
        if taken:
            raise Error(f"an audit record can't have a key '{min(taken)}'")
        members = encode(record)
        with _written():
            with self._lock, _exclusive(self._opened()):
                place = self._write(members)
                fd = self._fd
            self._sync(fd, place)

    def close(self) -> None:
        """Ends the use of the log."""
        with self._syncing, self._lock:
            self._closed = True
            for fd in (*self._retired, self._fd, self._head):
                if fd >= 0:
                    os.close(fd)
            self._retired, self._fd, self._head = [], -1, -1

    def _opened(self) -> int:
        """The log's descriptor; a file that is no longer where the path leads is left alone for the one that is."""
        if self._closed:
            raise Unavailable("the audit log is closed")
        found = os.fstat(self._fd)
        try:
            same = identity(self._path) == (found.st_dev, found.st_ino)
        except FileNotFoundError:
            same = False
        if not same:
            self._retired += [self._fd, self._head]
            self._open()
        return self._fd

    def _open(self) -> None:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
        make_private(self._path)
        make_private(head_of(self._path))
        self._fd = os.open(self._path, flags | os.O_APPEND)
        self._head = os.open(head_of(self._path), flags)
        self._known = None

    def _write(self, members: str) -> Place:
        size = os.fstat(self._fd).st_size
        if self._known is not None and self._known[0] == size:
            before, repair = self._known[1], b""
        else:
            before, repair = self._pick_up(size)
        line, place = link(before, self._clock.now(), members)
        data = repair + line
        try:
            written = os.write(self._fd, data)
            if written != len(data):
                raise OSError("the disk is full")
        except OSError:
            self._known = None
            os.ftruncate(self._fd, size)
            raise
        self._known = (size + len(data), place)
        return place

    def _pick_up(self, size: int) -> tuple[Place, bytes]:
        """Where the chain goes on in a file that others wrote, and what to write about its end first."""
        head = read_head(self._head)
        end = _read_end(self._fd, size)
        if head is None and not size:
            head = START
            write_head(self._head, head)
        before, about = _going_on(head, end)
        if not about:
            return before, b""
        members = encode(about)
        line, place = link(before, self._clock.now(), f'"audit":"repaired",{members}')
        return place, (b"\n" if end.torn else b"") + line

    def _sync(self, fd: int, mine: Place) -> None:
        """Waits until a record is on disk; whoever comes first does it for all that are written by then."""
        with self._syncing:
            if self._synced[0] == fd and self._synced[1] >= mine.seq:
                return
            with self._lock:
                newest = self._known[1] if fd == self._fd and self._known is not None else mine
            if self._durable:
                os.fdatasync(fd)
            with self._lock:
                if fd == self._fd:
                    with _exclusive(fd):
                        head = read_head(self._head)
                        if head is None or head.seq < newest.seq:
                            write_head(self._head, newest)
            self._synced = (fd, newest.seq)


class _End(NamedTuple):
    """How a file ends: the place of its last whole line, if it has a good one, and what follows that."""

    place: Place
    damaged: bool
    torn: bytes


def _read_end(fd: int, size: int) -> _End:
    """Reads backwards until the last whole line is there."""
    data = b""
    at = size
    while at > 0 and data.count(b"\n") < 2:
        start = max(0, at - _BLOCK)
        data = os.pread(fd, at - start, start) + data
        at = start
    whole, _, torn = data.rpartition(b"\n")
    line = parse(whole.rpartition(b"\n")[2])
    return _End(line.place if line else START, bool(whole) and line is None, torn)


def _going_on(head: Place | None, end: _End) -> tuple[Place, dict[str, object]]:
    """The place after which to write, and what has to be said about the end of the file first."""
    about: dict[str, object] = {}
    last = end.place
    if end.torn:
        line = parse(end.torn)
        if line and line.follows(last):
            last = line.place  # only its line feed is missing
            about["completed"] = last.seq
        else:
            about |= {"torn_bytes": len(end.torn), "torn_sha256": hashlib.sha256(end.torn).hexdigest()}
    if end.damaged:
        about["last_line"] = "damaged"
    if head is None:
        return last, about | {"head": "lost"}
    if head.seq > last.seq or (head.seq == last.seq and head.hash != last.hash):
        return head, about if end.damaged else about | {"missing": head.seq - last.seq}
    return last, about


@contextmanager
def _exclusive(fd: int) -> Iterator[None]:
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"the audit log can't be written: {error}") from error
