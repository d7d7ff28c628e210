"""Memory: how much there may be, and how much the balloon leaves."""

from .domain import Change, Domain
from .elements import Element, attribute_at, drop, put

_DEFAULT = "512"
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}


def kibibytes(parent: Element, path: str | Element, default: int = 0) -> int:
    """The size that an element holds, in KiB, rounded down; libvirt's units, KiB without one."""
    element = parent.find(path) if isinstance(path, str) else path
    if element is None or not (element.text or "").strip().isdecimal():
        return default
    amount, unit = int((element.text or "").strip()), element.get("unit", "KiB").lower()
    if unit in ("b", "byte", "bytes"):
        return amount // 1024
    power = _POWERS.get(unit[:1], 1)
    factor: int = (1000 if unit.endswith("b") and not unit.endswith("ib") and len(unit) > 1 else 1024) ** power
    return amount * factor // 1024


def read(domain: Domain) -> dict[str, str]:
    """Facts about memory, in MiB."""
    most = kibibytes(domain.root, "memory") // 1024
    left = kibibytes(domain.root, "currentMemory", most * 1024) // 1024
    facts = {"memory.current": str(most)}
    if attribute_at(domain.root, "devices/memballoon", "model") == "none":
        facts["balloon"] = "0"
    elif 0 < left < most:
        facts["balloon"] = str(left)
    return facts


def write(domain: Domain, change: Change) -> None:
    """Writes memory and balloon, if they change."""
    if not change.touches("memory", "balloon"):
        return
    root, most = domain.root, int(change.get("memory.current", _DEFAULT))
    balloon = int(change.get("balloon", "0"))
    put(root, "memory", str(most * 1024), unit="KiB")
    put(root, "currentMemory", str((balloon or most) * 1024), unit="KiB")
    if 0 < kibibytes(root, "maxMemory") < most * 1024:
        put(root, "maxMemory", str(most * 1024), unit="KiB")
    if change.touches("balloon"):
        _write_balloon(domain, change.get("balloon") == "0")


def _write_balloon(domain: Domain, without: bool) -> None:
    present = attribute_at(domain.root, "devices/memballoon", "model")
    if without and present != "none":
        drop(domain.root, "devices/memballoon")
        put(domain.hardware, "memballoon", model="none")
    elif not without and present in (None, "none"):
        put(domain.hardware, "memballoon", model="virtio")
