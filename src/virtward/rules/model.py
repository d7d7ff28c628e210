"""What a call to Proxmox VE requires, as values: a Rule, the Checks upstream makes in code, and a Demand.

Rule: a permission tree stays the JSON list that upstream declares; giving it a meaning is `policy`'s affair.
Placeholders `{name}` in a tree are filled from the parameters that come with it.

The small records are named tuples, not dataclasses, because making a dataclass costs every start of the command
line half a millisecond.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, TypedDict

Tree: TypeAlias = list["Tree | str | int"]
"""`["perm", path, [privilege...], "any", 1]`, `["and"|"or", tree...]`, `["perm-modify", path]` and so on."""

Root: TypeAlias = Literal["root"]
"""Only `root@pam` itself, no token of it either."""

Params: TypeAlias = Mapping[str, str]
"""A call's parameters, those of the path included, each as the text that is sent."""


class Gate(TypedDict, total=False):
    """The permission object of a call as upstream declares it; with both keys `user` wins."""

    user: str
    check: Tree


class Param(NamedTuple):
    """A declared parameter; `indexed` ones are written `net[n]` and given as `net0`, `net1` ..."""

    optional: bool
    type: str
    format: str = ""
    enum: tuple[str, ...] = ()
    indexed: bool = False


class When(NamedTuple):
    """A condition on a call.

    always                      whatever the call
    given P / on P / off P      parameter P is given / given and true / given and false
    is P TEXT / ends P TEXT     P is that text / ends with it
    named P TEXT                the list P has that item
    part P KEY                  the property string P has that key
    self P                      P is the caller, or a token of the caller's
    task-owner P                the task P was started by the caller or a token of the caller's
    not / all / any             of `parts`
    depends TEXT                on something that the call doesn't tell
    """

    kind: str
    args: tuple[str, ...] = ()
    parts: tuple["When", ...] = ()


class Prose(NamedTuple):
    """A need that is known in words only."""

    text: str


class Named(NamedTuple):
    """A need that `demands` computes from the call's values; `args` say which parameters it looks at.

    volume-access   `volume` may be used, for guest `vmid` if given; its store may come from `storage`
    volume-delete   `volume` of `storage` may be removed
    options         every option given, and every name in `delete`, may be set (`guest` qemu|lxc, `mode`)
    unlink          the drives of `idlist` may be detached
    monitor         the monitor `command` may be run
    """

    rule: str
    args: Mapping[str, str]


Need: TypeAlias = Tree | Root | Prose | Named


class Check(NamedTuple):
    """A check that upstream makes in code, beyond the declared gate.

    `each` = (list parameter, name, kind): made per item, which the tree knows as `{name}`. `bind` derives further
    names from parameters; `open` says what the names that nothing in the call decides stand for.
    `since` names the package that brought the check within the release.
    """

    label: str
    when: When
    need: Need
    each: tuple[str, ...] = ()
    bind: Mapping[str, tuple[str, ...]] = {}
    open: Mapping[str, str] = {}
    since: str = ""


class Demand(NamedTuple):
    """One thing a particular call asks beyond its gate.

    `certain` with a tree: it must hold. Not certain, with a tree: holding it is always enough; without it, it
    depends on what `depends` says. Not certain, no tree: `pattern` shows the tree with the names left open that
    `depends` is about, where the shape is known.
    """

    label: str
    tree: Tree | Root | None
    params: Params
    certain: bool = True
    depends: str = ""
    pattern: Tree | None = None
    since: str = ""


class Option(NamedTuple):
    """What changing a guest option takes: all of `all`, one of `any`, the trees `also`, a rule on its `value`."""

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    also: tuple[Tree, ...] = ()
    value: str = ""
    root: bool = False


class GuestOptions(NamedTuple):
    """The options of one kind of guest; `control` are the parameters of a call that are no options."""

    names: Mapping[str, Option]
    delete_only: Mapping[str, Option]
    default: Option
    control: Mapping[str, frozenset[str]]
    cpu_model: Tree
    cpu_model_since: str = ""

    def find(self, name: str, *, deleted: bool = False) -> Option:
        """The option that `net0` or `cores` is; an unknown name has the default."""
        if deleted and name in self.delete_only:
            return self.delete_only[name]
        return self.names.get(name) or self.names.get(indexed_name(name)) or self.default


class Monitor(NamedTuple):
    """Which QEMU monitor commands need more than the gate: `Sys.Modify` on `/`, or `root`."""

    read_only: tuple[str, ...]
    levels: Mapping[str, str]
    unlisted: str

    def level(self, command: str) -> str:
        """What a command line needs: `none`, a privilege on `/`, or `root`.

        Its first word decides, exactly as written; a blank command needs nothing, because it can't be run.
        """
        words = command.split(maxsplit=1)
        if not words or any(re.search(pattern, command) for pattern in self.read_only):
            return "none"
        return self.levels.get(words[0], self.unlisted)


class Tables(NamedTuple):
    """What the named needs of a release look up."""

    options: Mapping[str, GuestOptions]
    monitor: Monitor


@dataclass(frozen=True, slots=True)
class Rule:
    """One API call: method and path template, its gate, its parameters, and what its code checks beyond.

    `requires` None means `root@pam` only. `filter` says what a listing leaves out or masks; `filter_tree` is
    the tree each row must pass, where upstream has just one. `root_params` are refused to everybody else.
    """

    method: str
    path: str
    name: str
    requires: Gate | None
    params: Mapping[str, Param]
    allow_token: bool
    checks: tuple[Check, ...]
    root_params: tuple[str, ...]
    filter: str
    filter_tree: Tree | None
    note: str
    open_params: bool
    tables: Tables = field(repr=False, compare=False)

    def __hash__(self) -> int:
        return hash((self.method, self.path))

    def param(self, name: str) -> Param | None:
        """The declared parameter that `net0` or `cores` is, None if the call has no such parameter."""
        return self.params.get(name) or self.params.get(indexed_name(name))


def indexed_name(name: str) -> str:
    """`net[n]` for `net12`; the name itself without digits at its end."""
    stem = name.rstrip("0123456789")
    return f"{stem}[n]" if stem != name else name
