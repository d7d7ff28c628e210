"""What every store promises, whatever it keeps things in."""

from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread

import pytest

from tests.contracts.conftest import AnyStore
from virtward.errors import Conflict, Error, Invalid, NotThere, Unavailable
from virtward.policy import edit
from virtward.policy.evaluate import privileges
from virtward.policy.model import AclEntry, Policy, Token, User, empty
from virtward.policy.privileges import BITS
from virtward.policy.usercfg import parse, render
from virtward.ports import SecretKey, Task

ALICE = SecretKey("password", "alice@pve")
TOKEN = SecretKey("token", "alice@pve!ci")
TASK = Task("UPID:n1:1:", "n1", 17, 4711, 1000, "qmstart", "100", "alice@pve!ci")


def add(userid: str) -> Callable[[Policy], Policy]:
    return lambda policy: edit.add_user(policy, User(userid))


class Refused(Exception):
    """What a change raises here."""


def refuse(_: Policy) -> Policy:
    raise Refused


def test_a_new_store_knows_only_root(store: AnyStore) -> None:
    assert store.policy() == empty()


def test_an_edit_is_seen_at_once_and_is_what_it_returns(store: AnyStore) -> None:
    returned = store.edit(add("alice@pve"))
    assert "alice@pve" in store.policy().users
    assert store.policy() is returned


def test_a_snapshot_never_changes(store: AnyStore) -> None:
    before = store.policy()
    store.edit(add("alice@pve"))
    assert before == empty()


def test_an_edit_that_raises_changes_nothing_secrets_included(store: AnyStore) -> None:
    before = store.policy()
    with pytest.raises(Refused):
        store.edit(refuse, {ALICE: b"hash"})
    assert store.policy() is before
    assert store.secret(ALICE) is None
    store.edit(add("alice@pve"))


def test_an_edit_that_changes_nothing_keeps_the_snapshot(store: AnyStore) -> None:
    store.edit(add("alice@pve"))
    before = store.policy()
    assert store.edit(lambda policy: policy, {ALICE: b"hash"}) is before
    assert store.secret(ALICE) == b"hash"


def test_an_edit_keeps_the_views_of_those_it_does_not_touch(store: AnyStore) -> None:
    store.edit(lambda p: edit.set_entry(add("alice@pve")(p), AclEntry("/vms", "alice@pve", "PVEAuditor")))
    assert privileges(store.policy(), "alice@pve", "/vms/100") & BITS["VM.Audit"]
    view = store.policy().views["alice@pve"]
    store.edit(add("bob@pve"))
    assert store.policy().views["alice@pve"] is view
    store.edit(lambda p: edit.remove_entry(p, "/vms", "alice@pve", "PVEAuditor"))
    assert not privileges(store.policy(), "alice@pve", "/vms/100")


def test_a_role_that_changes_changes_verdicts_given_before(store: AnyStore) -> None:
    store.edit(lambda p: edit.add_role(edit.add_group(p, "ops"), "r1", ["VM.Audit"]))
    store.edit(lambda p: edit.add_user(p, User("alice@pve"), ["ops"]))
    store.edit(lambda p: edit.set_entry(p, AclEntry("/vms", "@ops", "r1")))
    assert privileges(store.policy(), "alice@pve", "/vms/100") & BITS["VM.Audit"]
    data = store.export_user_cfg().replace(b"role:r1:VM.Audit:", b"role:r1:VM.Console:")
    store.import_user_cfg(data)
    assert not privileges(store.policy(), "alice@pve", "/vms/100") & BITS["VM.Audit"]
    store.import_user_cfg(data + b"role:r1:VM.Audit:\n")
    assert privileges(store.policy(), "alice@pve", "/vms/100") & BITS["VM.Audit"]


def test_a_built_in_role_that_changes_changes_verdicts_given_before(store: AnyStore) -> None:
    data = b"user:alice@pve:1:0::::::\nacl:1:/pool/p:alice@pve:NoAccess:\npool:p::100::\n"
    store.import_user_cfg(data)
    assert not privileges(store.policy(), "alice@pve", "/vms/100")
    store.import_user_cfg(b"role:NoAccess:VM.Audit:\n" + data)
    assert privileges(store.policy(), "alice@pve", "/vms/100") & BITS["VM.Audit"]
    store.import_user_cfg(data)
    assert not privileges(store.policy(), "alice@pve", "/vms/100")


def test_a_pool_stays_as_long_as_one_below_it_does(store: AnyStore) -> None:
    store.edit(lambda p: edit.add_pool(edit.add_pool(p, "p", "c"), "p/q"))
    store.edit(lambda p: replace(p, pools={"p/q": p.pools["p/q"]}))
    assert {pool.id: pool.comment for pool in store.policy().pools.values()} == {"p": "", "p/q": ""}


def test_a_write_inside_a_write_is_refused(store: AnyStore) -> None:
    def nested(policy: Policy) -> Policy:
        store.edit(add("bob@pve"))
        return policy

    with pytest.raises(Error, match="by this very call"):
        store.edit(nested)
    store.edit(add("alice@pve"))
    assert store.policy().users.keys() == {"root@pam", "alice@pve"}


