"""Disks and CD-ROMs.

Rule: a volume is written as pool and name. What an adopted machine has behind a disk (a file, a block device) stays
until its drive gets another volume; a disk that no option can tell (network, vhost-user ...) stays in any case.
"""

from collections.abc import Mapping

from ...errors import NotThere
from ...schema.sizes import size_text
from .. import disks, options
from ..resources import Resources
from . import buses, drive_keys, slots
from .domain import Change, Domain
from .elements import Element, add, attribute_at, drop, make, put, remove

_EMPTY = "none"


def read(domain: Domain) -> dict[str, str]:
    """Facts about drives and SCSI controllers."""
    facts: dict[str, str] = {}
    scsihw = buses.hardware(domain)
    if scsihw != buses.DEFAULT:
        facts["scsihw"] = scsihw
    for slot, disk in domain.devices.items():
        if disks.is_slot(slot):
            keys = _read_medium(domain.resources, disk) | drive_keys.read(disk)
            if buses.has_thread(domain, slot):
                keys["iothread"] = "1"
            facts |= {f"{slot}.{key}": text for key, text in keys.items()}
    return facts


def _read_medium(resources: Resources, disk: Element) -> dict[str, str]:
    file, form = _file(resources, disk), attribute_at(disk, "driver", "type")
    keys = {"file": file}
    if disk.get("device") == "cdrom":
        keys["media"] = "cdrom"
    size = None if file == _EMPTY or file.startswith("/") else resources.size(file)
    if size is not None and not _is_iso(disk, file):
        keys["size"] = size_text(size)
    if form is not None and file != _EMPTY and form != _format(resources, file):
        keys["format"] = form
    return keys


def _is_iso(disk: Element, file: str) -> bool:
    return disk.get("device") == "cdrom" and disks.content(file) == "iso"


def _file(resources: Resources, disk: Element) -> str:
    source = disk.find("source")
    if source is None:
        return _EMPTY
    if disk.get("type") == "volume":
        pool, volume = source.get("pool", ""), source.get("volume", "")
        return resources.volid(pool, volume) or f"{pool}:{volume}"
    path = source.get("file") or source.get("dev") or ""
    return (resources.volid_at(path) or path) if path else _EMPTY


def _format(resources: Resources, file: str) -> str:
    """The format that a volume has, or that its name tells."""
    try:
        return resources.source(file).format
    except NotThere:
        return "qcow2" if file.endswith(".qcow2") else "raw"


def write(domain: Domain, change: Change) -> None:
    """Adds, changes and removes drives; plugs them in anew where their controllers change."""
    slots_now = [slot for stem in disks.BUSES for slot in change.devices(stem)]
    replugged = change.touches("scsihw", "machine")
    if not replugged and not any(change.touches(slot) for slot in slots_now):
        return
    used = buses.used_controllers(domain)
    for slot in slots_now:
        if change.touches(slot):
            _write_drive(domain, slot, change)
    for slot in slots_now if replugged and not change.is_new else ():
        if slot in domain.devices and _moves(domain, slot, change):
            buses.plug(domain, slot, change)
    for slot in (slot for slot in slots_now if slot in domain.devices):
        if change.is_new or change.touches(slot, "scsihw"):
            buses.write_thread(domain, slot, change)
    buses.drop_unused(domain, used)


def _moves(domain: Domain, slot: str, change: Change) -> bool:
    """Whether a disk has to be plugged in elsewhere."""
    if slot.startswith("scsi"):
        return change.touches("scsihw")
    disk = domain.devices[slot]
    gone = disk.find("address") is None and not slot.startswith("virtio")
    return gone or attribute_at(disk, "target", "bus") != buses.bus(domain, slot)


def _write_drive(domain: Domain, slot: str, change: Change) -> None:
    keys, disk = change.device(slot), domain.devices.get(slot)
    if "file" not in keys:
        if disk is not None:
            remove(domain.devices.pop(slot))
        return
    if disk is None:
        disk = _add(domain, slot, change)
        was: dict[str, str] = {}
    else:
        was = {name: text for name, text in _was(change, slot).items() if text}
    if any(was.get(key) != keys.get(key) for key in ("file", "media", "format")):
        _write_medium(domain.resources, disk, keys)
    drive_keys.write(disk, was, keys)


def _was(change: Change, slot: str) -> dict[str, str]:
    start = f"{slot}."
    return {f.removeprefix(start): text for f, text in (change.before or {}).items() if f.startswith(start)}


def _add(domain: Domain, slot: str, change: Change) -> Element:
    """A disk without a medium, plugged in."""
    name = slots.free_target(domain.root, *options.index(slot))
    disk = domain.devices[slot] = add(domain.hardware, "disk", type="file", device="disk")
    disk.append(make("driver", name="qemu"))
    disk.append(make("target", dev=name))
    buses.plug(domain, slot, change)
    return disk


def _write_medium(resources: Resources, disk: Element, keys: Mapping[str, str]) -> None:
    file = keys["file"]
    disk.set("device", "cdrom" if keys.get("media") == "cdrom" else "disk")
    if file == _EMPTY or file != _file(resources, disk):
        drop(disk, "source", "backingStore", "mirror")
        disk.set("type", "file")
        if file != _EMPTY:
            if disks.asks_for_volume(file):
                raise NotThere(f"volume '{file}' does not exist")
            source = resources.source(file)
            disk.set("type", "volume")
            disk.insert(1, make("source", pool=source.pool, volume=source.volume))
    put(disk, "driver", type=keys.get("format") or _format(resources, file) if file != _EMPTY else "raw")
