import json

import pytest

from tests.unit.cli.process import virtward

TEAM = """user:ann@pve:1:0::::::
user:own@pve:1:0::::::
user:ci@pve:1:0::::::
token:ci@pve!sep:0:1::
token:ci@pve!all:0:0::
group:ops:ann@pve,own@pve,ci@pve::
pool:web::100:local:
role:Look:VM.Audit:
acl:1:/vms:@ops:PVEVMUser:
acl:0:/nodes:@ops:PVEAuditor:
acl:1:/vms:own@pve:Look:
acl:1:/vms/101:ann@pve:Look:
acl:1:/vms/102:@ops:NoAccess:
acl:1:/pool/web:ci@pve!sep:PVEVMAdmin:
"""


def why(*words: str, policy: str = TEAM) -> list[str]:
    return virtward("why", *words, policy=policy).out.splitlines()


def between(lines: list[str], start: str, end: str) -> str:
    return "\n".join(lines[lines.index(start) : lines.index(end) if end in lines else None])


def test_a_yes_names_the_entry_the_group_and_where_it_propagates_from() -> None:
    assert why("ann@pve", "VM.Console", "/vms/200") == [
        "yes: ann@pve has VM.Console on /vms/200",
        "    note: the file doesn't mention /vms/200: a guest without entries of its own and in no pool",
        "",
        "rule",
        "  ✓ VM.Console on /vms/200   line 9",
        "",
        "entries",
        "  on /vms/200:",
        "    ann@pve (line 1), in group ops (line 6), holds 10 privileges",
        "      ✓ line 9  acl:1:/vms:@ops:PVEVMUser:",
        "        PVEVMUser has VM.Console; through the group ops (line 6), propagated from /vms",
    ]


def test_a_nearer_entry_is_named_as_what_cuts_off_the_other() -> None:
    text = between(why("ann@pve", "VM.Console", "/vms/101"), "entries", "missing")
    assert (
        "· line 12  acl:1:/vms/101:ann@pve:Look:\n        counts, but Look (line 8) doesn't have VM.Console" in text
    )
    assert (
        "✗ line 9  acl:1:/vms:@ops:PVEVMUser:\n        would give VM.Console, cut off: replaced by line 12" in text
    )


def test_an_own_entry_that_hides_the_group_s_is_named() -> None:
    text = "\n".join(why("own@pve", "VM.Console", "/vms/200"))
    assert "hidden by own@pve's own entry on the same path, line 11" in text


def test_no_access_is_named() -> None:
    text = "\n".join(why("ann@pve", "VM.Audit", "/vms/102"))
    assert "✗ line 13  acl:1:/vms/102:@ops:NoAccess:\n        NoAccess takes everything away" in text


def test_an_entry_that_does_not_propagate_is_named() -> None:
    text = "\n".join(why("ann@pve", "Sys.Audit", "/nodes/n1"))
    assert "no entry that counts here names it" in text
    assert "✗ line 10  acl:0:/nodes:@ops:PVEAuditor:" in text
    assert "it doesn't propagate, so it counts on /nodes alone" in text


def test_both_sides_of_a_separated_token_are_told() -> None:
    text = "\n".join(why("ci@pve!sep", "VM.Allocate", "/vms/100"))
    assert "ci@pve!sep has privilege separation: both sides must give it" in text
    assert "✓ its own side: ci@pve!sep (line 4) holds" in text
    assert "through the pool web (line 7)" in text
    assert "✗ its user's side: ci@pve (line 3), in group ops (line 6), holds" in text
    assert "VM.Allocate on /vms/100   ci@pve lacks it" in text


def test_a_token_without_separation_is_told_as_its_user() -> None:
    text = "\n".join(why("ci@pve!all", "VM.Audit", "/vms/100"))
    assert "ci@pve!all (line 5) has no privilege separation: it holds what ci@pve holds" in text


def test_a_call_is_a_tree_with_every_part_and_what_stays_open() -> None:
    lines = why("ann@pve", "PUT", "/nodes/n1/qemu/100/config", "ide2=none,media=cdrom", "cores=4", "delete=net0")
    rule = between(lines, "rule", "entries")
    assert "├─ ✗ option cores: VM.Config.CPU on /vms/100" in rule
    assert "├─ ✓ option ide2: VM.Config.CDROM on /vms/100   line 9" in rule
    assert "? option net0 removed: depends on the bridge that net0 uses now" in rule
    assert "VM.Config.CPU on /vms/100" in between(lines, "missing", "to grant it, least extra power first")


