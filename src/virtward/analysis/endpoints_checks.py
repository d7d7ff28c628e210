"""The checks that upstream makes in code, as conditions on a call's parameters.

Rule: what a check looks up in a table or in the cluster's state is said in words, never assumed to be harmless;
only what upstream keeps for root@pam is set aside, by name, in `reserved`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ..policy.requirement import Requirement, RootOnly, parse
from ..rules.model import Check, Monitor, Named, Prose, Rule, Tables, Tree, When
from .endpoints_formula import Formula, Said, both, either
from .endpoints_options import OPTION_NAMES, needs_of_options
from .endpoints_terms import Naming, Terms
from .endpoints_when import ALWAYS
from .endpoints_words import wording

_NAMED_AT_MOST = 4
# What a name is left open for and always exists; other such things may be none or several.
_EXISTING = ("the SDN zone of ", "the storage of ")


@dataclass(frozen=True, slots=True)
class Condition:
    """One check: when it arises, for which calls it passes then, what it is about and what it asks, in words."""

    when: When
    formula: Formula
    label: str
    needs: str = ""
    since: str = ""


def naming(rule: Rule) -> dict[str, str]:
    """The placeholders that a rule's calls give a value to: its parameters, under their own names."""
    return {name: name for name in rule.params}


def conditions(rule: Rule, terms: Terms) -> Iterator[Condition]:
    """Everything that a rule's code checks."""
    for check in rule.checks:
        yield from _conditions(rule, check, terms)


def _conditions(rule: Rule, check: Check, terms: Terms) -> Iterator[Condition]:
    names = naming(rule) | {name: name for name in (*check.bind, *check.open)}
    if check.each:
        source, name, *_ = check.each
        names[name] = source
    match check.need:
        case Prose(text):
            yield Condition(check.when, Said(text), check.label, text, check.since)
        case Named(need, args):
            for found in _NAMED[need](_Place(rule.tables, terms, names, args), check.label):
                yield Condition(_all(check.when, found.when), found.formula, found.label, found.needs, check.since)
        case "root":
            yield Condition(check.when, False, check.label, wording(RootOnly()), check.since)
        case list() as tree:
            term = parse(tree)
            unsure = (text for text in check.open.values() if text and not text.startswith(_EXISTING))
            when = _all(check.when, *(When("depends", (text,)) for text in unsure))
            yield Condition(when, terms.formula(term, names), check.label, wording(term), check.since)


def _all(*parts: When) -> When:
    known = [part for part in parts if part.kind != "always"]
    return known[0] if len(known) == 1 else When("all", (), tuple(known)) if known else ALWAYS


def reserved(rule: Rule) -> list[str]:
    """The parameters, options and commands of a rule's calls that are root@pam's."""
    found = [*rule.root_params]
    for check in rule.checks:
        match check.need:
            case Named("options", args):
                table = rule.tables.options[args["guest"]]
                found += [name for name, option in table.names.items() if option.root]
                found += ["raw devices"] if any(o.value in ("usb", "hostpci") for o in table.names.values()) else []
            case Named("monitor", _):
                found += _commands(rule.tables.monitor, "root")
            case _:
                pass
    return found


def _commands(monitor: Monitor, level: str) -> list[str]:
    """The monitor commands of a level, and how those are called that the table doesn't know."""
    names = [name for name in {**monitor.levels, "help": "", "info": ""} if monitor.level(name) == level]
    return [*names, "unlisted monitor commands"] if monitor.unlisted == level and names else names


