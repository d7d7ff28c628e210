"""Which option a device is: disks by the name of their target, interfaces by their place, serial ports by number.

Rule: notes in the metadata come first; then what the device itself says; then the first number that is free. Only
where that would tell another option than the one meant, a note is kept.
"""

from collections.abc import Iterator, Mapping
from itertools import count

from .. import options
from .elements import Element

_PREFIXES = {"scsi": "sd", "sata": "sd", "ide": "hd", "virtio": "vd"}
_BUS_OF_PREFIX = {"hd": "ide", "sd": "scsi", "vd": "virtio"}
_LETTERS = 26
_DESCRIBED = frozenset({"file", "block", "volume"})


def letters(number: int) -> str:
    """0 -> `a`, 25 -> `z`, 26 -> `aa`."""
    text = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, _LETTERS)
        text = chr(ord("a") + digit) + text
    return text


def number(text: str) -> int:
    """The reverse of `letters`; -1 for anything else."""
    if not text or not text.isascii() or not text.isalpha() or not text.islower():
        return -1
    total = 0
    for letter in text:
        total = total * _LETTERS + ord(letter) - ord("a") + 1
    return total - 1


def target(disk: Element) -> str:
    """The name of a disk's target: `sda`."""
    found = disk.find("target")
    return "" if found is None else found.get("dev", "")


def mac(interface: Element) -> str:
    """The MAC address of an interface, in lower case."""
    found = interface.find("mac")
    return "" if found is None else found.get("address", "").lower()


def assign(root: Element, hints: Mapping[str, str]) -> dict[str, Element]:
    """Option -> element, for every device that options can tell. `hints`: option -> target or MAC address."""
    disks = {target(disk): disk for disk in root.findall("devices/disk") if _is_described(disk)}
    nets = root.findall("devices/interface")
    by_mac = {mac(net): net for net in reversed(nets)}
    found = {slot: disks[key] for slot, key in hints.items() if key in disks}
    found |= {slot: by_mac[key] for slot, key in hints.items() if key in by_mac}
    wanted = [(disk, *_place(disk)) for disk in disks.values()]
    wanted += [(net, "net", index) for index, net in enumerate(nets)]
    wanted += list(_serials(root))
    _assign_rest(found, wanted)
    return found


def _assign_rest(found: dict[str, Element], wanted: list[tuple[Element, str, int]]) -> None:
    """Gives the devices without a slot the one they ask for, then the others the first that is free."""
    done = set(found.values())
    for element, stem, index in wanted:
        slot = f"{stem}{index}"
        if element not in done and index >= 0 and slot not in found and options.find(slot) is not None:
            found[slot] = element
            done.add(element)
    for element, stem, _ in wanted:
        free = next((slot for slot in options.names(stem) if slot not in found), None) if stem else None
        if element not in done and free is not None:
            found[free] = element
            done.add(element)


def _is_described(disk: Element) -> bool:
    """Whether a drive's option can tell what is behind a disk."""
    kind, device = disk.get("type", "file"), disk.get("device", "disk")
    return kind in _DESCRIBED and device in ("disk", "cdrom", "lun") and bool(target(disk))


def _place(disk: Element) -> tuple[str, int]:
    """The slot that a disk asks for."""
    name = target(disk)
    prefix, index = name[:2], number(name[2:])
    found = disk.find("target")
    bus = (None if found is None else found.get("bus")) or _BUS_OF_PREFIX.get(prefix, "")
    if bus == "sata" and prefix == "hd":
        return "ide", index
    return (bus, index) if bus in _PREFIXES else ("", -1)


def _serials(root: Element) -> Iterator[tuple[Element, str, int]]:
    for index, serial in enumerate(root.findall("devices/serial")):
        found = serial.find("target")
        port = "" if found is None else found.get("port", "")
        yield serial, "serial", int(port) if port.isdecimal() else index


def free_target(root: Element, stem: str, index: int) -> str:
    """A target name for a new disk: the one that tells its slot, or another if that is taken."""
    taken = {target(disk) for disk in root.findall("devices/disk")}
    prefix = _PREFIXES[stem]
    names = (f"{prefix}{letters(each)}" for each in (index, *range(100, 200)))
    return next((name for name in names if name not in taken), "") or next(
        name for name in (f"{prefix}{letters(each)}" for each in count(200)) if name not in taken
    )


def needed_hints(root: Element, devices: Mapping[str, Element]) -> dict[str, str]:
    """The notes without which `assign` would tell other slots than these; all of them, or none."""
    if {slot: element for slot, element in assign(root, {}).items() if slot in devices} == dict(devices):
        return {}
    keys = {slot: mac(el) if el.tag == "interface" else target(el) for slot, el in devices.items()}
    return {slot: key for slot, key in keys.items() if key}
