"""The audit log: what was written is found again, and whoever touches it is found out."""

import json
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.conftest import SetClock
from tests.integration.store.conftest import child
from tests.integration.store.test_faults import start
from virtward.errors import Error, NotThere, Unavailable
from virtward.store.audit import AuditLog, follow, verify
from virtward.store.chain import head_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log" / "audit.log"


@pytest.fixture
def log(path: Path, clock: SetClock) -> Iterator[AuditLog]:
    made = AuditLog(path, clock)
    yield made
    made.close()


def records(path: Path) -> list[object]:
    return [entry.record for entry in follow(path, lambda: False)]


def fill(path: Path, count: int = 5) -> None:
    """A log of so many records, written and left."""
    log = AuditLog(path, SetClock(), durable=False)
    for n in range(count):
        log.append({"n": n})
    log.close()


def problems(path: Path) -> list[tuple[int, str]]:
    return [(line, what) for line, what in verify(path)]


def test_records_are_lines_of_json_in_order(log: AuditLog, path: Path) -> None:
    log.append({"who": "alice@pve", "what": "ü \ud800\n", "n": 1.5})
    log.append({})
    lines = path.read_bytes().splitlines()
    first = json.loads(lines[0])
    assert {key: first[key] for key in ("seq", "time", "who", "what", "n")} == {
        "seq": 1, "time": 1_750_000_000.0, "who": "alice@pve", "what": "ü \ud800\n", "n": 1.5,
    }  # fmt: skip
    assert json.loads(lines[1]).keys() == {"seq", "time", "hash"}
    assert records(path) == [first, json.loads(lines[1])]
    assert verify(path) == []


def test_only_the_owner_can_read_the_log(log: AuditLog, path: Path) -> None:
    for file in (path, head_of(path)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "record", [{"seq": 1}, {"hash": ""}, {"audit": "repaired"}, {"x": float("nan")}, {"x": {1}}]
)
def test_what_is_no_record_is_refused_and_not_written(log: AuditLog, path: Path, record: dict[str, object]) -> None:
    with pytest.raises(Error):
        log.append(record)
    assert path.read_bytes() == b""


def test_a_log_is_continued_by_the_next_server(path: Path) -> None:
    fill(path, 3)
    fill(path, 3)
    assert verify(path) == []
    assert len(records(path)) == 6


def test_threads_and_processes_share_a_log(path: Path) -> None:
    writers = [child("appender.py", path, f"w{n}", 4, 50) for n in range(3)]
    start(writers)
    said = [line for writer in writers for line in writer.communicate()[0].split()]
    assert len(said) == 600
    assert sorted(said) == sorted(str(record["who"]) for record in records(path) if isinstance(record, dict))
    assert verify(path) == []


