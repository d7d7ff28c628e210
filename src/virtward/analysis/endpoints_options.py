"""What setting a guest's options may take, whatever their values.

Rule: the tables of `rules` say which option is of which kind; here a kind of value is only turned into the most
that it may take. What a value takes exactly is `rules.demands`' affair.
"""

from collections.abc import Iterator, Mapping

from ..policy.requirement import Requirement, parse
from ..rules.model import GuestOptions, Option, Tree

OPTION_NAMES: Mapping[str, str] = {
    "storage": "storage",
    "zone": "zone",
    "bridge": "bridge",
    "mapping": "mapping",
    "value": "storage",
    "name": "CPU model",
}
"""The placeholders of these needs, and what a reader is told they are."""

_FREE_AT_CREATION = frozenset({"drive", "unused"})
_ON_GUEST: Mapping[str, tuple[str, ...]] = {
    "drive": ("VM.Config.Disk", "VM.Config.CDROM"),
    "unused": ("VM.Config.Disk",),
    "serial": ("VM.Config.HWType",),
    "usb": ("VM.Config.HWType",),
    "hostpci": ("VM.Config.HWType",),
    "virtiofs": ("VM.Config.Disk",),
    "tags": ("VM.Config.Options",),
    "features": ("VM.Allocate",),
}
"""Kind of value -> what setting it takes on the guest, beyond the option's own privileges."""

_SPACE: Tree = ["perm", "/storage/{storage}", ["Datastore.AllocateSpace"]]
_ELSEWHERE: Mapping[str, tuple[Tree, ...]] = {
    "drive": (_SPACE,),
    "mountpoint": (_SPACE,),
    "vnet": (["perm", "/sdn/zones/{zone}/{bridge}", ["SDN.Use"]],),
    "usb": (["perm", "/mapping/usb/{mapping}", ["Mapping.Use"]],),
    "hostpci": (["perm", "/mapping/pci/{mapping}", ["Mapping.Use"]],),
    "virtiofs": (["perm", "/mapping/dir/{mapping}", ["Mapping.Use"]],),
    "rng": (["perm", "/mapping/hwrng", ["Mapping.Use"]],),
    "tags": (["perm", "/", ["Sys.Modify"]],),
}
"""Kind of value -> what it may take elsewhere, by the value."""


def needs_of_options(table: GuestOptions, mode: str) -> dict[Requirement, list[str]]:
    """Requirement -> the options that may take it, in a call that makes a guest (`create`) or changes one."""
    control = table.control[mode]
    found: dict[Requirement, list[str]] = {}
    for name, option in table.names.items():
        if name not in control:
            for tree in _trees(option, mode, table.cpu_model):
                found.setdefault(parse(tree), []).append(name)
    if not table.default.root:
        for tree in _trees(table.default, mode, []):
            found.setdefault(parse(tree), []).append("all others")
    return found


def _trees(option: Option, mode: str, cpu_model: Tree) -> Iterator[Tree]:
    if option.all:
        yield on_guest(option.all, mode)
    if option.any:
        yield on_guest(option.any, mode, "any", 1)
    yield from option.also
    if mode != "create" or option.value not in _FREE_AT_CREATION:
        for privilege in _ON_GUEST.get(option.value, ()):
            yield on_guest((privilege,), mode)
    yield from _ELSEWHERE.get(option.value, ())
    if option.value == "cpu-model" and cpu_model:
        yield cpu_model


def on_guest(privileges: tuple[str, ...], mode: str, *flags: str | int) -> Tree:
    """Privileges on the guest, at its creation also on its pool."""
    guest: Tree = ["perm", "/vms/{vmid}", [*privileges], *flags]
    if mode != "create":
        return guest
    return ["or", ["perm", "/pool/{pool}", [*privileges], *flags, "require_param", "pool"], guest]
