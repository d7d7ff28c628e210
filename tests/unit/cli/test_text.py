from hypothesis import given
from hypothesis import strategies as st

from virtward.cli.text import Line, Span, Style, columns, counted, escape, listed, unescape, wrap

ANY = st.text(st.characters(exclude_categories=()), max_size=30)


@given(ANY)
def test_escaped_text_is_harmless_and_can_be_undone(text: str) -> None:
    shown = escape(text)
    shown.encode()
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) <= 0xDFFF for c in shown)
    assert unescape(shown) == text


@given(ANY, ANY)
def test_different_texts_are_shown_differently(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


def test_bytes_and_characters_have_different_escapes() -> None:
    assert escape("\x1b[2J") == r"\x1b[2J"
    assert escape(b"\x9b".decode("utf-8", "surrogateescape")) == r"\x9b"
    assert escape("\x9b") == r"\u009b"
    assert escape(r"\x9b") == r"\x5cx9b"
    assert escape("\u202e") == r"\u202e"


def test_plain_text_stays_as_it_is() -> None:
    for text in ("alice@pve", "Jürgen", "日本語", r"DOM\alice@ad", "a b"):
        assert escape(text) == text


def test_a_line_is_escaped_whatever_its_tone() -> None:
    line: Line = ["\x1b]0;", Span("\x1b[2J", "bad")]
    assert "\x1b" not in Style().render(line)
    coloured = Style(colour=True).render(line)
    assert coloured == "\\x1b]0;\x1b[31m\\x1b[2J\x1b[0m"


def test_long_lists_say_how_many_they_leave_out() -> None:
    assert listed("abcd", 2) == "a, b and 2 more"
    assert listed("abc", 2) == "a, b, c"
    assert listed("") == ""
    assert [counted(n, "line") for n in (0, 1, 2)] == ["no lines", "1 line", "2 lines"]


def test_wrapping_keeps_line_numbers_with_their_word() -> None:
    assert wrap("the group web (line 16)", 20) == ["the group web", "(line 16)"]


def test_columns_are_aligned_and_escaped() -> None:
    assert [*columns(["A", "B"], [["x\x1b", "1"], ["y", "22"]])] == ["A      B", "x\\x1b  1", "y      22"]
