"""`check`: the lines that aren't taken as they stand, and the traps."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..analysis.lint import lint
from .output import Record, emit
from .shell import Call
from .source import Source, load
from .text import Line, Span, Style, unescape, wrap

_TONES = {"error": "bad", "warning": "unsure", "notice": "dim"}


class _Problem(NamedTuple):
    line: int
    severity: str
    code: str
    subject: str
    message: str
    advice: str


def run(call: Call) -> int:
    """1 if there is an error or a warning, 0 for notices alone."""
    source = load(call)
    found = [*_problems(source, call.now)]
    records: list[Record] = [each._asdict() for each in found]
    emit(call, records, lambda style: _lines(source.name, found, style))
    return 1 if any(each.severity != "notice" for each in found) else 0


def _problems(source: Source, now: int) -> list[_Problem]:
    found = [_Problem(each.line, "warning", "syntax", "", each.message, each.effect) for each in source.diagnostics]
    for each in lint(source.policy, source.data, now):
        # The texts come escaped; they are escaped again, the one way that all output is, when they are printed.
        texts = (unescape(text) for text in (each.subject, each.message, each.advice))
        found.append(_Problem(each.line, each.severity.value, each.code, *texts))
    return sorted(found, key=lambda each: (each.line, each.code != "syntax"))


def _lines(name: str, found: Sequence[_Problem], style: Style) -> Iterator[Line]:
    for each in found:
        where = f"{name}:{each.line}" if each.line else name
        yield [
            Span(where, "bold"),
            ": ",
            Span(each.severity, _TONES[each.severity]),
            f": {each.message} [{each.code}]",
        ]
        for text in wrap(each.advice, style.width - 4) if each.advice else ():
            yield ["    ", Span(text, "dim")]
    if not found:
        yield [f"{name}: nothing found"]
