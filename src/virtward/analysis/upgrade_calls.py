"""The calls that ask for something else after an upgrade, from the rules of both releases.

Rule: nothing is listed by hand. A call that asks for more only with certain parameters, or for a certain monitor
command, is one more call here, provided that the old release has these parameters.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..policy.requirement import AllOf, AnyOf, Authenticated, Holds, Requirement, RootOnly, parse, parse_gate
from ..rules.difference import diff
from ..rules.loader import Rules
from ..rules.model import Check, Named, Rule, When
from .endpoints_options import on_guest
from .endpoints_when import Atom, Scope, atoms

_UNLISTED = "an unlisted command"


@dataclass(frozen=True, slots=True)
class Change:
    """Calls that ask for `before` in the old release and for `after` in the new one, None if they are gone.

    `unsure` where not the call but what is configured decides whether they ask for it. `places` has each call's
    place among all calls that change.
    """

    calls: tuple[str, ...]
    places: tuple[int, ...]
    before: Requirement
    after: Requirement | None
    unsure: bool = False

    @property
    def roots(self) -> bool:
        """Whether only root@pam may from now on."""
        return any(isinstance(term, RootOnly) for term in leaves(self.after))


def leaves(term: Requirement | None) -> Iterator[Requirement]:
    """The terms without terms below them."""
    match term:
        case None:
            return
        case AllOf(terms) | AnyOf(terms):
            for each in terms:
                yield from leaves(each)
        case _:
            yield term


def asked(term: Requirement | None) -> list[Holds]:
    """The terms of a requirement that ask for privileges."""
    return [leaf for leaf in leaves(term) if isinstance(leaf, Holds)]


def privileges_of(term: Requirement | None) -> frozenset[str]:
    """Every privilege that a requirement mentions."""
    return frozenset(name for leaf in asked(term) for name in leaf.privileges)


def changes(old: Rules, new: Rules) -> tuple[Change, ...]:
    """What differs between two releases, calls that ask for the same on both sides together, in URL order."""
    found: dict[tuple[Requirement, Requirement | None], list[tuple[int, _Variant]]] = {}
    for place, variant in enumerate(_variants(old, new)):
        if variant.before != variant.after:
            found.setdefault((variant.before, variant.after), []).append((place, variant))
    return tuple(
        Change(
            tuple(each.call for _, each in variants),
            tuple(place for place, _ in variants),
            *key,
            all(each.unsure for _, each in variants),
        )
        for key, variants in found.items()
    )


@dataclass(frozen=True, slots=True)
class _Variant:
    """A call and how it is called: with parameters that matter, or as the monitor command that it sends."""

    call: str
    before: Requirement
    after: Requirement | None
    unsure: bool = False


def _variants(old: Rules, new: Rules) -> Iterator[_Variant]:
    difference = diff(old, new)
    for rule in difference.removed:
        yield _Variant(_called(rule), _requirement(rule, ()), None)
    for change in difference.changed:
        before, after = change.old, change.new
        if any(_is_named(check, "monitor") for check in after.checks):
            yield from _monitor(before, after)
        else:
            yield _Variant(_called(after), _requirement(before, ()), _requirement(after, ()))
            yield from _with_parameters(before, after)
            yield from _cpu_models(before, after)


def _is_named(check: Check, need: str) -> bool:
    return isinstance(check.need, Named) and check.need.rule == need


def _called(rule: Rule, note: str = "", since: str = "") -> str:
    """A call in short: its path, below the guest if it is about one, and what is special about it."""
    said = ", ".join(filter(None, (note, f"from {since} on" if since else "")))
    return f"{rule.method} {rule.path.partition('{vmid}/')[2] or rule.path}" + (f" ({said})" if said else "")


def _requirement(rule: Rule, assumed: Sequence[Atom], *more: Requirement, checked: str = "") -> Requirement:
    """What a call asks for if, of all conditions, the assumed ones hold.

    What a check looks up in the cluster counts only if it is the one called `checked`: the others are the same
    in both releases.
    """
    terms: list[Requirement] = [parse_gate(rule.requires)]
    scope = Scope(rule, True)
    for check in rule.checks:
        arises = scope.truth(check.when, {atom: atom in assumed for atom in atoms(check.when)})
        if not arises or (check.open and check.label != checked):
            continue
        if check.need == "root":
            terms.append(RootOnly())
        elif isinstance(check.need, list):
            terms.append(parse(check.need))
    plain = (_plain(term) for term in (*terms, *more) if not isinstance(term, Authenticated))
    unique = tuple(dict.fromkeys(plain))
    return unique[0] if len(unique) == 1 else AllOf(unique)


def _plain(term: Requirement) -> Requirement:
    """The term without what makes no difference: a privilege named twice, `any` of one."""
    match term:
        case Holds(template, wanted, any_, required):
            unique = tuple(dict.fromkeys(wanted))
            return Holds(template, unique, any_ and len(unique) > 1, required)
        case AllOf(terms):
            return AllOf(tuple(_plain(each) for each in terms))
        case AnyOf(terms):
            return AnyOf(tuple(_plain(each) for each in terms))
        case _:
            return term


# Calls that ask for something else by their parameters


def _with_parameters(old: Rule, new: Rule) -> Iterator[_Variant]:
    """A variant for each check of the new release that the old one doesn't make alike."""
    known = {check.label: check for check in old.checks}
    for check in new.checks:
        before = known.get(check.label)
        if isinstance(check.need, Named) or (before and (before.need, before.when) == (check.need, check.when)):
            continue
        assumed = [*_assumed(check.when), *(_assumed(before.when) if before else ())]
        if assumed and all(atom.kind == "depends" or old.param(atom.args[0]) for atom in assumed):
            yield _Variant(
                _called(new, check.label, check.since),
                _requirement(old, assumed, checked=check.label),
                _requirement(new, assumed, checked=check.label),
                any(atom.kind == "depends" for atom in assumed),
            )
    for name in new.root_params:
        if name not in old.root_params and old.param(name):
            after = _requirement(new, (), RootOnly())
            yield _Variant(_called(new, f"parameter {name}"), _requirement(old, ()), after)


