"""Where disks are plugged in: controllers, addresses, I/O threads.

Rule: as upstream: `scsihw` is the model of every SCSI controller; `virtio-scsi-single` has one for each disk. IDE
drives of a machine without IDE are on its built-in SATA controller. An address in use is never given twice.
"""

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from .. import options
from .domain import Change, Domain
from .elements import Element, add, attribute_at, drop, ensure, prune, put, remove, set_attributes, text_at

DEFAULT = "lsi"
_SINGLE = "virtio-scsi-single"
_MODELS = {
    "lsi": "lsilogic",
    "virtio-scsi-pci": "virtio-scsi",
    _SINGLE: "virtio-scsi",
    "megasas": "lsisas1078",
    "pvscsi": "vmpvscsi",
}
_LSI_UNITS, _SATA_UNITS = 7, 6


class Place(NamedTuple):
    """An address on a bus."""

    controller: int
    bus: int
    target: int
    unit: int


def hardware(domain: Domain) -> str:
    """What `scsihw` the domain has."""
    found = _controllers(domain)
    model = found[0].get("model", "") if found else ""
    name = next((name for name, libvirt in _MODELS.items() if libvirt == model), DEFAULT)
    if name != "virtio-scsi-pci" or len(found) < 2:
        return name
    alone = len({place.controller for place in _taken(domain, "scsi")}) == sum(1 for _ in _taken(domain, "scsi"))
    return _SINGLE if alone else name


def _controllers(domain: Domain) -> list[Element]:
    found = domain.root.findall("devices/controller[@type='scsi']")
    return sorted(found, key=lambda controller: _number(controller.get("index")))


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() else 0


def _place(device: Element) -> Place | None:
    address = device.find("address[@type='drive']")
    if address is None:
        return None
    return Place(*(_number(address.get(name)) for name in Place._fields))


def _taken(domain: Domain, bus: str) -> Iterator[Place]:
    """The addresses in use on a bus of libvirt's."""
    for disk in domain.root.findall("devices/disk"):
        place = _place(disk)
        if place is not None and attribute_at(disk, "target", "bus") == bus:
            yield place
    for device in domain.root.findall("devices/hostdev[@type='scsi']") if bus == "scsi" else ():
        place = _place(device)
        if place is not None:
            yield place


def bus(domain: Domain, slot: str) -> str:
    """Libvirt's bus for a slot."""
    stem = options.index(slot)[0]
    return "sata" if stem == "ide" and domain.is_q35 else stem


def plug(domain: Domain, slot: str, change: Change) -> None:
    """Gives a disk its address, and its controller if there is none of that number yet."""
    disk, where = domain.devices[slot], bus(domain, slot)
    put(disk, "target", bus=where)
    drop(disk, "address[@type='drive']")
    if where == "virtio":
        return
    scsihw = change.get("scsihw", DEFAULT)
    taken = set(_taken(domain, where))
    place = next(place for place in _places(domain, slot, scsihw) if place not in taken)
    add(disk, "address", type="drive", **{name: str(value) for name, value in place._asdict().items()})
    if where == "scsi":
        _ensure_controller(domain, place.controller, _MODELS[scsihw], replace=change.touches("scsihw"))


def _places(domain: Domain, slot: str, scsihw: str) -> Iterator[Place]:
    """The addresses that a slot may have, the one it should have first."""
    stem, number = options.index(slot)
    match stem:
        case "scsi":
            if scsihw not in ("lsi", _SINGLE) or (scsihw == "lsi" and number < _LSI_UNITS):
                yield _scsi_place(scsihw, number)
            # Without gaps: libvirt would fill them with controllers of its own choice.
            yield from (_scsi_place(scsihw, other) for other in count())
        case "ide" if not domain.is_q35:
            yield Place(0, number // 2, 0, number % 2)
            yield from (Place(0, other // 2, 0, other % 2) for other in range(4))
        case _:
            first = 1 if stem == "sata" and domain.is_q35 else 0
            yield Place(first, 0, 0, number)
            for other in count():
                yield Place(other // _SATA_UNITS, 0, 0, other % _SATA_UNITS)


def _scsi_place(scsihw: str, number: int) -> Place:
    match scsihw:
        case "lsi":
            return Place(number // _LSI_UNITS, 0, 0, number % _LSI_UNITS)
        case "pvscsi":
            return Place(0, 0, number % 64, 0)
        case "virtio-scsi-single":
            return Place(number, 0, 0, 0)
        case _:
            return Place(0, 0, 0, number)


def _ensure_controller(domain: Domain, index: int, model: str, *, replace: bool) -> None:
    """Makes the controller; one that exists stays what it is, unless `replace`."""
    path = f"devices/controller[@type='scsi'][@index='{index}']"
    found = domain.root.find(path)
    if found is None:
        add(domain.hardware, "controller", type="scsi", index=str(index), model=model)
    elif replace and found.get("model") != model:
        drop(found, "driver")
        found.set("model", model)


def used_controllers(domain: Domain) -> set[int]:
    """The SCSI controllers with something on them."""
    return {place.controller for place in _taken(domain, "scsi")}


def drop_unused(domain: Domain, before: set[int]) -> None:
    """Takes out the SCSI controllers that had something on them before, and have nothing now."""
    unused = before - used_controllers(domain)
    for controller in _controllers(domain):
        if _number(controller.get("index")) in unused:
            remove(controller)


# I/O threads


def _thread_holder(domain: Domain, slot: str) -> Element | None:
    """The element whose driver has the thread of a slot: the disk, or its SCSI controller."""
    disk = domain.devices[slot]
    match options.index(slot)[0]:
        case "virtio":
            return disk
        case "scsi":
            place = _place(disk)
            index = None if place is None else place.controller
            return domain.root.find(f"devices/controller[@type='scsi'][@index='{index}']")
        case _:
            return None


def has_thread(domain: Domain, slot: str) -> bool:
    """Whether a slot has an I/O thread."""
    holder = _thread_holder(domain, slot)
    return holder is not None and attribute_at(holder, "driver", "iothread") is not None


def write_thread(domain: Domain, slot: str, change: Change) -> None:
    """Gives a slot an I/O thread of its own, or takes it away."""
    holder = _thread_holder(domain, slot)
    # PVE: on a controller that disks share, the key is ignored.
    shared = slot.startswith("scsi") and change.get("scsihw", DEFAULT) != _SINGLE
    wanted = change.get(f"{slot}.iothread") == "1" and not shared
    if holder is None or wanted == has_thread(domain, slot):
        return
    if wanted:
        put(holder, "driver", iothread=str(_free_thread(domain)))
    else:
        set_attributes(put(holder, "driver"), {"iothread": None})
        prune(holder, "driver")


def _free_thread(domain: Domain) -> int:
    """A thread that no disk and no controller uses; made, if there is none."""
    root = domain.root
    used = {_number(driver.get("iothread")) for driver in root.findall("devices/*/driver[@iothread]")}
    listed = [_number(thread.get("id")) for thread in root.findall("iothreadids/iothread")]
    number = _number(text_at(root, "iothreads").strip())
    known = listed or list(range(1, number + 1))
    free = next((thread for thread in known if thread not in used), None)
    if free is not None:
        return free
    made = next(thread for thread in count(1) if thread not in known)
    put(root, "iothreads", str(max(number, len(known)) + 1))
    if listed:
        add(ensure(root, "iothreadids"), "iothread", id=str(made))
    return made
