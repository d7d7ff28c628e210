"""What may go wrong around the SQLite store: nothing acknowledged is lost, and nothing is half written."""

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contracts.conftest import SetClock
from tests.integration.store.conftest import Open, child
from virtward.errors import Error, Unavailable
from virtward.policy import edit
from virtward.policy.model import Policy, User
from virtward.ports import SecretKey
from virtward.store.schema import MIGRATIONS
from virtward.store.sqlite import SqliteStore


def add(userid: str, comment: str = "") -> Callable[[Policy], Policy]:
    return lambda policy: edit.add_user(policy, User(userid, comment=comment))


def intact(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


def start(writers: list["subprocess.Popen[str]"]) -> None:
    for writer in writers:
        assert writer.stdout and writer.stdin
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()


def test_kill_9_during_1000_concurrent_writes_loses_nothing_acknowledged(opened: Open, path: Path) -> None:
    opened().close()
    acknowledged: list[str] = []
    rounds = 0
    while len(acknowledged) < 1000:
        writers = [child("writer.py", path, f"r{rounds}w{n}", 8, 1000, "users") for n in range(2)]
        start(writers)
        first = writers[0].stdout
        assert first
        seen = [first.readline() for _ in range(200 + 37 * rounds)]
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
        for writer in writers:
            assert writer.stdout
            rest = writer.stdout.read()
            whole = rest[: rest.rfind("\n") + 1].splitlines()
            acknowledged += whole
            writer.wait()
            writer.stdout.close()
            assert writer.stdin
            writer.stdin.close()
        acknowledged += [line.strip() for line in seen]
        rounds += 1
    store = opened()
    users = store.policy().users
    assert not [userid for userid in acknowledged if userid not in users]
    # A user and its secret are written together or not at all.
    for userid in users.keys() - {"root@pam"}:
        assert store.secret(SecretKey("password", userid)) == userid.encode()
    assert intact(path)


def test_processes_never_overwrite_each_other(opened: Open, path: Path) -> None:
    store = opened(busy=20.0)
    store.edit(lambda p: edit.add_group(p, "counter", "1"))
    writers = [child("writer.py", path, f"w{n}", 4, 25, "counter") for n in range(2)]
    start(writers)
    for writer in writers:
        out, _ = writer.communicate()
        assert writer.returncode == 0
        assert out.count("counted") == 100
    store.refresh()
    assert store.policy().groups["counter"].comment == "201"


def test_processes_that_make_a_store_at_the_same_time_share_it(opened: Open, path: Path) -> None:
    writers = [child("writer.py", path, f"w{n}", 1, 2, "users") for n in range(4)]
    start(writers)
    for writer in writers:
        out, _ = writer.communicate()
        assert (writer.returncode, len(out.split())) == (0, 2)
    assert len(opened().policy().users) == 9


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for little more than an empty store."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", place], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(store: SqliteStore) -> list[str]:
    """Adds users until that fails; those who were added."""
    added: list[str] = []
    for n in range(10_000):
        userid = f"u{n}@pve"
        try:
            store.edit(add(userid, "x" * 2000), {SecretKey("password", userid): b"hash"})
        except Unavailable:
            return added
        added.append(userid)
    raise AssertionError("the disk never filled")


def check_after_full(store: SqliteStore, path: Path, added: list[str]) -> None:
    assert store.policy().users.keys() == {"root@pam", *added}
    assert store.secret(SecretKey("password", added[-1])) == b"hash"
    assert store.secret(SecretKey("password", f"u{len(added)}@pve")) is None
    fresh = SqliteStore(path, clock=SetClock())
    assert fresh.policy() == store.policy()
    fresh.close()
    assert intact(path)


