import shlex

import pytest

from tests.unit.cli.process import virtward
from virtward.cli import reference
from virtward.cli.answers import ANSWERS
from virtward.cli.commands import COMMANDS, GLOBAL
from virtward.cli.parser import find, split, values_of
from virtward.cli.rows import Command


def test_help_lists_every_command_and_option() -> None:
    page = virtward("--help", policy=None)
    assert page.code == 0
    for row in COMMANDS:
        assert f"  {row.name}" in page.out
    for option in GLOBAL:
        assert option.long in page.out
    assert max(map(len, page.out.splitlines())) <= 80
    assert virtward("-h", policy=None) == virtward("help", policy=None) == page
    assert virtward(policy=None) == (2, "", page.out)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda row: row.name)
def test_each_command_s_help_has_its_words_options_examples_and_exit_codes(command: Command) -> None:
    page = virtward(command.name, "--help", policy=None)
    assert page.code == 0
    for each in (*command.arguments, *GLOBAL):
        assert (each.long or each.metavar) in page.out
    assert 2 <= len(command.examples) <= 4
    for example, _ in command.examples:
        assert example in page.out
    for code, meaning in command.exits:
        assert f"  {code}  {meaning}" in page.out
    assert virtward("--policy", "x", "--help", command.name, policy=None).out == page.out
    assert virtward("help", command.name, policy=None).out == page.out


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_examples_are_command_lines(row: Command) -> None:
    for example, _ in row.examples:
        # Without what the shell does around it.
        line = example.removeprefix("source <(").removeprefix("virtward ")
        for end in (" && ", " > ", ")"):
            line = line.split(end)[0] if row.name == "completion" or end == " && " else line
        words = split(shlex.split(line))
        assert find(words.command) == row
        assert values_of(row, words)


def test_the_reference_page_has_every_command_argument_and_key() -> None:
    page = reference()
    for row in COMMANDS:
        assert f"\n## {row.name}\n" in page
        for each in row.arguments:
            assert f"{each.long or each.metavar}" in page
        for fields in ANSWERS.get(row.name, {}).values():
            for field in fields:
                assert f"| `{field.key}` |" in page


def test_the_version_is_that_of_the_package() -> None:
    from virtward import __version__

    for words in (["--version"], ["-V"], ["show", "--version"], ["--policy", "x", "--version"]):
        assert virtward(*words, policy=None) == (0, f"virtward {__version__}\n", "")
