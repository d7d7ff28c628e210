"""Hypothesis strategies: configurations that upstream takes and that all go together."""

from collections.abc import Mapping
from urllib.parse import quote

from hypothesis import strategies as st

from virtward.guest.config import Config
from virtward.guest.resources import ByName
from virtward.guest.xml.cpu import FLAGS

VMID = "100"
RESOURCES = ByName()
HEX = "0123456789abcdef"


def maybe(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | strategy


def number(first: int, last: int) -> st.SearchStrategy[str]:
    return st.integers(first, last).map(str)


flags = st.sampled_from(["0", "1"])
words = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,7}", fullmatch=True)
macs = st.integers(0, 0xFFFFFF).map(lambda n: f"BC:24:11:{n >> 16:02X}:{n >> 8 & 255:02X}:{n & 255:02X}")
uuids = st.uuids().map(str)
printable = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=30)
lines = st.lists(printable.filter(str.strip), min_size=1, max_size=3).map("\n".join)

_THROTTLES = st.fixed_dictionaries(
    {},
    optional={
        "mbps_rd": st.sampled_from(["1", "0.5", "2.25", "100"]),
        "mbps_wr": number(1, 500),
        "iops": number(1, 5000),
    },
)
_BURSTS: st.SearchStrategy[dict[str, str]] = st.sampled_from(
    [
        {},
        {"mbps_rd": "2.5", "mbps_rd_max": "5", "bps_rd_max_length": "3"},
        {"iops": "10", "iops_max": "20", "iops_max_length": "30"},
        {"bps_wr": "1000001"},
    ]
)


def _keys(bus: str) -> dict[str, st.SearchStrategy[str]]:
    keys: dict[str, st.SearchStrategy[str]] = {
        "backup": flags,
        "cache": st.sampled_from(["none", "directsync", "writeback", "writethrough", "unsafe"]),
        "detect_zeroes": flags,
        "discard": st.sampled_from(["on", "ignore"]),
        "format": st.sampled_from(["raw", "qcow2"]),
        "replicate": flags,
        "rerror": st.sampled_from(["ignore", "report", "stop"]),
        "serial": st.from_regex(r"[A-Za-z0-9 ._+-]{1,20}", fullmatch=True).map(quote),
        "shared": flags,
        "size": number(1, 500).map(lambda size: f"{size}G"),
        "werror": st.sampled_from(["enospc", "ignore", "report", "stop"]),
    }
    if bus in ("scsi", "virtio"):
        keys |= {"iothread": flags, "ro": flags}
    if bus != "virtio":
        keys["ssd"] = flags
    if bus == "scsi":
        wwn = st.text(HEX, min_size=16, max_size=16).map(lambda text: f"0x{text}")
        keys |= {"vendor": words, "product": words, "wwn": wwn}
    return keys


@st.composite
def disks(draw: st.DrawFn, bus: str, count: int) -> Mapping[str, str]:
    """Disks of a bus, on volumes that nothing else uses."""
    found: dict[str, str] = {}
    for index in draw(st.sets(st.integers(0, count), max_size=3)):
        number = {"scsi": 0, "virtio": 100, "sata": 200, "ide": 300}[bus] + index
        ending = draw(st.sampled_from(["", ".raw", ".qcow2"]))
        folder = f"{VMID}/" if ending else ""
        file = f"local:{folder}vm-{VMID}-disk-{number}{ending}"
        keys = draw(st.fixed_dictionaries({}, optional=_keys(bus))) | draw(_THROTTLES)
        bursts = draw(_BURSTS)
        keys |= bursts
        if "bps_wr" in bursts:
            keys.pop("mbps_wr", None)
        if draw(st.booleans()) and keys.get("cache") in ("none", "directsync"):
            keys["aio"] = draw(st.sampled_from(["native", "threads", "io_uring"]))
        found[f"{bus}{index}"] = ",".join([file, *(f"{key}={text}" for key, text in keys.items())])
    return found


cdroms = st.dictionaries(
    st.sampled_from(["ide0", "ide2", "sata5", "scsi30"]),
    st.sampled_from(["none,media=cdrom", "local:iso/x.iso,media=cdrom", "local:iso/y.iso,media=cdrom,size=3M"]),
    max_size=2,
)


@st.composite
def nets(draw: st.DrawFn) -> Mapping[str, str]:
    """Interfaces with addresses that are all different."""
    indexes = draw(st.sets(st.integers(0, 31), max_size=4))
    addresses = draw(st.lists(macs, min_size=len(indexes), max_size=len(indexes), unique=True))
    models = st.sampled_from(["virtio", "e1000", "e1000e", "rtl8139", "vmxnet3", "ne2k_pci", "i82551"])
    keys = st.fixed_dictionaries(
        {},
        optional={
            "bridge": st.sampled_from(["vmbr0", "vmbr1", "br-lan"]),
            "firewall": flags,
            "link_down": flags,
            "mtu": st.sampled_from(["1", "1400", "9000"]),
            "queues": number(0, 8),
            "rate": st.sampled_from(["1", "0.5", "100", "0"]),
            "tag": number(1, 4094),
            "trunks": st.sampled_from(["5", "5;7", "10-12", "10-12;20"]),
        },
    )
    return {
        f"net{index}": ",".join([f"{draw(models)}={mac}", *(f"{key}={text}" for key, text in draw(keys).items())])
        for index, mac in zip(sorted(indexes), addresses, strict=True)
    }


