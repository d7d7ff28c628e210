"""The keys of a drive's text that are attributes and elements of its disk, beyond the volume itself.

Rule: a key without a place in the XML (`backup`, `replicate`, `shared`) is a note; `size` is the volume's.
"""

from collections.abc import Mapping
from urllib.parse import quote, unquote

from ...schema.value import number_text
from .elements import Element, attribute_at, drop, ensure, flag, prune, put, set_attributes, text_at

_DRIVER = {
    "cache": ("cache", {}),
    "aio": ("io", {}),
    "discard": ("discard", {"on": "unmap"}),
    "werror": ("error_policy", {"enospc": "enospace"}),
    "rerror": ("rerror_policy", {}),
}
_VALID = {
    "cache": ("none", "writethrough", "writeback", "unsafe", "directsync"),
    "aio": ("native", "threads", "io_uring"),
    "discard": ("ignore", "on"),
    "werror": ("enospc", "ignore", "report", "stop"),
    "rerror": ("ignore", "report", "stop"),
}
_MEBI = 1024 * 1024
_WAYS = {"": "total", "_rd": "read", "_wr": "write"}


def _throttles() -> dict[str, tuple[str, int]]:
    """Key -> element of `iotune`, and the unit of the key in that of the element."""
    found: dict[str, tuple[str, int]] = {}
    for way, word in _WAYS.items():
        for end in ("", "_max"):
            found[f"mbps{way}{end}"] = f"{word}_bytes_sec{end}", _MEBI
            found[f"iops{way}{end}"] = f"{word}_iops_sec{end}", 1
        found[f"bps{way}"] = f"{word}_bytes_sec", 1
        found[f"bps{way}_max_length"] = f"{word}_bytes_sec_max_length", 1
        found[f"iops{way}_max_length"] = f"{word}_iops_sec_max_length", 1
    return found


_THROTTLES = _throttles()
# Bytes are told as `mbps`; a `bps` that was given is a note.
_TOLD = {key: place for key, place in _THROTTLES.items() if key not in ("bps", "bps_rd", "bps_wr")}


def read(disk: Element) -> dict[str, str]:
    """The keys that a disk tells."""
    keys = _read_driver(disk)
    if attribute_at(disk, "target", "rotation_rate") == "1":
        keys["ssd"] = "1"
    if disk.find("readonly") is not None and disk.get("device") != "cdrom":
        keys["ro"] = "1"
    keys["serial"] = quote(text_at(disk, "serial"), safe="!~*'()")
    wwn = text_at(disk, "wwn").strip()
    keys["wwn"] = f"0x{wwn}" if wwn else ""
    keys |= {name: text_at(disk, name) for name in ("vendor", "product")}
    for key, (tag, unit) in _TOLD.items() if disk.find("iotune") is not None else ():
        amount = text_at(disk, f"iotune/{tag}").strip()
        if amount.isdecimal() and int(amount) > 0:
            keys[key] = number_text(int(amount) / unit) if unit > 1 else amount
    return {key: text for key, text in keys.items() if text}


def _read_driver(disk: Element) -> dict[str, str]:
    keys: dict[str, str] = {}
    for key, (name, words) in _DRIVER.items():
        value = attribute_at(disk, "driver", name) or ""
        word = next((mine for mine, theirs in words.items() if theirs == value), value)
        if word in _VALID[key]:
            keys[key] = word
    zeroes = attribute_at(disk, "driver", "detect_zeroes")
    if zeroes in ("off", "on", "unmap"):
        keys["detect_zeroes"] = "0" if zeroes == "off" else "1"
    return keys


def write(disk: Element, was: Mapping[str, str], keys: Mapping[str, str]) -> None:
    """Writes the keys that change. `was` is empty for a new disk."""

    def changes(*names: str) -> bool:
        return any(was.get(name) != keys.get(name) for name in names)

    for key, (name, words) in _DRIVER.items():
        if changes(key):
            value = keys.get(key)
            put(disk, "driver", **{name: words.get(value, value) if value else None})
    if changes("detect_zeroes", "discard"):
        _write_zeroes(disk, keys)
    if changes("ssd"):
        set_attributes(ensure(disk, "target"), {"rotation_rate": "1" if keys.get("ssd") == "1" else None})
    if changes("ro", "media"):
        flag(disk, "readonly", keys.get("ro") == "1" or keys.get("media") == "cdrom")
    for name in ("serial", "wwn", "vendor", "product"):
        if changes(name):
            _write_text(disk, name, keys.get(name, ""))
    if changes(*_THROTTLES):
        _write_throttles(disk, keys)


def _write_zeroes(disk: Element, keys: Mapping[str, str]) -> None:
    found = keys.get("detect_zeroes")
    # PVE: what is found empty is given back, if the drive may give back.
    on = "unmap" if keys.get("discard") == "on" else "on"
    put(disk, "driver", detect_zeroes=None if found is None else on if found == "1" else "off")


def _write_text(disk: Element, name: str, text: str) -> None:
    if text:
        put(disk, name, text.removeprefix("0x") if name == "wwn" else unquote(text))
    else:
        drop(disk, name)


def _write_throttles(disk: Element, keys: Mapping[str, str]) -> None:
    drop(disk, *(f"iotune/{tag}" for tag, _ in _THROTTLES.values()))
    for key, (tag, unit) in _THROTTLES.items():
        amount = round(float(keys.get(key, "0")) * unit)
        if amount > 0:
            put(disk, f"iotune/{tag}", str(amount))
    prune(disk, "iotune")
