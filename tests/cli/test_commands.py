"""The command line as its users run it: whole processes, their output and exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

SAMPLE = Path(__file__).parent.parent.parent / "examples" / "user.cfg"
FILE = """user:ann@pve:1:0::::::
user:bob@pve:0:0::::::
token:ann@pve!ci:0:1::

group:ops:bob@pve::

pool:web::100::

role:Look:VM.Audit:

acl:1:/:@ops:PVEAdmin:
acl:1:/pool/web:ann@pve!ci:PVEVMUser:
acl:1:/vms/100:ann@pve:PVEVMUser:
acl:1:/vms/101:ann@pve:NoAccess:
"""


def run(
    *words: str, policy: str | bytes | None = None, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """One call; the policy goes in on standard input."""
    command = [sys.executable, "-m", "virtward", *words]
    if policy is not None:
        command += ["--policy", "-"]
    if path is not None:
        command += ["--policy", str(path)]
    data = policy.encode() if isinstance(policy, str) else policy
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    done = subprocess.run(command, input=data or b"", capture_output=True, env=env, check=False)
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (["can", "ann@pve", "VM.Audit", "/vms/100"], "yes", 0),
        (["can", "ann@pve", "VM.Migrate", "/vms/100"], "no", 1),
        (["can", "ann@pve", "VM.Audit", "/vms/101"], "no", 1),
        (["can", "ann@pve", "GET", "/api2/json/nodes/n1/qemu/100/config"], "yes", 0),
        (["can", "ann@pve", "PUT", "/nodes/n1/qemu/100/config", "cores=2"], "no", 1),
        (["can", "root@pam", "PUT", "/nodes/n1/qemu/100/config", "args=-x"], "yes", 0),
        (["can", "ann@pve!ci", "VM.PowerMgmt", "/vms/100"], "yes", 0),
    ],
)
def test_can_says_yes_or_no_and_exits_so(words: list[str], said: str, code: int) -> None:
    done = run(*words, policy=FILE)
    assert (done.stdout.split()[0], done.returncode) == (said, code)
    quiet = run(*words, "-q", policy=FILE)
    assert (quiet.stdout, quiet.returncode) == ("", code)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["can", "anne@pve", "VM.Audit", "/vms/100"], "ann@pve"),
        (["can", "ann@pve", "VM.Audti", "/vms/100"], "VM.Audit"),
        (["can", "ann@pve", "VM.Audit", "/vm/100"], "/vms/100"),
        (["can", "ann@pve", "PATCH", "/nodes/n1/qemu/100/config"], ""),
        (["can", "ann@pve", "GET", "/nodes/n1/qemu/100/confg"], "config"),
        (["whocan", "VM.Audit", "/vms/100"], "who-can"),
        (["can", "ann@pve"], ""),
        (["can", "ann@pve", "VM.Audit", "/vms/ä b"], ""),
        (["why", "ann@pve", "200 OK"], ""),
        (["show", "rolls"], "roles"),
        (["what-can", "ann@pve", "--under", "bad path"], ""),
        (["can", "ann@pve", "VM.Audit", "/vms/100", "--release", "7"], ""),
    ],
)
def test_a_question_that_is_none_exits_with_2_and_says_what_was_meant(words: list[str], hint: str) -> None:
    done = run(*words, policy=FILE)
    assert done.returncode == 2
    assert done.stdout == ""
    assert hint in done.stderr


def test_why_names_the_deciding_line_what_it_cuts_off_and_how_to_grant_it() -> None:
    done = run("why", "ann@pve", "VM.Migrate", "/vms/101", policy=FILE)
    assert done.returncode == 1
    assert "acl:1:/vms/101:ann@pve:NoAccess:" in done.stdout
    assert "403 Permission check failed (/vms/101, VM.Migrate)" in done.stdout
    assert "pveum acl delete /vms/101 --roles NoAccess --users ann@pve" in done.stdout or "missing" in done.stdout


def test_why_takes_a_pasted_error() -> None:
    done = run("why", "ann@pve", "403 Permission check failed (/vms/100, VM.Config.Disk)", policy=FILE)
    assert done.returncode == 1
    assert "VM.Config.Disk on /vms/100" in done.stdout


def test_why_says_where_no_role_can_grant_it() -> None:
    done = run("why", "bob@pve", "PUT", "/nodes/n1/qemu/100/config", "args=-x", policy=FILE)
    assert done.returncode == 1
    assert "root@pam only" in done.stdout


def test_who_can_marks_the_disabled_and_names_entries() -> None:
    done = run("who-can", "VM.Audit", "/vms/100", "-o", "json", policy=FILE)
    rows = {row["subject"]: row for row in json.loads(done.stdout)}
    assert set(rows) == {"ann@pve", "ann@pve!ci", "bob@pve", "root@pam"}
    assert "disabled" in json.dumps(rows["bob@pve"])


def test_what_can_lists_paths_and_every_call() -> None:
    done = run("what-can", "ann@pve", policy=FILE)
    assert done.returncode == 0
    assert "/vms/100" in done.stdout
    calls = json.loads(run("what-can", "bob@pve", "--endpoints", "-o", "json", policy=FILE).stdout)
    assert len(calls) == 649
    assert {call["verdict"] for call in calls} == {"allowed", "denied", "depends"}


@pytest.mark.parametrize("noun", ["users", "groups", "roles", "tokens", "pools", "acl", "privileges"])
@pytest.mark.parametrize("form", ["table", "text", "json", "yaml"])
def test_show_prints_every_noun_in_every_format(noun: str, form: str) -> None:
    done = run("show", noun, "-o", form, policy=FILE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()
    if form == "json":
        assert json.loads(done.stdout)
    if form == "yaml":
        assert yaml.safe_load(done.stdout)


def test_fmt_prints_the_canonical_file() -> None:
    shuffled = "".join(f"{line}\n" for line in sorted(FILE.splitlines(), key=lambda line: "utgpra".find(line[:1])))
    assert run("fmt", policy=shuffled).stdout == run("fmt", policy=run("fmt", policy=shuffled).stdout).stdout


def test_check_finds_what_is_wrong_and_exits_so() -> None:
    clean = run("check", policy=run("fmt", policy="role:Look:VM.Audit:\n").stdout)
    assert clean.returncode == 0
    done = run("check", policy=FILE + "acl:1:/vms:ghost@pve:Look:\nnonsense\n")
    assert done.returncode == 1
    assert ":15:" in done.stdout
    assert "nonsense" in done.stdout


def test_upgrade_check_names_role_holder_and_repair() -> None:
    done = run("upgrade-check", path=SAMPLE)
    assert done.returncode == 1
    for text in ("'Operator'", "carol@pve on /vms through @ops", "pveum role modify Operator", "VM.GuestAgent"):
        assert text in done.stdout
    found = json.loads(run("upgrade-check", "-o", "json", path=SAMPLE).stdout)
    assert found["findings"][0]["code"] == "dropped-privilege"
    assert run("upgrade-check", policy="").returncode == 0
    assert run("upgrade-check", "--from", "9", "--to", "9", policy="").returncode == 2


@pytest.mark.parametrize(
    "garbage", [b"\xff\xfe\0" * 50, b":" * 999, b"acl:1:/:\x1b[2J@pve:Look:\n", b"user:" + b"9" * 9999, b" \t\n"]
)
@pytest.mark.parametrize(
    "words",
    [
        ["check"],
        ["fmt"],
        ["show", "acl"],
        ["can", "root@pam", "VM.Audit", "/"],
        ["who-can", "VM.Audit", "/"],
        ["upgrade-check"],
    ],
)
def test_garbage_never_breaks_it_nor_reaches_the_terminal(garbage: bytes, words: list[str]) -> None:
    done = run(*words, policy=garbage)
    assert done.returncode in (0, 1)
    assert "\x1b" not in done.stdout + done.stderr or words == ["fmt"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str) -> None:
    done = run("completion", shell)
    assert done.returncode == 0
    assert "virtward" in done.stdout


def test_completion_knows_subjects_and_privileges() -> None:
    words = ["__complete", "--", "--policy", str(SAMPLE), "can", "al"]
    assert "alice@pve" in run(*words).stdout
    assert "VM.Audit" in run("__complete", "--", "can", "alice@pve", "VM.Au", "--policy", str(SAMPLE)).stdout + (
        run("__complete", "--", "--policy", str(SAMPLE), "can", "alice@pve", "VM.Au").stdout
    )


@pytest.mark.parametrize(
    "command", ["can", "why", "who-can", "what-can", "show", "fmt", "check", "upgrade-check", "completion"]
)
def test_every_command_has_help_with_examples(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"virtward {command}" in done.stdout
    assert "example" in done.stdout


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.cfg", tmp_path):
        done = run("check", path=path)
        assert done.returncode == 2
        assert str(path) in done.stderr
