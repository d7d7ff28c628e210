"""Several servers on one SQLite file."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contracts.conftest import SetClock
from tests.contracts.test_store import AS_READ
from tests.integration.store.conftest import Open
from virtward.errors import Unavailable
from virtward.policy import edit
from virtward.policy.evaluate import privileges
from virtward.policy.model import AclEntry, Policy, User
from virtward.policy.privileges import RELEASES
from virtward.ports import SecretKey
from virtward.store import journal
from virtward.store.sqlite import SqliteStore


def add(userid: str, *groups: str) -> Callable[[Policy], Policy]:
    return lambda policy: edit.add_user(policy, User(userid), groups)


def test_a_write_is_visible_to_others_within_a_second(path: Path, clock: SetClock) -> None:
    one, other = (SqliteStore(path, clock=clock) for _ in range(2))
    one.edit(add("alice@pve"))
    written = time.monotonic()
    while "alice@pve" not in other.policy().users:
        assert time.monotonic() < written + 1
        time.sleep(0.01)
    one.close()
    other.close()


def test_an_edit_starts_from_what_others_wrote(opened: Open) -> None:
    one, other = opened(), opened()
    one.edit(lambda p: edit.add_group(p, "ops"))
    assert "ops" not in other.policy().groups
    other.edit(add("alice@pve", "ops"))
    assert other.policy().groups["ops"].members == {"alice@pve"}
    one.refresh()
    assert one.policy() == other.policy()


def test_a_refresh_reads_only_what_changed_and_keeps_other_views(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = opened(), opened()
    one.edit(lambda p: edit.set_entry(add("alice@pve")(p), AclEntry("/vms", "alice@pve", "PVEAuditor")))
    other.refresh()
    assert privileges(other.policy(), "alice@pve", "/vms/100")
    view = other.policy().views["alice@pve"]
    monkeypatch.setattr(journal, "load", None)
    one.edit(add("bob@pve"))
    other.refresh()
    assert "bob@pve" in other.policy().users
    assert other.policy().views["alice@pve"] is view
    one.edit(lambda p: edit.remove_entry(p, "/vms", "alice@pve", "PVEAuditor"))
    other.refresh()
    assert not privileges(other.policy(), "alice@pve", "/vms/100")


def test_a_server_that_slept_longer_than_the_journal_reads_everything(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "KEPT", 3)
    one, other = opened(), opened()
    for n in range(10):
        one.edit(add(f"u{n}@pve"))
    other.refresh()
    assert other.policy() == one.policy()


def test_an_edit_of_more_than_the_journal_names_is_read_as_a_whole(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "KEPT", 3)
    one, other = opened(), opened()

    def many(policy: Policy) -> Policy:
        for n in range(10):
            policy = add(f"u{n}@pve")(policy)
        return policy

    one.edit(many)
    other.refresh()
    assert other.policy() == one.policy()


def test_an_imported_file_reads_the_same_everywhere(opened: Open) -> None:
    one, other = opened(), opened()
    one.import_user_cfg(AS_READ)
    other.refresh()
    fresh = opened()
    assert ("alice@pve", "ops") in one.policy().unrecorded
    assert other.policy() == one.policy() == fresh.policy()
    assert other.export_user_cfg() == AS_READ
    other.edit(add("bob@pve"))
    one.refresh()
    assert one.policy() == other.policy() == opened().policy()
    assert one.policy().unrecorded == {("ghost@pve", "ops")}


def test_only_changed_rows_are_written(opened: Open, path: Path) -> None:
    store = opened()
    lines = [f"user:u{n}@pve:1:0::::::" for n in range(50)]
    lines += ["group:ops:" + ",".join(f"u{n}@pve" for n in range(50)) + "::"]
    lines += [f"acl:1:/vms/{100 + n}:u1@pve:PVEVMUser:" for n in range(50)]
    store.import_user_cfg("\n".join(lines).encode())
    store.edit(add("warm@pve"))
    with sqlite3.connect(path) as connection:
        for table in ("users", "members", "acl", '"groups"'):
            for what in ("INSERT", "UPDATE", "DELETE"):
                connection.execute(
                    f'CREATE TRIGGER "{what}{table.strip(chr(34))}" AFTER {what} ON {table}'
                    f" BEGIN INSERT INTO documents VALUES (randomblob(9), '{what} {table}'); END"
                )
    connection.close()
    store.edit(add("new@pve", "ops"))
    store.edit(lambda p: edit.set_entry(p, AclEntry("/vms/100", "u1@pve", "PVEAuditor")))
    connection = sqlite3.connect(path)
    rows = sorted(data for (data,) in connection.execute("SELECT data FROM documents"))
    connection.close()
    assert rows == ['INSERT "groups"', "INSERT acl", "INSERT members", "INSERT users"]


def test_a_release_ignores_privileges_it_does_not_know(opened: Open, path: Path, clock: SetClock) -> None:
    opened().edit(lambda p: edit.add_role(p, "r1", ["VM.GuestAgent.Audit", "VM.Audit"]))
    older = SqliteStore(path, clock=clock, release=RELEASES["8.4"], poll=1000)
    assert older.policy().roles["r1"].mask == RELEASES["8.4"].bits["VM.Audit"]
    older.close()


def test_a_snapshot_that_is_too_old_is_no_answer(opened: Open, clock: SetClock) -> None:
    store = opened(bound=30.0)
    clock.time += 30
    assert store.policy()
    clock.time += 1
    with pytest.raises(Unavailable):
        store.policy()
    store.refresh()
    assert store.policy()
    clock.time -= 31
    with pytest.raises(Unavailable):
        store.policy()
    store.edit(add("alice@pve"))
    assert store.policy()


@pytest.mark.parametrize("lost", ["removed", "replaced"])
def test_a_store_whose_file_is_lost_refuses_writes_at_once_and_everything_in_the_end(
    opened: Open, path: Path, clock: SetClock, lost: str
) -> None:
    store = opened()
    path.rename(path.with_suffix(".old"))
    if lost == "replaced":
        path.touch(mode=0o600)
    began = time.monotonic()
    for call in (
        lambda: store.edit(add("alice@pve")),
        lambda: store.secret(SecretKey("password", "alice@pve")),
        lambda: store.edit_document("domains", lambda _: b""),
        store.refresh,
    ):
        with pytest.raises(Unavailable):
            call()
    assert time.monotonic() < began + 1
    assert store.policy()
    clock.time += 31
    with pytest.raises(Unavailable):
        store.policy()
    path.unlink(missing_ok=True)
    path.with_suffix(".old").rename(path)
    store.edit(add("alice@pve"))
    assert store.policy()


def test_a_store_heals_by_itself(path: Path, clock: SetClock) -> None:
    store = SqliteStore(path, clock=clock, poll=0.02)
    hidden = path.with_suffix(".old")
    path.rename(hidden)
    clock.time += 31
    time.sleep(0.1)
    with pytest.raises(Unavailable):
        store.policy()
    hidden.rename(path)
    deadline = time.monotonic() + 2
    while True:
        try:
            store.policy()
            break
        except Unavailable:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    store.close()
