"""Cloud-init data of a machine: the three files of the `nocloud` source, and the CD-ROM that holds them.

Rule: the texts are JSON, which is YAML, so that no value can be anything but a value. Source: qemu-server 9.2, as
observed; the format of cloud-init's own documentation.
"""

import hashlib
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias
from urllib.parse import unquote

from . import options, texts
from .iso9660 import image

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json]"

LABEL = "cidata"
# YAML's readers refuse these where JSON allows them.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def iso(vmid: str, config: Mapping[str, str]) -> bytes:
    """The CD-ROM's image; the same options make the same bytes."""
    return image(LABEL, {name: text.encode() for name, text in files(vmid, config).items()})


def files(vmid: str, config: Mapping[str, str]) -> dict[str, str]:
    """File name -> text. The password in it, if any, is a hash."""
    user, network = user_data(vmid, config), network_config(config)
    # Cloud-init does its work again when the instance's id is another one.
    identity = hashlib.sha1(f"{user}{network}".encode(), usedforsecurity=False).hexdigest()
    return {"user-data": user, "network-config": network, "meta-data": _json({"instance-id": identity})}


def user_data(vmid: str, config: Mapping[str, str]) -> str:
    """The host's name, the user and what it may log on with."""
    host = config.get("name", f"VM{vmid}")
    domain = config.get("searchdomain", "").split()
    data: dict[str, Json] = {"hostname": host.partition(".")[0], "manage_etc_hosts": True}
    if "." in host or domain:
        data["fqdn"] = host if "." in host else f"{host}.{domain[0]}"
    if "ciuser" in config:
        data["user"] = config["ciuser"]
    if "cipassword" in config:
        data["password"] = config["cipassword"]
    keys = [line.strip() for line in unquote(config.get("sshkeys", "")).splitlines() if line.strip()]
    if keys:
        data["ssh_authorized_keys"] = [*keys]
    data |= {"chpasswd": {"expire": False}, "users": ["default"]}
    if config.get("ciupgrade", "1") == "1":
        data["package_upgrade"] = True
    return "#cloud-config\n" + _json(data)


def network_config(config: Mapping[str, str]) -> str:
    """The interfaces that have an `ipconfig`, by their MAC address, and the name servers."""
    rows = list(_interfaces(config))
    servers, domains = _items(config, "nameserver"), _items(config, "searchdomain")
    if servers or domains:
        rows.append({"type": "nameserver", "address": [*servers], "search": [*domains]})
    return _json({"version": 1, "config": rows})


def _items(config: Mapping[str, str], name: str) -> list[str]:
    return re.split(r"[\s,;]+", config[name].strip()) if name in config else []


def _interfaces(config: Mapping[str, str]) -> Iterator[Json]:
    for net in sorted((name for name in config if options.index(name)[0] == "net"), key=options.index):
        number = options.index(net)[1]
        setup = config.get(f"ipconfig{number}")
        if setup is None:
            continue
        row: dict[str, Json] = {"type": "physical", "name": f"eth{number}"}
        mac = texts.parts(net, config[net]).get("macaddr")
        if mac is not None:
            row["mac_address"] = mac.lower()
        row["subnets"] = [*_subnets(texts.parts(f"ipconfig{number}", setup))]
        yield row


def _subnets(setup: Mapping[str, str]) -> Iterator[Json]:
    match setup.get("ip"):
        case None:
            pass
        case "dhcp":
            yield {"type": "dhcp4"}
        case address:
            found = ipaddress.IPv4Interface(address)
            static: dict[str, Json] = {"type": "static", "address": str(found.ip), "netmask": str(found.netmask)}
            yield static | ({"gateway": setup["gw"]} if "gw" in setup else {})
    match setup.get("ip6"):
        case None:
            pass
        case "dhcp":
            yield {"type": "dhcp6"}
        case "auto":
            yield {"type": "ipv6_slaac"}
        case address:
            static = {"type": "static6", "address": address}
            yield static | ({"gateway": setup["gw6"]} if "gw6" in setup else {})


def _json(data: Json) -> str:
    text = json.dumps(data, ensure_ascii=False, indent=1)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
