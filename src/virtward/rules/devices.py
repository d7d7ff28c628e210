"""What the value of a guest's device takes: drives, networks, USB, PCI, serial ports, shared folders, and so on.

Rule: a function yields the demands of a new value. What the value that is configured now takes is a demand that
isn't certain, since the call doesn't tell it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from . import volumes
from .model import Demand, Tree
from .values import parts, vlans

# Patterns stay text, as in `volumes`.
_NEW_VOLUME = r"(?:([^/:\s]+):)?[0-9]+(?:\.[0-9]+)?"
_CLOUDINIT = r"[:/](?:vm-[0-9]+-)?cloudinit(?:\.(?:raw|qcow2?|vmdk|qed|cloop))?$"
_PLAIN_BRIDGE = r"vmbr[0-9]+"
_APPLIANCE = r"(?i:[^:]+:import/[^/]+\.ova/)"

ALWAYS_DISKS = frozenset({"efidisk0", "tpmstate0"})


class Place(NamedTuple):
    """The guest a value is for; `pool` at creation, where its privileges count too; `created` says which."""

    vmid: str
    pool: str = ""
    created: bool = False
    storage: str = ""
    import_storage: str = ""

    def demand(self, label: str, privileges: tuple[str, ...], *, any_of: bool = False) -> Demand:
        """Privileges on the guest, or at creation on its pool."""
        options: Tree = ["any", 1] if any_of else []
        guest: Tree = ["perm", "/vms/{vmid}", [*privileges], *options]
        if not self.pool:
            return Demand(label, guest, {"vmid": self.vmid})
        pool: Tree = ["perm", "/pool/{pool}", [*privileges], *options]
        return Demand(label, ["or", pool, guest], {"vmid": self.vmid, "pool": self.pool})


def unsure(label: str, depends: str, tree: Tree, **params: str) -> Demand:
    """A demand whose tree is enough, and not needed if what it depends on turns out well."""
    return Demand(label, tree, params, certain=False, depends=depends)


def root_unless(label: str, depends: str) -> Demand:
    """A demand that only root@pam meets for sure."""
    return Demand(label, "root", {}, certain=False, depends=depends)


# Drives


def drive(label: str, value: str, place: Place, name: str) -> Iterator[Demand]:
    """A new drive value."""
    drive_parts = parts(value, "file")
    file = drive_parts.get("file", "")
    cdrom = drive_parts.get("media") == "cdrom" or (name == "cdrom" and "media" not in drive_parts)
    if not place.created:
        yield place.demand(label, _drive_privileges(file, cdrom))
    yield from _drive_volume(label, file, place, cdrom)
    if "import-from" in drive_parts:
        yield from _import(label, drive_parts["import-from"], place)


def _drive_privileges(file: str, cdrom: bool) -> tuple[str, ...]:
    if re.search(_CLOUDINIT, file):
        return ("VM.Config.Cloudinit", "VM.Config.CDROM")
    return ("VM.Config.CDROM",) if cdrom else ("VM.Config.Disk",)


def _drive_volume(label: str, file: str, place: Place, cdrom: bool) -> Iterator[Demand]:
    """What the drive's volume takes."""
    if file in ("", "none", "cloudinit") or file.partition(":")[2] == "cloudinit":
        return
    new = None if cdrom else re.fullmatch(_NEW_VOLUME, file)
    if cdrom and file == "cdrom":
        yield Demand(label, ["perm", "/", ["Sys.Console"]], {})
    elif new is not None:
        # Without a storage upstream fails for everybody, so nothing can be granted by mistake.
        yield volumes.allocate_space(label, new[1] or place.storage)
    else:
        yield from volumes.access(label, file, place.vmid)


def _import(label: str, source: str, place: Place) -> Iterator[Demand]:
    """What copying a volume into the new drive takes."""
    volume = volumes.parse(source)
    clone: Tree = ["perm", "/vms/{owner}", ["VM.Clone"]]
    if volume is not None and volume.content == "images":
        yield Demand(label, clone, {"owner": volume.owner})
        return
    if volume is not None and not volume.content:
        depends = f"the owner of volume {source}"
        yield Demand(label, None, {}, certain=False, depends=depends, pattern=clone)
        return
    yield from volumes.access(label, source, place.vmid)
    if volume is not None and re.match(_APPLIANCE, source):
        yield volumes.allocate_space(label, place.import_storage or volume.store)


