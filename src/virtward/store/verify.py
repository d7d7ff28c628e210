"""Reading the audit log: does the chain hold, what is in it, what comes next.

Rule: reading never changes a file, not even one that ends in the middle of a line.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from ..errors import NotThere
from .chain import START, Line, Place, head_of, parse, read_head
from .files import identity


class Problem(NamedTuple):
    """What is wrong with a line (from 1; the line after the last where something should follow)."""

    line: int
    what: str


class Entry(NamedTuple):
    """A line by its number, from 1; `record` is None where it isn't one of ours."""

    line: int
    record: Mapping[str, object] | None


def verify(path: Path) -> list[Problem]:
    """What is wrong with a log, in the order of its lines; nothing if the list is empty.

    A line that a killed process left incomplete is no problem once it is repaired. Others may append meanwhile.
    NotThere if there is neither a log nor its head; OSError if they can't be read.
    """
    head_path = head_of(path)
    if not path.exists():
        if not head_path.exists():
            raise NotThere(f"there is no audit log '{path}'")
        return [Problem(1, "the whole log is missing")]
    with path.open("rb") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_SH)
        try:
            size = os.fstat(file.fileno()).st_size
            head = _head(head_path)
        finally:
            fcntl.flock(file.fileno(), fcntl.LOCK_UN)
        reading = _Reading(head)
        while size > 0 and (raw := file.readline(size)):
            size -= len(raw)
            reading.line(raw)
    return reading.end()


def _head(path: Path) -> Place | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return read_head(fd)
    finally:
        os.close(fd)


class _Reading:
    """The state of one verification."""

    def __init__(self, head: Place | None) -> None:
        self.head = head
        self.problems: list[Problem] = []
        self.number = 0
        self.last = START
        self.odd: bytes | None = None  # the line before, if it wasn't one of ours

    def say(self, line: int, what: str) -> None:
        self.problems.append(Problem(line, what))

    def line(self, raw: bytes) -> None:
        self.number += 1
        if not raw.endswith(b"\n"):
            self.say(self.number, "is incomplete: a write was interrupted; the next record repairs that")
            return
        raw = raw[:-1]
        line = parse(raw)
        self._judge_odd(line)
        if line is None:
            self.odd = raw
            return
        self._judge(line)
        self.last = line.place

    def _judge_odd(self, line: Line | None) -> None:
        if self.odd is not None:
            torn = line.record.get("torn_sha256") if line and line.repairs else None
            if torn != hashlib.sha256(self.odd).hexdigest():
                self.say(self.number - 1, "is damaged")
            self.odd = None

    def _judge(self, line: Line) -> None:
        seq, before = line.place.seq, self.last.seq
        if not line.follows(self.last):
            if seq > before + 1:
                self.say(self.number, f"{_records(before + 1, seq - 1)} missing before it")
            elif seq <= before:
                self.say(self.number, f"is out of order: record {seq} after record {before}")
            else:
                self.say(self.number, "doesn't fit the line before it: one of them was changed")
        if line.repairs and line.record.get("head") == "lost":
            self.say(self.number, "says that the head was lost: records before it may have been cut off")
        if self.head is not None and seq == self.head.seq and line.place != self.head:
            self.say(self.number, "isn't the record that the head names: it was changed")

    def end(self) -> list[Problem]:
        if self.odd is not None:
            self.say(self.number, "is damaged")
        if self.head is None:
            if self.number:
                self.say(self.number + 1, "the head is missing or damaged: records may have been cut off here")
        elif self.head.seq > self.last.seq:
            self.say(self.number + 1, f"{_records(self.last.seq + 1, self.head.seq)} missing at the end")
        return self.problems


def _records(first: int, last: int) -> str:
    return f"record {first} is" if first == last else f"records {first} to {last} are"


def follow(path: Path, wait: Callable[[], bool] | None = None) -> Iterator[Entry]:
    """The entries of a log from its start, and then those to come.

    When there are no more for now, `wait` is called (default: sleeps a quarter of a second) and ends it by
    answering False. A log that is replaced is read from its start. NotThere if there is no log.
    """
    pause = wait or _pause
    if not path.exists():
        raise NotThere(f"there is no audit log '{path}'")
    going_on = True
    while going_on:
        with path.open("rb") as file:
            number, rest = 0, b""
            while True:
                part = file.readline()
                if part:
                    rest += part
                    if rest.endswith(b"\n"):
                        number += 1
                        line = parse(rest[:-1])
                        rest = b""
                        yield Entry(number, line.record if line else None)
                    continue
                going_on = pause()
                if not going_on or _replaced(path, file.fileno(), file.tell()):
                    break


def _replaced(path: Path, fd: int, at: int) -> bool:
    found = os.fstat(fd)
    try:
        return found.st_size < at or identity(path) != (found.st_dev, found.st_ino)
    except FileNotFoundError:
        return False


def _pause() -> bool:
    time.sleep(0.25)
    return True
