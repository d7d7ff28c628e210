"""When a check that upstream makes in code arises, for a call whose parameters are unknown.

Rule: a check arises always, never, or by the call; that some check refuses whatever the call, is only said
where every combination of what the conditions look at has been tried.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from ..rules.model import Rule, When
from .endpoints_formula import All, Among, Formula

_TRIED = 10  # conditions looked at together
_ABOUT_VALUE = frozenset({"on", "off", "is", "ends", "named", "part"})

Atom = When
Values = dict[Atom, bool]

ALWAYS = When("always")


class Scope:
    """What is known of a rule's calls: which parameters they have, and which values the caller can't give."""

    def __init__(self, rule: Rule, formula: Formula) -> None:
        self.rule = rule
        parts = formula.parts if isinstance(formula, All) else (formula,)
        self.among = {part.name: part for part in parts if isinstance(part, Among) and not part.others}

    def truth(self, when: When, values: Values | None = None) -> bool | None:
        """Whether the condition holds for every call or for none; None if that depends."""
        match when.kind:
            case "always":
                return True
            case "not":
                found = self.truth(when.parts[0], values)
                return None if found is None else not found
            case "all":
                return _every([self.truth(part, values) for part in when.parts])
            case "any":
                refuted = _every([_not(self.truth(part, values)) for part in when.parts])
                return _not(refuted)
            case _:
                known = self._atom(when)
                return (values or {}).get(when) if known is None else known

    def _atom(self, when: Atom) -> bool | None:
        kind, (name, *rest) = when.kind, when.args
        if kind == "given" or kind in _ABOUT_VALUE:
            if name in self.rule.root_params:
                return False
            declared = self.rule.params.get(name)
            if kind == "given" and declared is not None and not declared.optional:
                return True
        if kind in ("is", "ends") and name in self.among:
            fits = {
                value == rest[0] if kind == "is" else value.endswith(rest[0]) for value in self.among[name].names
            }
            return fits.pop() if len(fits) == 1 else None
        return None

    def unavoidable(self, conditions: Sequence[When]) -> bool:
        """Whether some of the conditions holds, whatever the call."""
        looked_at = sorted({atom for when in conditions for atom in atoms(when)})
        if len(looked_at) > _TRIED:
            return False
        for choice in product((False, True), repeat=len(looked_at)):
            values = dict(zip(looked_at, choice, strict=True))
            if _possible(values) and not any(self.truth(when, values) for when in conditions):
                return False
        return True


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _every(truths: list[bool | None]) -> bool | None:
    return False if False in truths else None if None in truths else True


def atoms(when: When) -> Iterator[Atom]:
    """The conditions without parts that a condition is made of."""
    if when.parts:
        for part in when.parts:
            yield from atoms(part)
    elif when.kind != "always":
        yield when


def _possible(values: Values) -> bool:
    """Whether a call can be so: a parameter with a value is given, and none is both on and off."""
    for atom, holds in values.items():
        if holds and atom.kind in _ABOUT_VALUE:
            name = atom.args[0]
            if values.get(When("given", (name,))) is False:
                return False
            if atom.kind == "off" and values.get(When("on", (name,))):
                return False
    return True