def test_a_full_disk_is_an_error_and_costs_nothing(small_disk: Path, clock: SetClock) -> None:
    path = small_disk / "virtward.db"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 100_000)
    store = SqliteStore(path, clock=clock, poll=1000)
    added = fill(store)
    assert added
    with pytest.raises(Unavailable):
        store.edit(add("late@pve", "x" * 5000))
    ballast.unlink()
    check_after_full(store, path, added)
    store.edit(add("late@pve"))
    assert "late@pve" in store.policy().users
    store.close()


def test_a_limit_on_the_size_of_files_is_an_error_and_costs_nothing(path: Path, clock: SetClock) -> None:
    store = SqliteStore(path, clock=clock, poll=1000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, before[1]))
    try:
        added = fill(store)
        assert added
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    check_after_full(store, path, added)
    store.edit(add("late@pve"))
    store.close()


def test_a_locked_store_is_an_error_in_time_and_can_be_read(opened: Open, path: Path) -> None:
    store = opened(busy=0.2)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    for call in (lambda: store.edit(add("alice@pve")), lambda: store.edit_document("domains", lambda _: b"x")):
        with pytest.raises(Unavailable, match="locked"):
            call()
    assert time.monotonic() < began + 2
    store.refresh()
    assert store.document("domains") is None
    connection.execute("ROLLBACK")
    connection.close()
    store.edit(add("alice@pve"))
    assert "alice@pve" in store.policy().users


def test_a_damaged_store_is_refused(opened: Open, path: Path, clock: SetClock) -> None:
    opened().close()
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    with pytest.raises(Unavailable):
        SqliteStore(path, clock=clock)


def test_a_store_of_a_newer_version_is_refused(opened: Open, path: Path, clock: SetClock) -> None:
    opened().close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(Error, match=f"version {len(MIGRATIONS) + 1}.*newer Virtward"):
        SqliteStore(path, clock=clock)


def test_a_database_of_another_program_is_refused_and_left_alone(path: Path, clock: SetClock) -> None:
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(Error, match="another program"):
        SqliteStore(path, clock=clock)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("theirs",)]
    connection.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    opened: Open, path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened()
    store.edit(add("alice@pve"))
    store.close()
    later = (*MIGRATIONS, ("CREATE TABLE more (x)", "CREATE TABLE more (x)"))
    monkeypatch.setattr("virtward.store.schema.migrate.__defaults__", (later,))
    with pytest.raises(Unavailable):
        SqliteStore(path, clock=clock)
    monkeypatch.setattr("virtward.store.schema.migrate.__defaults__", ((*MIGRATIONS, ("CREATE TABLE more (x)",)),))
    again = SqliteStore(path, clock=clock)
    assert "alice@pve" in again.policy().users
    again.close()
    monkeypatch.undo()
    with pytest.raises(Error, match="newer"):
        SqliteStore(path, clock=clock)


def test_only_the_owner_can_read_the_files(opened: Open, path: Path) -> None:
    before = os.umask(0)
    try:
        store = opened()
        store.edit(add("alice@pve"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("virtward.db", "virtward.db-wal", "virtward.db-shm"), 0o600)


@pytest.mark.parametrize("what", ["file", "directory", "link"])
def test_a_store_that_others_could_read_or_replace_is_refused(
    opened: Open, path: Path, clock: SetClock, what: str
) -> None:
    opened().close()
    if what == "file":
        path.chmod(0o640)
    elif what == "directory":
        path.parent.chmod(0o770)
    else:
        path.rename(path.with_suffix(".old"))
        path.symlink_to(path.with_suffix(".old"))
    with pytest.raises(Error, match={"file": "chmod 600", "directory": "chmod go-w", "link": "opened"}[what]):
        SqliteStore(path, clock=clock)


def test_what_was_removed_is_not_left_in_the_file(opened: Open, path: Path) -> None:
    store = opened()
    key = SecretKey("password", "alice@pve")
    secret = b"$argon2id$" + b"s" * 40
    store.edit(add("alice@pve"), {key: secret})
    store.edit(lambda p: edit.delete_user(p, "alice@pve"))
    store.close()
    assert secret not in path.read_bytes()