def old_drive(label: str, name: str, place: Place) -> Demand:
    """The drive that is configured now, which is changed or removed."""
    if name in ALWAYS_DISKS:
        return place.demand(label, ("VM.Config.Disk",))
    every: Tree = ["perm", "/vms/{vmid}", ["VM.Config.Disk", "VM.Config.CDROM", "VM.Config.Cloudinit"]]
    kinds = "VM.Config.Disk for a disk, VM.Config.CDROM for a CD-ROM, VM.Config.Cloudinit too for cloud-init"
    return unsure(label, f"what {name} is now, if anything: {kinds}", every, vmid=place.vmid)


def mount_point(label: str, value: str, place: Place) -> Iterator[Demand]:
    """A container's new mount point."""
    volume = parts(value, "volume").get("volume", "")
    new = re.fullmatch(_NEW_VOLUME, volume)
    if volume.startswith("/"):
        yield Demand(label, "root", {})
    elif new is not None and new[1]:
        yield volumes.allocate_space(label, new[1])
    else:
        yield from volumes.access(label, volume, place.vmid)
        found = volumes.parse(volume)
        if place.created and found is not None:
            yield volumes.allocate_space(label, found.store)


# Networks


def network(label: str, value: str) -> Iterator[Demand]:
    """A new network interface."""
    net = parts(value, "model")
    bridge = net.get("bridge", "")
    if not bridge:
        return
    tags = [net["tag"]] if net.get("tag") else []
    tags += [str(vlan) for vlan in vlans(net.get("trunks", ""))]
    paths = [f"/sdn/zones/{{zone}}/{{bridge}}/{tag}" for tag in tags] or ["/sdn/zones/{zone}/{bridge}"]
    perms: list[Tree] = [["perm", path, ["SDN.Use"]] for path in paths]
    tree: Tree = perms[0] if len(perms) == 1 else ["and", *perms]
    if re.fullmatch(_PLAIN_BRIDGE, bridge):
        yield Demand(label, tree, {"zone": "localnetwork", "bridge": bridge})
    else:
        depends = f"the zone of {bridge}: localnetwork, or its own if it is a vnet"
        yield Demand(label, None, {"bridge": bridge}, certain=False, depends=depends, pattern=tree)


def old_network(label: str, name: str) -> Demand:
    """The network interface that is configured now."""
    pattern: Tree = ["perm", "/sdn/zones/{zone}/{bridge}", ["SDN.Use"]]
    return Demand(label, None, {}, certain=False, depends=f"the bridge that {name} uses now", pattern=pattern)


# Passed-through devices


def usb(label: str, value: str, place: Place) -> Iterator[Demand]:
    """A new USB device."""
    yield place.demand(label, ("VM.Config.HWType",))
    device = parts(value, "host")
    if device.get("host", "spice").lower() != "spice":
        yield Demand(label, "root", {})
    if "mapping" in device:
        yield _mapping(label, "usb", device["mapping"])


def hostpci(label: str, value: str, place: Place) -> Iterator[Demand]:
    """A new PCI device."""
    yield place.demand(label, ("VM.Config.HWType",))
    device = parts(value, "host")
    if "host" in device or "romfile" in device:
        yield Demand(label, "root", {})
    if "mapping" in device:
        yield _mapping(label, "pci", device["mapping"])


def serial(label: str, value: str, place: Place) -> Iterator[Demand]:
    """A new serial port."""
    yield place.demand(label, ("VM.Config.HWType",)) if value == "socket" else Demand(label, "root", {})


def virtiofs(label: str, value: str, place: Place) -> Iterator[Demand]:
    """A new shared folder."""
    yield place.demand(label, ("VM.Config.Disk",))
    yield _mapping(label, "dir", parts(value, "dirid").get("dirid", ""))


def rng(label: str, value: str) -> Iterator[Demand]:
    """A new random number generator, beyond the option's own privilege."""
    if parts(value, "source").get("source") == "/dev/hwrng":
        yield Demand(label, ["perm", "/mapping/hwrng", ["Mapping.Use"]], {})


def _mapping(label: str, kind: str, name: str) -> Demand:
    return Demand(label, ["perm", f"/mapping/{kind}/{{mapping}}", ["Mapping.Use"]], {"mapping": name})


def cpu(label: str, value: str, place: Place, tree: Tree, since: str) -> Iterator[Demand]:
    """A new CPU type; `tree` is what a custom model takes in the release."""
    model = parts(value, "cputype").get("cputype", "")
    if not model.startswith("custom-"):
        return
    params = {"name": model.removeprefix("custom-")}
    depends = "" if place.created else f"whether the guest has CPU model {model} already"
    yield Demand(label, tree, params, certain=place.created, depends=depends, since=since)
