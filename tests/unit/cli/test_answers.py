"""The documented keys are the keys."""

import json

import pytest
import yaml

from tests.unit.cli.process import virtward
from virtward.cli.answers import ANSWERS
from virtward.cli.commands import COMMANDS, NOUNS

CALLS = [
    ("can", "", "can alice@pve VM.Audit /vms/110"),
    ("can", "", "can alice@pve PUT /nodes/n1/qemu/110/config net0=virtio,bridge=vmbr1"),
    ("why", "", "why alice@pve VM.Audit /vms/110"),
    ("why", "", "why ci@pve!deploy PUT /nodes/n1/qemu/110/config net0=virtio,bridge=vmbr1"),
    ("who-can", "", "who-can VM.Audit /vms/110"),
    ("what-can", "", "what-can alice@pve"),
    ("what-can", "--endpoints", "what-can alice@pve --endpoints"),
    *(("show", noun, f"show {noun}") for noun in NOUNS),
    ("fmt", "--check", "fmt --check"),
    ("check", "", "check"),
    ("upgrade-check", "", "upgrade-check"),
]


@pytest.mark.parametrize(("command", "variant", "line"), CALLS)
def test_json_has_exactly_the_documented_keys_in_order(command: str, variant: str, line: str) -> None:
    answer = json.loads(virtward(*line.split(), "-o", "json").out)
    row = next(row for row in COMMANDS if row.name == command)
    assert isinstance(answer, list) == row.lists
    records = answer if isinstance(answer, list) else [answer]
    assert records
    for record in records:
        assert [*record] == [field.key for field in ANSWERS[command][variant]]


@pytest.mark.parametrize(("command", "variant", "line"), CALLS)
def test_yaml_says_the_same_as_json(command: str, variant: str, line: str) -> None:
    as_json = json.loads(virtward(*line.split(), "-o", "json").out)
    assert yaml.safe_load(virtward(*line.split(), "-o", "yaml").out) == as_json


def test_every_answer_that_is_documented_is_tried_here() -> None:
    documented = {(command, variant) for command, variants in ANSWERS.items() for variant in variants}
    assert documented == {(command, variant) for command, variant, _ in CALLS}


def test_what_is_asked_never_shows_a_secret() -> None:
    for command in ("can", "why"):
        done = virtward(
            command, "alice@pve", "PUT", "/access/password", "userid=alice@pve", "password=geheim", "-ojson"
        )
        assert "geheim" not in done.out + done.err
        assert "password=***" in done.out


@pytest.mark.parametrize(("command", "variant", "line"), CALLS)
@pytest.mark.parametrize("form", ["table", "text"])
def test_people_get_every_word_of_a_table_in_any_width(command: str, variant: str, line: str, form: str) -> None:
    done = virtward(*line.split(), "-o", form, terminal=True, environ={"NO_COLOR": "1", "COLUMNS": "70"})
    assert done.out
    assert "\x1b" not in done.out
    if command == "show":
        last = json.loads(virtward(*line.split(), "-o", "json").out)[-1]
        assert str(last["id" if "id" in last else "path"]) in done.out.replace("\n", "")
