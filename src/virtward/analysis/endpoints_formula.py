"""Conditions on a call's parameters as values, and their algebra: yes, no, or for which calls.

Rule: combining is exact for conditions on the same parameter; conditions in words are never guessed at, so
nothing becomes a yes that isn't one for every call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Among:
    """True for the values `names` of a parameter or, with `others`, for all but those.

    `name` is what a reader is told: a parameter, or what is derived from one. Condition objects of one name
    belong to one question; a name that ends in `/*` stands for all values below it that aren't named.
    """

    name: str
    names: frozenset[str]
    others: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """True for the calls that the text describes."""

    text: str


@dataclass(frozen=True, slots=True)
class All:
    """True where every part is."""

    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """True where some part is."""

    parts: tuple["Formula", ...]


Formula: TypeAlias = bool | Among | Said | All | Any


def among(name: str, names: Iterable[str], others: bool = False) -> Formula:
    """An Among, or the plain truth where it is none or all."""
    found = frozenset(names)
    return Among(name, found, others) if found else others


def both(*formulas: Formula) -> Formula:
    """True where all of them are."""
    sets: dict[str, Among] = {}
    rest: dict[Formula, None] = {}
    for part in _parts(formulas, All):
        if part is False:
            return False
        if isinstance(part, Among):
            met = _met(sets[part.name], part) if part.name in sets else part
            if met is False:
                return False
            if isinstance(met, Among):
                sets[part.name] = met
            else:
                sets.pop(part.name, None)
        elif part is not True:
            rest[part] = None
    return _joined(sets, list(rest))


def _joined(sets: dict[str, Among], rest: list[Formula]) -> Formula:
    """Conditions on different things; an alternative that the sets decide is decided."""
    narrowed = [_narrowed(part, sets) for part in rest]
    if narrowed != rest:
        return both(*sets.values(), *narrowed)
    parts = (*sets.values(), *narrowed)
    return parts[0] if len(parts) == 1 else All(parts) if parts else True


def _narrowed(part: Formula, sets: dict[str, Among]) -> Formula:
    """The part, as far as it isn't decided where all `sets` hold."""
    if isinstance(part, Among) and part.name in sets:
        given = sets[part.name]
        met = _met(given, part)
        return True if met == given else False if met is False else part
    if isinstance(part, Any):
        return either(*(_narrowed(each, sets) for each in part.parts))
    if isinstance(part, All):
        return both(*(_narrowed(each, sets) for each in part.parts))
    return part


def given(formula: Formula, known: Formula) -> Formula:
    """The formula, as far as it isn't decided where `known` holds."""
    return _narrowed(formula, {part.name: part for part in _parts((known,), All) if isinstance(part, Among)})


def either(*formulas: Formula) -> Formula:
    """True where some of them is."""
    sets: dict[str, Among] = {}
    rest: dict[Formula, None] = {}
    for part in _parts(formulas, Any):
        if part is True:
            return True
        if isinstance(part, Among):
            joined = _joint(sets[part.name], part) if part.name in sets else part
            if not isinstance(joined, Among):
                return True
            sets[part.name] = joined
        elif part is not False:
            rest[part] = None
    parts = (*sets.values(), *rest)
    return parts[0] if len(parts) == 1 else Any(parts) if parts else False


def negated(formula: Formula) -> Formula:
    """True where it isn't."""
    match formula:
        case bool():
            return not formula
        case Among(name, names, others):
            return Among(name, names, not others)
        case Said(text):
            return Said(f"not: {text}")
        case All(parts):
            return either(*(negated(part) for part in parts))
        case Any(parts):
            return both(*(negated(part) for part in parts))


def _parts(formulas: Iterable[Formula], kind: type[All] | type[Any]) -> Iterator[Formula]:
    for formula in formulas:
        if isinstance(formula, All | Any) and isinstance(formula, kind):
            yield from _parts(formula.parts, kind)
        else:
            yield formula


def _met(one: Among, other: Among) -> Formula:
    """Where both hold; the very object `one` if that is where it holds itself."""
    if one.names is other.names:
        return one if one.others is other.others else False
    match one.others, other.others:
        case False, False:
            names = one.names if one.names <= other.names else one.names & other.names
        case False, True:
            names = one.names if one.names.isdisjoint(other.names) else one.names - other.names
        case True, False:
            return _met(other, one)
        case _:
            names = one.names if other.names <= one.names else one.names | other.names
    return one if names is one.names else among(one.name, names, one.others)


def _joint(one: Among, other: Among) -> Formula:
    """Where one of them holds."""
    met = _met(Among(one.name, one.names, not one.others), Among(one.name, other.names, not other.others))
    return negated(met)