def test_a_change_may_read_the_store(store: AnyStore) -> None:
    store.edit(add("alice@pve"), {ALICE: b"hash"})
    found = []

    def reading(policy: Policy) -> Policy:
        found.append((store.secret(ALICE), store.policy() == policy))
        return policy

    store.edit(reading)
    assert found == [(b"hash", True)]


def test_concurrent_edits_all_take_effect(store: AnyStore) -> None:
    start = Barrier(8)

    def work(number: int) -> None:
        start.wait()
        for n in range(10):
            store.edit(add(f"u{number}-{n}@pve"))

    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.policy().users) == 81


def test_text_that_would_become_lines_of_user_cfg_is_refused(store: AnyStore) -> None:
    hostile = User("alice@pve", keys="x\nacl:1:/:alice@pve:Administrator:")
    with pytest.raises(Invalid):
        store.edit(lambda p: edit.add_user(p, hostile))
    with pytest.raises(Invalid):
        store.edit(lambda p: edit.add_user(p, hostile._replace(keys="", email="a:b")))
    with pytest.raises(Error, match="surrogate"):
        store.edit(lambda p: replace(p, users={**p.users, "\ud800@pve": User("\ud800@pve")}))
    assert store.policy() == empty()


def test_entries_of_a_removed_token_or_role_do_not_come_back_with_it(store: AnyStore) -> None:
    token = Token("alice@pve!ci", privsep=True)
    store.edit(add("alice@pve"))
    store.edit(lambda p: edit.add_role(edit.add_token(p, token), "r1", ["VM.Audit"]))
    store.edit(lambda p: edit.set_entry(p, AclEntry("/", token.id, "PVEAuditor")))
    store.edit(lambda p: edit.set_entry(p, AclEntry("/", "alice@pve", "r1")))
    store.edit(lambda p: edit.delete_token(p, "alice@pve", "ci"))
    store.edit(lambda p: edit.delete_role(p, "r1"))
    assert not list(store.policy().entries())
    store.edit(lambda p: edit.add_role(edit.add_token(p, token), "r1", ["VM.Audit"]))
    assert not list(store.policy().entries())


def test_secrets_are_set_read_and_removed(store: AnyStore) -> None:
    assert store.secret(ALICE) is None
    store.edit(add("alice@pve"), {ALICE: b"hash", TOKEN: b"\0\xff"})
    assert store.secret(ALICE) == b"hash"
    assert store.secret(TOKEN) == b"\0\xff"
    store.edit(lambda policy: policy, {ALICE: None})
    assert store.secret(ALICE) is None
    assert store.secret(TOKEN) == b"\0\xff"


def test_secrets_of_users_and_tokens_that_are_gone_are_gone(store: AnyStore) -> None:
    store.edit(lambda p: edit.add_token(add("alice@pve")(p), Token("alice@pve!ci")))
    store.edit(add("bob@pve"))
    kept = SecretKey("password", "bob@pve")
    tfa = SecretKey("tfa", "alice@pve")
    store.edit(lambda p: p, {ALICE: b"1", TOKEN: b"2", tfa: b"3", kept: b"4"})
    store.edit(lambda p: edit.delete_token(p, "alice@pve", "ci"))
    assert [store.secret(key) for key in (ALICE, TOKEN, tfa, kept)] == [b"1", None, b"3", b"4"]
    store.edit(lambda p: edit.delete_user(p, "alice@pve"))
    assert [store.secret(key) for key in (ALICE, TOKEN, tfa, kept)] == [None, None, None, b"4"]


def test_only_second_factors_can_be_listed(store: AnyStore) -> None:
    store.edit(lambda p: p, {SecretKey("tfa", "a@pve"): b"1", SecretKey("tfa", "b@pve"): b"2", ALICE: b"3"})
    assert store.secrets("tfa") == {"a@pve": b"1", "b@pve": b"2"}
    for kind in ("password", "token", "key", "other"):
        with pytest.raises(Error, match="never listed"):
            store.secrets(kind)


def test_a_secret_is_replaced_only_if_nobody_else_did(store: AnyStore) -> None:
    assert store.replace_secret(ALICE, None, b"1")
    assert not store.replace_secret(ALICE, None, b"2")
    assert not store.replace_secret(ALICE, b"2", b"3")
    assert store.secret(ALICE) == b"1"
    assert store.replace_secret(ALICE, b"1", b"2")
    assert store.replace_secret(ALICE, b"2", None)
    assert store.secret(ALICE) is None
    assert store.replace_secret(ALICE, None, None)


def test_documents_are_edited_under_the_lock(store: AnyStore) -> None:
    seen: list[bytes | None] = []

    def change(data: bytes | None) -> bytes | None:
        seen.append(data)
        return None if data == b"\xff2" else b"\xff%d" % len(seen)

    assert store.document("domains") is None
    for _ in range(3):
        store.edit_document("domains", change)
    assert seen == [None, b"\xff1", b"\xff2"]
    assert store.document("domains") is None


