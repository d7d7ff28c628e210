import pytest

from tests.unit.cli.process import virtward

ODD = b"""user:al\xffce@pve:1:0::::::
user:DOM\\alice@ad:1:0::::::
group:ops:ghost@pve::
role:Look:VM.Audit:
acl:1:/vms:al\xffce@pve,DOM\\alice@ad,@ops,phantom@pve:Look:
acl:1:/custom/place:al\xffce@pve:Look:
"""


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("alice", "Did you mean alice@pve?"),
        ("alice@pam", "Did you mean alice@pve?"),
        ("alcie@pve", "Did you mean alice@pve"),
        ("erin@pve", "Did you mean erin@corp"),
        ("ci@pve!deplo", "ci@pve!deploy"),
        ("ic@pve!deploy", "ci@pve!deploy"),
        ("web", "ask about one of its members (alice@pve, bob@pve, ci@pve)"),
        ("@web", "is a group"),
        ("", "unknown subject"),
        ("-@-", "unknown user"),
        ("a b@pve", "unknown"),
    ],
)
@pytest.mark.parametrize("command", ["can", "why", "what-can"])
def test_an_unknown_subject_is_refused_with_near_names(command: str, subject: str, says: str) -> None:
    rest = [] if command == "what-can" else ["VM.Audit", "/"]
    done = virtward(command, "--", subject, *rest)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_somebody_whom_only_entries_or_groups_name_is_answered_with_a_note() -> None:
    for ghost in ("ghost@pve", "phantom@pve"):
        done = virtward("can", ghost, "VM.Audit", "/vms/100", policy=ODD)
        assert (done.code, done.out) == (0, "yes\n")
        assert f"has no user {ghost}" in done.err


def test_an_odd_name_may_be_typed_as_it_is_shown() -> None:
    for name in ("al\\xffce@pve", "al\udcffce@pve", "DOM\\alice@ad"):
        assert virtward("can", name, "VM.Audit", "/vms/100", policy=ODD).code == 0


@pytest.mark.parametrize(
    ("privilege", "path", "says"),
    [
        ("VM.Audti", "/", "Did you mean VM.Audit"),
        ("vm.audit", "/", "Did you mean VM.Audit"),
        ("VM.Monitor", "/", "only of 8.4"),
        ("PVEAuditor", "/", "is a role, not a privilege"),
        ("PTU", "/", "PUT"),
        ("", "/", "unknown privilege"),
        ("VM.Audit,", "/", "unknown privilege"),
        ("VM.Audit,VM.Clone|VM.Backup", "/", "ask twice"),
        ("/vms/100", "VM.Audit", "comes before the path"),
        ("VM.Audit", "/vm/100", "Did you mean /vms/100?"),
        ("VM.Audit", "/pools/web", "Did you mean /pool/web?"),
        ("VM.Audit", "/vms/100/config", "Did you mean /vms/100?"),
        ("VM.Audit", "/vms/99", "100 or above"),
        ("VM.Audit", "/nodes/n1/qemu/110/config", "looks like an API path"),
        ("VM.Audit", "/vms/a b", "can't be a path"),
        ("VM.Audit", "", "can't be a path"),
        ("VM.Audit", "0", "can't be a path"),
    ],
)
def test_an_unknown_privilege_or_path_is_refused_with_near_names(privilege: str, path: str, says: str) -> None:
    for command in (["can", "alice@pve"], ["who-can"]):
        done = virtward(*command, privilege, path)
        assert (done.code, done.out) == (2, "")
        assert says in done.err


@pytest.mark.parametrize(
    ("path", "note"),
    [
        ("/pool/wbe", "has no pool 'wbe'. Did you mean web?"),
        ("/access/groups/wbe", "has no group 'wbe'"),
        ("/vms/999", "doesn't mention /vms/999"),
        ("/vms/110", ""),
        ("/vms", ""),
    ],
)
def test_a_path_that_the_file_does_not_know_is_answered_with_a_note(path: str, note: str) -> None:
    done = virtward("can", "alice@pve", "VM.Allocate", path, "--release", "8.4")
    assert done.code in (0, 1)
    assert note in done.err if note else done.err == ""


def test_a_path_of_no_valid_shape_is_asked_about_if_the_file_has_entries_there() -> None:
    done = virtward("can", "al\\xffce@pve", "VM.Audit", "/custom/place", policy=ODD)
    assert (done.code, done.out) == (0, "yes\n")
    assert "lets nobody add entries on /custom/place" in done.err


def test_a_path_of_the_other_release_is_named_as_such() -> None:
    done = virtward("can", "alice@pve", "SDN.Audit", "/sdn/fabrics/f1", "--release", "8.4")
    assert done.code == 2
    assert "try --release 9" in done.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["PUT", "/nodes/n1/qemu/110/config", "corse=4"], "Did you mean cores"),
        (["PUT", "/nodes/n1/qemu/110/config", "cores"], "write NAME=VALUE"),
        (["GET", "/nodes/n1/qemu/110/confg"], "config"),
        (["POST", "/access/acl"], "PUT /access/acl"),
        (["GET"], "PATH"),
    ],
)
def test_a_call_that_does_not_exist_is_refused(words: list[str], says: str) -> None:
    done = virtward("can", "alice@pve", *words)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


def test_parameters_that_are_required_and_missing_are_noted() -> None:
    assert "the call also takes vmid" in virtward("can", "alice@pve", "POST", "/nodes/n1/qemu").err


def test_an_account_that_cannot_log_on_is_noted() -> None:
    assert "the user has expired" in virtward("can", "frank@pve", "VM.Audit", "/vms/100").err
    assert "the user is disabled" in virtward("can", "dave@pve", "VM.Audit", "/vms/100").err
    assert virtward("can", "-q", "dave@pve", "VM.Audit", "/vms/100") == (0, "", "")
