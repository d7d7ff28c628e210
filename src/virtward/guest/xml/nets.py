"""Network interfaces.

Rule: `firewall`, and an `mtu` of 1 (that of the bridge) or without a bridge, are notes: nothing in a domain stands
for them. A VLAN is always written, so that a network that can't do it refuses the machine instead of joining it to
another one.
"""

import re
from collections.abc import Iterable, Mapping

from ...errors import Error
from ...schema.value import number_text
from ..resources import Attachment
from .domain import Change, Domain
from .elements import Element, add, attribute_at, drop, make, prune, put, remove

_MODELS = {
    "virtio-transitional": "virtio",
    "virtio-non-transitional": "virtio",
    "82540em": "e1000-82540em",
    "82545em": "e1000-82545em",
}
_KNOWN = re.compile(
    "e1000|e1000-82540em|e1000-82544gc|e1000-82545em|e1000e|i82551|i82557b|i82559er|ne2k_isa|ne2k_pci|pcnet|rtl8139"
    "|virtio|vmxnet3"
)
_DEFAULT = "rtl8139"
_MEBI = 1024


def read(domain: Domain) -> dict[str, str]:
    """Facts about every interface."""
    facts: dict[str, str] = {}
    for slot, net in domain.devices.items():
        if net.tag == "interface":
            facts |= {f"{slot}.{key}": text for key, text in _keys(domain, net).items() if text}
    return facts


def _keys(domain: Domain, net: Element) -> dict[str, str]:
    model = (attribute_at(net, "model", "type") or _DEFAULT).lower()
    model = _MODELS.get(model, model)
    tag, trunks = _vlans(net)
    size = attribute_at(net, "mtu", "size") or ""
    return {
        "model": model if _KNOWN.fullmatch(model) else "e1000",
        "macaddr": (attribute_at(net, "mac", "address") or "").upper(),
        "bridge": domain.resources.bridge(_attachment(net)) or "",
        "tag": tag,
        "trunks": trunks,
        "link_down": "1" if attribute_at(net, "link", "state") == "down" else "",
        "mtu": size,
        "queues": attribute_at(net, "driver", "queues") or "",
        "rate": _rate(net),
    }


def _attachment(net: Element) -> Attachment:
    match net.get("type"):
        case "network":
            return Attachment("network", attribute_at(net, "source", "network") or "")
        case "bridge":
            return Attachment("bridge", attribute_at(net, "source", "bridge") or "")
        case _:
            return Attachment("user")


def _vlans(net: Element) -> tuple[str, str]:
    """The tag of what comes without one, and the tags that are let through."""
    vlan = net.find("vlan")
    if vlan is None:
        return "", ""
    tags = [(tag.get("id", ""), tag.get("nativeMode") is not None) for tag in vlan.findall("tag")]
    if vlan.get("trunk") != "yes" and len(tags) == 1:
        return tags[0][0], ""
    native = next((number for number, is_native in tags if is_native), "")
    return native, ";".join(number for number, is_native in tags if not is_native)


def _rate(net: Element) -> str:
    """The limit in MB/s, if it is the same both ways."""
    inward = attribute_at(net, "bandwidth/inbound", "average")
    outward = attribute_at(net, "bandwidth/outbound", "average")
    if inward is None or inward != outward or not inward.isdecimal():
        return ""
    return number_text(int(inward) / _MEBI)


def write(domain: Domain, change: Change) -> None:
    """Adds, changes and removes interfaces."""
    for slot in change.devices("net"):
        if change.touches(slot):
            _write_net(domain, slot, change)


def _write_net(domain: Domain, slot: str, change: Change) -> None:
    keys, net = change.device(slot), domain.devices.get(slot)
    if not keys:
        if net is not None:
            remove(domain.devices.pop(slot))
        return
    if "macaddr" not in keys:
        raise Error(f"{slot}: no MAC address")
    if net is None:
        net = domain.devices[slot] = add(domain.hardware, "interface")
        was: dict[str, str] | None = None
    else:
        was = {key: change.was(f"{slot}.{key}") for key in _KEYS}
    for names, writer in _WRITERS:
        if was is None or any(keys.get(name, "") != was.get(name, "") for name in names):
            writer(domain, net, keys)


def _write_identity(domain: Domain, net: Element, keys: Mapping[str, str]) -> None:
    put(net, "mac", address=keys["macaddr"].lower())
    put(net, "model", type=keys["model"])


def _write_source(domain: Domain, net: Element, keys: Mapping[str, str]) -> None:
    where = domain.resources.attachment(keys["bridge"]) if "bridge" in keys else Attachment("user")
    drop(net, "source", "virtualport", "target")
    net.set("type", where.kind)
    if where.kind != "user":
        net.append(make("source", **{where.kind: where.name}))


def _write_vlans(domain: Domain, net: Element, keys: Mapping[str, str]) -> None:
    drop(net, "vlan")
    tag, trunks = keys.get("tag"), keys.get("trunks")
    if trunks:
        vlan = add(net, "vlan", trunk="yes")
        if tag:
            add(vlan, "tag", id=tag, nativeMode="untagged")
        for number in _expanded(trunks):
            if str(number) != tag:
                add(vlan, "tag", id=str(number))
    elif tag:
        add(add(net, "vlan"), "tag", id=tag)


def _expanded(trunks: str) -> Iterable[int]:
    """`2;10-12` -> 2, 10, 11, 12."""
    for part in trunks.split(";"):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _write_link(domain: Domain, net: Element, keys: Mapping[str, str]) -> None:
    if keys.get("link_down") == "1":
        put(net, "link", state="down")
    else:
        drop(net, "link")


def _write_mtu(domain: Domain, net: Element, keys: Mapping[str, str]) -> None:
    if keys.get("mtu", "1") == "1" or net.get("type") == "user":
        drop(net, "mtu")
    else:
        put(net, "mtu", size=keys["mtu"])


def _write_queues(domain: Domain, net: Element, keys: Mapping[str, str]) -> None:
    # PVE: other models have one queue, whatever is asked for.
    many = keys["model"] == "virtio" and net.get("type") != "user"
    number = keys.get("queues", "0") if many else "0"
    if int(number) > 1:
        put(net, "driver", queues=number)
    elif net.find("driver") is not None:
        put(net, "driver", queues=None)
        prune(net, "driver")


def _write_rate(domain: Domain, net: Element, keys: Mapping[str, str]) -> None:
    drop(net, "bandwidth")
    kibibytes = round(float(keys.get("rate", "0")) * _MEBI)
    if kibibytes > 0:
        for way in ("inbound", "outbound"):
            put(net, f"bandwidth/{way}", average=str(kibibytes))


_WRITERS = (
    (("model", "macaddr"), _write_identity),
    (("bridge",), _write_source),
    (("tag", "trunks"), _write_vlans),
    (("link_down",), _write_link),
    (("mtu", "bridge"), _write_mtu),
    (("queues", "model", "bridge"), _write_queues),
    (("rate",), _write_rate),
)
_KEYS = frozenset(name for names, _ in _WRITERS for name in names)
