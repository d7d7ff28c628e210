r"""Text on its way out: escaping, tones, wrapping, aligned columns.

Rule: every line is made of spans, and rendering escapes each of them, so that nothing from a file or an argument
reaches a terminal or a program as a control character or a lone surrogate. `\xNN` stands for a byte, `\uNNNN` for
a character, and `\x5c` for a backslash that could be taken for the start of one: escapes are unambiguous.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_HOSTILE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]|\\(?=[xu])")
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})")
_BREAK = re.compile(r" (?![0-9]+\))")
_MARKS = {"yes": ("\u2713", "+", "good"), "no": ("\u2717", "x", "bad"), "idle": ("\u00b7", ".", "dim")}
_CODES = {"bold": "1", "dim": "2", "good": "32", "bad": "31", "unsure": "33", "name": "36"}


def escape(text: str) -> str:
    """The text with everything escaped that could act on a terminal or can't be encoded."""
    return _HOSTILE.sub(_escaped, text) if not text.isprintable() or "\\" in text else text


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"


def unescape(text: str) -> str:
    """The text that `escape` was given."""

    def char(match: re.Match[str]) -> str:
        if match[2]:
            return chr(int(match[2], 16))
        byte = int(match[1], 16)
        return chr(byte if byte < 0x80 else 0xDC00 + byte)

    return _ESCAPED.sub(char, text)


class Span(NamedTuple):
    """A piece of a line with a tone: `bold`, `dim`, `good`, `bad`, `unsure` or `name`."""

    text: str
    tone: str


Line = Sequence[str | Span]


class Style(NamedTuple):
    """How lines look: whether in colour, whether with marks beyond ASCII, and how wide lists may run."""

    colour: bool = False
    unicode: bool = True
    width: int = 100

    def mark(self, verdict: str) -> Span:
        """The mark of a verdict: `yes`, `no`, `idle` (it counts, without effect), anything else for unsure."""
        sign, plain, tone = _MARKS.get(verdict, ("?", "?", "unsure"))
        return Span(sign if self.unicode else plain, tone)

    def branch(self, last: bool) -> tuple[str, str]:
        """What draws a branch of a tree: its own line, and the lines below it."""
        if self.unicode:
            return ("\u2514\u2500 ", "   ") if last else ("\u251c\u2500 ", "\u2502  ")
        return ("`- ", "   ") if last else ("|- ", "|  ")

    def render(self, line: Line) -> str:
        """The line, escaped and, if in colour, with codes for the tones."""
        return "".join(self._piece(piece) for piece in line).rstrip()

    def _piece(self, piece: str | Span) -> str:
        if isinstance(piece, str):
            return escape(piece)
        text = escape(piece.text)
        return f"\x1b[{_CODES[piece.tone]}m{text}\x1b[0m" if self.colour and text else text


def listed(items: Iterable[str], most: int = 0) -> str:
    """`a, b, c`; with `most`, no more than that many and how many are left out."""
    names = list(items)
    if most and len(names) > most + 1:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return ", ".join(names)


def counted(number: int, noun: str) -> str:
    """`1 privilege`, `2 privileges`, `no privileges`."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` characters where words allow it; `(line 9)` stays together."""
    lines = [""]
    for word in _BREAK.split(text):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines


def columns(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Aligned columns with their titles, two spaces between them; cells come escaped."""
    table = [list(titles), *([escape(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(titles))]
    for row in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
