"""What options must have to do with each other.

Rule: `problems` tells all that is wrong with a configuration, by option; whoever changes one refuses only what
the change made wrong.
"""

import base64
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import unquote

from . import disks, options, texts
from .boot import devices as boot_devices

Texts = Mapping[str, str]
Problems = Iterator[tuple[str, str]]

_SERIAL = re.compile(r"[A-Za-z0-9 ._+-]{1,36}")
_MEBI = 1024 * 1024
_DIRECT = frozenset({"none", "directsync"})
_THROTTLES = ("bps", "mbps", "iops", "mbps_max", "iops_max")


def problems(config: Texts) -> dict[str, str]:
    """Option -> what doesn't go together with the others."""
    found: dict[str, str] = {}
    for check in _CHECKS:
        for name, text in check(config):
            found.setdefault(name, text)
    return found


def number(config: Texts, name: str, default: int) -> int:
    """An option that is an integer."""
    return int(texts.parts(name, config[name]).get("current", config[name])) if name in config else default


def _processors(config: Texts) -> Problems:
    most = number(config, "sockets", 1) * number(config, "cores", 1)
    if number(config, "vcpus", 1) > most:
        yield "vcpus", f"value must have a maximum value of {most}: sockets times cores"


def _memory(config: Texts) -> Problems:
    if number(config, "balloon", 0) > number(config, "memory", 512):
        yield "balloon", "balloon value too large (must be smaller than assigned memory)"


def _boot(config: Texts) -> Problems:
    for device in boot_devices(config) if "boot" in config else ():
        if device not in config:
            yield "boot", f"invalid bootorder: device '{device}' does not exist"
    disk = config.get("bootdisk")
    if disk is not None and disk not in config:
        yield "bootdisk", f"invalid boot disk '{disk}': there is no such drive"


def _display(config: Texts) -> Problems:
    display = texts.parts("vga", config["vga"]).get("type", "") if "vga" in config else ""
    if display.startswith("serial") and display not in config:
        yield "vga", f"no such serial device: {display}"


def _firmware(config: Texts) -> Problems:
    if config.get("bios") == "ovmf" and config.get("acpi") == "0":
        yield "bios", "ovmf needs acpi"
    variables = texts.parts("efidisk0", config["efidisk0"]) if "efidisk0" in config else {}
    machine = texts.parts("machine", config["machine"]).get("type", "") if "machine" in config else ""
    if variables.get("pre-enrolled-keys") == "1" and "q35" not in machine:
        yield "efidisk0", "pre-enrolled-keys needs machine=q35 here"


def _drives(config: Texts) -> Problems:
    seen: dict[str, str] = {}
    cloud_init = ""
    for name in (name for name in config if disks.is_slot(name)):
        drive = disks.drive(name, config[name])
        volume = drive.volid if drive.volid is not None and disks.content(drive.volid) != "iso" else None
        if volume is not None and ":" in volume and volume in seen and not _asks(name, config[name]):
            yield name, f"volume '{volume}' is in use as {seen[volume]}"
        if drive.cloud_init and cloud_init:
            yield name, f"cloud-init drive is already attached at '{cloud_init}'"
        seen[volume or ""] = name
        cloud_init = name if drive.cloud_init else cloud_init
        yield from _drive_keys(name, texts.parts(name, config[name]))


def _asks(name: str, text: str) -> bool:
    """Whether a drive's text asks for a volume of its own: two of them may well be the same."""
    return "import-from" in texts.parts(name, text) or disks.asks_for_volume(
        texts.parts(name, text).get("file", "")
    )


def _drive_keys(name: str, keys: Texts) -> Problems:
    if "serial" in keys and not _SERIAL.fullmatch(unquote(keys["serial"])):
        yield name, "serial may only have letters, digits, blanks and . _ + -"
    if keys.get("aio") == "native" and keys.get("cache", "none") not in _DIRECT:
        yield name, "aio=native needs cache=none or cache=directsync"
    for limit in _THROTTLES:
        stem, _, rest = limit.partition("_")
        rest = f"_{rest}" if rest else ""
        if limit in keys and {f"{stem}_rd{rest}", f"{stem}_wr{rest}"} & keys.keys():
            yield name, f"{limit} can't be limited together with reading or writing alone"
    if "mbps" in keys and "bps" in keys:
        yield name, "mbps and bps can't be limited together"
    for way in ("", "_rd", "_wr"):
        yield from _bursts(name, keys, f"mbps{way}", f"bps{way}")
        yield from _bursts(name, keys, f"iops{way}", f"iops{way}")


def _bursts(name: str, keys: Texts, limit: str, length: str) -> Problems:
    """A higher limit for a while needs the lower one, as the emulator has it."""
    most, usual = keys.get(f"{limit}_max"), float(keys.get(limit, "0"))
    plain = float(keys.get(length, "0")) / _MEBI if length != limit else usual
    if most is not None and not 0 < max(usual, plain) <= float(most):
        yield name, f"{limit}_max needs {limit}, and not less than it"
    if f"{length}_max_length" in keys and most is None:
        yield name, f"{length}_max_length needs {limit}_max"


def _smbios(config: Texts) -> Problems:
    keys = texts.parts("smbios1", config["smbios1"]) if "smbios1" in config else {}
    for key in sorted(keys.keys() - {"uuid", "base64"}) if keys.get("base64") == "1" else ():
        if not _is_text(keys[key]):
            yield "smbios1", f"{key} isn't printable text in base64"


def _is_text(encoded: str) -> bool:
    try:
        return base64.b64decode(encoded, validate=True).decode().isprintable()
    except ValueError:
        return False


def _networks(config: Texts) -> Problems:
    macs = {
        name: texts.parts(name, text).get("macaddr", "").lower()
        for name, text in config.items()
        if options.index(name)[0] == "net"
    }
    counts = Counter(mac for mac in macs.values() if mac)
    for name, mac in macs.items():
        if counts[mac] > 1:
            yield name, f"MAC address {mac.upper()} is used twice"


_CHECKS: tuple[Callable[[Texts], Problems], ...] = (
    _processors,
    _memory,
    _boot,
    _display,
    _firmware,
    _drives,
    _networks,
    _smbios,
)