def _assumed(when: When) -> list[Atom]:
    """What has to be so for a condition to hold."""
    match when.kind:
        case "always" | "not":
            return []
        case "any":
            return _assumed(when.parts[0])
        case "all":
            return [atom for part in when.parts for atom in _assumed(part)]
        case _:
            return [when]


def _cpu_models(old: Rule, new: Rule) -> Iterator[_Variant]:
    """The call with a custom CPU model, if that asks for something else."""
    for check in new.checks:
        if not isinstance(check.need, Named) or not _is_named(check, "options"):
            continue
        args = check.need.args
        before, after = (rule.tables.options[args["guest"]] for rule in (old, new))
        if before.cpu_model != after.cpu_model and before.cpu_model and after.cpu_model:
            option = parse(on_guest(after.find("cpu").all, args["mode"]))
            yield _Variant(
                _called(new, "custom CPU model", after.cpu_model_since),
                _requirement(old, (), option, parse(before.cpu_model)),
                _requirement(new, (), option, parse(after.cpu_model)),
                unsure=True,
            )


def _monitor(old: Rule, new: Rule) -> Iterator[_Variant]:
    """A variant for each monitor command that either release knows, and for those that none does."""
    before, after = old.tables.monitor, new.tables.monitor
    for command in sorted({*before.levels, *after.levels, "info", "help", _UNLISTED}):
        if command == _UNLISTED:
            was, becomes = before.unlisted, after.unlisted
        else:
            was, becomes = before.level(command), after.level(command)
        then, now = _requirement(old, (), *_of_level(was)), _requirement(new, (), *_of_level(becomes))
        yield _Variant(f"monitor {command}", then, now)


def _of_level(level: str) -> tuple[Requirement, ...]:
    if level == "none":
        return ()
    return (RootOnly() if level == "root" else Holds("/", (level,)),)
