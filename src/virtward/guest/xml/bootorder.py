"""The boot order: a number on each device.

Rule: an order that is as wanted isn't written; devices that no option stands for keep their numbers, and the others
go around them.
"""

from collections.abc import Iterator

from .. import boot, disks, texts
from .domain import Change, Domain
from .elements import Element, drop, make

_LETTERS = {"hd": "c", "cdrom": "d", "network": "n"}


def read(domain: Domain) -> dict[str, str]:
    """The order, as the fact that says it."""
    order = _order(domain)
    return {"boot.order": ";".join(order)} if order else {}


def _order(domain: Domain) -> list[str]:
    numbered = [
        (number, slot) for slot, device in domain.devices.items() if (number := _number(device)) is not None
    ]
    if numbered:
        return [slot for _, slot in sorted(numbered)]
    if any(_number(device) is not None for device in domain.hardware):
        return []
    letters = [_LETTERS.get(each.get("dev", ""), "") for each in domain.root.findall("os/boot")] or ["c"]
    return list(dict.fromkeys(slot for letter in letters for slot in _first(domain, letter)))


def _number(device: Element) -> int | None:
    found = device.find("boot")
    order = "" if found is None else found.get("order", "")
    return int(order) if order.isdecimal() else None


def _first(domain: Domain, letter: str) -> list[str]:
    """The first device of a kind, in the order of the XML."""
    slots = {device: slot for slot, device in domain.devices.items()}
    for device in domain.hardware:
        slot = slots.get(device)
        if slot is not None and _kind(slot, device) == letter:
            return [slot]
    return []


def _kind(slot: str, device: Element) -> str:
    if device.tag == "interface":
        return "n"
    return ("d" if device.get("device") == "cdrom" else "c") if disks.is_slot(slot) else ""


def write(domain: Domain, change: Change) -> None:
    """Writes the order, if it isn't the one that the options ask for."""
    config = texts.from_facts(change.after)
    wanted = [slot for slot in boot.devices(config) if slot in domain.devices]
    if wanted == _order(domain) and not (change.is_new and wanted):
        return
    drop(domain.root, "os/boot")
    mine = set(domain.devices.values())
    for device in mine:
        drop(device, "boot")
    numbers = _free_numbers(domain)
    for slot in wanted:
        domain.devices[slot].append(make("boot", order=str(next(numbers))))


def _free_numbers(domain: Domain) -> Iterator[int]:
    taken = {_number(device) for device in domain.hardware}
    return (number for number in range(1, 1000) if number not in taken)
