from io import BytesIO, StringIO, TextIOWrapper
from typing import Any

import pytest

from tests.unit.cli.process import virtward
from virtward.cli import commands, source
from virtward.cli.front import run
from virtward.cli.shell import Call, Shell


def broken(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(_: Call) -> int:
        raise error

    monkeypatch.setattr("virtward.cli.parser.COMMANDS", (commands.SHOW._replace(run=fail),))


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (BrokenPipeError(), 141, ""),
        (KeyboardInterrupt(), 130, ""),
        (OSError(28, "No space left on device"), 2, "virtward: can't go on: No space left on device\n"),
        (ZeroDivisionError("a\x1bb"), 2, "virtward: internal error: ZeroDivisionError: a\\x1bb\n"),
        (MemoryError(), 2, "virtward: internal error: MemoryError\n"),
    ],
)
def test_whatever_happens_is_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, says: str
) -> None:
    broken(monkeypatch, error)
    assert virtward("show", "users", environ={"VIRTWARD_DEBUG": "0"}) == (code, "", says)


def test_a_traceback_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        virtward("show", "users")


def test_arguments_cannot_write_control_characters_to_a_terminal() -> None:
    for words in (
        ["can", "\x1b[2J", "VM.Audit", "/"],
        ["can", "alice@pve", "\x1b[2J", "/"],
        ["can", "alice@pve", "VM.Audit", "\x1b[2J"],
        ["can", "alice@pve", "GET", "/\x1b[2J"],
        ["can", "alice@pve", "GET", "/version", "\x1b[2J=1"],
        ["\x1b[2J"],
        ["--\x1b[2J", "show"],
        ["show", "--\x1b[2J", "users"],
        ["show", "\x1b[2J"],
        ["show", "users", "--policy", "/no/\x1b[2J/file"],
        ["what-can", "alice@pve", "--under", "\udcff\x9b"],
    ):
        done = virtward(*words)
        assert done.code == 2
        assert "\x1b" not in done.out + done.err


def test_a_file_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LARGEST", 10)
    done = virtward("check", policy=b"#" * 11)
    assert (done.code, done.out) == (2, "")
    assert "is larger than" in done.err


def test_without_a_policy_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "DEFAULT_FILE", "/nonexistent/user.cfg")
    done = virtward("check", policy=None)
    assert (done.code, done.out) == (2, "")
    assert "name a user.cfg with --policy FILE" in done.err


def test_the_default_file_is_read_where_it_exists(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    path = tmp_path / "user.cfg"
    path.write_text("user:only@pve:1:0::::::\n")
    monkeypatch.setattr(source, "DEFAULT_FILE", str(path))
    assert "only@pve" in virtward("show", "users", policy=None).out


def test_a_file_with_problems_is_mentioned_beside_the_answer() -> None:
    done = virtward("can", "a@pve", "VM.Audit", "/", policy="user:a@pve:1:0::::::\nx\ny\n")
    assert done == (1, "no\n", "virtward: note: <stdin> has 2 problems, first on line 2: see 'virtward check'\n")


def test_a_stream_without_bytes_or_encoding_is_good_enough() -> None:
    out = StringIO()
    shell = Shell(BytesIO(), out, TextIOWrapper(BytesIO()), {}, lambda: 0)
    assert run(["show", "privileges", "-o", "json"], shell) == 0
    assert out.getvalue().startswith("[")
