"""What setting and removing guest options takes: the option tables of virtual machines and containers.

Rule: every parameter of the call that isn't one of its control parameters is an option, and an option that the
table doesn't know has the table's default.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from . import devices, volumes
from .devices import Place, root_unless, unsure
from .model import Demand, GuestOptions, Option, Params, Tree
from .values import items, parts, true

_CHECKED_WHEN_REVERTED = frozenset(
    {"drive", "unused", "serial", "usb", "hostpci", "rng", "virtiofs", "vnet", "tags"}
)


def create(table: GuestOptions, params: Params) -> Iterator[Demand]:
    """What the options of a new guest take: privileges on it or on its pool."""
    place = Place(
        params.get("vmid", ""),
        params.get("pool", ""),
        created=True,
        storage=params.get("storage", ""),
        import_storage=params.get("import-working-storage", ""),
    )
    for name, value in params.items():
        if name not in table.control["create"]:
            yield from _set(Setting(table, name, value, place, params))


def update(table: GuestOptions, params: Params) -> Iterator[Demand]:
    """What changing, removing and reverting options of a guest takes."""
    place = Place(params.get("vmid", ""), import_storage=params.get("import-working-storage", ""))
    for name in items(params.get("delete", "")):
        yield from removal(table, name, place, force=true(params.get("force", "")))
    for name in items(params.get("revert", "")):
        yield from _revert(table, name, place)
    for name, value in params.items():
        if name not in table.control["update"]:
            yield from _set(Setting(table, name, value, place, params))


def unlink(table: GuestOptions, params: Params) -> Iterator[Demand]:
    """What detaching the drives of `idlist` takes; with `force` the volumes go too."""
    place = Place(params.get("vmid", ""))
    for name in items(params.get("idlist", "")):
        yield from removal(table, name, place, force=true(params.get("force", "")))


# Setting


class Setting(NamedTuple):
    """One option given in a call."""

    table: GuestOptions
    name: str
    value: str
    place: Place
    params: Params

    @property
    def label(self) -> str:
        """What the demands are called."""
        return f"option {self.name}"


def _set(setting: Setting) -> Iterator[Demand]:
    """A new value: the option's privileges, its value's, and those of the value it replaces."""
    option, label, place = setting.table.find(setting.name), setting.label, setting.place
    yield from _privileges(option, label, place)
    for tree in option.also:
        yield Demand(label, tree, {"value": setting.value})
    if option.value:
        yield from _VALUE_RULES[option.value](setting)
        if not place.created:
            yield from _replaced(option.value, label, setting.name, place)


def _privileges(option: Option, label: str, place: Place) -> Iterator[Demand]:
    if option.root:
        yield Demand(label, "root", {})
    if option.all:
        yield place.demand(label, option.all)
    if option.any:
        yield place.demand(label, option.any, any_of=True)


_VALUE_RULES: Mapping[str, Callable[[Setting], Iterable[Demand]]] = {
    "drive": lambda new: devices.drive(new.label, new.value, new.place, new.name),
    "unused": lambda new: volumes.access(new.label, parts(new.value, "file").get("file", ""), new.place.vmid),
    "mountpoint": lambda new: devices.mount_point(new.label, new.value, new.place),
    "vnet": lambda new: devices.network(new.label, new.value),
    "usb": lambda new: devices.usb(new.label, new.value, new.place),
    "hostpci": lambda new: devices.hostpci(new.label, new.value, new.place),
    "serial": lambda new: devices.serial(new.label, new.value, new.place),
    "virtiofs": lambda new: devices.virtiofs(new.label, new.value, new.place),
    "rng": lambda new: devices.rng(new.label, new.value),
    "cpu-model": lambda new: devices.cpu(
        new.label, new.value, new.place, new.table.cpu_model, new.table.cpu_model_since
    ),
    "tags": lambda new: _tags(new.label, new.place),
    "features": lambda new: _features(new.label, new.value, new.place, new.params),
}


def _tags(label: str, place: Place) -> Iterator[Demand]:
    """Tags: always on the guest itself, never on its pool."""
    yield Demand(label, ["perm", "/vms/{vmid}", ["VM.Config.Options"]], {"vmid": place.vmid})
    text = "the cluster's rules for the tags added and removed (registered-tags, user-tag-access)"
    yield unsure(label, text, ["perm", "/", ["Sys.Modify"]])


def _features(label: str, value: str, place: Place, params: Params) -> Iterator[Demand]:
    """A container's features: nesting alone can be granted, and only for an unprivileged container."""
    nesting_only = parts(value).keys() <= {"nesting"}
    if place.created:
        unprivileged = true(params.get("unprivileged", "0" if true(params.get("restore", "")) else "1"))
        allowed = nesting_only and unprivileged
        yield place.demand(label, ("VM.Allocate",)) if allowed else Demand(label, "root", {})
        return
    yield place.demand(label, ("VM.Allocate",))
    what = "is unprivileged" if nesting_only else "is unprivileged and has the features besides nesting already"
    yield root_unless(label, f"whether container {place.vmid} {what}")


