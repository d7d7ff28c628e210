"""The story of an answer for people: the rule as a tree, the entries behind it, and what is missing."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from ..analysis.question import Answer, Part
from ..policy.explain import Pair, Term
from ..policy.model import NO_ACCESS, AclEntry
from ..policy.names import ROOT
from ..policy.privileges import names
from ..policy.requirement import Decision, RootOnly
from ..policy.trace import Basis, Cause, Cut, Side, Walk
from .evidence import Evidence, Place, lacking_sides
from .text import Line, Span, Style, counted, listed, wrap

_UNLABELLED = ("privilege", "gate", "no token")
_NAMED = 3  # privileges named before "and n more"


def verdict_of(part: Part, decision: Decision) -> str:
    """`yes`, `no`, or `depends` for a part that isn't certain and fails."""
    return "yes" if decision.allowed else "no" if part.certain else "depends"


class Story:
    """Tells an answer; `style` says how wide and with which signs."""

    def __init__(self, found: Answer, evidence: Evidence, places: list[Place], style: Style) -> None:
        self.found = found
        self.evidence = evidence
        self.places = places
        self.style = style

    # The rule

    def rule(self) -> Iterator[Line]:
        """The rule as a tree, each term with its verdict."""
        decisions = self.found.decisions
        if self.found.subject == ROOT:
            yield ["  ", self.style.mark("yes"), " root@pam passes every check"]
            return
        if len(decisions) == 1 and not self.found.question.open:
            yield from self._term(decisions[0][1].explanation, decisions[0][1].allowed, "  ", "  ", "")
            return
        whole = self.found.verdict
        yield ["  ", self.style.mark(whole), " all of"]
        last = len(decisions) + len(self.found.question.open) - 1
        for number, (part, decision) in enumerate(decisions):
            yield from self._part(part, decision, number == last)
        for number, text in enumerate(self.found.question.open, len(decisions)):
            branch, under = self.style.branch(number == last)
            label, _, on = text.partition(": ")
            yield from self._line("depends", f"{label}: depends on {on}", f"  {branch}", f"  {under}", [])

    def _part(self, part: Part, decision: Decision, last: bool) -> Iterator[Line]:
        first, below = (f"  {piece}" for piece in self.style.branch(last))
        verdict = verdict_of(part, decision)
        label = "" if part.label in _UNLABELLED else f"{part.label}: "
        if verdict != "depends":
            yield from self._term(decision.explanation, verdict == "yes", first, below, label)
            return
        yield from self._line(verdict, f"{label}depends on {part.depends}", first, below, [])
        if not isinstance(part.requirement, RootOnly):
            yield [f"{below}  ", Span(f"enough in any case: {_inline(decision.explanation)}", "dim")]

    def _term(self, term: Term, held: bool, first: str, below: str, label: str) -> Iterator[Line]:
        yield from self._line("yes" if held else "no", label + _says(term), first, below, self._because(term))
        if term.note and not term.held and not _conditional(term):
            yield [f"{below}  ", Span(term.note, "dim")]
        for number, each in enumerate(term.terms):
            branch, under = self.style.branch(number == len(term.terms) - 1)
            yield from self._term(each, each.held, below + branch, below + under, "")

    def _line(self, verdict: str, text: str, first: str, below: str, after: Line) -> Iterator[Line]:
        """One term, wrapped, with its mark."""
        lines = wrap(text, self.style.width - len(first) - 2)
        for number, piece in enumerate(lines):
            end = after if number == len(lines) - 1 else []
            yield [first, self.style.mark(verdict), " ", piece, *end] if not number else [f"{below}  ", piece, *end]

    def _because(self, term: Term) -> Line:
        """The lines that make a leaf hold, or which of several privileges are lacking."""
        lines: dict[str, None] = {}
        for trace in term.traces:
            for side in trace.sides:
                for privilege in term.wanted:
                    lines.update(
                        (f"{e.line}", None) for e in side.giving(self.evidence.policy, privilege) if e.line
                    )
        if term.held:
            return [Span(f"   line{'s' if len(lines) > 1 else ''} {listed(lines, 6)}", "dim")] if lines else []
        if len(term.traces) == 1 and len(term.wanted) > 1 and term.says.startswith("all of"):
            lacks = [pair[0] for way in term.ways[:1] for pair in sorted(way)]
            return [Span(f"   lacks {listed(lacks, _NAMED)}", "bad")]
        return []

    # The entries

    def entries(self) -> Iterator[Line]:
        """For each path: what is held there, the entries that count, and those that are cut off."""
        bodies = [(place, [*self._place(place)]) for place in self.places]
        for body, alike in groupby(bodies, key=lambda each: each[1]):
            yield ["  on ", *_joined([self._path(place) for place, _ in alike], ", "), ":"]
            yield from body

    def _path(self, place: Place) -> list[str | Span]:
        pools = self.evidence.policy.pools_of.get(place.path, ())
        member = f", a member of the {' and the '.join(map(self.evidence.pool, pools))}" if pools else ""
        return [Span(place.path, "bold"), member]

    def _place(self, place: Place) -> Iterator[Line]:
        trace = place.trace
        match trace.basis:
            case Basis.ROOT | Basis.NO_TOKEN | Basis.NO_SUBJECT:
                yield ["    ", trace.basis.value]
            case Basis.OWNER:
                yield ["    ", self._owner(trace.subject, trace.sides)]
            case Basis.BOTH:
                yield ["    ", f"{trace.subject} has privilege separation: both sides must give it"]
            case Basis.ENTRIES:
                pass
        for number, side in enumerate(trace.sides):
            yield from self._side(side, place.wanted, self._role_of(trace.basis, number))

    def _owner(self, subject: str, sides: tuple[Side, ...]) -> str:
        owner = sides[0].subject if sides else "its user"
        return f"{self.evidence.subject(subject)} has no privilege separation: it holds what {owner} holds"

    @staticmethod
    def _role_of(basis: Basis, number: int) -> str:
        if basis is Basis.BOTH:
            return "its own side: " if number == 0 else "its user's side: "
        return ""

    def _side(self, side: Side, wanted: tuple[str, ...], what: str) -> Iterator[Line]:
        held = set(names(side.mask))
        gives = [name for name in wanted if name in held]
        verdict = "yes" if len(gives) == len(wanted) else "depends" if gives else "no"
        groups = [self.evidence.group(g[1:]) for g in self.evidence.policy.groups_of.get(side.subject, ())]
        who = self.evidence.subject(side.subject) + (f", in {listed(groups, _NAMED)}," if groups else "")
        sum_ = counted(len(held), "privilege") if len(held) > 6 else listed(sorted(held)) or "nothing"
        line: Line = [self.style.mark(verdict), f" {what}{who} holds {sum_}"] if what else [f"{who} holds {sum_}"]
        yield ["    ", *line]
        deciding = sorted(dict.fromkeys(side.deciding), key=lambda entry: not self.evidence.gives(entry, wanted))
        if not deciding:
            yield ["      ", f"no entry that counts here names it{' or one of its groups' if groups else ''}"]
        for entry in deciding:
            yield from self._entry(entry, self._counts(entry, wanted), self._reach(side, entry))
        for cut in self.evidence.relevant(side, wanted):
            yield from self._cut(cut, side, wanted)

    def _counts(self, entry: AclEntry, wanted: tuple[str, ...]) -> tuple[str, str]:
        if entry.role == NO_ACCESS:
            return "no", "NoAccess takes everything away"
        gives = self.evidence.gives(entry, wanted)
        role = f"{entry.role}{self._role_line(entry.role)}"
        if not gives:
            return "idle", f"counts, but {role} doesn't have {_asked(wanted)}"
        lacks = [name for name in wanted if name not in gives]
        if not lacks:
            return (
                "yes",
                f"{role} has {_asked(wanted).replace('any', 'all', 1) if len(wanted) > _NAMED else _asked(wanted)}",
            )
        return "yes", f"{role} has {listed(gives, _NAMED)}, not {listed(lacks, _NAMED)}"

    def _role_line(self, role: str) -> str:
        return self.evidence.at(self.evidence.policy.roles[role].line) if role in self.evidence.policy.roles else ""

    def _reach(self, side: Side, entry: AclEntry) -> str:
        """How an entry reaches a subject and a path: its group, pool, propagation."""
        parts = [f"through the {self.evidence.group(entry.name)}"] if entry.kind == "group" else []
        walk = self._walk(side, entry)
        if walk is not None and walk is not side.walk:
            parts.append(f"through the {self.evidence.pool(walk.path.removeprefix('/pool/'))}")
        if walk is not None and entry.path != walk.path:
            parts.append(f"propagated from {entry.path}")
        return ", ".join(parts)

    @staticmethod
    def _walk(side: Side, entry: AclEntry) -> Walk | None:
        walks = (side.walk, *side.pools)
        return next((walk for walk in walks if entry in walk.deciding), None)

    def _entry(self, entry: AclEntry, counts: tuple[str, str], reach: str) -> Iterator[Line]:
        verdict, says = counts
        where = f"line {entry.line}" if entry.line else "entry"
        yield ["      ", self.style.mark(verdict), f" {where}  ", Span(self.evidence.text(entry), "name")]
        indent = " " * 8
        for text in wrap("; ".join(filter(None, (says, reach))), self.style.width - len(indent)):
            yield [indent, text]

    def _cut(self, cut: Cut, side: Side, wanted: tuple[str, ...]) -> Iterator[Line]:
        gives = self.evidence.gives(cut.entry, wanted)
        would = f"would give {listed(gives, _NAMED)}" if gives else "NoAccess"
        parts = [f"{would}, cut off: {self._cause(cut, side)}"]
        if cut.entry.kind == "group":
            parts.append(f"through the {self.evidence.group(cut.entry.name)}")
        yield from self._entry(cut.entry, ("no", parts[0]), "; ".join(parts[1:]))

    def _cause(self, cut: Cut, side: Side) -> str:
        by = _lines(cut.by)
        match cut.cause:
            case Cause.NOT_PROPAGATED:
                return f"it doesn't propagate, so it counts on {cut.entry.path} alone"
            case Cause.REPLACED:
                nearer = f" on {cut.by[0].path}" if cut.by else ""
                return f"replaced by {by}{nearer}, which is nearer"
            case Cause.HIDDEN:
                return f"hidden by {side.subject}'s own entry on the same path, {by}"
            case Cause.NO_ACCESS:
                return f"overruled by NoAccess, {by}"

    # What is missing

    def missing(self) -> Iterator[Line]:
        """Every pair that is missing, alternatives apart."""
        ways = self.found.tree.ways
        common = frozenset.intersection(*ways) if ways else frozenset()
        for pair in sorted(common, key=lambda pair: (pair[1], pair[0])):
            yield ["  ", *self._pair(pair)]
        rest = [way - common for way in ways if way - common]
        if rest:
            yield ["  ", "and" if common else "", " " if common else "", "one of"]
            for way in rest[:6]:
                pairs = sorted(way, key=lambda pair: (pair[1], pair[0]))
                yield ["    ", *_joined([self._pair(pair) for pair in pairs])]
            if len(rest) > 6:
                yield ["    ", Span(f"{len(rest) - 6} more alternatives", "dim")]

    def _pair(self, pair: Pair) -> list[str | Span]:
        sides = lacking_sides(self.places, pair)
        where = ""
        if len(sides) == 2:
            where = "   both the token and its user lack it"
        elif sides:
            where = f"   {sides[0]} lacks it"
        return [Span(pair[0], "bold"), f" on {pair[1]}", Span(where, "dim")]


