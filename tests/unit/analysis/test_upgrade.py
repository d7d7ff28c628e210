"""The upgrade check finds what the step from 8.4 to 9 takes away, and its repairs do repair."""

import pytest

from virtward.analysis.question import about_call, answer
from virtward.analysis.upgrade import Finding, Report, upgrade_check
from virtward.policy import edit
from virtward.policy.privileges import RELEASES
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
