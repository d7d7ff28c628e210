"""Formulas and requirements in words, as short as they can be said truly.

Rule: at most `SHOWN` ids are named one by one; how many more there are is said.
"""

from collections.abc import Mapping, Sequence
from heapq import nsmallest

from ..policy.requirement import (
    AllOf,
    AnyOf,
    Authenticated,
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
)
from .endpoints_formula import All, Among, Any, Formula, Said

SHOWN = 10
_ANY = "/*"


class Words:
    """Says formulas; `known` lists the values that were asked about, for names that can stand for others."""

    def __init__(self, subject: str, known: Mapping[str, Sequence[str]]) -> None:
        self.subject = subject
        self.known = known
        self._said: dict[tuple[str, frozenset[str]], str] = {}

    def lines(self, formula: Formula) -> tuple[str, ...]:
        """What has to be so, each condition for itself; nothing for a plain yes or no."""
        if isinstance(formula, bool):
            return ()
        parts = formula.parts if isinstance(formula, All) else (formula,)
        return tuple(self.one(part) for part in parts)

    def one(self, formula: Formula) -> str:
        """The whole formula in one phrase."""
        match formula:
            case bool():
                return "always" if formula else "never"
            case Said(text):
                return text
            case Among():
                return self._among(formula)
            case All(parts):
                return " and ".join(self._inner(part) for part in parts)
            case Any(parts):
                return " or ".join(self._inner(part) for part in parts)

    def _inner(self, part: Formula) -> str:
        return f"({self.one(part)})" if isinstance(part, All | Any) else self.one(part)

    def _among(self, found: Among) -> str:
        if found.name == "userid" and found.names == {self.subject}:
            return "userid: all but itself" if found.others else "userid: itself"
        # Only where a value can stand for others it matters whose values they are.
        key = (found.name if found.name in self.known else "", found.names)
        if key not in self._said:
            self._said[key] = self._list(found)
        return f"{found.name}: {'all but ' if found.others else ''}{self._said[key]}"

    def _list(self, found: Among) -> str:
        names = found.names
        stars = [name for name in names if name.endswith(_ANY)] if found.name in self.known else []
        # A name below a `*` goes without saying, and one that the `*` doesn't mean has to be said.
        names = names - {name for star in stars for name in self._below(found.name, star) if name in names}
        said = {star: self._star(found, star) for star in stars}
        first = nsmallest(SHOWN, names, key=_order)
        listed = ", ".join(said.get(name, name) for name in first)
        more = len(names) - len(first)
        return f"{listed} and {more:,} more" if more else listed

    def _star(self, found: Among, star: str) -> str:
        missing = sorted(name for name in self._below(found.name, star) if name not in found.names)
        if not missing:
            return star
        more = f" and {len(missing) - SHOWN:,} more" if len(missing) > SHOWN else ""
        return f"{star} (but not {', '.join(missing[:SHOWN])}{more})"

    def _below(self, name: str, star: str) -> list[str]:
        """The values asked about that the star would mean if they weren't named."""
        prefix = star.removesuffix("*")
        below = (value for value in self.known.get(name, ()) if value.startswith(prefix) and value != star)
        return [value for value in below if "/" not in value.removeprefix(prefix)]


def _order(name: str) -> tuple[int, str]:
    """Numbers by their size, before other names."""
    return (int(name), "") if name.isascii() and name.isdigit() else (1 << 64, name)


def wording(term: Requirement) -> str:
    """A requirement in words, with the placeholders of its paths."""
    match term:
        case World() | Authenticated():
            return "any user or token"
        case RootOnly() | Unspecified() | Malformed():
            return "root@pam only"
        case TicketOnly():
            return "no API token"
        case AllOf(terms):
            return " and ".join(_inner(each) for each in terms)
        case AnyOf(terms):
            return " or ".join(_inner(each) for each in terms)
        case Holds(template, wanted, any_, required):
            held = _listed(wanted, any_)
            return f"{held} on {template}" if required is None else f"{held} on {template} if {required} is given"
        case Self():
            return "userid itself"
        case OverUser(wanted):
            return f"{_listed(wanted, True)} on /access/groups or on a group of userid"
        case OverRealm():
            return "Realm.AllocateUser on the realm of userid"
        case ModifiesPermissions(template):
            return f"the right to change permissions on {template}"


def _inner(term: Requirement) -> str:
    return f"({wording(term)})" if isinstance(term, AllOf | AnyOf) else wording(term)


def _listed(privileges: tuple[str, ...], any_: bool) -> str:
    return (" or " if any_ else " and ").join(dict.fromkeys(privileges))
