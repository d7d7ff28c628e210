"""Domains of other tools: told in options, adopted, changed, and otherwise kept to the letter."""

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from random import Random

import pytest
from lxml import etree

from virtward.errors import Error
from virtward.guest import domainxml
from virtward.guest.config import Config
from virtward.guest.resources import ByName
from virtward.guest.xml.elements import NAMESPACE

FOLDER = Path(__file__).parent / "foreign"
FILES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.xml"))}
IMAGE = "/var/lib/libvirt/images/debian12.qcow2"
RESOURCES = ByName(paths={IMAGE: "default:debian12.qcow2"}, sizes={"default:debian12.qcow2": 20 << 30})

# Option -> its new text, and the elements that may change by it, below `domain` or `devices`.
CHANGES: dict[str, tuple[str, frozenset[str]]] = {
    "acpi": ("0", frozenset({"features"})),
    "agent": ("0", frozenset({"channel"})),
    "balloon": ("64", frozenset({"memory", "currentMemory", "memballoon"})),
    "boot": ("order=net7", frozenset({"os", "disk", "interface"})),
    "cores": ("4", frozenset({"vcpu", "cpu"})),
    "cpu": ("kvm64,flags=+pcid", frozenset({"cpu", "features"})),
    "cpulimit": ("2", frozenset({"cputune"})),
    "cpuunits": ("300", frozenset({"cputune"})),
    "description": ("A <text>", frozenset({"description"})),
    "ide3": ("local:vm-100-disk-9", frozenset({"disk"})),
    "keyboard": ("fr", frozenset({"graphics"})),
    "localtime": ("1", frozenset({"clock"})),
    "memory": ("8192", frozenset({"memory", "currentMemory", "cpu"})),
    "name": ("other", frozenset({"title"})),
    "net7": ("virtio=BC:24:11:00:00:07,bridge=vmbr7", frozenset({"interface"})),
    "numa": ("1", frozenset({"cpu"})),
    "onboot": ("1", frozenset()),
    "rng0": ("/dev/random", frozenset({"rng"})),
    "scsi7": ("local:vm-100-disk-7,serial=seven", frozenset({"disk", "controller"})),
    "scsihw": ("virtio-scsi-single", frozenset({"disk", "controller"})),
    "serial3": ("socket", frozenset({"serial"})),
    "smbios1": ("serial=abc", frozenset({"sysinfo", "os"})),
    "tablet": ("0", frozenset({"input"})),
    "tags": ("a;b", frozenset()),
    "tpmstate0": ("local:vm-100-tpmstate,version=v2.0", frozenset({"tpm"})),
    "vga": ("cirrus", frozenset({"video", "graphics"})),
    "virtio7": ("local:vm-100-disk-8,iothread=1", frozenset({"disk", "iothreads"})),
    "vmgenid": ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", frozenset({"genid"})),
}


def adopted(xml: str) -> str:
    return domainxml.render("105", domainxml.read(xml, RESOURCES)[1], xml, RESOURCES)


def copy(element: etree._Element) -> etree._Element:
    """The element without what follows it."""
    alone = deepcopy(element)
    alone.tail = None
    return alone


def pieces(xml: str) -> Iterator[tuple[str, bytes]]:
    """Every element of the domain, of its devices and of its metadata, our own notes left out."""
    root = etree.fromstring(xml)
    for parent in (root, *root.findall("devices"), *root.findall("metadata")):
        for element in parent.iterchildren(etree.Element):
            tag = str(element.tag)
            if tag not in ("devices", "metadata") and NAMESPACE not in tag:
                yield tag, etree.tostring(copy(element), method="c14n")


@pytest.mark.parametrize("name", FILES)
def test_adopting_a_machine_changes_nothing_but_our_notes(name: str) -> None:
    xml = FILES[name]
    vmid, config = domainxml.read(xml, RESOURCES)
    assert vmid is None
    assert list(pieces(adopted(xml))) == list(pieces(xml))
    assert domainxml.read(adopted(xml), RESOURCES) == ("105", config)


@pytest.mark.parametrize("option", CHANGES)
@pytest.mark.parametrize("name", FILES)
def test_a_change_keeps_every_other_element_to_the_letter(name: str, option: str) -> None:
    xml = adopted(FILES[name])
    text, touched = CHANGES[option]
    config = domainxml.read(xml, RESOURCES)[1]
    given = {option: text} if option != "boot" else {option: text, "net7": CHANGES["net7"][0]}
    wanted = Config({**config, **given})
    after = domainxml.render("105", wanted, xml, RESOURCES)
    assert [each for each in pieces(after) if each[0] not in touched] == [
        each for each in pieces(xml) if each[0] not in touched
    ]
    assert domainxml.read(after, RESOURCES) == ("105", wanted)


@pytest.mark.parametrize("name", FILES)
def test_a_change_and_its_reverse_leave_the_options_as_they_were(name: str) -> None:
    xml = adopted(FILES[name])
    before = domainxml.read(xml, RESOURCES)[1]
    for option, (text, _) in CHANGES.items():
        if option in ("boot", "smbios1"):
            continue
        there = domainxml.render("105", Config({**before, option: text}), xml, RESOURCES)
        back = domainxml.render("105", before, there, RESOURCES)
        assert domainxml.read(back, RESOURCES) == ("105", before), option