# Needs that a table decides


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a named need is looked at."""

    tables: Tables
    terms: Terms
    names: Naming
    args: Mapping[str, str]

    def condition(self, when: str, label: str, term: Requirement | Tree, names: Naming) -> Condition:
        """A condition that arises by what `when` says."""
        requirement = parse(term) if isinstance(term, list) else term
        formula = self.terms.formula(requirement, {**self.names, **names})
        return Condition(When("depends", (when,)), formula, label, wording(requirement))

    def holds(self, template: str, *privileges: str, names: Naming) -> Formula:
        """For which calls any of some privileges is held on a path."""
        return self.terms.on_path(template, privileges, True, {**self.names, **names})


def _monitor(place: _Place, label: str) -> Iterator[Condition]:
    monitor = place.tables.monitor
    free = ", ".join(_commands(monitor, "none"))
    for level in sorted({*monitor.levels.values(), monitor.unlisted} - {"none", "root"}):
        yield place.condition(f"{level} commands", f"commands other than {free}", ["perm", "/", [level]], {})


_STORE = "/storage/{storage}"
_ALLOCATE, _SPACE, _AUDIT = "Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.Audit"


def _volume_access(place: _Place, label: str) -> Iterator[Condition]:
    volume = place.args["volume"]
    store = "storage" if "storage" in place.args else f"storage of {volume}"
    names = {"storage": store, "owner": f"owner of {volume}"}
    space, audit = place.holds(_STORE, _SPACE, names=names), place.holds(_STORE, _AUDIT, names=names)
    readable = place.holds(_STORE, _ALLOCATE, _SPACE, _AUDIT, names=names)
    ways = {
        "vztmpl": both(readable, Said(f"{volume} is a template, an ISO image or an import")),
        "backup": both(
            space, place.holds("/vms/{owner}", "VM.Backup", names=names), Said(f"{volume} is a guest's backup")
        ),
        "images": both(
            audit, place.holds("/vms/{owner}", "VM.Config.Disk", names=names), Said(f"{volume} is a guest's disk")
        ),
    }
    kind = place.args.get("type", "")
    some = [ways[kind]] if kind in ways else [*ways.values()]
    own = Said(f"{volume} belongs to the guest itself") if "vmid" in place.args else False
    needs = "Datastore.Allocate on its storage, or less for templates, ISO images, backups and disks"
    everything = place.holds(_STORE, _ALLOCATE, names=names)
    yield Condition(ALWAYS, either(everything, *some, own), label, needs)


def _volume_delete(place: _Place, label: str) -> Iterator[Condition]:
    """A guest's backup takes other privileges than anything else."""
    backup: Tree = ["and", ["perm", _STORE, [_SPACE]], ["perm", "/vms/{owner}", ["VM.Backup"]]]
    owner = {"owner": f"owner of {place.args['volume']}"}
    found = place.condition("backup", f"{label}, a guest's backup", backup, owner)
    yield found
    other = place.condition("backup", f"{label}, anything else", ["perm", _STORE, [_ALLOCATE]], {})
    yield replace(other, when=When("not", (), (found.when,)))


def _unlink(place: _Place, label: str) -> Iterator[Condition]:
    drives: Tree = ["perm", "/vms/{vmid}", ["VM.Config.Disk", "VM.Config.CDROM", "VM.Config.Cloudinit"]]
    yield place.condition("drives", "drives, by their kind", drives, {})
    space: Tree = ["perm", _STORE, [_SPACE]]
    yield place.condition("force", "volumes removed too", space, {"storage": "storage of the volume"})


def _options(place: _Place, label: str) -> Iterator[Condition]:
    """What setting each option takes, options that take the same together."""
    table = place.tables.options[place.args["guest"]]
    for term, names in needs_of_options(table, place.args["mode"]).items():
        what = ", ".join(names[:_NAMED_AT_MOST])
        more = f" and {len(names) - _NAMED_AT_MOST} more" if len(names) > _NAMED_AT_MOST else ""
        yield place.condition(f"{names}", f"options {what}{more}", term, OPTION_NAMES)


_NAMED: Mapping[str, Callable[[_Place, str], Iterator[Condition]]] = {
    "volume-access": _volume_access,
    "volume-delete": _volume_delete,
    "options": _options,
    "unlink": _unlink,
    "monitor": _monitor,
}
