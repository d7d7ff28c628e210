import json

import pytest

from tests.unit.cli.process import NOW, SAMPLE, virtward
from virtward.analysis.question import answer
from virtward.cli.asking import asked, question_of
from virtward.cli.who import passing
from virtward.policy.privileges import DEFAULT
from virtward.policy.usercfg import parse

POLICY = parse(SAMPLE).policy


def rows(*words: str, policy: bytes | str = SAMPLE) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(virtward(*words, "-o", "json", policy=policy).out)
    return found


@pytest.mark.parametrize(
    "words",
    [
        "VM.Console /vms/110",
        "VM.Audit,VM.Allocate /vms/120",
        "VM.Console|VM.Audit /vms/101",
        "GET /version",
        "GET /access/domains",
        "PUT /access/password userid=bob@pve password=x",
        "PUT /access/password userid=ghost@pve password=x",
        "GET /nodes/n1/qemu/110/config",
        "PUT /nodes/n1/qemu/110/config cores=2 net0=virtio,bridge=vmbr1",
        "PUT /nodes/n1/qemu/110/config args=-x",
        "POST /nodes/n1/qemu vmid=130 pool=web scsi0=web-data:8",
        "POST /nodes/n1/qemu/110/clone newid=131 pool=web",
        "PUT /access/acl path=/vms/110 roles=PVEVMUser users=bob@pve",
        "PUT /access/acl path=/vms/%20 roles=PVEVMUser users=bob@pve",
        "PUT /access/users/bob@pve comment=x",
        "POST /access/users userid=new@pve groups=web",
    ],
)
def test_who_can_is_everybody_whom_why_does_not_refuse(words: str) -> None:
    question, _ = question_of(asked(words.split(), DEFAULT, POLICY), DEFAULT)
    everybody = {*POLICY.users, *POLICY.tokens}
    may = {subject for subject in everybody if not answer(question, subject, POLICY).refused}
    found = passing(question, POLICY, NOW)
    assert {each.subject for each in found if not each.cut_off} == may
    assert [each.subject for each in found] == sorted(each.subject for each in found)


def test_who_can_names_entries_groups_and_marks() -> None:
    found = {str(row["subject"]): row for row in rows("who-can", "VM.Console", "/vms/120")}
    assert [via["says"] for via in found["bob@pve"]["via"]] == [  # type: ignore[attr-defined]
        "line 29: PVEVMAdmin on /pool/web through @web for pool web/db"
    ]
    assert found["dave@pve"]["marks"] == ["disabled"]
    assert found["frank@pve"]["marks"] == ["expired"]
    assert [via["says"] for via in found["root@pam"]["via"]] == ["root@pam holds everything"]  # type: ignore[attr-defined]


def test_a_token_whose_user_lost_the_right_is_cut_off() -> None:
    policy = "user:a@pve:1:0::::::\ntoken:a@pve!tk:0:1::\nacl:1:/vms:a@pve!tk:PVEVMUser:\n"
    found = {row["subject"]: row["marks"] for row in rows("who-can", "VM.Audit", "/vms/100", policy=policy)}
    assert found == {"a@pve!tk": ["cut off"], "root@pam": []}
    line = virtward("who-can", "VM.Audit", "/vms/100", policy=policy).out.splitlines()[1]
    assert line.split()[0] == "a@pve!tk"
    assert line.endswith("cut off")


def test_what_can_lists_privileges_and_marks_those_that_hold_below() -> None:
    found = {str(row["path"]): row for row in rows("what-can", "carol@pve")}
    assert found["/vms"]["privileges"] == dict.fromkeys(
        ["VM.Audit", "VM.Console", "VM.PowerMgmt", "VM.Snapshot"], True
    )
    assert found["/nodes"]["privileges"] == dict.fromkeys(
        [
            "Datastore.Audit",
            "Mapping.Audit",
            "Pool.Audit",
            "SDN.Audit",
            "Sys.Audit",
            "VM.Audit",
            "VM.GuestAgent.Audit",
        ],
        False,
    )
    assert "/vms/101" not in found
    text = virtward("what-can", "carol@pve", "--under", "/vms").out.splitlines()
    assert [line.split()[0] for line in text] == ["PATH", "/vms", "/vms/100", "/vms/110", "/vms/111", "/vms/120"]
    assert "VM.Audit* VM.Console*" in text[1]
    assert "line 33: Operator on /vms through @ops" in text[1]


def test_what_can_of_an_administrator_is_short() -> None:
    assert virtward("what-can", "erin@corp", "--under", "/nodes").out.splitlines()[1].split()[:3] == [
        "/nodes",
        "all",
        "47*",
    ]


def test_what_can_takes_one_kind_of_list_at_a_time() -> None:
    assert virtward("what-can", "erin@corp", "--under", "/nodes", "--endpoints").code == 2


def test_endpoints_have_a_verdict_each() -> None:
    found = rows("what-can", "ci@pve!deploy", "--endpoints")
    assert len(found) == 649
    verdicts = {(row["method"], row["path"]): row["verdict"] for row in found}
    assert verdicts["GET", "/version"] == "allowed"
    assert verdicts["POST", "/nodes/{node}/qemu/{vmid}/status/start"] == "depends"
    assert verdicts["POST", "/access/users"] == "denied"


def test_show_gives_every_row_its_line() -> None:
    lines = SAMPLE.decode().splitlines()
    for noun, kind in {"users": "user", "groups": "group", "tokens": "token", "pools": "pool"}.items():
        for row in rows("show", noun):
            assert lines[int(str(row["line"])) - 1].startswith(f"{kind}:{row['id']}:")
    for row in rows("show", "acl"):
        text = lines[int(str(row["line"])) - 1]
        assert str(row["path"]) in text and str(row["role"]) in text


def test_show_says_what_the_file_says() -> None:
    users = {row["id"]: row for row in rows("show", "users")}
    assert users["frank@pve"]["expires"] == "2025-01-01 00:00:00"
    assert users["ci@pve"]["tokens"] == ["deploy", "report"]
    assert users["dave@pve"]["enabled"] is False
    roles = {row["id"]: row for row in rows("show", "roles")}
    assert roles["Operator"]["privileges"] == ["VM.Audit", "VM.Console", "VM.PowerMgmt", "VM.Snapshot"]
    assert (roles["Operator"]["builtin"], roles["Operator"]["entries"], roles["Operator"]["line"]) == (False, 1, 23)
    assert roles["PVEAdmin"]["line"] == 0
    assert [row["guests"] for row in rows("show", "pools")] == [["100", "101"], ["110", "111"], ["120"]]


def test_show_privileges_needs_no_file_and_knows_releases() -> None:
    old = json.loads(virtward("show", "privileges", "--release", "8.4", "-o", "json", policy=None).out)
    new = json.loads(virtward("show", "privileges", "-o", "json", policy=None).out)
    assert {row["id"] for row in old} - {row["id"] for row in new} == {"VM.Monitor"}
    assert len(new) == 47


def test_dates_beyond_every_calendar_are_shown_as_numbers() -> None:
    (user,) = [
        row for row in rows("show", "users", policy=f"user:a@pve:1:{'9' * 30}:::::\n") if row["id"] == "a@pve"
    ]
    assert str(user["expires"]).startswith(("9" * 15, "1e+30"))


def test_an_empty_list_is_a_list() -> None:
    assert rows("show", "pools", policy="") == []
    assert virtward("show", "pools", policy="").out == ""
    assert rows("show", "users", policy="")[0]["id"] == "root@pam"
