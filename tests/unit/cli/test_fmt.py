import json
import os
from pathlib import Path

import pytest

from tests.unit.cli.process import SAMPLE, Done, virtward
from virtward.cli import fmt
from virtward.errors import Error
from virtward.policy.privileges import RELEASES
from virtward.policy.usercfg import parse, render

UNTIDY = "user:a@pve:1:0:\n\ngroup:g:a@pve:\nuser:root@pam:1:0::::::\nacl:1:/vms:@g:PVEVMUser:\n"


def file(tmp_path: Path, text: str | bytes, *words: str) -> tuple[Done, Path]:
    path = tmp_path / "user.cfg"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return virtward("fmt", "--policy", str(path), *words, policy=None), path


def test_the_canonical_file_is_printed_byte_for_byte() -> None:
    policy = b"user:al\xffce@pve:1:0::::::\ngroup:g:al\xffce@pve:gr%C3%BC%C3%9Fe:\n"
    out = virtward("fmt", policy=policy).out.encode("utf-8", "surrogateescape")
    assert out == render(parse(policy).policy)


def test_a_terminal_gets_it_escaped() -> None:
    done = virtward("fmt", policy="user:a@pve:1:0:::\x1b[2J:::\n", terminal=True)
    assert done.out.startswith("user:a@pve:1:0:::\\x1b[2J:::\n")


def test_check_says_whether_it_differs_and_where_first() -> None:
    canonical = render(parse(SAMPLE, RELEASES["8.4"]).policy)
    assert virtward("fmt", "--check", "--release", "8.4", policy=canonical) == (0, "<stdin>: canonical\n", "")
    done = virtward("fmt", "--check", policy=UNTIDY)
    assert done.code == 1
    assert done.out == "<stdin>:1: not canonical from this line on: 2 lines would change\n"
    moved = b"".join(sorted(canonical.splitlines(keepends=True), reverse=True))
    assert "only move" in virtward("fmt", "--check", "--release", "8.4", policy=moved).out
    found = json.loads(virtward("fmt", "--check", "-o", "json", policy=UNTIDY).out)
    assert found == {"file": "<stdin>", "canonical": False, "differing_lines": 2, "first_line": 1}


def test_write_replaces_the_file_and_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "user.cfg").touch(0o640)
    done, path = file(tmp_path, UNTIDY, "--write")
    assert (done.code, done.err) == (0, "")
    assert path.read_bytes() == render(parse(UNTIDY.encode()).policy)
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["user.cfg"]
    assert "nothing to do" in virtward("fmt", "--write", "--policy", str(path), policy=None).out


def test_write_follows_a_link_instead_of_replacing_it(tmp_path: Path) -> None:
    real = tmp_path / "real.cfg"
    real.write_text(UNTIDY)
    link = tmp_path / "link.cfg"
    link.symlink_to(real)
    assert virtward("fmt", "--write", "--policy", str(link), policy=None).code == 0
    assert link.is_symlink()
    assert real.read_bytes() == render(parse(UNTIDY.encode()).policy)


@pytest.mark.parametrize(
    ("line", "lost"),
    [
        ("# a remark\n", "ignore config line: # a remark"),
        ("role:R:VM.Audit,VM.Monitor:\n", "ignore invalid privilege 'VM.Monitor'"),
        ("role:PVEAuditor:VM.Allocate:\n", "role PVEAuditor (line 6)"),
        ("acl:1:/:root@pam:NoAccess:\n", "the entry of line 6 (NoAccess on / for root@pam)"),
        (f"user:b@pve:1:{10**30}::::::\n", "user b@pve"),
    ],
)
def test_write_refuses_to_lose_anything_unless_forced(tmp_path: Path, line: str, lost: str) -> None:
    done, path = file(tmp_path, UNTIDY + line, "--write")
    assert (done.code, done.out) == (2, "")
    assert lost in done.err
    assert path.read_text() == UNTIDY + line
    forced, path = file(tmp_path, UNTIDY + line, "--write", "--force")
    assert forced.code == 0
    assert path.read_bytes() == render(parse((UNTIDY + line).encode()).policy)


def test_what_is_warned_about_and_yet_kept_is_no_loss(tmp_path: Path) -> None:
    done, _ = file(tmp_path, UNTIDY + "group:h:ghost@pve:\nacl:1:/:ghost@pve,@none:PVEAuditor:\n", "--write")
    assert done.code == 0


def test_a_file_that_changed_in_the_meantime_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "user.cfg"
    path.write_text("old")
    seen = path.stat()
    path.write_text("somebody else's")
    with pytest.raises(Error, match="changed by somebody else"):
        fmt.replace(str(path), b"mine", seen)
    assert path.read_text() == "somebody else's"
    assert os.listdir(tmp_path) == ["user.cfg"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "user.cfg"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        fmt.replace(str(path), b"new", path.stat())
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["user.cfg"]


@pytest.mark.parametrize("words", ["--check --write", "--force", "--write", "-o json"])
def test_options_that_do_not_go_together_are_refused(words: str) -> None:
    done = virtward("fmt", *words.split(), policy=UNTIDY)
    assert (done.code, done.out) == (2, "")
    assert done.err
