"""`fmt`: the file as Proxmox VE would write it.

Rule: what is written is complete before it replaces the old file, and nothing gets lost unless forced.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..errors import Error
from ..policy.model import Policy
from ..policy.usercfg import parse, render
from .output import Record, emit, format_of
from .shell import Call
from .source import Source, file_of, load
from .text import Line, Style, counted, escape

_SHOWN = 10


def run(call: Call) -> int:
    """0 if done or nothing to do, 1 if `--check` finds a difference."""
    if call.flag("check") and call.flag("write"):
        raise Error("--check only looks, --write replaces the file: use one of them")
    if call.flag("force") and not call.flag("write"):
        raise Error("--force belongs to --write")
    seen = os.stat(file_of(call)) if call.flag("write") and file_of(call) != "-" else None
    source = load(call)
    canonical = render(source.policy)
    if call.flag("check"):
        return _check(call, source, canonical)
    if call.flag("write"):
        return _write(call, source, canonical, seen)
    if call.text("output") not in ("", "text"):
        raise Error(f"fmt prints the file itself: there is no {format_of(call)} of it (--check has one)")
    _print(call, canonical)
    return 0


def _print(call: Call, canonical: bytes) -> None:
    out = call.shell.stdout
    if out.isatty():
        # A terminal would act on control characters: the exact bytes are for files and pipes.
        out.writelines(
            f"{escape(line)}\n" for line in canonical.decode("utf-8", "surrogateescape").split("\n")[:-1]
        )
        return
    out.flush()
    out.buffer.write(canonical)
    out.buffer.flush()


class _Difference(NamedTuple):
    """How many lines of a file aren't in its canonical form, and the first line that differs (0 if none)."""

    lines: int
    first: int


def _difference(old: bytes, new: bytes) -> _Difference:
    if old == new:
        return _Difference(0, 0)
    ours, theirs = old.split(b"\n"), new.split(b"\n")
    gone = Counter(ours) - Counter(theirs)
    same = next((i for i, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    return _Difference(sum(gone.values()), 1 + (min(len(ours), len(theirs)) if same is None else same))


def _check(call: Call, source: Source, canonical: bytes) -> int:
    found = _difference(source.data, canonical)
    data: Record = {
        "file": source.name,
        "canonical": not found.first,
        "differing_lines": found.lines,
        "first_line": found.first,
    }
    emit(call, data, lambda style: _lines(source.name, found, style))
    return 1 if found.first else 0


def _lines(name: str, found: _Difference, style: Style) -> Iterator[Line]:
    if not found.first:
        yield [f"{name}: canonical"]
        return
    change = f"{counted(found.lines, 'line')} would change" if found.lines else "lines would only move, come or go"
    yield [f"{name}:{found.first}: not canonical from this line on: {change}"]


def _write(call: Call, source: Source, canonical: bytes, seen: os.stat_result | None) -> int:
    if seen is None:
        raise Error("--write needs a file to replace, not standard input")
    if source.data == canonical:
        emit(call, {"file": source.name, "written": False}, lambda _: [[f"{source.name}: nothing to do"]])
        return 0
    lost = [*_losses(source, canonical)]
    if lost and not call.flag("force"):
        more = f"\n  and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
        what = "\n  ".join(lost[:_SHOWN])
        raise Error(f"not written, because this would get lost (--force writes anyway):\n  {what}{more}")
    replace(os.path.realpath(source.name), canonical, seen)
    emit(call, {"file": source.name, "written": True}, lambda _: [[f"{source.name}: written"]])
    return 0


def _losses(source: Source, canonical: bytes) -> Iterator[str]:
    """What isn't in the canonical file any more: lines and parts that can't be read, and silent losses."""
    again = parse(canonical, source.policy.release)
    kept = Counter(each.message for each in again.diagnostics)
    for each in source.diagnostics:
        if kept[each.message]:
            kept[each.message] -= 1
        else:
            yield f"line {each.line}: {each.message}"
    yield from (f"{what} isn't written back as it is read" for what in _changed(source.policy, again.policy))


def _changed(old: Policy, new: Policy) -> Iterator[str]:
    kinds: tuple[tuple[str, Mapping[str, NamedTuple], Mapping[str, NamedTuple]], ...] = (
        ("user", old.users, new.users),
        ("token", old.tokens, new.tokens),
        ("group", old.groups, new.groups),
        ("pool", old.pools, new.pools),
        ("role", old.roles, new.roles),
    )
    for kind, before, after in kinds:
        for name in sorted(before):
            record, other = before[name], after.get(name)
            if other is None or record._replace(line=0) != other._replace(line=0):
                yield f"{kind} {name}{_at(record)}"
    before_, after_ = ({entry._replace(line=0) for entry in policy.entries()} for policy in (old, new))
    for entry in sorted(old.entries(), key=lambda entry: entry.line):
        if entry._replace(line=0) not in after_ and entry._replace(line=0) in before_:
            yield f"the entry of line {entry.line} ({entry.role} on {entry.path} for {entry.subject})"


def _at(record: NamedTuple) -> str:
    line = getattr(record, "line", 0)
    return f" (line {line})" if line else ""


def replace(path: str, data: bytes, seen: os.stat_result) -> None:
    """Replaces a file atomically: a new one beside it, with its mode and owner, synced, then renamed.

    `seen` is the old file's state before it was read. Raises Error if it has changed since.
    """
    folder = os.path.dirname(path)
    temporary = os.path.join(folder, f".{os.path.basename(path)}.{os.getpid()}.tmp")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            _keep_owner(file.fileno(), seen)
            os.fsync(file.fileno())
        now = os.stat(path)
        if (now.st_ino, now.st_mtime_ns, now.st_size) != (seen.st_ino, seen.st_mtime_ns, seen.st_size):
            raise Error(f"not written: {path} was changed by somebody else in the meantime")
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _keep_owner(handle: int, seen: os.stat_result) -> None:
    now = os.fstat(handle)
    if (now.st_uid, now.st_gid) != (seen.st_uid, seen.st_gid):
        os.fchown(handle, seen.st_uid, seen.st_gid)
    os.fchmod(handle, seen.st_mode & 0o7777)
