import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.cli.process import virtward
from virtward.cli.commands import COMMANDS, GLOBAL
from virtward.cli.parser import find, options_of, split, values_of
from virtward.errors import Error


@pytest.mark.parametrize(
    "line",
    [
        "--policy f can a b c -q",
        "can --policy f a b c -q",
        "can a -q b --policy=f c",
        "-q can a b c --policy f",
        "can --policy f -q -- a b c",
    ],
)
def test_options_may_stand_anywhere(line: str) -> None:
    words = split(line.split())
    values = values_of(find(words.command), words)
    assert (values["policy"], values["quiet"], values["output"]) == ("f", True, None)
    assert (values["subject"], values["what"], values["path"], values["arguments"]) == ("a", "b", "c", [])


@pytest.mark.parametrize(
    "line", ["can -qojson a b c", "can -q -o json a b c", "can -qo json a b c", "can -q -ojson a b c"]
)
def test_short_options_may_be_joined(line: str) -> None:
    words = split(line.split())
    values = values_of(find(words.command), words)
    assert (values["quiet"], values["output"], values["path"]) == (True, "json", "c")


def test_words_after_two_dashes_are_no_options() -> None:
    words = split(["can", "--", "-@-", "VM.Audit", "/"])
    assert values_of(find("can"), words)["subject"] == "-@-"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("can a b c --polcy f", "Did you mean --policy"),
        ("can -x a b c", "no option '-x'"),
        ("show usres", "Did you mean users"),
        ("show", "NOUN"),
        ("can a b", "PATH"),
        ("show users groups", "doesn't take the word 'groups'"),
        ("can a b c -o", "expected one argument"),
        ("can a b c -o xml", "only table, text, json, yaml"),
        ("can a b c --release 7", "only 8.4, 9"),
        ("fmt --check=1", "--check"),
        ("shwo users", "Did you mean show"),
    ],
)
def test_words_that_do_not_fit_are_named(line: str, says: str) -> None:
    done = virtward(*line.split(), policy=None)
    assert (done.code, done.out) == (2, "")
    assert says in done.err


@given(
    st.lists(
        st.sampled_from(["can", "why", "-q", "--policy", "--policy=x", "-o", "--", "-", "a", "", "-oq", "--x"])
    )
)
def test_any_words_are_taken_or_refused_with_a_message(argv: list[str]) -> None:
    words = split(argv)
    try:
        values_of(find(words.command), words)
    except Error as error:
        assert error.message


def test_no_option_is_declared_twice() -> None:
    for row in COMMANDS:
        spellings = [s for each in options_of(row) for s in (each.long, each.short) if s]
        assert len(spellings) == len({*spellings})
    own = [each for row in COMMANDS for each in row.arguments if each.long]
    assert not {each.long for each in own} & {each.long for each in GLOBAL}
    assert len({each.long for each in own}) == len({*own})