def test_threads_of_one_log_wait_for_each_other_only_once(log: AuditLog, path: Path) -> None:
    threads = [Thread(target=log.append, args=({"n": n},)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify(path) == []
    assert json.loads(head_of(path).read_text())["seq"] == 20


def test_kill_9_loses_nothing_acknowledged_and_the_chain_goes_on(path: Path) -> None:
    acknowledged: list[str] = []
    for attempt in range(3):
        writers = [child("appender.py", path, f"r{attempt}w{n}", 4, 5000) for n in range(2)]
        start(writers)
        for writer in writers:
            assert writer.stdout
            acknowledged += [writer.stdout.readline().strip() for _ in range(50)]
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            rest, _ = writer.communicate()
            acknowledged += rest[: rest.rfind("\n") + 1].split()
    fill(path, 1)
    assert verify(path) == []
    found = {record.get("who") for record in records(path) if isinstance(record, dict)}
    assert set(acknowledged) <= found


Spoil = Callable[[list[bytes]], list[bytes]]
SPOILT: dict[str, tuple[Spoil, int]] = {
    "a letter of the first": (lambda lines: [lines[0].replace(b'"n":0', b'"n":7'), *lines[1:]], 1),
    "a letter of one": (lambda lines: [*lines[:2], lines[2].replace(b'"n":2', b'"n":7'), *lines[3:]], 3),
    "a letter of the last": (lambda lines: [*lines[:4], lines[4].replace(b'"n":4', b'"n":7')], 5),
    "one removed": (lambda lines: [*lines[:2], *lines[3:]], 3),
    "the first removed": (lambda lines: lines[1:], 1),
    "the last removed": (lambda lines: lines[:-1], 5),
    "all removed": (lambda lines: [], 1),
    "one twice": (lambda lines: [*lines[:2], lines[1], *lines[2:]], 3),
    "two exchanged": (lambda lines: [*lines[:2], lines[3], lines[2], lines[4]], 3),
    "one emptied": (lambda lines: [*lines[:2], b"\n", *lines[3:]], 3),
    "garbage put in": (lambda lines: [*lines[:2], b"garbage\n", *lines[2:]], 3),
    "the end cut off": (lambda lines: [*lines[:4], lines[4][:20]], 5),
}


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize("continued", [False, True])
def test_a_change_shows_even_after_the_log_went_on(path: Path, how: str, continued: bool) -> None:
    fill(path)
    spoil, line = SPOILT[how]
    path.write_bytes(b"".join(spoil(path.read_bytes().splitlines(keepends=True))))
    if continued:
        fill(path, 2)
    assert problems(path)
    assert abs(problems(path)[0][0] - line) <= continued


def test_lines_that_are_put_back_make_the_log_whole_again(path: Path) -> None:
    fill(path)
    whole = path.read_bytes()
    lost = whole.splitlines(keepends=True)[3:]
    path.write_bytes(whole.removesuffix(b"".join(lost)))
    fill(path, 2)
    lines = path.read_bytes().splitlines(keepends=True)
    assert json.loads(lines[3]).items() >= {"audit": "repaired", "missing": 2, "seq": 6}.items()
    assert problems(path) == [(4, "records 4 to 5 are missing before it")]
    path.write_bytes(b"".join([*lines[:3], *lost, *lines[3:]]))
    assert verify(path) == []


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_byte_that_changes_shows(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("log") / "audit.log"
    fill(path, 3)
    raw = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    assert verify(path)


@pytest.mark.parametrize("cut", [1, 2, 40, 10_000])
def test_a_torn_line_is_ended_and_reported_by_the_next_record(path: Path, cut: int) -> None:
    fill(path, 3)
    head = head_of(path).read_bytes()
    log = AuditLog(path, SetClock())
    log.append({"torn": "x" * 20_000})
    log.close()
    # As if the process had been killed in the middle of that: it never came to the head.
    head_of(path).write_bytes(head)
    raw = path.read_bytes()
    path.write_bytes(raw[:-cut])
    assert problems(path) == [(4, "is incomplete: a write was interrupted; the next record repairs that")]
    fill(path, 1)
    assert path.read_bytes().startswith(raw[:-cut] + b"\n")
    assert verify(path) == []
    found = records(path)
    repair = found[4]
    assert isinstance(repair, dict)
    if cut == 1:
        assert repair["completed"] == 4 and found[3] is not None
    else:
        assert repair["torn_bytes"] == len(raw) - cut - raw[:-cut].rfind(b"\n") - 1 and found[3] is None


def test_a_torn_line_that_was_acknowledged_stays_a_problem(path: Path) -> None:
    fill(path, 3)
    path.write_bytes(path.read_bytes()[:-10])
    fill(path, 1)
    assert problems(path) == [(4, "record 3 is missing before it")]


@pytest.mark.parametrize("damage", ["removed", "emptied", "garbage"])
def test_a_lost_head_shows_for_good(path: Path, damage: str) -> None:
    fill(path, 3)
    if damage == "removed":
        head_of(path).unlink()
    else:
        head_of(path).write_bytes(b"" if damage == "emptied" else b"[1]")
    assert problems(path) == [(4, "the head is missing or damaged: records may have been cut off here")]
    fill(path, 1)
    assert problems(path) == [(4, "says that the head was lost: records before it may have been cut off")]


def test_a_log_that_is_missing_is_no_log_that_is_whole(path: Path) -> None:
    with pytest.raises(NotThere):
        verify(path)
    with pytest.raises(NotThere):
        list(follow(path, lambda: False))
    fill(path, 3)
    path.unlink()
    assert problems(path) == [(1, "the whole log is missing")]


def test_a_log_that_was_moved_away_is_not_written_to(log: AuditLog, path: Path) -> None:
    log.append({"n": 0})
    moved = path.with_suffix(".1")
    path.rename(moved)
    log.append({"n": 1})
    assert len(moved.read_bytes().splitlines()) == 1
    assert problems(path) == [(1, "record 1 is missing before it")]


def test_following_shows_what_is_there_and_what_comes(log: AuditLog, path: Path) -> None:
    log.append({"n": 0})
    more = iter([1, 2])

    def wait() -> bool:
        n = next(more, None)
        if n is not None:
            log.append({"n": n})
        return n is not None

    seen = [(entry.line, entry.record and entry.record["n"]) for entry in follow(path, wait)]
    assert seen == [(1, 0), (2, 1), (3, 2)]


def test_a_log_that_cannot_be_written_is_an_error_and_stays_whole(path: Path) -> None:
    import resource

    log = AuditLog(path, SetClock())
    log.append({"n": 0})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, before[1]))
    try:
        with pytest.raises(Unavailable):
            log.append({"n": "x" * 500})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert verify(path) == []
    log.append({"n": 1})
    assert verify(path) == []
    log.close()
    with pytest.raises(Unavailable):
        log.append({})
