"""Property strings: reading, aliases, every refusal, writing in upstream's order."""

import pytest

from tests.unit.schema.calls import config_errors, form, keys, keys_error
from virtward.errors import Error
from virtward.schema.load import load
from virtward.schema.propstring import read, write
from virtward.schema.value import Value

MAC = "BC:24:11:00:00:01"
DUPLICATE = "duplicate key in comma-separated list property: "


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("net0", f"virtio={MAC},bridge=vmbr0", {"model": "virtio", "macaddr": MAC, "bridge": "vmbr0"}),
        ("net0", f"model=virtio,macaddr={MAC}", {"model": "virtio", "macaddr": MAC}),
        ("net0", "e1000,rate=1.5,queues=4", {"model": "e1000", "rate": 1.5, "queues": 4}),
        (
            "net0",
            " ,virtio,,firewall=yes, ,link_down=OFF,",
            {"model": "virtio", "firewall": True, "link_down": False},
        ),
        ("scsi0", "local:8", {"file": "local:8"}),
        ("scsi0", "volume=local:8,iothread=on,ssd=1", {"file": "local:8", "iothread": True, "ssd": True}),
        ("scsi0", "file=local:8,volume=local:9", {"file": "local:9"}),
        ("scsi0", "none,media=cdrom\n", {"file": "none", "media": "cdrom"}),
        ("scsi0", "local:8,iops_rd_length=5", {"file": "local:8", "iops_rd_max_length": 5}),
        ("boot", "order=scsi0;net0", {"order": ["scsi0", "net0"]}),
        ("boot", "cdn", {"legacy": "cdn"}),
        ("agent", "1,fstrim_cloned_disks=true", {"enabled": True, "fstrim_cloned_disks": True}),
        ("agent", "enabled=on,guest-fsfreeze=0", {"enabled": True, "freeze-fs": False}),
        ("memory", "2048", {"current": 2048}),
        ("ipconfig0", "ip=dhcp,ip6=fe80::1/64,gw6=fe80::2", {"ip": "dhcp", "ip6": "fe80::1/64", "gw6": "fe80::2"}),
        ("cpu", "host,flags=+aes;-pcid,hidden=1", {"cputype": "host", "flags": "+aes;-pcid", "hidden": True}),
        ("cicustom", "", {}),
    ],
)
def test_reads(name: str, text: str, values: dict[str, Value]) -> None:
    assert keys(name, text) == values


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("net0", "virtio,bridge", DUPLICATE + "model"),
        ("net0", f"virtio={MAC},e1000", DUPLICATE + "model"),
        ("net0", f"virtio={MAC},model=e1000", DUPLICATE + "model"),
        ("net0", f"virtio={MAC},macaddr={MAC}", DUPLICATE + "macaddr"),
        ("net0", "virtio,tag=1,tag=2", DUPLICATE + "tag"),
        ("net0", f"e1000,virtio={MAC}", "key alias 'model' is already defined"),
        ("net0", "virtio,colour=red", "invalid key in comma-separated list property: colour"),
        ("net0", "virtio,bridge=", "missing key in comma-separated list property"),
        ("net0", "virtio,=x", "missing key in comma-separated list property"),
        ("net0", "virtio,bridge=a\nb", "missing key in comma-separated list property"),
        ("ipconfig0", "dhcp", "value without key, but schema does not define a default key"),
        ("net0", "", "format error\nnet0.model: property is missing and it is not optional"),
        ("agent", "on", "format error\nagent.enabled: type check ('boolean') failed - got 'on'"),
        (
            "agent",
            "1,fstrim_cloned_disks=2",
            "format error\nagent.fstrim_cloned_disks: type check ('boolean') failed - got '2'",
        ),
        ("ipconfig0", "gw=10.0.0.1", "format error\nipconfig0.ip: missing property required by 'ipconfig0.gw'"),
        (
            "net0",
            "tap,tag=5000,macaddr=01:00:00:00:00:00",
            "format error\n"
            "net0.macaddr: invalid format - value does not look like a valid unicast MAC address\n\n"
            "net0.model: value 'tap' does not have a value in the enumeration 'e1000, e1000-82540em, "
            "e1000-82544gc, e1000-82545em, e1000e, i82551, i82557b, i82559er, ne2k_isa, ne2k_pci, pcnet, rtl8139, "
            "virtio, vmxnet3'\n"
            "net0.tag: value must have a maximum value of 4094",
        ),
        ("boot", "order=floppy0", "format error\nboot.order: invalid format - invalid boot device 'floppy0'\n"),
        ("cpu", "hidden=1", "CPU is missing cputype"),
        (
            "cpu",
            "host,flags=+vmx",
            "VM-specific CPU flags must be a subset of: nested-virt, md-clear, pcid, spec-ctrl, ssbd, ibpb, "
            "virt-ssbd, amd-ssbd, amd-no-ssb, pdpe1gb, hv-tlbflush, hv-evmcs, aes",
        ),
        ("cpu", "host,flags=aes", "format error\ncpu.flags: value does not match the regex pattern"),
        ("cpu", "host,reported-model=kvm64", "Property 'reported-model' not allowed in VM-specific CPU config."),
    ],
)
def test_refuses(name: str, text: str, error: str) -> None:
    assert keys_error(name, text) == error
    assert config_errors(**{name: text}) == {name: f"invalid format - {error}\n"}


def test_keeping_all_backups_and_only_some_is_refused() -> None:
    pruning = load().property_string("prune-backups")
    assert read("keep-all=1,keep-last=0", pruning, {}) == {"keep-all": True, "keep-last": 0}
    with pytest.raises(Error, match=r"^keep-all cannot be set together with other options\.$"):
        read("keep-all=1,keep-last=3", pruning, {})


@pytest.mark.parametrize(
    ("name", "text", "written"),
    [
        ("net0", f"bridge=vmbr0,firewall=1,virtio={MAC}", f"virtio={MAC},bridge=vmbr0,firewall=1"),
        ("net0", f"model=virtio,macaddr={MAC},bridge=vmbr0", f"virtio={MAC},bridge=vmbr0"),
        ("net0", "rate=2,model=e1000", "e1000,rate=2"),
        ("scsi0", "ssd=on,cache=none,volume=local:8", "local:8,cache=none,ssd=1"),
        ("scsi0", "file=local:a=b", "file=local:a=b"),
        ("ivshmem", "name=x,size=32", "size=32,name=x"),
        ("boot", "order=scsi0;net0", "order=scsi0;net0"),
        ("boot", "order=;", "order=;"),
        ("cicustom", "", ""),
    ],
)
def test_writes_default_key_first_then_mandatory_ones_then_the_others(name: str, text: str, written: str) -> None:
    assert write(keys(name, text), form(name)) == written
    assert keys(name, written) == keys(name, text)


def test_writes_a_number_of_bytes_as_a_size() -> None:
    assert write({"file": "local:x", "size": 8 << 30}, form("scsi0")) == "local:x,size=8G"
    assert write({"file": "local:x", "size": "8192M"}, form("scsi0")) == "local:x,size=8192M"


@pytest.mark.parametrize(
    "values",
    [
        {"file": "local:8", "serial": "a,b"},
        {"file": "local:8", "serial": "a\nb"},
        {"file": "local:8", "serial": ""},
        {"file": "local:8", "serial": {}},
        {"file": "local:8", "no-such-key": "1"},
        {"file": "local:8", "volume": "local:9"},
        {"file": "local:8,ssd=1"},
        {"file": ""},
    ],
)
def test_what_cannot_be_written_is_refused(values: dict[str, Value]) -> None:
    with pytest.raises(Error):
        write(values, form("scsi0"))
