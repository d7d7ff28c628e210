"""What only whole processes show: terminals, pipes, signals, encodings, shells, and what is imported."""

import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[2] / "examples" / "user.cfg"
COMMAND = [sys.executable, "-m", "virtward"]
ENVIRON = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm"}


def on_terminal(*words: str, environ: dict[str, str] | None = None) -> tuple[int, str]:
    """Runs it with a terminal for its standard output and error."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *words],
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=follower,
        env={**ENVIRON, **(environ or {})},
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # how Linux says that nobody is on the other side any more
            break
        if not piece:
            break
        shown += piece
    os.close(leader)
    return process.wait(), shown.decode()


def test_a_terminal_gets_a_table_in_colour_and_a_pipe_gets_text() -> None:
    words = ["who-can", "VM.Console", "/vms/110", "--policy", str(SAMPLE)]
    code, shown = on_terminal(*words)
    assert code == 0
    assert "\x1b[1mSUBJECT" in shown
    piped = subprocess.run([*COMMAND, *words], capture_output=True, env=ENVIRON, check=True).stdout.decode()
    assert piped.splitlines()[0].split() == ["SUBJECT", "KIND", "VIA", "NOTES"]
    assert "\x1b" not in piped + on_terminal(*words, environ={"NO_COLOR": "1"})[1]


def test_a_reader_that_goes_away_is_no_error() -> None:
    words = ["what-can", "erin@corp", "--endpoints", "-o", "json", "--policy", str(SAMPLE)]
    with subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRON
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert b"rror" not in process.stderr.read()
    assert process.returncode in (0, 141)


def test_an_interrupt_is_quiet() -> None:
    with subprocess.Popen(
        [*COMMAND, "check", "--policy", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRON
    ) as process:
        time.sleep(1)  # it waits for its standard input by now
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (130, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["can", "root@pam", "VM.Audit", "/"], ["fmt"], ["show", "acl"]])
def test_a_full_disk_is_an_error(words: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, *words, "--policy", str(SAMPLE)],
            stdout=full,
            stderr=subprocess.PIPE,
            env=ENVIRON,
            check=False,
        )
    assert done.returncode == 2
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("form", ["table", "text", "json", "yaml"])
def test_any_encoding_of_the_terminal_is_good_enough(encoding: str, form: str) -> None:
    policy = "user:jürgen@pve:1:0:J%C3%BCrgen::::\nacl:1:/:jürgen@pve:PVEAdmin:\n日本\n".encode()
    for words in (["show", "users"], ["show", "acl"], ["why", "jürgen@pve", "VM.Audit", "/"], ["check"]):
        done = subprocess.run(
            [*COMMAND, *words, "-o", form, "--policy", "-"],
            input=policy,
            capture_output=True,
            env={**ENVIRON, "PYTHONIOENCODING": encoding},
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        assert "rgen" in done.stdout.decode(encoding) or words == ["check"]


def test_standard_input_and_process_substitution_are_files_too() -> None:
    script = f'"$0" -m virtward can -q alice@pve VM.Audit /vms/110 --policy <(cat "{SAMPLE}")'
    assert subprocess.run(["bash", "-c", script, sys.executable], env=ENVIRON, check=False).returncode == 0


def modules(*words: str) -> set[str]:
    """The modules that a call has imported by its end."""
    program = (
        "import sys; from virtward.main import run; sys.argv[1:] = sys.argv[1:]; code = run();"
        " sys.stderr.write('\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, env=ENVIRON, check=True)
    return set(done.stderr.decode().split("\n"))


def test_nothing_is_imported_that_is_not_needed() -> None:
    version = modules("--version")
    assert not {"re", "typing", "argparse", "dataclasses", "virtward.cli", "virtward.policy"} & version
    overview = modules("--help")
    assert not {"argparse", "dataclasses", "virtward.policy", "virtward.rules", "json", "rich", "yaml"} & overview
    can = modules("can", "-q", "alice@pve", "VM.Audit", "/vms/110", "--policy", str(SAMPLE))
    heavy = {"json", "rich", "yaml", "difflib", "shutil", "datetime"}
    assert not (heavy | {"virtward.analysis", "virtward.rules", "virtward.policy.requirement"}) & can
    assert not heavy & modules("show", "acl", "--policy", str(SAMPLE))
    assert "rich" not in modules("why", "alice@pve", "VM.Audit", "/vms/110", "--policy", str(SAMPLE))


BASH = r"""
source <("$PYTHON" -m virtward completion bash)
virtward() { "$PYTHON" -m virtward "$@"; }
COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
complete_line() {
    COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
    _virtward virtward
    printf '%s\n' "${COMPREPLY[*]}"
}
cd "$FOLDER"
complete_line 'virtward wh'
complete_line 'virtward can --policy user.cfg al'
complete_line 'virtward can --policy user.cfg ci@pv'
complete_line 'virtward --policy=us'
complete_line 'virtward can --policy user.cfg alice@pve VM.Snapshot.R'
complete_line 'virtward who-can --policy user.cfg PUT /nodes/n1/qemu/110/conf'
COMP_LINE= COMP_WORDS=(virtward show us) COMP_CWORD=2
_virtward virtward
printf '%s\n' "${COMPREPLY[*]}"
"""


def test_bash_completes_words_that_it_breaks_at_signs() -> None:
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH],
        capture_output=True,
        env={**ENVIRON, "PYTHON": sys.executable, "FOLDER": str(SAMPLE.parent)},
        check=True,
    )
    assert done.stdout.decode().splitlines() == [
        "what-can who-can why",
        "alice@pve",
        r"pve pve\!deploy pve\!report",
        "user.cfg",
        "VM.Snapshot.Rollback",
        "/nodes/n1/qemu/110/config",
        "users",
    ]


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes(tmp_path: Path) -> None:
    program = tmp_path / "virtward"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m virtward "$@"\n')
    program.chmod(0o755)
    script = f'virtward completion fish | source; complete -C "virtward can --policy {SAMPLE} ci"'
    environ = {**ENVIRON, "PATH": f"{tmp_path}:{ENVIRON['PATH']}", "HOME": str(tmp_path)}
    done = subprocess.run(["fish", "-N", "-c", script], capture_output=True, env=environ, check=False)
    assert done.stdout.decode().split() == ["ci@pve", "ci@pve!deploy", "ci@pve!report"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_accepts_the_script() -> None:
    done = subprocess.run([*COMMAND, "completion", "zsh"], capture_output=True, env=ENVIRON, check=True)
    assert subprocess.run(["zsh", "-f", "-n"], input=done.stdout, env=ENVIRON, check=False).returncode == 0
