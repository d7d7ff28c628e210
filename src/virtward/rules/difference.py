"""What differs between the rules of two releases."""

from typing import NamedTuple

from .loader import Rules
from .model import Check, Named, Rule


class Change(NamedTuple):
    """A call of both releases whose gate or checks differ."""

    old: Rule
    new: Rule
    gate: bool
    checks: bool


class Difference(NamedTuple):
    """The calls that only one release has, and those that differ."""

    added: tuple[Rule, ...]
    removed: tuple[Rule, ...]
    changed: tuple[Change, ...]


def diff(old: Rules, new: Rules) -> Difference:
    """Compare two releases: the declared gates, and everything that is checked in code."""
    before = {(rule.method, rule.path): rule for rule in old.rules}
    after = {(rule.method, rule.path): rule for rule in new.rules}
    pairs = [(before[key], rule) for key, rule in after.items() if key in before]
    changes = [Change(one, other, _gate(one) != _gate(other), _code(one) != _code(other)) for one, other in pairs]
    return Difference(
        added=tuple(rule for key, rule in after.items() if key not in before),
        removed=tuple(rule for key, rule in before.items() if key not in after),
        changed=tuple(change for change in changes if change.gate or change.checks),
    )


def _gate(rule: Rule) -> object:
    declared = rule.requires or {}
    return rule.requires is None, declared.get("user"), _plain(declared.get("check")), rule.allow_token


def _plain(tree: object) -> object:
    """The tree without what makes no difference: one of a single privilege is that privilege."""
    match tree:
        case ["perm", path, [*names], "any", 1] if len(set(names)) == 1:
            return ["perm", path, [names[0]]]
        case [form, *parts]:
            return [form, *(_plain(part) for part in parts)]
        case _:
            return tree


def _code(rule: Rule) -> object:
    """What is checked in code, without the words for it."""
    return rule.root_params, [(_bare(check), _table(rule, check)) for check in rule.checks]


def _bare(check: Check) -> Check:
    return check._replace(label="", since="")


def _table(rule: Rule, check: Check) -> object:
    """The table that a check looks things up in."""
    match check.need:
        case Named("options", args):
            return rule.tables.options[args["guest"]]._replace(control={})
        case Named("monitor", _):
            return rule.tables.monitor
        case _:
            return None
