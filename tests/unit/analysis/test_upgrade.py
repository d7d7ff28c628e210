"""The upgrade check finds what the step from 8.4 to 9 takes away, and its repairs do repair."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.configurations import files
from virtward.analysis.question import about_call, answer
from virtward.analysis.upgrade import Finding, Report, upgrade_check
from virtward.analysis.upgrade_calls import changes
from virtward.analysis.upgrade_file import read
from virtward.analysis.upgrade_places import Places
from virtward.policy import edit
from virtward.policy.evaluate import privileges
from virtward.policy.privileges import RELEASES
from virtward.policy.requirement import decide
from virtward.policy.usercfg import parse
from virtward.rules.loader import load

FILE = b"""user:ann@pve:1:0::::::
user:bob@pve:1:0::::::
token:ann@pve!all:0:0::
group:ops:bob@pve::
pool:web::100::
role:Op:VM.Audit,VM.Monitor:
role:Only:VM.Monitor:
role:Unused:VM.Monitor:
acl:1:/vms/101:ann@pve:Op:
acl:1:/pool/web:@ops:Only:
"""


def named(report: Report, code: str) -> list[Finding]:
    return [each for each in report.findings if each.code == code]


def test_every_custom_role_with_a_dropped_privilege_is_named_with_its_line() -> None:
    found = named(upgrade_check(FILE), "dropped-privilege")
    assert [(each.subject, each.line, each.severity) for each in found] == [
        ("Op", 6, "error"),
        ("Only", 7, "error"),
        ("Unused", 8, "error"),
    ]
    assert "FAIL: 3" in upgrade_check(FILE).upstream


def test_holders_are_users_group_members_and_tokens_with_path_and_line() -> None:
    op, only, unused = named(upgrade_check(FILE), "dropped-privilege")
    assert [(each.subject, each.path, each.via, each.line) for each in op.holders] == [
        ("ann@pve", "/vms/101", "", 9),
        ("ann@pve!all", "/vms/101", "", 9),
    ]
    assert [(each.subject, each.path, each.via, each.line) for each in only.holders] == [
        ("bob@pve", "/pool/web", "@ops", 10)
    ]
    assert unused.holders == ()


def test_an_emptied_role_is_said_to_deny() -> None:
    _, only, _ = named(upgrade_check(FILE), "dropped-privilege")
    assert "nothing else" in only.title
    assert "denies" in only.advice


def test_lost_calls_are_those_that_were_a_yes_and_are_none_any_more() -> None:
    op = named(upgrade_check(FILE), "dropped-privilege")[0]
    (loss,) = op.losses
    before, after = (parse(FILE, RELEASES[name]).policy for name in ("8.4", "9"))
    for label in ("GET agent/file-read", "POST agent/ping", "monitor info"):
        assert label in loss.calls
    assert not any("qemu/{vmid}/config" in label for label in loss.calls)
    url, arguments = "/nodes/n/qemu/101/agent/file-read", {"file": "x"}
    assert answer(about_call(load("8.4"), "GET", url, arguments), "ann@pve", before).verdict == "yes"
    assert answer(about_call(load("9"), "GET", url, arguments), "ann@pve", after).verdict == "no"


def test_the_first_command_restores_every_call_that_can_be_restored() -> None:
    op = named(upgrade_check(FILE), "dropped-privilege")[0]
    assert op.commands[0] == 'pveum role modify Op --privs "Sys.Audit VM.GuestAgent.Unrestricted" --append 1'
    repaired = edit.modify_role(
        parse(FILE, RELEASES["9"]).policy, "Op", ["Sys.Audit", "VM.GuestAgent.Unrestricted"], append=True
    )
    for label in op.losses[0].calls:
        method, _, rest = label.partition(" ")
        arguments = {"command": rest} if method == "monitor" else {"command": "ping", "file": "f", "pid": "1"}
        path = "monitor" if method == "monitor" else rest
        url = f"/nodes/n/qemu/101/{path}"
        method = "POST" if method == "monitor" else method
        assert answer(about_call(load("9"), method, url, arguments), "ann@pve", repaired).verdict == "yes", label


def test_a_single_privilege_restores_what_it_says() -> None:
    op = named(upgrade_check(FILE), "dropped-privilege")[0]
    assert dict(op.uses)["VM.GuestAgent.FileRead"] == ("GET agent/file-read",)
    assert dict(op.uses)["Sys.Audit"] == ("monitor help", "monitor info")


@pytest.mark.parametrize(
    ("lines", "code", "severity"),
    [
        (b"acl:1:/vms/101:ann@pve:PVEVMUser:\n", "builtin-role-gains", "warning"),
        (b"acl:1:/vms/101:ann@pve:PVEAuditor:\n", "builtin-role-gains", "notice"),
        (b"acl:1:/vms/101:ann@pve:PVEVMAdmin:\n", "builtin-role-loses", "warning"),
        (b"acl:1:/:ann@pve:Administrator:\n", "builtin-role-loses", "warning"),
        (b"acl:1:/storage:ann@pve:PVEDatastoreAdmin:\n", "replication-moves", "warning"),
        (b"role:PVEmine:VM.Audit:\n", "reserved-role-name", "warning"),
        (b"acl:1:/vms/101:gone@pve:PVEAuditor:\n", "unclean-file", "notice"),
    ],
)
def test_what_upstreams_checker_misses_is_found(lines: bytes, code: str, severity: str) -> None:
    report = upgrade_check(b"user:ann@pve:1:0::::::\n" + lines)
    assert [each.severity for each in named(report, code)] == [severity]
    assert report.upstream.startswith("PASS")


def test_monitor_commands_that_nobody_but_root_keeps_are_told_apart() -> None:
    report = upgrade_check(b"user:ann@pve:1:0::::::\nacl:1:/:ann@pve:Administrator:\n")
    (found,) = named(report, "builtin-role-loses")
    (loss,) = found.losses
    assert loss.calls == ()
    assert "monitor device_add" in loss.root


def test_a_file_without_anything_to_do_gives_notices_alone() -> None:
    report = upgrade_check(b"user:ann@pve:1:0::::::\nrole:Look:VM.Audit:\nacl:1:/vms/101:ann@pve:Look:\n")
    assert {each.severity for each in report.findings} <= {"notice"}
    assert report.upstream == "PASS: 1 custom role(s), none to adapt"


# Beyond roles with a dropped privilege

USERS = b"""user:ann@pve:1:0::::::
user:bob@pve:1:0::::::
token:ann@pve!ci:0:1::
group:ops:ann@pve,bob@pve::
pool:web::100,101::
pool:web/front::102::
"""


def found(lines: bytes, code: str) -> Finding:
    (only,) = named(upgrade_check(USERS + lines), code)
    return only


def test_what_the_file_adds_to_a_builtin_role_is_lost_too() -> None:
    only = found(b"role:PVEAuditor:VM.Monitor:\nacl:1:/vms/100:bob@pve:PVEAuditor:\n", "dropped-privilege")
    assert (only.subject, only.line, only.commands) == ("PVEAuditor", 7, ())
    assert [each.subject for each in only.holders] == ["bob@pve"]
    assert "POST agent/exec" in only.losses[0].calls


def test_an_entry_that_the_users_own_hides_is_not_counted() -> None:
    lines = b"role:Op:VM.Monitor:\nacl:1:/vms/100:@ops:Op:\nacl:1:/vms/100:bob@pve:PVEAuditor:\n"
    only = found(lines, "dropped-privilege")
    assert [(each.subject, each.via) for each in only.holders] == [("ann@pve", "@ops")]


def test_who_has_the_new_privilege_otherwise_loses_less() -> None:
    lines = b"role:Op:VM.Monitor:\nacl:1:/pool/web:@ops:Op:\nacl:1:/:bob@pve:PVEAuditor:\n"
    only = found(lines, "dropped-privilege")
    by_subject = {each.subject: loss for loss in only.losses for each in loss.holders}
    assert "GET agent/info" in by_subject["ann@pve"].calls
    assert "GET agent/info" not in by_subject["bob@pve"].calls
    assert "POST agent/exec" in by_subject["bob@pve"].calls


def test_members_of_a_group_who_fare_alike_are_named_as_the_group() -> None:
    alike = found(b"acl:1:/vms/100:@ops:PVEVMAdmin:\n", "builtin-role-loses")
    assert [each.subject for each in alike.holders] == ["@ops"]
    assert alike.commands[1] == "pveum acl modify /vms/100 --roles MonitorReader --groups ops"
    lines = b"acl:1:/vms/100:@ops:PVEVMAdmin:\nacl:1:/vms/100:bob@pve:PVEAdmin:\n"
    assert [each.subject for each in found(lines, "builtin-role-loses").holders] == ["ann@pve"]


def test_replication_names_who_manages_it_and_keeps_what_is_inherited() -> None:
    lines = b"role:Store:Datastore.Allocate:\nacl:1:/storage:@ops:Store:\nacl:1:/:@ops:PVEAuditor:\n"
    only = found(lines, "replication-moves")
    assert [(each.subject, each.via) for each in only.holders] == [("ann@pve", "@ops"), ("bob@pve", "@ops")]
    assert "POST /cluster/replication" in only.losses[0].calls
    assert only.commands == (
        'pveum role add Replicator --privs "VM.Replicate"',
        "pveum acl modify /vms --roles Replicator,PVEAuditor --groups ops",
    )
    everywhere = found(b"role:Store:Datastore.Allocate:\nacl:1:/:bob@pve:Store:\n", "replication-moves")
    assert everywhere.commands == ('pveum role modify Store --privs "VM.Replicate" --append 1',)


def test_calls_that_ask_for_more_with_a_parameter_are_named() -> None:
    only = found(b"role:Snap:VM.Snapshot:\nacl:1:/vms:bob@pve:Snap:\n", "call-needs-more")
    assert only.subject.startswith("POST snapshot/{snapname}/rollback (start=1")
    assert [each.subject for each in only.holders] == ["bob@pve"]
    assert only.commands == ('pveum role modify Snap --privs "VM.PowerMgmt" --append 1',)
    able = b"role:Snap:VM.Snapshot,VM.PowerMgmt:\nacl:1:/vms:bob@pve:Snap:\n"
    assert named(upgrade_check(USERS + able), "call-needs-more") == []


def test_custom_cpu_models_concern_who_sets_them_by_sys_audit() -> None:
    lines = (
        b"acl:1:/vms/100:bob@pve:PVEVMAdmin:\nacl:1:/nodes:bob@pve:PVEAuditor:\nacl:1:/nodes:ann@pve:PVEAuditor:\n"
    )
    only = found(lines, "cpu-models-move")
    assert [each.subject for each in only.holders] == ["bob@pve"]
    assert only.severity == "notice"


def test_a_role_that_gains_power_over_guests_by_the_monitor_is_a_warning() -> None:
    only = found(b"role:Sys:Sys.Modify:\nacl:1:/:bob@pve:Sys:\n", "role-gains")
    assert (only.severity, only.subject) == ("warning", "Sys")
    harmless = found(b"role:Look:Sys.Audit:\nacl:1:/vms:bob@pve:Look:\n", "role-gains")
    assert (harmless.severity, harmless.advice) == ("notice", "New: monitor ?, monitor help, monitor info.")


@pytest.mark.parametrize(
    ("lines", "code", "line"),
    [
        (b"role:Early:VM.GuestAgent.Audit:\n", "role-ahead", 7),
        (b"role:Typo:VM.Audti:\n", "unknown-privilege", 7),
        (b"acl:1:/vms:bob@pve:Gone:\n", "unknown-role", 7),
        (b"role:Op:VM.Monitor:\nacl:1:/vms:ann@pve!ci:Op:\nacl:1:/vms:ann@pve:Op:\n", "token-roles-change", 0),
    ],
)
def test_what_is_only_good_to_know_is_a_notice(lines: bytes, code: str, line: int) -> None:
    only = found(lines, code)
    assert (only.severity, only.line) == ("notice", line)


def test_a_file_of_the_new_release_is_read_as_well() -> None:
    report = upgrade_check(USERS + b"role:Op:VM.Audit,VM.GuestAgent.Audit:\nacl:1:/vms:bob@pve:Op:\n")
    assert {each.severity for each in report.findings} == {"notice"}
    assert upgrade_check(USERS, "9", "9").findings == ()


# Brute force

CHANGES = changes(load("8.4"), load("9"))


def test_the_changed_calls_are_those_of_the_difference_between_the_rules() -> None:
    calls = {call for change in CHANGES for call in change.calls}
    assert len(CHANGES) < 25
    assert {"POST agent", "GET agent/file-read", "POST /cluster/replication", "monitor device_add"} <= calls
    assert sum(call.startswith(("GET agent", "POST agent")) for call in calls) == 26


@settings(max_examples=40, deadline=None)
@given(text=files(), subject=st.sampled_from(["ann@pve", "bob@pam", "ann@pve!t1", "root@pam!t1", "ghost@pve"]))
def test_a_place_answers_as_the_whole_policy_does(text: bytes, subject: str) -> None:
    text = text.replace(b"VM.Allocate", b"VM.Monitor").replace(b"Pool.Audit", b"Sys.Modify")
    places = Places(read(text, RELEASES["8.4"], RELEASES["9"]).policy, CHANGES)
    every = tuple(range(len(CHANGES)))
    before, after = (parse(text, RELEASES[name]).policy for name in ("8.4", "9"))
    for machine in ("100", "101", "102"):
        path, params = f"/vms/{machine}", {"vmid": machine, "guest": machine}
        union = privileges(before, subject, path) | privileges(after, subject, path)
        assert places.held(subject, path) == union
        assert places.held(places.alike(subject, path), path) == union
        lost = tuple(
            number
            for number, change in enumerate(CHANGES)
            if decide(change.before, subject, params, before)
            and not (change.after and decide(change.after, subject, params, after))
        )
        assert places.lost(subject, machine, every) == lost
        assert places.lost(places.alike(subject, path), machine, every) == lost
