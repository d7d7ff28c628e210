"""Calls and their demands in words, so that a test reads like a sentence."""

from virtward.rules.demands import expand
from virtward.rules.loader import load
from virtward.rules.model import Demand, Params, Tree


def demands(call: str, /, *args: str, release: str = "9", caller: str | None = None) -> list[Demand]:
    """The demands of `METHOD /path` with `name=value` arguments."""
    method, _, url = call.partition(" ")
    found = load(release).find(method, url)
    assert found is not None, call
    given = dict(arg.split("=", 1) for arg in args)
    return expand(found.rule, {**given, **found.params}, caller)


def asked(call: str, /, *args: str, release: str = "9", caller: str | None = None) -> list[str]:
    """The demands in words: `PRIVILEGE on PATH`, `root@pam`; `maybe ...` where it isn't certain."""
    return [words(demand) for demand in demands(call, *args, release=release, caller=caller)]


def words(demand: Demand) -> str:
    """A demand in words; names nothing in the call decides stay in braces."""
    tree = demand.pattern if demand.tree is None else demand.tree
    text = "root@pam" if tree == "root" else tree_words(tree, demand.params) if tree is not None else "something"
    assert demand.certain or demand.depends, demand
    assert demand.tree is not None or not demand.certain, demand
    return text if demand.certain else f"maybe {text}"


def tree_words(tree: Tree | str | int, params: Params) -> str:
    """A tree in words."""
    assert isinstance(tree, list)
    form, *rest = tree
    if form in ("and", "or"):
        return "(" + f" {form} ".join(tree_words(part, params) for part in rest) + ")"
    if form != "perm":
        return " ".join(filled(str(part), params) for part in tree)
    path, names, *options = rest
    assert isinstance(names, list)
    optional = f" if {options[options.index('require_param') + 1]}" if "require_param" in options else ""
    glue = "|" if "any" in options else "+"
    return f"{glue.join(str(name) for name in names)} on {filled(str(path), params)}{optional}"


def filled(text: str, params: Params) -> str:
    """The text with the parameters filled in."""
    for name, value in params.items():
        text = text.replace("{" + name + "}", value)
    return text
