"""Formats of machines: volumes, sizes, drives, tags, CPU sets, and other options."""

import re
from collections.abc import Mapping

from ...errors import Error
from ..value import BLANK, Check, split_list
from .matching import fitting, matching

_COUNTS = {"ide": 4, "sata": 6, "scsi": 31, "virtio": 16}
_DRIVES = frozenset(f"{bus}{index}" for bus, count in _COUNTS.items() for index in range(count))
_BOOTABLE = {"net": 32, "usb": 14, "hostpci": 16}
_DEVICES = frozenset(f"{kind}{index}" for kind, count in _BOOTABLE.items() for index in range(count))

_VOLUME = re.compile(r"[a-zA-Z][a-zA-Z0-9\-_.]*[a-zA-Z0-9]:.+")
_HOTPLUG = frozenset({"network", "disk", "cpu", "memory", "usb", "cloudinit"})
_CPU_RANGE = re.compile(r"\s*([0-9]{1,9})(?:-([0-9]{1,9}))?\s*")
_STARTUP = re.compile(r"(?:order=)?[0-9]+|(?:up|down)=[0-9]+")
_PHYS_BITS = re.compile(r"[0-9]{1,2}")


def _check_volume(text: str) -> None:
    if not _VOLUME.fullmatch(text.removesuffix("\n")):
        raise Error(f"unable to parse volume ID '{text}'")


def _check_volume_or_path(text: str) -> None:
    if not text.startswith("/"):
        _check_volume(text)


def _check_drive_file(text: str) -> None:
    if text not in ("none", "cdrom"):
        _check_volume_or_path(text)


def _check_boot_disk(text: str) -> None:
    if text not in _DRIVES and text not in ("efidisk0", "tpmstate0"):
        raise Error(f"invalid boot disk '{text}'")


def _check_boot_device(text: str) -> None:
    if text not in _DRIVES and text not in _DEVICES:
        raise Error(f"invalid boot device '{text}'")


def _check_hotplug(text: str) -> None:
    for feature in split_list(text) if text not in ("0", "1") else ():
        if feature not in _HOTPLUG:
            raise Error(f"invalid hotplug feature '{feature}'")


def _is_cpu_set(text: str) -> bool:
    ranges = [_CPU_RANGE.fullmatch(part) for part in text.rstrip(",").split(",")] if text else []
    return all(found is not None and int(found[1]) <= int(found[2] or found[1]) for found in ranges)


def _is_startup_order(text: str) -> bool:
    parts = [part for part in text.split(",") if not BLANK.fullmatch(part)]
    return text not in ("", "0") and all(_STARTUP.fullmatch(part) for part in parts)


def _is_phys_bits(text: str) -> bool:
    return text == "host" or (_PHYS_BITS.fullmatch(text) is not None and 8 <= int(text) <= 64)


FORMATS: Mapping[str, Check] = {
    "string": lambda text: None,
    "urlencoded": matching(r"[-%a-zA-Z0-9_.!~*'()]*", "invalid urlencoded string: {}"),
    "pve-configid": matching(r"[a-zA-Z][a-zA-Z0-9_-]+", "invalid configuration ID '{}'"),
    "disk-size": matching(r"\d+(?:\.\d+)?(?:[KMGT](?:iB)?)?", "value does not look like a valid disk size: {}"),
    "pve-tag": matching(r"[a-zA-Z0-9_][a-zA-Z0-9_\-+.]*", "invalid characters in tag"),
    "pve-volume-id": _check_volume,
    "pve-volume-id-or-absolute-path": _check_volume_or_path,
    "pve-volume-id-or-qm-path": _check_drive_file,
    "pve-qm-bootdisk": _check_boot_disk,
    "pve-qm-bootdev": _check_boot_device,
    "pve-hotplug-features": _check_hotplug,
    "pve-cpuset": fitting(_is_cpu_set, "unable to parse cpuset option"),
    "pve-startup-order": fitting(_is_startup_order, "unable to parse startup options"),
    "pve-phys-bits": fitting(_is_phys_bits, "value must be an integer between 8 and 64 or 'host'"),
    "pve-task-status-type": matching(r"(?i:ok|error|warning|unknown)", "invalid status '{}'"),
}
"""Format name -> check."""