_CPU = st.tuples(
    st.sampled_from(["host", "max", "kvm64", "qemu64", "Nehalem"])
    | st.sampled_from(["v2", "v2-AES", "v3", "v4"]).map("x86-64-{}".format),
    st.lists(st.sampled_from(FLAGS), max_size=3, unique=True),
    st.lists(st.sampled_from("+-"), min_size=3, max_size=3),
    maybe(flags),
)


def _cpu(parts: tuple[str, list[str], list[str], str | None]) -> str:
    kind, names, signs, hidden = parts
    text = kind
    if names:
        text += ",flags=" + ";".join(sign + name for sign, name in zip(signs, names, strict=False))
    return text + (f",hidden={hidden}" if hidden is not None else "")


_SIMPLE: dict[str, st.SearchStrategy[str]] = {
    "acpi": flags,
    "agent": st.sampled_from(["0", "1", "1,fstrim_cloned_disks=1", "enabled=1,freeze-fs=0,type=virtio"]),
    "bios": st.sampled_from(["seabios", "ovmf"]),
    "cipassword": st.sampled_from(["$6$salt$hash", "$5$salt$hash"]),
    "citype": st.just("nocloud"),
    "ciupgrade": flags,
    "ciuser": words,
    "cores": number(1, 8),
    "cpu": _CPU.map(_cpu),
    "cpulimit": st.sampled_from(["0", "0.5", "1.5", "4"]),
    "cpuunits": number(1, 10000),
    "description": lines,
    "efidisk0": st.sampled_from(["efitype=4m", "pre-enrolled-keys=0,size=4M"]).map("local:vm-100-efi,{}".format),
    "hotplug": st.sampled_from(["0", "1", "disk,network", "network,disk,usb,cpu"]),
    "ipconfig0": st.sampled_from(["ip=dhcp", "ip=10.0.0.2/24,gw=10.0.0.1", "ip6=auto"]),
    "ipconfig31": st.just("ip=dhcp,ip6=dhcp"),
    "keyboard": st.sampled_from(["de", "en-us", "pt-br"]),
    "kvm": flags,
    "localtime": flags,
    "lock": st.sampled_from(["backup", "migrate"]),
    "machine": st.sampled_from(["pc", "q35", "pc-q35-7.2", "pc-i440fx-6.2", "q35,enable-s3=1", "pc,enable-s4=0"]),
    "memory": number(16, 70000),
    "name": st.sampled_from(["web", "db1.example.org"]),
    "nameserver": st.sampled_from(["1.1.1.1", "1.1.1.1 9.9.9.9"]),
    "numa": flags,
    "onboot": flags,
    "ostype": st.sampled_from(["l26", "win10", "win11", "w2k8", "other", "solaris"]),
    "protection": flags,
    "rng0": st.sampled_from(["/dev/urandom", "/dev/random,max_bytes=0", "/dev/urandom,max_bytes=2048,period=500"]),
    "scsihw": st.sampled_from(["lsi", "virtio-scsi-pci", "virtio-scsi-single", "megasas", "pvscsi"]),
    "searchdomain": st.just("example.org"),
    "serial0": st.just("socket"),
    "serial3": st.just("socket"),
    "smbios1": uuids.map("uuid={},manufacturer=QUNNRQ==,serial=YWJj,base64=1".format) | uuids.map("uuid={}".format),
    "sockets": number(1, 4),
    "sshkeys": st.just(quote("ssh-ed25519 AAAA me@example\n", safe="")),
    "startup": st.sampled_from(["order=1", "order=2,up=30,down=60"]),
    "tablet": flags,
    "tags": st.sampled_from(["prod", "a;b"]),
    "tpmstate0": st.sampled_from(["local:vm-100-tpmstate,version=v2.0", "local:vm-100-tpmstate,size=4M"]),
    "unused0": st.just("local:100/vm-100-disk-900.qcow2"),
    "unused255": st.just("local:vm-100-disk-901"),
    "vga": st.sampled_from(["std", "std,memory=32", "virtio", "qxl", "cirrus,memory=16", "vmware", "none"]),
    "vmgenid": uuids | st.just("0"),
}


@st.composite
def texts(draw: st.DrawFn) -> dict[str, str]:
    """Option texts of a whole machine."""
    found = draw(st.fixed_dictionaries({}, optional=_SIMPLE))
    for bus, count in (("ide", 3), ("sata", 5), ("scsi", 30), ("virtio", 15)):
        found |= draw(disks(bus, count))
    found |= draw(cdroms)
    found |= draw(nets())
    if found.get("bios") == "ovmf":
        found.pop("acpi", None)
    most = int(found.get("sockets", "1")) * int(found.get("cores", "1"))
    if draw(st.booleans()):
        found["vcpus"] = draw(number(1, most))
    if draw(st.booleans()):
        found["balloon"] = draw(number(0, int(found.get("memory", "512"))))
    devices = [name for name in found if name.rstrip("0123456789") in ("ide", "sata", "scsi", "virtio", "net")]
    order = draw(st.lists(st.sampled_from(devices), unique=True)) if devices else []
    if order:
        found["boot"] = "order=" + ";".join(order)
    elif draw(st.booleans()):
        found["boot"] = draw(st.sampled_from(["cdn", "n", "dc"]))
    return found


configs = texts().map(Config.parse)
"""Configurations of new machines, in upstream's way of writing."""
