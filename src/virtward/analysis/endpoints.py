"""What can a subject do: every API call of a release, allowed, denied, or depending on the call's parameters.

Rule: the parameters aren't known, so a term about `/vms/{vmid}` is judged for all machines at once. `allowed`
means every such call, and `denied` none; what upstream keeps for root@pam within a call (a parameter, an
option, a monitor command) is named in `on` and doesn't count. A listing that leaves out what the caller may
not see is allowed, and `on` says so.
"""

from typing import NamedTuple

from ..policy.model import Policy
from ..policy.names import ROOT, split_token
from ..policy.requirement import World, parse, parse_gate
from ..rules.loader import Rules
from ..rules.model import Rule
from .endpoints_checks import Condition, conditions, naming, reserved
from .endpoints_formula import Formula, both, given
from .endpoints_terms import Terms
from .endpoints_when import Scope
from .endpoints_words import Words

ALLOWED, DENIED, DEPENDS = "allowed", "denied", "depends"

_RESERVED_SHOWN = 6


class Reach(NamedTuple):
    """The verdict for one call. `on` has a line for each thing that it depends on, or that limits it."""

    method: str
    path: str
    verdict: str
    on: tuple[str, ...] = ()


def endpoints(policy: Policy, subject: str, rules: Rules) -> list[Reach]:
    """The verdict for every call of the rules' release, in URL order; the policy should be of that release."""
    if subject == ROOT:
        return [Reach(rule.method, rule.path, ALLOWED) for rule in rules.rules]
    judge = _Judge(policy, subject)
    return [judge.reach(rule) for rule in rules.rules]


class _Judge:
    """Judges rule after rule for one subject."""

    def __init__(self, policy: Policy, subject: str) -> None:
        self.terms = Terms(policy, subject)
        self.words = Words(subject, self.terms.known)
        self.token = split_token(subject) is not None

    def reach(self, rule: Rule) -> Reach:
        if self.token and not rule.allow_token:
            return Reach(rule.method, rule.path, DENIED, ("API tokens are refused",))
        gate = parse_gate(rule.requires)
        formula = self.terms.formula(gate, naming(rule))
        checks = [*conditions(rule, self.terms)] if formula is not False else []
        formula, failing = _sorted_out(rule, formula, checks)
        scope = Scope(rule, formula)
        if formula is False or scope.unavoidable([each.when for each, left in failing if left is False]):
            return Reach(rule.method, rule.path, DENIED)
        lines = [*self.words.lines(formula), *(self._line(each, left) for each, left in failing)]
        verdict = DEPENDS if lines else ALLOWED
        return Reach(rule.method, rule.path, verdict, (*lines, *self._notes(rule, isinstance(gate, World))))

    def _line(self, check: Condition, left: Formula) -> str:
        """What a check that may arise asks, or for which calls alone it passes."""
        says = check.needs if left is False else f"only {self.words.one(left)}"
        since = f" (from {check.since} on)" if check.since else ""
        return f"{check.label}: {says}{since}"

    def _notes(self, rule: Rule, world: bool) -> tuple[str, ...]:
        """What limits a call that is allowed."""
        notes = ["open to everybody, without logging on"] if world else []
        kept = reserved(rule)
        if kept:
            more = f" and {len(kept) - _RESERVED_SHOWN} more" if len(kept) > _RESERVED_SHOWN else ""
            notes.append(f"reserved for root@pam: {', '.join(kept[:_RESERVED_SHOWN])}{more}")
        seen = self.terms.formula(parse(rule.filter_tree), naming(rule)) if rule.filter_tree else False
        if rule.filter and seen is not True:
            notes.append(f"the answer is filtered: {rule.filter}")
        return tuple(notes)


def _sorted_out(
    rule: Rule, formula: Formula, checks: list[Condition]
) -> tuple[Formula, list[tuple[Condition, Formula]]]:
    """The formula with the checks that always arise, and those that may arise and then don't surely pass."""
    scope = Scope(rule, formula)
    arising = [(check, scope.truth(check.when)) for check in checks]
    for check, always in arising:
        if always:
            formula = both(formula, check.formula)
    left = [(check, given(check.formula, formula)) for check, always in arising if always is None]
    return formula, [(check, rest) for check, rest in left if rest is not True]
