"""What `render` writes `read` tells, whatever the options and whatever was there before."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings

from virtward.errors import Error, NotThere
from virtward.guest import domainxml
from virtward.guest.config import Config
from virtward.guest.resources import Attachment, ByName, Platform

from .configs import RESOURCES, VMID, configs

UUID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
DISK = "local:100/vm-100-disk-0.qcow2"


def made(**options: str) -> str:
    return domainxml.render(VMID, Config.parse(options), None, RESOURCES)


def changed(xml: str, *delete: str, **options: str) -> str:
    config = domainxml.read(xml, RESOURCES)[1]
    return domainxml.render(VMID, config.with_options(options, delete), xml, RESOURCES)


def read(xml: str) -> Config:
    return domainxml.read(xml, RESOURCES)[1]


@settings(max_examples=60, deadline=None)
@given(configs)
def test_a_new_machine_reads_as_it_was_written(config: Config) -> None:
    xml = domainxml.render(VMID, config, None, RESOURCES)
    assert domainxml.read(xml, RESOURCES) == (VMID, config)


@settings(max_examples=40, deadline=None)
@given(configs)
def test_rendering_what_is_there_already_changes_nothing(config: Config) -> None:
    xml = domainxml.render(VMID, config, None, RESOURCES)
    assert domainxml.render(VMID, config, xml, RESOURCES) == xml


@settings(max_examples=60, deadline=None)
@given(configs, configs)
def test_any_configuration_can_become_any_other(first: Config, second: Config) -> None:
    if "smbios1" in first:
        second = second.with_internal(smbios1=first["smbios1"])
    xml = domainxml.render(VMID, second, domainxml.render(VMID, first, None, RESOURCES), RESOURCES)
    assert domainxml.read(xml, RESOURCES) == (VMID, second)


def test_volumes_are_written_as_pool_and_name() -> None:
    xml = made(scsi0=f"{DISK},cache=none", ide2="local:iso/debian.iso,media=cdrom", virtio1="lvm:vm-100-disk-1")
    assert '<source pool="local" volume="vm-100-disk-0.qcow2"/>' in xml
    assert '<source pool="local" volume="debian.iso"/>' in xml
    assert '<source pool="lvm" volume="vm-100-disk-1"/>' in xml
    assert "file=" not in xml
    assert "dev=" not in xml.replace('target dev="', "")


def test_a_new_machine_shows_its_picture_to_nobody() -> None:
    assert '<graphics type="vnc"><listen type="none"/></graphics>' in made()


def test_a_machine_without_a_card_has_no_picture() -> None:
    xml = made(vga="serial0", serial0="socket")
    assert "<graphics" not in xml
    assert read(xml)["vga"] == "serial0"


def test_the_size_of_a_volume_is_the_volumes_own() -> None:
    resources = ByName(sizes={DISK: 16 << 30})
    xml = domainxml.render(VMID, Config.parse({"scsi0": f"{DISK},size=8G,backup=0"}), None, resources)
    assert domainxml.read(xml, resources)[1]["scsi0"] == f"{DISK},backup=0,size=16G"


def test_a_change_behind_our_back_wins_over_the_note() -> None:
    xml = made(cores="1", memory="1024", scsi0=f"{DISK},cache=none,backup=0")
    other = xml.replace('cores="1"', 'cores="2"').replace(">1</vcpu>", ">2</vcpu>").replace('"none"', '"unsafe"')
    assert read(xml)["cores"] == "1"
    assert read(other)["cores"] == "2"
    assert read(other)["scsi0"] == f"{DISK},backup=0,cache=unsafe"


def test_libvirts_own_name_of_a_machine_type_is_the_same_type() -> None:
    xml = made(machine="q35")
    assert read(xml.replace('machine="q35"', 'machine="pc-q35-9.2"'))["machine"] == "q35"
    assert read(xml.replace('machine="q35"', 'machine="pc-i440fx-9.2"'))["machine"] == "pc-i440fx-9.2"
    assert "machine" not in read(made().replace('machine="pc"', 'machine="pc-i440fx-9.2"'))


def test_the_hosts_name_of_a_machine_type_is_used() -> None:
    resources = ByName(Platform(machines={"q35": "pc-q35-7.2"}))
    xml = domainxml.render(VMID, Config.parse({"machine": "q35"}), None, resources)
    assert 'machine="pc-q35-7.2"' in xml
    assert domainxml.read(xml, resources)[1]["machine"] == "q35"


def test_another_kind_of_machine_gives_disks_other_buses() -> None:
    xml = made(ide0=DISK, sata1="local:vm-100-disk-1", scsi2="local:vm-100-disk-2", machine="pc")
    q35 = changed(xml, machine="q35")
    assert 'bus="ide"' not in q35
    assert read(q35) == Config({**read(xml), "machine": "q35"})
    assert 'bus="ide"' in changed(q35, "machine")


def test_each_disk_of_a_single_controller_has_its_own() -> None:
    xml = made(scsihw="virtio-scsi-single", scsi0=f"{DISK},iothread=1", scsi5="local:vm-100-disk-1,iothread=1")
    assert xml.count('<controller type="scsi"') == 2
    assert "<iothreads>2</iothreads>" in xml
    shared = changed(xml, scsihw="virtio-scsi-pci")
    assert shared.count('<controller type="scsi"') == 1
    assert "driver iothread" not in shared
    assert read(shared)["scsi5"] == "local:vm-100-disk-1,iothread=1"


def test_a_bridge_may_stand_for_no_network_at_all() -> None:
    @dataclass(frozen=True)
    class Session(ByName):
        def attachment(self, bridge: str) -> Attachment:
            return Attachment("user")

        def bridge(self, attachment: Attachment) -> str | None:
            return None

    config = Config.parse({"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,mtu=1400,queues=4"})
    xml = domainxml.render(VMID, config, None, Session())
    assert '<interface type="user">' in xml
    assert domainxml.read(xml, Session()) == (VMID, config)


def test_what_the_balloon_leaves_while_running_is_not_the_setting() -> None:
    xml = made(memory="1024", balloon="512")
    running = xml.replace(">524288<", ">700000<").replace('<domain type="kvm">', '<domain type="kvm" id="7">')
    assert read(running)["balloon"] == "512"


def test_cpu_host_without_kvm_is_the_emulators_best() -> None:
    xml = domainxml.render(VMID, Config.parse({"cpu": "host"}), None, ByName(Platform(type="qemu")))
    assert 'mode="maximum"' in xml
    assert domainxml.read(xml, ByName(Platform(type="qemu")))[1]["cpu"] == "host"


def test_limits_that_the_hypervisor_cannot_keep_are_refused() -> None:
    resources = ByName(Platform(cpu_limits=False))
    with pytest.raises(Error, match="cpulimit"):
        domainxml.render(VMID, Config.parse({"cpulimit": "1"}), None, resources)
    config = Config.parse({"cpulimit": "0", "cpuunits": "200"})
    xml = domainxml.render(VMID, config, None, resources)
    assert "cputune" not in xml
    assert domainxml.read(xml, resources) == (VMID, config)


def test_secure_boot_asks_for_the_firmware_that_has_it() -> None:
    xml = made(bios="ovmf", machine="q35", efidisk0="local:vm-100-efivars,pre-enrolled-keys=1")
    assert '<feature enabled="yes" name="secure-boot"/>' in xml
    assert '<smm state="on"/>' in xml
    assert "<firmware>" not in changed(xml, "efidisk0")


def test_windows_is_told_that_it_is_virtual() -> None:
    xml = made(ostype="win11")
    assert '<clock offset="localtime">' in xml
    assert "<hyperv>" in xml
    assert "localtime" not in read(xml)


@pytest.mark.parametrize(
    ("options", "error"),
    [({"scsi0": "local:8"}, "does not exist"), ({"scsi0": "local:x.iso"}, "does not exist")],
)
def test_a_volume_that_is_not_there_is_an_error(options: dict[str, str], error: str) -> None:
    with pytest.raises(NotThere, match=error):
        made(**options)


def test_an_interface_without_an_address_is_an_error() -> None:
    with pytest.raises(Error, match="net0: no MAC address"):
        made(net0="virtio,bridge=vmbr0")


def test_the_uuid_of_a_machine_stays() -> None:
    xml = made(smbios1=f"uuid={UUID}")
    assert f"<uuid>{UUID}</uuid>" in xml
    with pytest.raises(Error, match="can't be changed"):
        changed(xml, smbios1=f"uuid={UUID[:-1]}9")
    assert read(changed(xml, smbios1=f"uuid={UUID},serial=abc"))["smbios1"] == f"serial=abc,uuid={UUID}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<domain",
        "<network/>",
        '<!DOCTYPE domain [<!ENTITY a "x">]><domain><name>&a;</name></domain>',
        '<!DOCTYPE domain SYSTEM "file:///etc/passwd"><domain/>',
        '<?xml version="1.0"?><!DOCTYPE domain [<!ENTITY x SYSTEM "file:///etc/passwd">]><domain><title>&x;</title></domain>',
    ],
)
def test_unreadable_or_dangerous_xml_is_refused(text: str) -> None:
    with pytest.raises(Error, match="unreadable domain XML"):
        domainxml.read(text, RESOURCES)


def test_texts_cannot_become_elements() -> None:
    text = "</description><devices><hostdev/></devices>&amp;"
    xml = made(description=text, ciuser="<x/>")
    assert "<hostdev" not in xml
    assert read(xml)["description"] == text
    assert read(xml)["ciuser"] == "<x/>"


def test_notes_and_devices_can_be_had_by_themselves() -> None:
    xml = made(onboot="1", scsi0=DISK, net3="virtio=BC:24:11:00:00:01")
    notes = domainxml.notes(xml)
    assert notes is not None
    assert 'name="onboot"' in notes
    assert domainxml.notes("<domain/>") is None
    found = domainxml.devices(xml, RESOURCES)
    assert sorted(found) == ["net3", "scsi0"]
    assert found["scsi0"].startswith("<disk")


def test_notes_that_make_no_sense_are_ignored() -> None:
    xml = made(scsi0=DISK)
    odd = xml.replace(
        "</virtward:machine>",
        '<virtward:option name="scsi0.nonsense">1</virtward:option>'
        '<virtward:option name="bogus">1</virtward:option>'
        '<virtward:option name="scsi7.cache">none</virtward:option><virtward:option/>'
        '<virtward:device slot="scsi0" key="nowhere"/></virtward:machine>',
    )
    assert read(odd) == read(xml)
