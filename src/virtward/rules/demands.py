"""What a particular call asks beyond its gate: a rule's checks, applied to the call's parameters.

Rule: nothing is left out. What the call alone doesn't decide becomes a Demand that isn't certain and says what it
depends on.
"""

from collections.abc import Callable, Iterator, Mapping

from ..errors import ProgramError
from .conditions import Truth, fill, holds
from .model import Check, Demand, Named, Params, Prose, Rule, Tables, Tree
from .values import items, parts, targets, true


def expand(rule: Rule, params: Params, caller: str | None = None) -> list[Demand]:
    """The demands of a call, in the order in which upstream makes the checks.

    `params` holds the path's parameters and the others, each as the text that is sent. With `caller` (a user or
    token id) the conditions about the caller are decided too. `root@pam` meets every demand.
    """
    found = list(_root_params(rule, params))
    for check in rule.checks:
        truth = holds(check.when, params, caller)
        if truth.known is not False:
            for bound in _bindings(check, params):
                found.extend(_demands(rule.tables, check, truth, bound))
    return found


def _root_params(rule: Rule, params: Params) -> Iterator[Demand]:
    """Parameters that only root@pam may give; a flag that is off counts as not given."""
    for name in rule.root_params:
        declared = rule.param(name)
        flag = declared is not None and declared.type == "boolean"
        if name in params and not (flag and not true(params[name])):
            yield Demand(f"parameter {name}", "root", {})


# Names in a tree


def _bindings(check: Check, params: Params) -> Iterator[Params]:
    """The parameters with what the check derives from them: one set, or one per item of a list."""
    # A parameter that happens to have the name of something unknown doesn't make it known.
    bound = {name: value for name, value in params.items() if name not in check.open}
    for name, how in check.bind.items():
        value = _derive(how, params)
        if value:
            bound[name] = value
    if not check.each:
        yield bound
        return
    source, name, *kind = check.each
    split = targets if kind == ["pairs"] else items
    for item in split(params.get(source, "")):
        yield {**bound, name: item}


def _derive(how: tuple[str, ...], params: Params) -> str:
    """A name's value; empty if it can't be told."""
    kind, source, *rest = how
    value = params.get(source, "")
    match kind, rest:
        case "before", [mark]:
            return value.partition(mark)[0]
        case "or", [default]:
            return value or default
        case "part", [key]:
            return parts(value).get(key, "")
        case "owner", []:
            from .volumes import parse

            volume = parse(value)
            return volume.owner if volume else ""
        case _:
            raise ProgramError(f"unknown derivation {how!r}")


# Needs


def _demands(tables: Tables, check: Check, truth: Truth, params: Params) -> Iterator[Demand]:
    """The check's need, for parameters with everything bound; `truth` is yes or depends."""
    match check.need:
        case Prose(text):
            yield _unknown(check, [truth.depends, text], params)
        case Named(name, args):
            yield from (_under(truth, demand) for demand in _NAMED[name](tables, check.label, args, params))
        case "root":
            yield _under(truth, Demand(check.label, "root", params, since=check.since))
        case list() as tree:
            named = [name for name in check.open if name not in params and f"{{{name}}}" in str(tree)]
            unknown = [check.open[name] for name in named]
            if unknown:
                yield _unknown(check, [truth.depends, *unknown], params, tree)
            else:
                yield _under(truth, Demand(check.label, tree, params, since=check.since))


def _under(truth: Truth, demand: Demand) -> Demand:
    """The demand, not certain if its condition isn't."""
    if truth.known:
        return demand
    depends = "; ".join(filter(None, (truth.depends, demand.depends)))
    return demand._replace(certain=False, depends=depends)


def _unknown(check: Check, texts: list[str], params: Params, pattern: Tree | None = None) -> Demand:
    """A demand of which only the shape is known, if that."""
    depends = "; ".join(fill(text, params) for text in texts if text)
    return Demand(check.label, None, params, certain=False, depends=depends, pattern=pattern, since=check.since)


# Named needs; what only they use is imported by them, because most calls have none.


def _volume_access(tables: Tables, label: str, args: Mapping[str, str], params: Params) -> Iterator[Demand]:
    from . import volumes

    volume, vmid, store = (params.get(args.get(key, ""), "") for key in ("volume", "vmid", "storage"))
    return volumes.access(label, volume, vmid, store)


def _volume_delete(tables: Tables, label: str, args: Mapping[str, str], params: Params) -> Iterator[Demand]:
    from . import volumes

    return volumes.removal(label, params.get(args["volume"], ""), params.get(args["storage"], ""))


def _options(tables: Tables, label: str, args: Mapping[str, str], params: Params) -> Iterator[Demand]:
    from . import options

    change = options.create if args["mode"] == "create" else options.update
    return change(tables.options[args["guest"]], params)


def _unlink(tables: Tables, label: str, args: Mapping[str, str], params: Params) -> Iterator[Demand]:
    from . import options

    return options.unlink(tables.options[args["guest"]], params)


def _monitor(tables: Tables, label: str, args: Mapping[str, str], params: Params) -> Iterator[Demand]:
    """The monitor command's level, decided by its first word."""
    command = params.get(args["command"])
    if command is None:
        yield Demand(label, "root", {}, certain=False, depends="the monitor command")
        return
    match tables.monitor.level(command):
        case "none":
            return
        case "root":
            yield Demand(f"{label} {command.split()[0]}", "root", {})
        case privilege:
            yield Demand(f"{label} {command.split()[0]}", ["perm", "/", [privilege]], {})


_NAMED: Mapping[str, Callable[[Tables, str, Mapping[str, str], Params], Iterator[Demand]]] = {
    "volume-access": _volume_access,
    "volume-delete": _volume_delete,
    "options": _options,
    "unlink": _unlink,
    "monitor": _monitor,
}
