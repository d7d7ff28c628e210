"""What a machine is called and how it is told from others: name, description, UUID, SMBIOS, generation id."""

import base64
import re
from collections.abc import Mapping

from ...errors import Error
from . import metadata
from .domain import Change, Domain
from .elements import add, attribute_at, drop, make, prune, put, text_at

_ENTRIES = ("manufacturer", "product", "version", "serial", "sku", "family")
_PLAIN = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_SYSTEM = "sysinfo[@type='smbios']/system"


def read(domain: Domain) -> dict[str, str]:
    """Facts about its identity."""
    root = domain.root
    facts = {"description": text_at(root, "description"), "vmgenid": text_at(root, "genid")}
    facts["name"] = _host_name(text_at(root, "title").strip()) or _name(domain)
    facts["smbios1.uuid"] = text_at(root, "uuid").strip()
    facts |= _read_smbios(domain)
    return {name: text for name, text in facts.items() if text}


def domain_name(vmid: str) -> str:
    """What a new domain is called in libvirt, where names are unique and hard to change."""
    return f"vm-{vmid}"


def _name(domain: Domain) -> str:
    """The name of a domain that isn't ours."""
    name = text_at(domain.root, "name")
    return "" if name == domain_name(metadata.vmid(domain.root) or "") else _host_name(name)


def _host_name(text: str) -> str:
    """The text with what a host name can't have replaced by hyphens."""
    return ".".join(_LABEL.findall(re.sub(r"[^A-Za-z0-9.-]+", "-", text)))


def _read_smbios(domain: Domain) -> dict[str, str]:
    if attribute_at(domain.root, "os/smbios", "mode") != "sysinfo":
        return {}
    found = {name: text_at(domain.root, f"{_SYSTEM}/entry[@name='{name}']") for name in _ENTRIES}
    texts = {name: text for name, text in found.items() if text}
    if all(_PLAIN.fullmatch(text) for text in texts.values()):
        return {f"smbios1.{name}": text for name, text in texts.items()}
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
    return {"smbios1.base64": "1"} | {f"smbios1.{name}": text for name, text in encoded.items()}


def write(domain: Domain, change: Change) -> None:
    """Writes name, description, UUID, SMBIOS and generation id, as far as they change."""
    if change.touches("name"):
        _set_text(domain, "title", change.get("name"))
    if change.touches("description"):
        _set_text(domain, "description", change.get("description"))
    if change.touches("vmgenid"):
        _set_text(domain, "genid", change.get("vmgenid") if len(change.get("vmgenid")) > 1 else "")
    if change.touches("smbios1"):
        _write_uuid(domain, change)
        _write_smbios(domain, change.device("smbios1"))


def _set_text(domain: Domain, tag: str, text: str) -> None:
    if text:
        put(domain.root, tag, text)
    else:
        drop(domain.root, tag)


def _write_uuid(domain: Domain, change: Change) -> None:
    wanted, present = change.get("smbios1.uuid").lower(), text_at(domain.root, "uuid").strip().lower()
    if wanted and present and wanted != present:
        raise Error("smbios1: the UUID of a machine that exists can't be changed")
    if wanted and not present:
        put(domain.root, "uuid", wanted)


def _write_smbios(domain: Domain, keys: Mapping[str, str]) -> None:
    root, wanted = domain.root, {name: keys[name] for name in _ENTRIES if name in keys}
    if keys.get("base64") == "1":
        wanted = {name: base64.b64decode(text).decode() for name, text in wanted.items()}
    drop(root, *(f"{_SYSTEM}/entry[@name='{name}']" for name in _ENTRIES))
    if not wanted:
        _drop_smbios(domain)
        return
    put(root, "os/smbios", mode="sysinfo")
    system = root.find("sysinfo[@type='smbios']")
    table = put(add(root, "sysinfo", type="smbios") if system is None else system, "system")
    for name, text in wanted.items():
        table.append(make("entry", text, name=name))


def _drop_smbios(domain: Domain) -> None:
    """Takes out the tables, unless they hold something else."""
    prune(domain.root, _SYSTEM)
    table = domain.root.find("sysinfo[@type='smbios']")
    if table is not None and not len(table):
        drop(domain.root, "sysinfo[@type='smbios']", "os/smbios[@mode='sysinfo']")
