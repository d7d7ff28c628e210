"""Each type: what it takes, what that becomes, and upstream's words for the rest."""

import math

import pytest

from tests.unit.schema.calls import error_of, errors, value_of
from virtward.schema.params import Param
from virtward.schema.types import Array, Boolean, Integer, ListOf, Number, String, enum
from virtward.schema.value import Value

TEXT = String()
WORDS = Array(items=String())


@pytest.mark.parametrize(
    ("param", "raw", "value"),
    [
        (TEXT, "", ""),
        (TEXT, "a b", "a b"),
        (TEXT, 5, "5"),
        (TEXT, 1.0, "1"),
        (TEXT, 0.1 + 0.2, "0.3"),
        (Integer(), "12", 12),
        (Integer(), "+4", 4),
        (Integer(), "-007", -7),
        (Integer(), "5\n", 5),
        (Integer(), 5.0, 5),
        (Integer(), 10**18, 10**18),
        (Number(), "2", 2),
        (Number(), "0.5", 0.5),
        (Number(), ".5", 0.5),
        (Number(), "5.", 5.0),
        (Number(), "-1e3", -1000.0),
        (Number(), 0.25, 0.25),
        (Boolean(), "0", False),
        (Boolean(), "1", True),
        (Boolean(), 1, True),
        (Boolean(), 0, False),
        (Boolean(), True, True),
        (Boolean(), False, False),
        (enum("a", "b"), "b", "b"),
        (Integer(choices=("1", "2")), "2", 2),
        (ListOf(), "", []),
        (ListOf(), "a,b;c d\te", ["a", "b", "c", "d", "e"]),
        (ListOf(), ", a ,,b; ", ["a", "b"]),
        (ListOf(), "a b\0c,d\0", ["a b", "c,d"]),
        (ListOf(), "a\u2003b", ["a", "b"]),
        (ListOf(), ["a", "b,c", 5, None, True], ["a", "b", "c", "5", "1"]),
        (ListOf(), [], []),
        (ListOf(item="pve-vmid"), [100, 101], ["100", "101"]),
        (WORDS, ["a", "b c"], ["a", "b c"]),
        (WORDS, "one", ["one"]),
        (WORDS, 7, ["7"]),
        (WORDS, [], []),
        (Array(items=Integer()), ["1", 2], [1, 2]),
        (Array(items=String(optional=True)), ["a", None], ["a"]),
    ],
)
def test_takes(param: Param, raw: object, value: Value) -> None:
    found = value_of(param, raw)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("param", "raw", "text"),
    [
        (TEXT, ["a", "b"], "type check ('string') failed - got ARRAY"),
        (TEXT, {"a": 1}, "type check ('string') failed - got HASH"),
        (TEXT, True, "type check ('string') failed - got JSON::PP::Boolean"),
        (Integer(), "x", "type check ('integer') failed - got 'x'"),
        (Integer(), "", "type check ('integer') failed - got ''"),
        (Integer(), " 5", "type check ('integer') failed - got ' 5'"),
        (Integer(), "5.0", "type check ('integer') failed - got '5.0'"),
        (Integer(), "1_0", "type check ('integer') failed - got '1_0'"),
        (Integer(), "5\n\n", "type check ('integer') failed - got '5\n\n'"),
        (Integer(), "\u0665", "type check ('integer') failed - got '\u0665'"),
        (Integer(), "9" * 641, f"type check ('integer') failed - got '{'9' * 641}'"),
        (Integer(), True, "type check ('integer') failed - got JSON::PP::Boolean"),
        (Number(), "1e999", "type check ('number') failed - got '1e999'"),
        (Number(), "nan", "type check ('number') failed - got 'nan'"),
        (Number(), math.inf, "type check ('number') failed - got 'inf'"),
        (Number(), "0x10", "type check ('number') failed - got '0x10'"),
        (Number(), "1,5", "type check ('number') failed - got '1,5'"),
        (Boolean(), "x", "type check ('boolean') failed - got 'x'"),
        (Boolean(), "true", "type check ('boolean') failed - got 'true'"),
        (Boolean(), "on", "type check ('boolean') failed - got 'on'"),
        (Boolean(), "01", "type check ('boolean') failed - got '01'"),
        (Boolean(), "1\n", "type check ('boolean') failed - got '1\n'"),
        (Boolean(), "", "type check ('boolean') failed - got ''"),
        (Boolean(), 2, "type check ('boolean') failed - got '2'"),
        (Boolean(), ["1"], "type check ('boolean') failed - got ARRAY"),
        (ListOf(), [["a"]], "type check ('string') failed - got ARRAY"),
        (ListOf(), {"a": "b"}, "type check ('string') failed - got HASH"),
        (ListOf(item="pve-vmid"), "100,5", "invalid format - value does not look like a valid VM ID\n"),
        (ListOf(item="unheard-of"), "", "invalid format - undefined format 'unheard-of-list'\n"),
        (WORDS, "", "type check ('array') failed"),
        (WORDS, "0", "type check ('array') failed"),
        (WORDS, True, "type check ('array') failed"),
        (WORDS, {"a": "b"}, "type check ('array') failed"),
        (String(format="unheard-of"), "x", "invalid format - undefined format 'unheard-of'\n"),
        (String(pattern="[a-c]+"), "abd", "value does not match the regex pattern"),
        (String(pattern="[a-c]+"), "", "value does not match the regex pattern"),
        (String(max_length=3), "abcd", "value may only be 3 characters long"),
        (String(min_length=2), "a", "value must be at least 2 characters long"),
        (Integer(minimum=0), "-1", "value must have a minimum value of 0"),
        (Integer(maximum=128), "129", "value must have a maximum value of 128"),
        (Number(minimum=0.5), "0.4", "value must have a minimum value of 0.5"),
        (Number(maximum=128), 128.5, "value must have a maximum value of 128"),
        (enum("a", "b"), "c", "value 'c' does not have a value in the enumeration 'a, b'"),
        (enum("a", "b"), "a\n", "value 'a\n' does not have a value in the enumeration 'a, b'"),
        (Integer(choices=("1", "2")), "+1", "value '+1' does not have a value in the enumeration '1, 2'"),
    ],
)
def test_refuses(param: Param, raw: object, text: str) -> None:
    assert error_of(param, raw) == text


