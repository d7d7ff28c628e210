"""The format of the audit log: one JSON object per line, each bound to the line before it by a hash.

    {"seq":7,"time":1750000000.123,...,"hash":"<64 hex digits>"}

`hash` is the SHA-256 of the previous line's hash (64 zeros before the first) followed by the line's own bytes up to
`,"hash"`. `seq` counts records from 1. Beside the log lies its head, `<log>.head`: seq and hash of the newest
record that is known to be on disk, so that lines cut off at the end are missed.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..errors import Error

RESERVED = frozenset({"seq", "time", "hash", "audit"})
"""Keys that the log itself writes; `audit` marks its own records."""

HEAD_SIZE = 128
_KEY = b',"hash":"'
_TAIL = len(_KEY) + 64 + len(b'"}')


class Place(NamedTuple):
    """A place in the chain: how many records there are up to it, and the last one's hash."""

    seq: int
    hash: str


START = Place(0, "0" * 64)


class Line(NamedTuple):
    """A line that has the format; whether it fits the chain is another question."""

    place: Place
    content: bytes
    record: Mapping[str, object]

    def follows(self, before: Place) -> bool:
        """Whether this is what was written after that place."""
        return self.place == Place(before.seq + 1, _hash(before.hash, self.content))

    @property
    def repairs(self) -> bool:
        """Whether it is a record of the log itself, about what was wrong before it."""
        return self.record.get("audit") == "repaired"


def encode(record: Mapping[str, object]) -> str:
    """The members of a record as JSON, without the braces; Error if it isn't JSON."""
    try:
        return json.dumps(dict(record), separators=(",", ":"), allow_nan=False)[1:-1]
    except (TypeError, ValueError) as error:
        raise Error(f"an audit record isn't JSON: {error}") from None


def link(before: Place, time: float, members: str) -> tuple[bytes, Place]:
    """The line, line feed included, that comes after a place, and the place where it ends."""
    start = f'{{"seq":{before.seq + 1},"time":{time:.3f}'
    content = (f"{start},{members}" if members else start).encode("ascii")
    after = Place(before.seq + 1, _hash(before.hash, content))
    return content + _KEY + after.hash.encode("ascii") + b'"}\n', after


def parse(raw: bytes) -> Line | None:
    """A line without its line feed; None if it isn't one of ours, or not whole."""
    content, key, digest = raw[:-_TAIL], raw[-_TAIL:][: len(_KEY)], raw[-66:-2]
    if key != _KEY or not raw.endswith(b'"}'):
        return None
    try:
        record = json.loads(raw)
        seq = record["seq"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if type(seq) is not int or record.get("hash") != digest.decode("ascii"):
        return None
    return Line(Place(seq, record["hash"]), content, record)


def _hash(before: str, content: bytes) -> str:
    return hashlib.sha256(before.encode("ascii") + content).hexdigest()


def head_of(path: Path) -> Path:
    """The file beside a log that says where it ends."""
    return path.with_name(f"{path.name}.head")


def read_head(fd: int) -> Place | None:
    """The place that a head file names, or None if it is empty or damaged."""
    try:
        found = json.loads(os.pread(fd, HEAD_SIZE, 0))
        place = Place(found["seq"], found["hash"])
    except (ValueError, TypeError, KeyError):
        return None
    return place if type(place.seq) is int and isinstance(place.hash, str) else None


def write_head(fd: int, place: Place) -> None:
    """Names a place; one write of one block, so that it happens or doesn't."""
    text = f'{{"seq":{place.seq},"hash":"{place.hash}"}}'
    os.pwrite(fd, text.encode("ascii").ljust(HEAD_SIZE - 1) + b"\n", 0)