def _joined(pieces: list[list[str | Span]], between: str = " and ") -> list[str | Span]:
    line: list[str | Span] = []
    for number, piece in enumerate(pieces):
        line += [between] if number else []
        line += piece
    return line


def _asked(wanted: tuple[str, ...]) -> str:
    return listed(wanted) if len(wanted) <= _NAMED else f"any of the {len(wanted)} privileges asked about"


def _conditional(term: Term) -> bool:
    """Whether a term fails because the call lacks a parameter."""
    return term.note.startswith("only if the call has `")


def _says(term: Term) -> str:
    """A leaf in words; a path that lacks the parameter it is made from is named by that."""
    if not _conditional(term):
        return term.says
    name = term.note.split("`")[1]
    says = f"{term.says[:-1]}{{{name}}}" if term.says.endswith("/-") else term.says
    return f"{says}, {term.note.replace('`', '')}"


def _inline(term: Term) -> str:
    """A term on one line."""
    if not term.terms:
        return _says(term)
    word = " or " if term.says == "any of" else " and "
    return word.join(f"({_inline(each)})" if each.terms else _inline(each) for each in term.terms)


def _lines(entries: Iterable[AclEntry]) -> str:
    numbers = [*dict.fromkeys(str(entry.line) for entry in entries)]
    return f"line{'s' if len(numbers) > 1 else ''} {listed(numbers, 4)}"
