"""The table of options: what each stands for in the machine, and when a change of it takes effect.

Rule: an option that isn't in the table can't be set, whoever asks; what upstream knows and the table doesn't is
refused by name. Valid texts are upstream's, from `schema`; what an option requires is upstream's, from `rules`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from ..policy.requirement import AllOf, Holds, Requirement, RootOnly, parse
from ..rules.loader import load as load_rules
from ..rules.model import Option as OptionRule
from ..rules.model import indexed_name
from ..schema.load import load as load_schemas
from ..schema.params import Param, Params
from ..schema.propstring import PropertyString


class Effect(Enum):
    """When a change takes effect on a machine that runs.

    AT_ONCE: it only is a note. LIVE: if the hypervisor can do it and `hotplug` has the option's feature.
    NEXT_START: never before.
    """

    AT_ONCE = "at once"
    LIVE = "live"
    NEXT_START = "next start"


@dataclass(frozen=True, slots=True)
class Option:
    """A row. `name` is written `net[n]` for `net0`, `net1`...; `part` is the part of the domain it describes.

    `part` empty: it is kept in the domain's metadata only. `feature` is what `hotplug` calls it. `keys` are the
    keys of its property string that are supported, `refused` texts of a key (`""`: the option itself) that
    aren't. `internal` options are written by the server, never by a caller.
    """

    name: str
    part: str = ""
    effect: Effect = Effect.NEXT_START
    feature: str = ""
    keys: frozenset[str] | None = None
    refused: Mapping[str, str] | None = None
    internal: bool = False

    @property
    def root_only(self) -> bool:
        """Whether nobody but `root@pam` may set it, whatever the value."""
        return rule(self.name).root

    @property
    def requires(self) -> Requirement | None:
        """What setting or removing it takes, on `/vms/{vmid}`; None if only its value decides that.

        Where `value_rule` isn't empty, the value takes more than this: `needs` tells all of it.
        """
        return _requirement(rule(self.name))

    @property
    def value_rule(self) -> str:
        """The rule of `rules.options` about its value, if there is one: `drive`, `vnet`, `tags` ..."""
        return rule(self.name).value


def _keys(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ON, _NOW, _USB = Effect.LIVE, Effect.AT_ONCE, "usb"

_THROTTLE = (
    "bps bps_rd bps_wr bps_max_length bps_rd_max_length bps_wr_max_length iops iops_rd iops_wr iops_max "
    "iops_rd_max iops_wr_max iops_max_length iops_rd_max_length iops_wr_max_length mbps mbps_rd mbps_wr mbps_max "
    "mbps_rd_max mbps_wr_max"
)
_DRIVE = (
    "file format media size aio backup cache detect_zeroes discard replicate rerror serial shared werror "
    f"import-from {_THROTTLE}"
)
_IMAGE_FORMATS = {"format": "qcow|qed|vmdk|cloop", "file": "cdrom"}

OPTIONS: tuple[Option, ...] = (
    Option("acpi", "features/acpi"),
    Option(
        "agent",
        "devices/channel",
        keys=_keys("enabled freeze-fs fstrim_cloned_disks type"),
        refused={"type": "isa"},
    ),
    Option("balloon", "currentMemory, devices/memballoon", _ON),
    Option("bios", "os"),
    Option("boot", "devices/*/boot"),
    Option("bootdisk", "devices/*/boot"),
    Option("cipassword", "", _ON, "cloudinit"),
    Option("citype", "", _ON, "cloudinit", refused={"": "configdrive2|opennebula"}),
    Option("ciupgrade", "", _ON, "cloudinit"),
    Option("ciuser", "", _ON, "cloudinit"),
    Option("cores", "vcpu, cpu/topology"),
    Option(
        "cpu",
        "cpu",
        keys=_keys("cputype flags hidden"),
        refused={"cputype": "custom-.*", "flags": ".*(nested-virt|hv-tlbflush|hv-evmcs).*"},
    ),
    Option("cpulimit", "cputune/global_quota", _ON),
    Option("cpuunits", "cputune/shares", _ON),
    Option("description", "description", _NOW),
    Option("efidisk0", "os/firmware", keys=_keys("file efitype format import-from ms-cert pre-enrolled-keys size")),
    Option("hotplug", "", _NOW),
    Option("ide[n]", "devices/disk", _ON, "disk", _keys(f"{_DRIVE} ssd"), _IMAGE_FORMATS),
    Option("ipconfig[n]", "", _ON, "cloudinit"),
    Option("keyboard", "devices/graphics"),
    Option("kvm", "@type"),
    Option("localtime", "clock"),
    Option("lock", "", _NOW),
    Option(
        "machine",
        "os/type",
        keys=_keys("type enable-s3 enable-s4"),
        refused={"type": r".*\.pxe|.*\+pve[0-9]+|virt.*"},
    ),
    Option("memory", "memory, currentMemory"),
    Option("meta", "", _NOW, internal=True),
    Option("name", "title", _NOW),
    Option("nameserver", "", _ON, "cloudinit"),
    Option("net[n]", "devices/interface", _ON, "network"),
    Option("numa", "cpu/numa"),
    Option("onboot", "", _NOW),
    Option("ostype", "features/hyperv, clock"),
    Option("protection", "", _NOW),
    Option("rng0", "devices/rng", refused={"source": "/dev/hwrng"}),
    Option("sata[n]", "devices/disk", _ON, "disk", _keys(f"{_DRIVE} ssd"), _IMAGE_FORMATS),
    Option(
        "scsi[n]",
        "devices/disk",
        _ON,
        "disk",
        _keys(f"{_DRIVE} iothread product ro ssd vendor wwn"),
        _IMAGE_FORMATS,
    ),
    Option("scsihw", "devices/controller", refused={"": "lsi53c810"}),
    Option("searchdomain", "", _ON, "cloudinit"),
    Option("serial[n]", "devices/serial", refused={"": "/.*"}),
    Option("smbios1", "uuid, sysinfo"),
    Option("sockets", "vcpu, cpu/topology"),
    Option("sshkeys", "", _ON, "cloudinit"),
    Option("startup", "", _NOW),
    Option("tablet", "devices/input", _ON, _USB),
    Option("tags", "", _NOW),
    Option("tpmstate0", "devices/tpm", keys=_keys("file format import-from size version")),
    Option("unused[n]", "", _NOW),
    Option("vcpus", "vcpu@current", _ON, "cpu"),
    Option(
        "vga", "devices/video, devices/graphics", keys=_keys("type memory"), refused={"type": "qxl[2-4]|virtio-gl"}
    ),
    Option("virtio[n]", "devices/disk", _ON, "disk", _keys(f"{_DRIVE} iothread ro"), _IMAGE_FORMATS),
    Option("vmgenid", "genid"),
)
"""Every supported option."""

_BY_NAME: Mapping[str, Option] = {option.name: option for option in OPTIONS}
_NAME = re.compile(r"([a-z]+)(0|[1-9][0-9]{0,2})")
_CALL = ("PUT", "/nodes/{node}/qemu/{vmid}/config")

CLOUD_INIT = tuple(option.name for option in OPTIONS if option.feature == "cloudinit")
"""The options that the cloud-init drive is made from."""


@lru_cache(maxsize=1024)
def find(name: str) -> Option | None:
    """The row of `net0` or `cores`; None if it isn't supported, or no such index exists."""
    row = _BY_NAME.get(name) or _BY_NAME.get(indexed_name(name))
    if row is None or name.endswith("[n]"):
        return None
    return row if row.internal or upstream().find(name) is not None else None


