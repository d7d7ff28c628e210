"""What creating a machine, and changing its options, requires: every term, with nothing left open.

Rule: the demands are those of `rules`, for texts in the one way of writing them; where a call alone doesn't decide,
the machine's present options do, and what they don't decide either takes the most that it may take. Bridges are in
the zone `localnetwork`: there is no other. Which tags a user may give is the cluster's policy, not judged here.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ..policy.requirement import Requirement, RootOnly, parse
from ..rules import devices, volumes
from ..rules.devices import Place
from ..rules.model import Demand
from ..schema.value import Value
from . import disks, options, texts
from .config import normalised, removals

_ZONE = "localnetwork"


class Need(NamedTuple):
    """One requirement, what it is for, and the parameters that fill it."""

    label: str
    requirement: Requirement
    params: Mapping[str, str]


def creation(given: Mapping[str, Value], *, vmid: str, pool: str = "", storage: str = "") -> Iterator[Need]:
    """What the options of a new machine take, on the machine or on its pool, besides `VM.Allocate`.

    `storage` is where volumes go whose text doesn't say it. Raises Invalid for options that are wrong.
    """
    place = Place(vmid, pool, created=True, storage=storage)
    for name, text in normalised(given).items():
        yield from _needs(_set(name, text, place, {}))


def change(
    before: Mapping[str, str],
    given: Mapping[str, Value],
    delete: Iterable[str] = (),
    *,
    vmid: str,
    force: bool = False,
) -> Iterator[Need]:
    """What setting and removing options takes; with `force`, removed drives lose their volumes too.

    An option given without a text is removed. Raises Invalid for options that are wrong.
    """
    place = Place(vmid)
    for name in removals(given, delete):
        yield from _needs(_removed(name, before.get(name, ""), place, force))
    for name, text in normalised(given).items():
        yield from _needs(_set(name, text, place, before))
        if name in before:
            yield from _needs(_given_up(name, before[name], place))


def _set(name: str, text: str, place: Place, before: Mapping[str, str]) -> Iterator[Demand]:
    """A new value: the option's own privileges, and those of the value."""
    label = f"option {name}"
    yield from _own(name, text, place)
    match options.rule(name).value:
        case "drive":
            yield from _drive(name, text, place, before)
        case "unused":
            yield from volumes.access(label, disks.drive(name, text).file, place.vmid)
        case "vnet":
            yield from devices.network(label, text)
        case "serial":
            yield from devices.serial(label, text, place)
        case "rng":
            yield from devices.rng(label, text)
        case "tags":
            yield devices.Place(place.vmid).demand(label, ("VM.Config.Options",))
        case "cpu-model" | "":
            pass
        case _:
            yield Demand(label, "root", {})


def _own(name: str, text: str, place: Place) -> Iterator[Demand]:
    """What an option takes, whatever its value."""
    label, rule = f"option {name}", options.rule(name)
    if rule.root:
        yield Demand(label, "root", {})
    if rule.all:
        yield place.demand(label, rule.all)
    if rule.any:
        yield place.demand(label, rule.any, any_of=True)
    yield from (Demand(label, tree, {"value": text}) for tree in rule.also)


def _drive(name: str, text: str, place: Place, before: Mapping[str, str]) -> Iterator[Demand]:
    label, drive = f"option {name}", disks.drive(name, text)
    present = {disks.drive(slot, old).file for slot, old in before.items() if disks.is_slot(slot)}
    if drive.file in present and not disks.content(drive.file):
        # An adopted machine's own volume: no name tells its owner, but the machine has it already.
        yield place.demand(label, _drive_privileges(name, text))
        return
    source = texts.parts(name, text).get("import-from", "")
    if source and not source.startswith("/") and not disks.content(source):
        yield Demand(
            label, ["perm", "/storage/{storage}", ["Datastore.Allocate"]], {"storage": source.partition(":")[0]}
        )
        text = text.replace(f"import-from={source}", "")
    yield from devices.drive(label, text, place, name)


def _drive_privileges(name: str, text: str) -> tuple[str, ...]:
    """What changing or giving up a drive takes."""
    drive = disks.drive(name, text)
    if drive.cloud_init:
        return ("VM.Config.Cloudinit", "VM.Config.CDROM")
    return ("VM.Config.CDROM",) if drive.cdrom else ("VM.Config.Disk",)


def _given_up(name: str, old: str, place: Place) -> Iterator[Demand]:
    """What the value takes that is replaced or removed."""
    label = f"option {name} now"
    match options.rule(name).value:
        case "drive":
            yield place.demand(label, _drive_privileges(name, old))
        case "vnet":
            yield from devices.network(label, old)
        case "serial" if old != "socket":
            yield Demand(label, "root", {})
        case _:
            pass


_BASE = {"serial": "VM.Config.HWType", "unused": "VM.Config.Disk"}


def _removed(name: str, old: str, place: Place, force: bool) -> Iterator[Demand]:
    rule, label = options.rule(name), f"option {name} removed"
    yield from _own(name, old, place)
    if rule.value in _BASE:
        yield place.demand(label, (_BASE[rule.value],))
    if rule.value == "tags":
        yield place.demand(label, ("VM.Config.Options",))
    if rule.value == "drive" and (force or not old):
        yield place.demand(label, ("VM.Config.Disk",))
    if old:
        yield from _given_up(name, old, place)
    volume = disks.drive(name, old).file if old and (disks.is_slot(name) or rule.value == "unused") else ""
    if ":" in volume and (rule.value == "unused" or force):
        yield volumes.allocate_space(label, volume.partition(":")[0])


def _needs(demands: Iterable[Demand]) -> Iterator[Need]:
    """The demands as requirements; what is open is decided against the caller."""
    for demand in demands:
        params = demand.params
        tree = demand.tree
        if tree is None and demand.pattern is not None and "{zone}" in str(demand.pattern):
            tree, params = demand.pattern, {**params, "zone": _ZONE}
        requirement = RootOnly() if tree is None or tree == "root" else parse(tree)
        yield Need(demand.label, requirement, params)
