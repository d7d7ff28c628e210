"""Small devices: tablet, guest agent, random numbers, serial ports."""

from .domain import Change, Domain
from .elements import Element, add, attribute_at, drop, ensure, put, remove, text_at

AGENT = "org.qemu.guest_agent.0"
_PORTS = 4
_RATE = {"max_bytes": "1024", "period": "1000"}
_RANDOM = "devices/rng[@model='virtio']/backend[@model='random']/.."


def read(domain: Domain) -> dict[str, str]:
    """Facts about them."""
    facts: dict[str, str] = {}
    if domain.root.find("devices/input[@type='tablet']") is None:
        facts["tablet"] = "0"
    if _agent(domain) is not None:
        facts["agent.enabled"] = "1"
    rng = domain.root.find(_RANDOM)
    if rng is not None:
        facts |= _read_rng(rng)
    for slot, element in domain.devices.items():
        if element.tag == "serial":
            path = attribute_at(element, "source", "path") if element.get("type") == "dev" else None
            facts[slot] = path or "socket"
    return facts


def _agent(domain: Domain) -> Element | None:
    return domain.root.find(f"devices/channel/target[@name='{AGENT}']/..")


def _read_rng(rng: Element) -> dict[str, str]:
    rate = rng.find("rate")
    keys = {"source": text_at(rng, "backend").strip() or "/dev/urandom"}
    if rate is None:
        keys["max_bytes"] = "0"
    else:
        given = {"max_bytes": rate.get("bytes", ""), "period": rate.get("period", _RATE["period"])}
        keys |= {key: text for key, text in given.items() if text and text != _RATE[key]}
    return {f"rng0.{key}": text for key, text in keys.items()}


def write(domain: Domain, change: Change) -> None:
    """Writes those that change."""
    if change.touches("tablet"):
        _write_tablet(domain, change.get("tablet") != "0")
    if change.touches("agent"):
        _write_agent(domain, change.get("agent.enabled") == "1")
    if change.touches("rng0"):
        _write_rng(domain, change.device("rng0"))
    for number in range(_PORTS):
        if change.touches(f"serial{number}"):
            _write_serial(domain, number, change.get(f"serial{number}"))


def _write_tablet(domain: Domain, present: bool) -> None:
    if not present:
        drop(domain.root, "devices/input[@type='tablet']")
    elif domain.root.find("devices/input[@type='tablet']") is None:
        add(domain.hardware, "input", type="tablet", bus="usb")


def _write_agent(domain: Domain, present: bool) -> None:
    channel = _agent(domain)
    if channel is not None and not present:
        remove(channel)
    elif channel is None and present:
        add(add(domain.hardware, "channel", type="unix"), "target", type="virtio", name=AGENT)


def _write_rng(domain: Domain, keys: dict[str, str]) -> None:
    rng = domain.root.find(_RANDOM)
    if not keys:
        if rng is not None:
            remove(rng)
        return
    if rng is None:
        rng = add(domain.hardware, "rng", model="virtio")
    put(rng, "backend", keys["source"], model="random")
    wanted = {**_RATE, **keys}
    if wanted["max_bytes"] == "0":
        drop(rng, "rate")
    else:
        put(rng, "rate", bytes=wanted["max_bytes"], period=wanted["period"])


def _write_serial(domain: Domain, number: int, text: str) -> None:
    slot = f"serial{number}"
    old = domain.devices.pop(slot, None)
    if old is not None:
        _drop_console(domain, old)
        remove(old)
    if text:
        serial = add(domain.hardware, "serial", type="pty")
        ensure(serial, "target").set("port", str(number))
        domain.devices[slot] = serial


def _drop_console(domain: Domain, serial: Element) -> None:
    """Takes out the console that libvirt keeps beside the first serial port, so that it doesn't come back."""
    if domain.root.find("devices/serial") is not serial:
        return
    for console in domain.root.findall("devices/console"):
        if (attribute_at(console, "target", "type") or "serial") == "serial":
            remove(console)
            return
