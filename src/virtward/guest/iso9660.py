"""Small CD-ROM images: a few files in one folder, with names as they are (Rock Ridge and Joliet).

Rule: the same files make the same bytes; times are those of no clock. Source: ECMA-119, SUSP 1.12, RRIP 1.12.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..errors import ProgramError

SECTOR = 2048
_PRIMARY, _JOLIET, _END = 16, 17, 18
_PATHS = 19  # four sectors: little and big endian, primary and Joliet
_ROOT, _JOLIET_ROOT, _CONTINUATION, _FIRST_FILE = 23, 24, 25, 26
_DATE = bytes([100, 1, 1, 0, 0, 0, 0])
_LONG_DATE = b"2000010100000000\x00"
_NO_DATE = b"0" * 16 + b"\x00"
_FOLDER = 2
_SELF, _PARENT = b"\x00", b"\x01"
_RRIP = (b"RRIP_1991A", b"THE ROCK RIDGE INTERCHANGE PROTOCOL", b"SEE PUBLISHER IN PREPARER FIELD")


class _Placed(NamedTuple):
    """A file and the sector that it starts in."""

    name: str
    data: bytes
    sector: int


def image(label: str, files: Mapping[str, bytes]) -> bytes:
    """The image of a volume of this label; names are ASCII, at most 64 characters.

    They are all in the top folder, which takes a dozen of them.
    """
    placed = _place(files)
    total = max([_FIRST_FILE, *(file.sector + _sectors(file.data) for file in placed)])
    sectors = [
        _descriptor(1, label.encode("ascii"), b" ", total, _ROOT, _PATHS),
        _descriptor(2, label.encode("utf-16-be"), b"\x00 ", total, _JOLIET_ROOT, _PATHS + 2),
        b"\xffCD001\x01",
        _path_table("<", _ROOT),
        _path_table(">", _ROOT),
        _path_table("<", _JOLIET_ROOT),
        _path_table(">", _JOLIET_ROOT),
        _folder(placed, _ROOT, joliet=False),
        _folder(placed, _JOLIET_ROOT, joliet=True),
        _extension(),
    ]
    body = b"".join(_padded(data) for data in [*sectors, *(file.data for file in placed)])
    return bytes(_PRIMARY * SECTOR) + body


def _place(files: Mapping[str, bytes]) -> list[_Placed]:
    sector = _FIRST_FILE
    placed = []
    for name in sorted(files):
        placed.append(_Placed(name, files[name], sector))
        sector += _sectors(files[name])
    return placed


def _sectors(data: bytes) -> int:
    return -(-len(data) // SECTOR)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % SECTOR)


def _both(number: int, size: int = 4) -> bytes:
    """A number in both byte orders."""
    return number.to_bytes(size, "little") + number.to_bytes(size, "big")


def _descriptor(kind: int, label: bytes, blank: bytes, total: int, root: int, paths: int) -> bytes:
    """A volume descriptor, primary (1) or Joliet's (2)."""

    def text(value: bytes, size: int) -> bytes:
        return (value + blank * size)[:size]

    fields = [
        bytes([kind]) + b"CD001\x01\x00",
        text(b"", 32) + text(label, 32) + bytes(8),
        _both(total),
        (b"%/E" if kind == 2 else b"").ljust(32, b"\x00"),
        _both(1, 2) + _both(1, 2) + _both(SECTOR, 2),
        _both(len(_path_table("<", root))),
        struct.pack("<II", paths, 0) + struct.pack(">II", paths + 1, 0),
        _record(_SELF, root, SECTOR, _FOLDER),
        text(b"", 128) * 4 + text(b"", 37) * 3,
        _LONG_DATE * 2 + _NO_DATE * 2,
        b"\x01\x00",
    ]
    return b"".join(fields)


def _path_table(order: str, root: int) -> bytes:
    return struct.pack(f"{order}BBIH", 1, 0, root, 1) + b"\x00\x00"


def _record(name: bytes, sector: int, size: int, flags: int, more: bytes = b"") -> bytes:
    """A directory record; `more` is what Rock Ridge adds."""
    head = _both(sector) + _both(size) + _DATE + bytes([flags, 0, 0]) + _both(1, 2) + bytes([len(name)]) + name
    head += b"" if len(name) % 2 else b"\x00"
    whole = head + more
    whole += bytes(len(whole) % 2)
    return bytes([len(whole) + 2, 0]) + whole


def _folder(files: Sequence[_Placed], root: int, *, joliet: bool) -> bytes:
    """The top folder's records: itself, its parent, and the files in the order of their names."""
    here = [
        _record(_SELF, root, SECTOR, _FOLDER, b"" if joliet else _sharing() + _posix(0o40555) + _continued()),
        _record(_PARENT, root, SECTOR, _FOLDER, b"" if joliet else _posix(0o40555)),
    ]
    for index, file in enumerate(files):
        if joliet:
            here.append(_record(file.name.encode("utf-16-be"), file.sector, len(file.data), 0))
        else:
            more = _posix(0o100444) + _entry(b"NM", b"\x00" + file.name.encode("ascii"))
            here.append(_record(f"FILE{index:04}.;1".encode(), file.sector, len(file.data), 0, more))
    records = b"".join(here)
    if len(records) > SECTOR:
        raise ProgramError("too many files for a folder of one sector")
    return records


# System use entries


def _entry(kind: bytes, data: bytes) -> bytes:
    return kind + bytes([len(data) + 4, 1]) + data


def _sharing() -> bytes:
    return _entry(b"SP", b"\xbe\xef\x00")


def _posix(mode: int) -> bytes:
    links = 2 if mode & 0o40000 else 1
    return _entry(b"PX", _both(mode) + _both(links) + _both(0) + _both(0))


def _continued() -> bytes:
    return _entry(b"CE", _both(_CONTINUATION) + _both(0) + _both(len(_extension())))


def _extension() -> bytes:
    """Says that what follows the names is Rock Ridge."""
    return _entry(b"ER", bytes([*(len(text) for text in _RRIP), 1]) + b"".join(_RRIP))
