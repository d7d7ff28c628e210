"""After any edit a store holds what Proxmox VE has once it wrote `user.cfg` and read it again.

The definition is `parse(render(policy))`; stores take short cuts, which must not show. What one server wrote,
another that shares the store must come to, by its journal or by reading everything.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.contracts.conftest import AnyStore, SetClock
from tests.properties.changes import Edit, edits
from tests.properties.configurations import ASKED, SUBJECTS, any_bytes, files
from tests.properties.reading import content
from virtward.errors import Error, Invalid
from virtward.policy import edit
from virtward.policy.evaluate import privileges
from virtward.policy.model import AclEntry, Group, Policy, Pool, Role, Token, User, empty
from virtward.policy.usercfg import parse, render
from virtward.store.changes import applied, difference
from virtward.store.memory import MemoryStore
from virtward.store.settle import settled
from virtward.store.sqlite import SqliteStore

TEXTS = ("", "", "", "", "0", " 0 ", " x ", "a:b\n%", "é", "\ud800", "\udc80", "\0", "\x0b", "\xa0x")
RAW = ("", "", "", "x", "0", " a@b ", "a@b\n", "é\udc85", "\xa0")
USERS = (
    "x@pve",
    "y@pve",
    "z@pam",
    "x@pve\n",
    "a,b@pve",
    "à@pve",
    "\udc85y@pve",
    "n\0l@pve",
    "ann@pve",
    "root@pam",
    "ghost@pve",
)
DATES = (0, 7, 0, 7, -1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 1e20, float("inf"))
PATHS = ("/", "/vms/100", "/vms/0x", "/pool/0/x", "/x\n", "/ä", "vms", "/vms//1", "/0", "")
OF_ACL = ("@ops", "ops", "@void", "@0", "@a\n", "root@pam", "gar", "ann@pve!t1", "ann@pve!tx", *USERS)
ROLES = ("r1", "gone", "0", "r\n", "NoAccess", "PVEVMUser", "bad role")


def odd(says: str, apply: Callable[[Policy], Policy]) -> Edit:
    return Edit(says, apply, lambda _: set())


def into(table: str, record: Any) -> Callable[[Policy], Policy]:
    """Puts a record into a table, past every check."""
    return lambda p: with_table(p, table, {**getattr(p, table), record.id: record})


def with_table(policy: Policy, table: str, content: dict[str, Any]) -> Policy:
    fields: dict[str, Any] = {table: content}
    return replace(policy, **fields)


def out_of(table: str, at: int) -> Callable[[Policy], Policy]:
    """Takes a record out of a table, and leaves all else as it was."""

    def apply(policy: Policy) -> Policy:
        records = dict(getattr(policy, table))
        if records:
            del records[sorted(records)[at % len(records)]]
        return with_table(policy, table, records)

    return apply


TABLES = st.sampled_from(("users", "tokens", "groups", "roles", "pools"))
_one = st.sampled_from
records: SearchStrategy[tuple[str, Any]] = st.one_of(
    st.tuples(
        st.just("users"),
        st.builds(
            User, _one(USERS), st.booleans(), _one(DATES), _one(TEXTS), _one(TEXTS), st.none() | _one(RAW),
            _one(TEXTS), _one(RAW),
        ),
    ),
    st.tuples(
        st.just("tokens"),
        st.builds(
            Token, _one([f"{u}!{sub}" for u in USERS for sub in ("t1", "t", "tx\n")]), _one(DATES), st.booleans(),
            _one(TEXTS),
        ),
    ),
    st.tuples(
        st.just("groups"),
        st.builds(
            Group, _one(("ops", "new", "0", "g\n", "g h")), st.frozensets(_one(USERS), max_size=4), _one(TEXTS)
        ),
    ),
    st.tuples(st.just("roles"), st.builds(Role, _one(ROLES), _one((0, 5, 2**60 - 1)))),
    st.tuples(
        st.just("pools"),
        st.builds(
            Pool, _one(("p", "p/q", "s", "new/sub", "0", "p\n", "p/q/r/s", "p/0")), _one(TEXTS),
            st.frozensets(_one(("100", "101", "007", "x", "1e+20")), max_size=3),
            st.frozensets(_one(("local", "nfs", "l", "a,b", "nfs\n")), max_size=2),
        ),
    ),
)  # fmt: skip
put_raw = records.map(lambda both: odd(f"put {both}", into(*both)))
raw_edits: SearchStrategy[Edit] = st.one_of(
    put_raw,
    put_raw,
    st.builds(lambda table, at: odd(f"drop {at} of {table}", out_of(table, at)), TABLES, st.integers(0, 30)),
    st.builds(
        lambda entry: odd(f"entry {entry}", lambda p: edit.set_entry(p, entry)),
        st.builds(AclEntry, _one(PATHS), _one(OF_ACL), _one(ROLES), st.booleans()),
    ),
)
any_edits = st.lists(edits | edits | raw_edits, min_size=1, max_size=4)


def canonical(data: bytes) -> bytes:
    """What upstream makes of a file in the end."""
    again = render(parse(data).policy)
    return data if again == data else canonical(again)


canonical_files = files().map(canonical)


def expected_after(policy: Policy, change: Edit) -> Policy | None:
    """The policy that upstream has at its next read; None if the edit is refused."""
    try:
        return parse(render(change.apply(policy))).policy
    except (Error, UnicodeEncodeError):
        return None


def same(found: Policy, wanted: Policy) -> None:
    assert content(found) == content(wanted)
    assert [found.users[name].email for name in wanted.users] == [user.email for user in wanted.users.values()]
    assert found.unrecorded == wanted.unrecorded
    dates = [record.expire for table in (found.users, found.tokens) for record in table.values()]
    assert {type(date) for date in dates} <= {int, float}
    lines = {record.line for table in (found.users, found.tokens, found.groups) for record in table.values()}
    assert lines | {entry.line for entry in found.entries()} == {0}


def ask_everything(policy: Policy) -> dict[tuple[str, str], int]:
    return {(subject, path): privileges(policy, subject, path) for subject in SUBJECTS for path in ASKED}


def check(store: AnyStore, data: bytes, changes: list[Edit], other: SqliteStore | None = None) -> None:
    store.import_user_cfg(data)
    wanted = parse(data).policy
    same(store.policy(), wanted)
    for number, change in enumerate(changes):
        ask_everything(store.policy())
        if other and number % 2:
            other.refresh()
            ask_everything(other.policy())
        after = expected_after(wanted, change)
        if after is None:
            with pytest.raises(Error):
                store.edit(change.apply)
            continue
        try:
            store.edit(change.apply)
        except Error as error:
            assert "user.cfg can't hold" in str(error) or "Parameter verification" in str(error)
            continue
        wanted = after
        same(store.policy(), wanted)
        assert ask_everything(store.policy()) == ask_everything(replace(store.policy())), change


@settings(max_examples=150)
@given(files() | canonical_files | any_bytes(), any_edits)
def test_memory_holds_what_upstream_reads_again(data: bytes, changes: list[Edit]) -> None:
    check(MemoryStore(), data, changes)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SqliteStore, SqliteStore]]:
    path = tmp_path_factory.mktemp("store") / "virtward.db"
    one, other = (SqliteStore(path, clock=SetClock(), poll=1000) for _ in range(2))
    yield one, other
    one.close()
    other.close()


@settings(max_examples=60)
@given(files() | canonical_files | any_bytes(), any_edits)
def test_sqlite_holds_it_too_and_other_servers_come_to_the_same(
    pair: tuple[SqliteStore, SqliteStore], data: bytes, changes: list[Edit]
) -> None:
    one, other = pair
    check(one, data, changes, other)
    other.refresh()
    same(other.policy(), one.policy())
    assert ask_everything(other.policy()) == ask_everything(one.policy())
    fresh = SqliteStore(one.path, clock=SetClock(), poll=1000)
    same(fresh.policy(), one.policy())
    assert fresh.policy() == other.policy()
    fresh.close()


@settings(max_examples=120)
@given(canonical_files, st.lists(raw_edits | raw_edits | edits, min_size=8, max_size=12))
def test_the_short_cut_gives_what_the_file_gives(data: bytes, changes: list[Edit]) -> None:
    policy = applied(empty(), difference(empty(), parse(data).policy))
    for change in changes:
        after = expected_after(policy, change)
        if after is None:
            continue
        try:
            found, stable = settled(policy, change.apply(policy))
        except Invalid:
            continue
        new = applied(policy, found)
        same(new, after)
        if stable:
            assert content(parse(render(new)).policy) == content(new)


@settings(max_examples=40)
@given(canonical_files, st.lists(edits, min_size=1, max_size=4))
def test_usual_edits_need_no_reading_of_the_file(data: bytes, changes: list[Edit]) -> None:
    policy = parse(data).policy
    for change in changes:
        new = change.tried(policy)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("virtward.store.settle._by_file", None)
            assert settled(policy, new).stable
