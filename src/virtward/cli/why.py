"""`why`: an answer explained, and the ways to grant what is missing."""

from collections.abc import Iterator
from typing import NamedTuple

from ..analysis.grant import Way, ways
from ..analysis.question import Answer, answer
from ..policy.explain import Term
from ..policy.requirement import Holds
from . import remedy
from .asking import Asked, Called, Wanted, asked, question_of
from .evidence import Evidence, Place, lacking_sides, places
from .known import asleep, known_subject, path_notes
from .output import Data, emit
from .shell import Call
from .source import load, mention_problems
from .story import Story, verdict_of
from .text import Line, Span, Style, wrap


def run(call: Call) -> int:
    """0 for yes; 1 for no, and for an answer that depends on more."""
    source = load(call)
    policy = source.policy
    subject, notes = known_subject(call.text("subject"), policy)
    words = [call.text("what"), call.text("path"), *call.words("arguments")]
    what = asked([word for word in words if word], policy.release, policy)
    question, odd = question_of(what, policy.release)
    if isinstance(what, Wanted):
        notes += path_notes(what.path, policy.release, policy)
    sleeps = asleep(subject, policy, call.now)
    if sleeps:
        notes.append(f"{subject} can't log on now: {sleeps}")
    mention_problems(call, source)
    found = answer(question, subject, policy)
    told = _Told(found, what, Evidence(source), places(found), ways(found, policy), [*notes, *odd, *question.notes])
    emit(call, told.data(), told.lines)
    return 0 if found.verdict == "yes" else 1


class _Told(NamedTuple):
    """An answer with everything that is told about it."""

    found: Answer
    what: Asked
    evidence: Evidence
    places: list[Place]
    ways: list[Way]
    notes: list[str]

    @property
    def asks(self) -> str:
        """The question in words, secrets masked."""
        return self.found.question.title + (self.what.shown if isinstance(self.what, Called) else "")

    def data(self) -> Data:
        """The answer for programs."""
        found = self.found
        missing = found.tree.missing if found.refused else ()
        return {
            "verdict": found.verdict,
            "subject": found.subject,
            "question": self.asks,
            "message": found.message,
            "rule": [
                {
                    "label": part.label,
                    "verdict": verdict_of(part, decision),
                    "depends_on": part.depends,
                    "term": _term(decision.explanation),
                }
                for part, decision in found.decisions
            ],
            "paths": [self.evidence.place(place) for place in self.places],
            "missing": [
                {**remedy.pair(each), "lacking": list(lacking_sides(self.places, each)) or [found.subject]}
                for each in missing
            ],
            "depends_on": list(found.open),
            "grants": [remedy.record(way) for way in self.ways],
            "root_only": remedy.root_only(found),
            "notes": self.notes,
        }

    def lines(self, style: Style) -> Iterator[Line]:
        """The answer for people."""
        found = self.found
        story = Story(found, self.evidence, self.places, style)
        yield [Span(found.verdict, style.mark(found.verdict).tone), ": ", Span(self._sentence(), "bold")]
        if found.message:
            yield from _remark(f"Proxmox VE says: 403 {found.message}", style)
        for text in self.notes:
            yield from _remark(f"note: {text}", style)
        yield from _section("rule", story.rule())
        yield from _section("entries", story.entries())
        if found.refused:
            yield from _section("missing", story.missing())
            yield from self._grants(style)

    def _sentence(self) -> str:
        subject, verdict = self.found.subject, self.found.verdict
        only = self.found.question.parts[0].requirement
        if isinstance(self.what, Called) or not isinstance(only, Holds):
            may = "may not" if verdict == "no" else "may"
            return f"{subject} {may} {self.asks}" + (
                ", but for what stays open below" if verdict == "depends" else ""
            )
        if verdict == "yes":
            return f"{subject} has {self.asks}"
        if len(only.privileges) == 1:
            return f"{subject} lacks {self.asks}"
        lacks = "has none of" if only.any else "doesn't have all of"
        return f"{subject} {lacks} {', '.join(only.privileges)} on {only.template}"

    def _grants(self, style: Style) -> Iterator[Line]:
        if self.ways:
            yield from _section("to grant it, least extra power first", remedy.grants(self.ways, style.width))
        elif self.found.tree.ways:
            text = "no grant to this subject was found that makes it a yes: what is missing must be given by hand"
            yield from _section("to grant it", iter([[f"  {text}"]]))
        else:
            yield []
            yield [Span(remedy.hopeless(self.found), "bad")]


def _section(title: str, lines: Iterator[Line]) -> Iterator[Line]:
    """The lines below a title; nothing without lines."""
    for number, line in enumerate(lines):
        if not number:
            yield []
            yield [Span(title, "bold")]
        yield line


def _remark(text: str, style: Style) -> Iterator[Line]:
    """A remark below the first line, wrapped."""
    for number, line in enumerate(wrap(text, style.width - 6)):
        yield ["      " if number else "    ", Span(line, "dim")]


def _term(term: Term) -> dict[str, Data]:
    return {
        "says": term.says,
        "held": term.held,
        "note": term.note,
        "wanted": list(term.wanted),
        "paths": [trace.path for trace in term.traces],
        "ways": [remedy.pairs(way) for way in term.ways],
        "terms": [_term(each) for each in term.terms],
    }