def test_grants_come_with_commands_and_what_they_give_besides() -> None:
    lines = why("ann@pve", "VM.Config.CPU", "/vms/200")
    grants = lines[lines.index("to grant it, least extra power first") :]
    assert grants[1] == "  1. give ann@pve the role PVEVMAdmin on /vms/200"
    assert grants[2] == "       pveum acl modify /vms/200 --roles PVEVMAdmin --users ann@pve"
    assert grants[3].startswith("     gives more: 12 privileges on /vms/200 (VM.Allocate, VM.Clone,")
    assert any("pveum role add only-VM.Config.CPU" in line for line in grants)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["ann@pve", "PUT", "/nodes/n1/qemu/100/config", "args=-x"], "no role can grant this: root@pam only"),
        (["ann@pve", "403 Permission check failed (user != root@pam)"], "no role can grant this: root@pam only"),
        (
            ["ci@pve!sep", "PUT", "/access/password", "userid=ci@pve", "password=geheim"],
            "no role can grant this: API tokens are refused here, ci@pve must log on with a password",
        ),
    ],
)
def test_what_no_grant_can_change_is_said(words: list[str], says: str) -> None:
    lines = why(*words)
    assert lines[-1] == says
    assert "geheim" not in "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        "403 Permission check failed (/vms/100, VM.Config.Disk)",
        '{"data":null,"message":"Permission check failed (/vms/100, VM.Config.Disk)\\n"}',
        "HTTP/1.1 403 Permission check failed (/vms/100, VM.Config.Disk)\r\n",
    ],
)
def test_a_pasted_refusal_is_the_question(text: str) -> None:
    assert why("ann@pve", text)[0] == "no: ann@pve lacks VM.Config.Disk on /vms/100"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("200 OK and all is well", "unknown privilege"),
        ("403 Permission check failed", "ask about the call"),
        ("403 Permission check failed (/vms/1, VM.Nonsense)", "no privilege of Proxmox VE 9"),
    ],
)
def test_what_cannot_be_understood_is_refused(text: str, says: str) -> None:
    done = virtward("why", "ann@pve", text, policy=TEAM)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_api_paths_come_with_or_without_their_prefix() -> None:
    prefixes = ("/api2/json", "", "https://pve.example.org:8006/api2/json")
    answers = {tuple(why("ann@pve", "GET", f"{prefix}/nodes/n1/qemu/200/config")) for prefix in prefixes}
    assert len(answers) == 1


def test_a_call_open_to_the_world_is_open_to_everybody() -> None:
    for command in (["can", "ann@pve"], ["why", "ann@pve"]):
        assert virtward(*command, "GET", "/access/domains", policy=TEAM).code == 0
    holders = json.loads(virtward("who-can", "GET", "/access/domains", "-o", "json", policy=TEAM).out)
    assert len(holders) == 6


def test_root_is_told_in_one_line() -> None:
    assert why("root@pam", "PUT", "/nodes/n1/qemu/100/config", "args=-x")[2:] == [
        "rule",
        "  ✓ root@pam passes every check",
    ]


def test_json_has_the_same_facts() -> None:
    told = json.loads(virtward("why", "ann@pve", "VM.Console", "/vms/101", "-o", "json", policy=TEAM).out)
    assert told["verdict"] == "no"
    assert told["missing"] == [{"privilege": "VM.Console", "path": "/vms/101", "lacking": ["ann@pve"]}]
    (place,) = told["paths"]
    (side,) = place["sides"]
    assert [entry["line"] for entry in side["deciding"]] == [12]
    assert side["cut_off"][0]["entry"]["text"] == "acl:1:/vms:@ops:PVEVMUser:"
    assert [entry["line"] for entry in side["cut_off"][0]["by"]] == [12]
    assert told["grants"][0]["commands"]
    assert told["root_only"] is False


def test_a_long_line_is_shown_with_its_subject_alone() -> None:
    crowd = ",".join(f"user{n}@pve" for n in range(50))
    text = "\n".join(why("ann@pve", "VM.Audit", "/vms", policy=f"{TEAM}acl:1:/vms:{crowd},ann@pve:Look:\n"))
    assert "line 15  acl:1:/vms:...,ann@pve,...:Look:" in text


def test_nothing_is_wider_than_its_terminal_and_marks_fit_its_encoding() -> None:
    done = virtward("why", "ann@pve", "PUT", "/nodes/n1/qemu/100/config", "cores=4", policy=TEAM, encoding="ascii")
    assert done.out.isascii()
    assert "  x all of\n  |- + any of VM.Config.Disk" in done.out


def test_colours_are_for_terminals_alone_and_can_be_turned_off() -> None:
    words = ("why", "ann@pve", "VM.Console", "/vms/101")
    assert "\x1b[31mno\x1b[0m" in virtward(*words, policy=TEAM, terminal=True).out
    for plain in (
        virtward(*words, policy=TEAM),
        virtward(*words, policy=TEAM, terminal=True, environ={"NO_COLOR": "1"}),
        virtward(*words, policy=TEAM, terminal=True, environ={"TERM": "dumb"}),
        virtward(*words, "-o", "text", policy=TEAM, terminal=True),
    ):
        assert "\x1b" not in plain.out