def test_the_options_of_a_debian_guest() -> None:
    assert dict(domainxml.read(FILES["debian12-virt-manager"], RESOURCES)[1]) == {
        "agent": "1",
        "balloon": "2048",
        "boot": "order=virtio0",
        "cpu": "host",
        "machine": "pc-q35-7.2,enable-s3=0,enable-s4=0",
        "memory": "4096",
        "name": "debian12",
        "net0": "virtio=52:54:00:A1:B2:C3,bridge=default",
        "net1": "e1000e=52:54:00:A1:B2:C4,link_down=1",
        "ostype": "l26",
        "rng0": "/dev/urandom,max_bytes=0",
        "sata0": "none,media=cdrom",
        "serial0": "socket",
        "smbios1": "uuid=0c6b4b8e-54a9-4a3a-9b0c-0e3f7a5c9d11",
        "sockets": "2",
        "vga": "virtio",
        "virtio0": "default:debian12.qcow2,discard=on,size=20G",
    }


def test_the_options_of_a_windows_guest() -> None:
    config = domainxml.read(FILES["windows11-virt-manager"], RESOURCES)[1]
    assert config["bios"] == "ovmf"
    assert config["boot"] == "order=scsi0;net0"
    assert config["cpu"] == "Skylake-Client-IBRS,flags=+pcid;-aes,hidden=1"
    assert config["description"] == "Accounting.\nDo not touch <ever>."
    assert config["name"] == "Windows-11"
    assert config["net0"] == "virtio=52:54:00:11:22:33,bridge=br0,mtu=9000,queues=4,rate=10,tag=42"
    assert config["ostype"] == "win11"
    assert config["sata1"] == "default:data.qcow2"
    assert config["scsi0"].startswith("/dev/vg0/win11,aio=native,cache=none,discard=on,iothread=1,mbps=10,")
    assert (config["cores"], config["vcpus"], config["balloon"], config["numa"]) == ("8", "4", "0", "1")


def test_disks_that_no_option_can_tell_keep_their_place() -> None:
    xml = adopted(FILES["ubuntu-virt-install"])
    config = domainxml.read(xml, RESOURCES)[1]
    assert "scsi0" not in config
    wanted = config.with_options({"scsi0": "local:vm-105-disk-0"})
    after = domainxml.render("105", wanted, xml, RESOURCES)
    assert "/srv/a,b.qcow2" in after
    assert domainxml.read(after, RESOURCES)[1] == wanted
    gone = domainxml.render("105", config, after, RESOURCES)
    assert list(pieces(gone)) == list(pieces(xml))


def test_a_foreign_controller_keeps_its_model() -> None:
    xml = adopted(FILES["ubuntu-virt-install"])
    config = domainxml.read(xml, RESOURCES)[1].with_options({"scsi1": "local:vm-105-disk-0"})
    assert '<controller type="scsi" index="0" model="lsisas1068"/>' in domainxml.render(
        "105", config, xml, RESOURCES
    )


def test_boot_numbers_of_other_devices_stay() -> None:
    xml = adopted(FILES["windows11-virt-manager"])
    config = domainxml.read(xml, RESOURCES)[1].with_options({"boot": "order=net0;sata1;scsi0"})
    root = etree.fromstring(domainxml.render("105", config, xml, RESOURCES))
    orders = [each.get("order") for each in root.findall("devices/hostdev/boot")]
    assert orders == ["2"]
    assert sorted(str(each.get("order")) for each in root.findall("devices/*/boot")) == ["1", "2", "3", "4"]


def test_another_medium_takes_the_old_one_out_whole() -> None:
    xml = adopted(FILES["debian12-virt-manager"])
    config = domainxml.read(xml, RESOURCES)[1].with_options({"virtio0": "local:105/vm-105-disk-0.raw"})
    after = domainxml.render("105", config, xml, RESOURCES)
    assert IMAGE not in after
    assert "backingStore" not in after
    assert '<driver name="qemu" type="raw"/>' in after


def test_numa_cells_share_new_memory_and_keep_what_else_they_say() -> None:
    xml = adopted(FILES["windows11-virt-manager"])
    config = domainxml.read(xml, RESOURCES)[1].with_options({"memory": "4096", "cores": "4", "vcpus": "2"})
    cells = etree.fromstring(domainxml.render("105", config, xml, RESOURCES)).findall("cpu/numa/cell")
    assert [(cell.get("cpus"), cell.get("memory")) for cell in cells] == [("0-1", "2097152"), ("2-3", "2097152")]
    assert cells[0].get("memAccess") == "shared"


ODD = [
    "",
    "0",
    "-1",
    "x",
    "99999999999999999999",
    "1.5",
    "²",
    "é",
    "a,b",
    "a;b",
    "none",
    "yes",
    "vda",
    "sda",
    "hda",
    "\n",
]


@pytest.mark.parametrize("seed", range(8))
def test_a_mangled_machine_reads_or_is_refused(seed: int) -> None:
    """Attributes, texts and elements changed, removed, doubled: nothing but an Error ever comes of it."""
    random = Random(seed)
    for _ in range(40):
        xml = mangled(random, random.choice([*FILES.values(), *map(adopted, FILES.values())]))
        with suppress(Error):
            config = domainxml.read(xml, RESOURCES)[1]
            after = domainxml.render("105", config, xml, RESOURCES)
            assert domainxml.read(after, RESOURCES) == ("105", config)
            wanted = Config({**config, "scsi9": "local:vm-105-disk-9", "memory": "2048"})
            after = domainxml.render("105", wanted, after, RESOURCES)
            assert domainxml.read(after, RESOURCES) == ("105", wanted)


def mangled(random: Random, xml: str) -> str:
    root = etree.fromstring(xml)
    elements = list(root.iterdescendants(etree.Element))
    for element in random.sample(elements, 4):
        parent = element.getparent()
        assert parent is not None
        match random.randrange(5):
            case 0:
                element.text = random.choice(ODD)
            case 1:
                parent.remove(element)
            case 2:
                parent.append(deepcopy(element))
            case _ if element.attrib:
                element.set(random.choice(list(map(str, element.attrib))), random.choice(ODD))
            case _:
                element.attrib.clear()
    return etree.tostring(root, encoding="unicode")