def test_lengths_count_characters() -> None:
    assert value_of(String(max_length=3), "äöü") == "äöü"


def test_patterns_look_past_one_line_feed_as_in_perl() -> None:
    assert value_of(String(pattern="[a-c]+"), "abc\n") == "abc\n"
    assert error_of(String(pattern="[a-c]+"), "abc\n\n") == "value does not match the regex pattern"


def test_patterns_with_a_bar_are_anchored_at_one_end_each_as_in_perl() -> None:
    param = String(pattern="/dev/parport\\d+|/dev/usb/lp\\d+")
    assert value_of(param, "/dev/parport0x") == "/dev/parport0x"
    assert error_of(param, "x/dev/parport0") == "value does not match the regex pattern"


def test_only_the_first_thing_that_is_wrong_with_a_value_is_said() -> None:
    param = Integer(format="pve-vmid", minimum=100, maximum=999999999)
    assert error_of(param, "x") == "type check ('integer') failed - got 'x'"
    assert error_of(param, "99") == "invalid format - value does not look like a valid VM ID\n"
    wordy = String(pattern="[a-z]*", max_length=3, choices=("abc",))
    assert error_of(wordy, "ABCD") == "value does not match the regex pattern"
    assert error_of(wordy, "abcd") == "value may only be 3 characters long"


def test_every_wrong_element_of_an_array_is_named() -> None:
    params = {"command": Array(items=String(max_length=2))}
    assert errors(params, command=["ok", "bad", None, ["x"]]) == {
        "command[1]": "value may only be 2 characters long",
        "command[2]": "property is missing and it is not optional",
        "command[3]": "type check ('string') failed - got ARRAY",
    }


def test_a_number_too_large_to_print_is_none() -> None:
    assert error_of(Integer(), 10**5000) == "type check ('integer') failed - got 'Inf'"
