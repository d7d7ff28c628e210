"""A configuration as a libvirt domain, and a domain as a configuration.

Rule: `render` changes what an option that changes stands for, and nothing else: whatever options don't cover is
kept to the letter. `read` tells a foreign domain in options as well as they can, and exactly what `render` wrote.
The number and what XML can't say are notes in the domain's metadata, see `xml.metadata`.
"""

from collections.abc import Mapping

from . import texts
from .config import Config
from .resources import Resources
from .xml import (
    bootorder,
    cpu,
    display,
    drives,
    features,
    firmware,
    general,
    memory,
    metadata,
    nets,
    peripherals,
    processor,
)
from .xml.domain import Change, Domain
from .xml.elements import NAMESPACE, PREFIX, Element, add, ensure, make, parse, put, unparse
from .xml.slots import needed_hints

__all__ = ["NAMESPACE", "PREFIX", "devices", "notes", "read", "render"]

# In the order in which they are written: the machine type decides about buses, memory about NUMA cells.
_PARTS = (
    firmware,
    general,
    features,
    memory,
    processor,
    cpu,
    drives,
    nets,
    peripherals,
    display,
    bootorder,
)


def read(xml: str, resources: Resources) -> tuple[str | None, Config]:
    """The number of a domain, None if it isn't one of ours, and its options. Raises Error for bad XML."""
    root = parse(xml)
    return metadata.vmid(root), Config(texts.from_facts(_facts(Domain.of(root, resources))))


def render(vmid: str, config: Mapping[str, str], existing_xml: str | None, resources: Resources) -> str:
    """The domain of a configuration: a new one, or `existing_xml` with what differs from its options changed.

    Every volume must exist and every interface have its MAC address. Raises Error (NotThere for a volume or bridge
    that doesn't exist) for what can't be written; the UUID of a domain that exists is such a thing.
    """
    root = _new(vmid, resources) if existing_xml is None else parse(existing_xml)
    domain = Domain.of(root, resources)
    before = None
    if existing_xml is not None:
        present = texts.from_facts(_facts(domain))
        before = texts.facts(present)
        # INVARIANT: a device that no option tells is never touched, whatever slot it would have.
        domain.devices = {slot: device for slot, device in domain.devices.items() if slot in present}
    change = Change(vmid, before, texts.facts(config))
    for part in _PARTS:
        part.write(domain, change)
    # What the XML tells depends on number and slots, which have to be noted first.
    metadata.write(root, vmid, {}, {}, needed_hints(root, domain.devices))
    described = _described(Domain.of(root, resources))
    metadata.write(root, vmid, described, change.after, metadata.hints(root))
    return unparse(root)


def notes(xml: str) -> str | None:
    """The notes that a domain carries for us, as `virDomainSetMetadata` takes them; None if it isn't ours.

    It wants them without the namespace, which it is told as key and URI: `PREFIX`, `NAMESPACE`.
    """
    found = metadata.plain(parse(xml))
    return None if found is None else unparse(found)


def devices(xml: str, resources: Resources) -> dict[str, str]:
    """Option -> XML of its device (`scsi0`, `net1`, `serial0`), for attaching, detaching and updating them."""
    return {slot: unparse(device) for slot, device in Domain.of(parse(xml), resources).devices.items()}


def _facts(domain: Domain) -> dict[str, str]:
    return metadata.overlaid(domain.root, _described(domain))


def _described(domain: Domain) -> dict[str, str]:
    """What the XML alone tells."""
    facts: dict[str, str] = {}
    for part in _PARTS:
        facts |= part.read(domain)
    return facts


def _new(vmid: str, resources: Resources) -> Element:
    """A domain without any hardware."""
    platform = resources.platform
    root = make("domain", type=platform.type)
    add(root, "name", general.domain_name(vmid))
    ensure(root, "metadata")
    put(root, "os/type", "hvm", arch=platform.arch)
    ensure(root, "features/apic")
    for event, action in (("poweroff", "destroy"), ("reboot", "restart"), ("crash", "destroy")):
        add(root, f"on_{event}", action)
    hardware = add(root, "devices")
    if platform.emulator:
        add(hardware, "emulator", platform.emulator)
    return root
