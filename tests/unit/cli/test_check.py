import json

import pytest

from tests.unit.cli.process import virtward

CLEAN = "user:root@pam:1:0::::::\n"


def test_lines_that_are_not_taken_come_with_file_line_and_effect() -> None:
    done = virtward("check", policy=CLEAN + "nonsense\nrole:R:VM.Bogus:\n")
    assert done.code == 1
    assert "<stdin>:2: warning: ignore config line: nonsense [syntax]\n    the line is ignored\n" in done.out
    assert "<stdin>:3: warning: ignore invalid privilege 'VM.Bogus' [syntax]\n" in done.out


def test_a_clean_file_exits_with_0() -> None:
    assert virtward("check", policy=CLEAN) == (0, "<stdin>: nothing found\n", "")
    assert json.loads(virtward("check", "-o", "json", policy=CLEAN).out) == []


def test_notices_alone_exit_with_0_and_warnings_with_1() -> None:
    token = CLEAN + "user:a@pve:1:0::::::\ntoken:a@pve!all:0:0::\nacl:1:/:a@pve:PVEAdmin:\n"
    done = virtward("check", "-o", "json", policy=token)
    severities = {each["severity"] for each in json.loads(done.out)}
    assert severities == {"notice"}
    assert done.code == 0
    trap = virtward("check", "-o", "json", policy=token.replace("all:0:0::", "all"))
    assert "token-without-privsep" in trap.out
    assert trap.code == 1


@pytest.mark.parametrize("form", ["text", "table", "json", "yaml"])
def test_texts_of_findings_are_escaped_once(form: str) -> None:
    entries = b"acl:1:/:al\xffce@pve:PVEAdmin:\nacl:1:/vms/0:al\xffce@pve:PVEAdmin:\n"
    policy = b"user:al\xffce@pve:1:0::::::\n" + entries + b"ju\x1bnk\n"
    done = virtward("check", "-o", form, policy=policy)
    shown = done.out.replace("\\\\", "\\")
    assert "\\x1b" in shown and "\\x5cx" not in shown
    assert "\x1b" not in done.out