def test_a_document_edit_that_raises_changes_nothing(store: AnyStore) -> None:
    store.edit_document("domains", lambda _: b"1")

    def change(_: bytes | None) -> bytes | None:
        raise Refused

    with pytest.raises(Refused):
        store.edit_document("domains", change)
    assert store.document("domains") == b"1"


def test_a_task_is_recorded_with_its_end(store: AnyStore) -> None:
    assert store.task(TASK.upid) is None
    store.add_task(TASK)
    assert store.task(TASK.upid) == TASK
    store.end_task(TASK.upid, 1010, "can't start: \udcff ü")
    assert store.task(TASK.upid) == replace(TASK, endtime=1010, status="can't start: \udcff ü")


def test_tasks_come_newest_first(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtward.store.tasks.PAGE", 3)
    times = [5, 3, 5, 9, 4, 4, 4, 4, 1]
    made = [replace(TASK, upid=f"UPID:{n}:", starttime=time) for n, time in enumerate(times)]
    for task in made:
        store.add_task(task)
    assert list(store.tasks()) == sorted(made, key=lambda task: (-task.starttime, -made.index(task)))


def test_a_task_that_is_there_or_is_not_is_an_error(store: AnyStore) -> None:
    store.add_task(TASK)
    with pytest.raises(Conflict):
        store.add_task(TASK)
    for call in (
        lambda: store.end_task("UPID:other:", 1, "OK"),
        lambda: store.append_log("UPID:other:", ["x"]),
        lambda: store.log("UPID:other:", 0, 0),
    ):
        with pytest.raises(NotThere, match="UPID:other:"):
            call()


def test_a_log_is_read_in_pages(store: AnyStore) -> None:
    store.add_task(TASK)
    assert store.log(TASK.upid, 0, 50) == ([], 0)
    store.append_log(TASK.upid, ["a", "b \ud800"])
    store.append_log(TASK.upid, [])
    store.append_log(TASK.upid, ["c", "d"])
    assert store.log(TASK.upid, 0, 0) == (["a", "b \ud800", "c", "d"], 4)
    assert store.log(TASK.upid, 1, 2) == (["b \ud800", "c"], 4)
    assert store.log(TASK.upid, 3, 10) == (["d"], 4)
    assert store.log(TASK.upid, 9, 10) == ([], 4)


CANONICAL = render(
    edit.add_token(edit.add_user(empty(), User("alice@pve", comment="é", keys="x")), Token("alice@pve!ci"))
)
AS_READ = b"""\
group:ops:alice@pve,ghost@pve:
user:alice@pve:1:0:  x::::
role:NoAccess:VM.Audit:
acl:1:/:root@pam,@ops:PVEAuditor:
acl:1:/vms:alice@pve:NoAccess:
nonsense
"""


@pytest.mark.parametrize("data", [CANONICAL, AS_READ, b""])
def test_an_imported_file_is_the_policy_as_it_reads_and_is_exported_as_it_was(store: AnyStore, data: bytes) -> None:
    diagnostics = store.import_user_cfg(data)
    policy, expected = parse(data)
    assert diagnostics == expected
    assert render(store.policy()) == render(policy)
    assert store.policy().unrecorded == policy.unrecorded
    assert {name: role.mask for name, role in store.policy().roles.items()} == {
        name: role.mask for name, role in policy.roles.items()
    }
    assert parse(store.export_user_cfg()).policy == policy


def test_the_first_edit_after_an_import_loses_what_upstream_loses(store: AnyStore) -> None:
    store.import_user_cfg(AS_READ)
    assert privileges(store.policy(), "alice@pve", "/vms/100") & BITS["VM.Audit"]
    assert ("alice@pve", "ops") in store.policy().unrecorded
    store.edit(add("bob@pve"))
    assert not privileges(store.policy(), "alice@pve", "/vms/100")
    assert store.policy().unrecorded == {("ghost@pve", "ops")}
    again = store.export_user_cfg()
    assert again == render(parse(again).policy)
    assert b"role:" not in again and b"root@pam," not in again


def test_an_import_replaces_everything_and_takes_secrets_of_those_who_are_gone(store: AnyStore) -> None:
    store.edit(add("alice@pve"), {ALICE: b"1"})
    store.edit(add("bob@pve"), {SecretKey("password", "bob@pve"): b"2"})
    store.import_user_cfg(CANONICAL)
    assert store.policy().users.keys() == {"root@pam", "alice@pve"}
    assert store.secret(ALICE) == b"1"
    assert store.secret(SecretKey("password", "bob@pve")) is None


def test_a_closed_store_answers_nothing(store: AnyStore) -> None:
    store.close()
    for call in (
        store.policy,
        lambda: store.edit(add("alice@pve")),
        lambda: store.secret(ALICE),
        lambda: store.document("domains"),
        lambda: list(store.tasks()),
    ):
        with pytest.raises(Unavailable):
            call()
