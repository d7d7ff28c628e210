"""`can`: yes or no.

Rule: a privilege on a path takes the short way through the elementary checks; what `why` needs isn't loaded.
"""

from typing import NamedTuple

from ..policy.checks import check, check_any
from ..policy.model import Policy
from .asking import Called, Pasted, Wanted, asked, question_of
from .known import asleep, known_subject, path_notes
from .output import Data, emit, note
from .shell import Call
from .source import Source, load, mention_problems
from .text import Line, Span, Style


def run(call: Call) -> int:
    """0 for yes; 1 for no, and for an answer that depends on more."""
    source = load(call)
    policy = source.policy
    subject, notes = known_subject(call.text("subject"), policy)
    what = asked([call.text("what"), call.text("path"), *call.words("arguments")], policy.release, policy)
    if isinstance(what, Wanted):
        notes += path_notes(what.path, policy.release, policy)
        found = _holds(what, subject, policy)
    else:
        found = _may(what, subject, policy, notes)
    sleeps = asleep(subject, policy, call.now)
    if sleeps and found.verdict != "no":
        notes.append(f"{subject} can't log on now: {sleeps}")
    if not call.flag("quiet"):
        _tell(call, source, notes)
        data: Data = {**found._asdict(), "notes": notes}
        emit(call, data, lambda style: _lines(found, style))
    return 0 if found.verdict == "yes" else 1


class _Found(NamedTuple):
    verdict: str
    subject: str
    question: str
    depends_on: tuple[str, ...] = ()


def _holds(what: Wanted, subject: str, policy: Policy) -> _Found:
    test = check_any if what.any else check
    held = test(policy, subject, what.path, what.privileges, True)
    return _Found("yes" if held else "no", subject, f"{what.says} on {what.path}")


def _may(what: Called | Pasted, subject: str, policy: Policy, notes: list[str]) -> _Found:
    from ..analysis.question import answer

    question, odd = question_of(what, policy.release)
    notes += odd
    found = answer(question, subject, policy)
    asks = question.title + (what.shown if isinstance(what, Called) else "")
    return _Found(found.verdict, subject, asks, found.open)


def _tell(call: Call, source: Source, notes: list[str]) -> None:
    mention_problems(call, source)
    for text in notes:
        note(call.shell, text)


def _lines(found: _Found, style: Style) -> list[Line]:
    lines: list[Line] = [[Span(found.verdict, style.mark(found.verdict).tone)]]
    return lines + [["  on ", text] for text in found.depends_on if found.verdict == "depends"]