def index(name: str) -> tuple[str, int]:
    """`net12` -> (`net`, 12); a name without index has -1."""
    match = _NAME.fullmatch(name)
    return (match[1], int(match[2])) if match else (name, -1)


def names(stem: str) -> Iterator[str]:
    """`net0`, `net1` ... up to the last one there may be."""
    param = upstream()[f"{stem}[n]"]
    return (f"{stem}{number}" for number in range((param.last or 0) + 1))


def upstream() -> Params:
    """The parameters of upstream's call that changes a machine."""
    return load_schemas().params(*_CALL)


@lru_cache(maxsize=1024)
def param(name: str) -> Param | None:
    """What a valid text of an option is; None if upstream's call doesn't know it."""
    return upstream().find(name)


def form(name: str) -> PropertyString | None:
    """The property string of an option; None if its text has no keys."""
    found = param(name)
    return found if isinstance(found, PropertyString) else None


def rule(name: str) -> OptionRule:
    """What setting an option takes, as `rules` has it; the release's default is `root@pam` only."""
    return load_rules().options("qemu").find(name)


def _requirement(option: OptionRule) -> Requirement | None:
    terms: list[Requirement] = []
    if option.all:
        terms.append(Holds("/vms/{vmid}", option.all))
    if option.any:
        terms.append(Holds("/vms/{vmid}", option.any, any=True))
    terms += [parse(tree) for tree in option.also]
    if option.root:
        return RootOnly()
    return terms[0] if len(terms) == 1 else AllOf(tuple(terms)) if terms else None
