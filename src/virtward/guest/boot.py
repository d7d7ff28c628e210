"""Which devices a machine boots from, in which order.

Rule: as upstream: `boot: order=...` says it; otherwise the letters of the older form (`c` the boot disk, `d` the
CD-ROM, `n` the network), which are `cdn` if nothing is said at all.
"""

from collections.abc import Mapping

from . import disks, options, texts

_BY_LETTER = "cdn"
# PVE: the order in which the first disk is looked for.
_DISK_ORDER = ("ide", "scsi", "virtio", "sata")


def devices(config: Mapping[str, str]) -> tuple[str, ...]:
    """The options of the devices to boot from, first to last; may name devices that don't exist."""
    keys = texts.parts("boot", config["boot"]) if "boot" in config else {}
    if "order" in keys:
        return tuple(device for device in keys["order"].split(";") if device)
    found = (_of_letter(letter, config) for letter in keys.get("legacy", _BY_LETTER))
    return tuple(dict.fromkeys(device for part in found for device in part))


def default(config: Mapping[str, str]) -> str | None:
    """The `boot` option that upstream gives a new machine without one; None if it has nothing to boot from."""
    order = [*_disk(config)[:1], *_cdrom(config)[:1], *_networks(config)[:1]]
    return texts.joined("boot", {"order": ";".join(order)}) if order else None


def _of_letter(letter: str, config: Mapping[str, str]) -> list[str]:
    match letter:
        case "c":
            return [config["bootdisk"]] if "bootdisk" in config else _disk(config)[:1]
        case "d":
            return _cdrom(config)
        case "n":
            return _networks(config)
        case _:
            return []


def _drives(config: Mapping[str, str]) -> list[disks.Drive]:
    """The drives, in the order in which they are looked through."""
    found = [disks.drive(name, text) for name, text in config.items() if options.index(name)[0] in _DISK_ORDER]
    return sorted(found, key=lambda drive: _place(drive.slot))


def _place(slot: str) -> tuple[int, int]:
    bus, number = options.index(slot)
    return _DISK_ORDER.index(bus), number


def _disk(config: Mapping[str, str]) -> list[str]:
    return [drive.slot for drive in _drives(config) if not drive.cdrom and not drive.cloud_init]


def _cdrom(config: Mapping[str, str]) -> list[str]:
    return [drive.slot for drive in _drives(config) if drive.cdrom and not drive.cloud_init]


def _networks(config: Mapping[str, str]) -> list[str]:
    found = [name for name in config if options.index(name)[0] == "net"]
    return sorted(found, key=options.index)