# Replacing, removing, reverting


def _replaced(kind: str, label: str, name: str, place: Place) -> Iterator[Demand]:
    """What giving up the value that is configured now takes."""
    match kind:
        case "drive":
            yield devices.old_drive(label, "ide2" if name == "cdrom" else name, place)
        case "vnet":
            yield devices.old_network(label, name)
        case "serial":
            yield root_unless(label, f"whether {name} is a host device now")
        case "usb" | "hostpci":
            mapped = "usb" if kind == "usb" else "pci"
            need = f"root@pam if it is a host device, Mapping.Use on /mapping/{mapped}/ID if it is a mapping"
            yield root_unless(label, f"what {name} is now: {need}")
        case "virtiofs":
            pattern: Tree = ["perm", "/mapping/dir/{dirid}", ["Mapping.Use"]]
            text = f"the folder that {name} shares now"
            yield Demand(label, None, {}, certain=False, depends=text, pattern=pattern)
        case "rng":
            hwrng: Tree = ["perm", "/mapping/hwrng", ["Mapping.Use"]]
            yield unsure(label, f"whether {name} uses /dev/hwrng now", hwrng)
        case _:
            pass


_BASE = {
    "serial": "VM.Config.HWType",
    "usb": "VM.Config.HWType",
    "hostpci": "VM.Config.HWType",
    "virtiofs": "VM.Config.Disk",
    "unused": "VM.Config.Disk",
}


def removal(table: GuestOptions, name: str, place: Place, *, force: bool = False) -> Iterator[Demand]:
    """What removing an option takes; with `force` a drive's volume is removed too."""
    option = table.find(name, deleted=True)
    label = f"option {name} removed"
    yield from _privileges(option, label, place)
    yield from (Demand(label, tree, {}) for tree in option.also if "{value}" not in str(tree))
    if option.value in _BASE:
        yield place.demand(label, (_BASE[option.value],))
    match option.value:
        case "tags":
            yield from _tags(label, place)
        case "features":
            yield from _features(label, "nesting=0", place, {})
        case value:
            yield from _replaced(value, label, name, place)
    yield from _freed(option, label, name, place, force)


def _freed(option: Option, label: str, name: str, place: Place, force: bool) -> Iterator[Demand]:
    """What giving back the option's volume takes."""
    if force and option.value == "drive":
        yield place.demand(label, ("VM.Config.Disk",))
    if (force and option.value == "drive") or option.value == "unused" or name == "vmstate":
        yield volumes.space_of(label, f"the volume of {name}")


def _revert(table: GuestOptions, name: str, place: Place) -> Iterator[Demand]:
    """What dropping a pending change takes: for a container, what removing the option takes."""
    if not table.default.root:
        yield from removal(table, name, place)
    elif table.find(name).value in _CHECKED_WHEN_REVERTED:
        depends = f"the pending and the current value of {name}"
        yield Demand(f"option {name} reverted", None, {}, certain=False, depends=depends)
