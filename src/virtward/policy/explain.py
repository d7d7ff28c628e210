"""A Decision explained: the rule as a tree with each term's verdict, and everything that is missing.

Rule: verdicts come from `requirement.holds` and `trace` alone; this module arranges them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product

from ..errors import Error
from .checks import modifiers
from .fields import split_list
from .model import Policy
from .names import ROOT, USER, split_user
from .paths import fill, normalise
from .privileges import BITS
from .requirement import (
    AllOf,
    AnyOf,
    Authenticated,
    Decision,
    Holds,
    Malformed,
    ModifiesPermissions,
    OverRealm,
    OverUser,
    Requirement,
    RootOnly,
    Self,
    TicketOnly,
    Unspecified,
    World,
    decide,
    holds,
)
from .trace import Trace, trace

_ALTERNATIVES = 64  # how many ways out of a refusal are worked out at most

Pair = tuple[str, str]
"""(privilege, path)."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a rule: what it says, whether it holds, and for a leaf the traces it rests on.

    `ways` lists what would make it hold: each way is a set of (privilege, path) pairs to be granted. An empty
    list means that no grant can; a list with an empty set, that it holds already.
    """

    says: str
    held: bool
    terms: tuple["Term", ...] = ()
    traces: tuple[Trace, ...] = ()
    wanted: tuple[str, ...] = ()
    ways: tuple[frozenset[Pair], ...] = ()
    note: str = ""

    def leaves(self) -> Iterator["Term"]:
        """The terms without terms below them."""
        if not self.terms:
            yield self
        for term in self.terms:
            yield from term.leaves()

    @property
    def missing(self) -> tuple[Pair, ...]:
        """Every pair that some way needs, sorted."""
        return tuple(sorted({pair for way in self.ways for pair in way}, key=lambda pair: (pair[1], pair[0])))


def explain(decision: Decision) -> Term:
    """The tree of a decision."""
    subject = decision.subject
    if subject is None or subject == ROOT:
        says = _says(decision.requirement)
        note = "root@pam passes every check" if subject else "nobody is logged on"
        return Term(says, decision.allowed, note=note, ways=(frozenset(),) if decision.allowed else ())
    return _Explanation(subject, decision).term(decision.requirement)


def together(terms: tuple[Term, ...]) -> Term:
    """One tree that holds if every term does."""
    return Term("all of", all(each.held for each in terms), terms, ways=_every(terms))


@dataclass(frozen=True, slots=True)
class _Explanation:
    subject: str
    decision: Decision

    @property
    def policy(self) -> Policy:
        return self.decision.policy

    def term(self, req: Requirement) -> Term:
        match req:
            case AllOf(terms):
                return together(tuple(self.term(each) for each in terms))
            case AnyOf(terms):
                below = tuple(self.term(each) for each in terms)
                ways = tuple(way for each in below for way in each.ways)
                return Term("any of", self.verdict(req)[0], below, ways=_shortest(ways))
            case Holds():
                return self.holds(req)
            case OverUser():
                return self.over_user(req)
            case OverRealm():
                return self.over_realm(req)
            case ModifiesPermissions(template):
                return self.modifies(req, template)
            case World() | Authenticated() | RootOnly() | TicketOnly() | Unspecified() | Self() | Malformed():
                held, note = self.verdict(req)
                return Term(_says(req), held, note=note, ways=(frozenset(),) if held else ())

    def verdict(self, req: Requirement) -> tuple[bool, str]:
        """Whether a term holds by itself, and what upstream says if it raises."""
        try:
            if isinstance(req, World | Authenticated | RootOnly | TicketOnly | Unspecified):
                return decide(req, self.subject, self.decision.params, self.policy).allowed, ""
            return holds(req, self.subject, self.decision.params, self.policy, noerr=True), ""
        except Error as error:
            return False, error.message

    def holds(self, req: Holds) -> Term:
        held, note = self.verdict(req)
        filled = fill(req.template, self.decision.params)
        path = normalise(filled)
        says = f"{_list(req.privileges, req.any)} on {path or filled}"
        if req.require_param and self.decision.params.get(req.require_param) is None:
            return Term(says, held, note=f"only if the call has `{req.require_param}`")
        if path is None:
            return Term(says, held, note=f"'{filled}' is no path")
        return self.on_paths(says, held, req.privileges, (path,), any_=req.any, note=note)

    def on_paths(
        self, says: str, held: bool, wanted: tuple[str, ...], paths: Iterable[str], *, any_: bool, note: str = ""
    ) -> Term:
        """A leaf that holds if privileges are held on one of some paths."""
        traces = tuple(trace(self.policy, self.subject, path) for path in paths)
        ways: list[frozenset[Pair]] = []
        for each in traces:
            pairs = [(p, each.path) for p in wanted if p in self.policy.release.bits and not each.mask & BITS[p]]
            ways += [frozenset({pair}) for pair in pairs] if any_ else [frozenset(pairs)]
        known = all(privilege in self.policy.release.bits for privilege in wanted)
        possible = (frozenset(),) if held else _shortest(tuple(ways)) if known else ()
        return Term(says, held, traces=traces, wanted=wanted, ways=possible, note=note)

    def over_user(self, req: OverUser) -> Term:
        held, note = self.verdict(req)
        userid = str(self.decision.params.get("userid") or "")
        given = split_list(str(self.decision.params.get("groups") or "")) if req.mode else []
        groups = given or [g[1:] for g in self.policy.groups_of.get(userid, ())]
        paths = ["/access/groups", *(f"/access/groups/{group}" for group in groups)]
        says = f"{_list(req.privileges, True)} over the user '{userid}', on one of {', '.join(paths)}"
        return self.on_paths(says, held, req.privileges, paths, any_=True, note=note)

    def over_realm(self, req: OverRealm) -> Term:
        held, note = self.verdict(req)
        userid = str(self.decision.params.get("userid") or "")
        if not USER.fullmatch(userid):
            return Term(_says(req), held, note=note)
        path = f"/access/realm/{split_user(userid)[1]}"
        says = f"Realm.AllocateUser on {path}"
        return self.on_paths(says, held, ("Realm.AllocateUser",), (path,), any_=False, note=note)

    def modifies(self, req: ModifiesPermissions, template: str) -> Term:
        held, note = self.verdict(req)
        path = normalise(fill(template, self.decision.params))
        if path is None:
            return Term(
                _says(req), held, note="no valid path: upstream lets the call pass and then refuses the path"
            )
        wanted = modifiers(path)
        says = f"may change permissions: {_list(wanted, True)} on {path}"
        return self.on_paths(says, held, wanted, (path,), any_=True, note=note)


def _every(terms: tuple[Term, ...]) -> tuple[frozenset[Pair], ...]:
    """The ways to make every term hold: one way of each, together."""
    combined = (frozenset[Pair]().union(*choice) for choice in product(*(term.ways for term in terms)))
    return _shortest(tuple(islice(combined, _ALTERNATIVES)))


def _shortest(ways: tuple[frozenset[Pair], ...]) -> tuple[frozenset[Pair], ...]:
    """Ways without those that another one makes needless, fewest pairs first."""
    found: list[frozenset[Pair]] = []
    for way in sorted(set(ways), key=lambda way: (len(way), sorted(way))):
        if not any(other <= way for other in found):
            found.append(way)
    return tuple(found[:_ALTERNATIVES])


def _list(privileges: tuple[str, ...], any_: bool) -> str:
    unique = tuple(dict.fromkeys(privileges))
    if len(unique) == 1:
        return unique[0]
    return f"{'any' if any_ else 'all'} of {', '.join(unique)}" if unique else "no privilege"


def _says(req: Requirement) -> str:
    """A term in words, for those that need no look at the policy."""
    match req:
        case World():
            return "anybody, without logging on"
        case Authenticated():
            return "any user or token that is logged on"
        case RootOnly():
            return "root@pam only"
        case TicketOnly():
            return "logged on with a password, not by API token"
        case Self():
            return "the caller is the user itself (a token never is)"
        case Unspecified():
            return "nobody but root@pam (the call declares no check)"
        case Malformed(message):
            return f"a rule that can't be evaluated: {message}"
        case Holds(template, privileges, any_):
            return f"{_list(privileges, any_)} on {template}"
        case AllOf():
            return "all of"
        case AnyOf():
            return "any of"
        case OverUser(privileges):
            return f"{_list(privileges, True)} over the user"
        case OverRealm():
            return "Realm.AllocateUser on the user's realm"
        case ModifiesPermissions(template):
            return f"may change permissions on {template}"
