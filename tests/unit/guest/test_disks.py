"""Drives: what their texts ask for, and the names of volumes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtward.errors import Error, NotThere
from virtward.guest import disks
from virtward.guest.disks import CloudInit, Empty, Existing, HostPath, Kept, NewVolume

GIB = 1 << 30


@pytest.mark.parametrize(
    ("slot", "text", "medium"),
    [
        ("scsi0", "local:8", NewVolume("local", 8 * GIB)),
        ("scsi0", "local:0.5,format=qcow2", NewVolume("local", GIB // 2, "qcow2")),
        ("scsi0", "local:0,import-from=nas:import/x.qcow2", NewVolume("local", 0, None, "nas:import/x.qcow2")),
        (
            "scsi0",
            "local:5,import-from=local:200/vm-200-disk-0.raw",
            NewVolume("local", 0, None, "local:200/vm-200-disk-0.raw"),
        ),
        ("scsi0", "local:100/vm-100-disk-0.qcow2,cache=none", Existing("local:100/vm-100-disk-0.qcow2")),
        ("ide2", "none,media=cdrom", Empty()),
        ("ide2", "local:iso/x.iso,media=cdrom", Existing("local:iso/x.iso")),
        ("ide2", "local:8,media=cdrom", Existing("local:8")),
        ("ide2", "local:cloudinit", CloudInit("local")),
        ("ide2", "local:100/vm-100-cloudinit.raw,media=cdrom", CloudInit("local")),
        ("scsi1", "lvm:vm-100-cloudinit", CloudInit("lvm")),
        ("efidisk0", "local:1,efitype=4m", Kept("local")),
        ("tpmstate0", "local:vm-100-tpmstate,version=v2.0", Kept("local")),
        ("scsi0", "/dev/sda", HostPath("/dev/sda")),
    ],
)
def test_a_text_says_what_it_asks_for(slot: str, text: str, medium: disks.Medium) -> None:
    assert disks.medium(slot, text) == medium


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("none", "only a CD-ROM drive can be empty"),
        ("local:0", "needs a size"),
        ("local:8,format=vmdk", "raw or qcow2"),
        ("local:8,import-from=/etc/shadow", "no paths of the host"),
        ("local:100/vm-100-disk-0.raw,import-from=local:import/x.raw", "import-from needs a new volume"),
        ("cloudinit", "which storage"),
    ],
)
def test_a_text_that_no_drive_can_have_is_refused(text: str, error: str) -> None:
    with pytest.raises(Error, match=error):
        disks.medium("scsi0", text)


def test_a_storage_can_be_told_besides() -> None:
    assert disks.medium("scsi0", "8", "local") == NewVolume("local", 8 * GIB)
    assert disks.medium("ide2", "cloudinit,media=cdrom", "local") == CloudInit("local")


def test_what_asked_for_a_volume_is_gone_once_it_is_there() -> None:
    text = disks.settled("scsi0", "local:8,format=qcow2,cache=none", "local:100/vm-100-disk-0.qcow2", 8 * GIB)
    assert text == "local:100/vm-100-disk-0.qcow2,cache=none,size=8G"
    text = disks.settled("ide2", "local:cloudinit", "local:100/vm-100-cloudinit.raw", 60 * 1024)
    assert text == "local:100/vm-100-cloudinit.raw,media=cdrom,size=60K"
    assert disks.kept_volid("efidisk0", "local", "100") == "local:vm-100-efivars"


@pytest.mark.parametrize(
    ("name", "volid", "owner", "content"),
    [
        ("vm-100-disk-0.qcow2", "local:100/vm-100-disk-0.qcow2", "100", "images"),
        ("base-900-disk-0.raw", "local:900/base-900-disk-0.raw", "900", "images"),
        ("vm-100-disk-0", "local:vm-100-disk-0", "100", "images"),
        ("vm-100-cloudinit.raw", "local:100/vm-100-cloudinit.raw", "100", "images"),
        ("debian.iso", "local:iso/debian.iso", None, "iso"),
        ("Win.ISO", "local:iso/Win.ISO", None, "iso"),
        ("debian12.qcow2", "local:debian12.qcow2", None, ""),
        ("disk.img", "local:disk.img", None, ""),
    ],
)
def test_a_volume_has_one_id(name: str, volid: str, owner: str | None, content: str) -> None:
    assert disks.volume_id("local", name) == volid
    assert disks.volume_name(volid) == ("local", name)
    assert (disks.owner(volid), disks.content(volid)) == (owner, content)


@pytest.mark.parametrize(
    "volid",
    [
        "local:200/vm-100-disk-0.qcow2",
        "local:100/debian12.qcow2",
        "local:vm-100-disk-0.qcow2",
        "local:debian.iso",
        "local:iso/disk.img",
        "local:iso/vm-100-disk-0.qcow2",
        "local:iso/../x.iso",
        "local:100/../200/vm-200-disk-0.qcow2",
        "local:",
        "local",
        "",
    ],
)
def test_no_other_id_leads_to_a_volume(volid: str) -> None:
    with pytest.raises(NotThere):
        disks.volume_name(volid)


@given(st.text("abvm-0123456789./qcowiso", min_size=1, max_size=24), st.text("abvm-0123456789./", max_size=12))
def test_ids_and_names_are_one_to_one(name: str, folder: str) -> None:
    for volid in (f"local:{name}", f"local:{folder}/{name}"):
        try:
            storage, found = disks.volume_name(volid)
        except NotThere:
            continue
        assert disks.volume_id(storage, found) == volid


def test_the_next_disk_takes_the_first_free_number() -> None:
    assert disks.disk_name("100", [], "qcow2") == "vm-100-disk-0.qcow2"
    taken = ["vm-100-disk-0.raw", "vm-100-disk-2", "vm-200-disk-1", "vm-100-cloudinit.raw"]
    assert disks.disk_name("100", taken, None) == "vm-100-disk-1"
    assert disks.cloud_init_name("100") == "vm-100-cloudinit.raw"
    assert disks.cloud_init_name("100", ending=False) == "vm-100-cloudinit"
