"""Configurations: changed by callers, compared with what runs, told apart by their digest."""

import re

import pytest
from hypothesis import given, settings

from virtward.errors import Invalid
from virtward.guest.config import Config, pending, shown

from .configs import configs

DISK = "local:100/vm-100-disk-0.qcow2"
OTHER = "local:100/vm-100-disk-1.qcow2"


def errors(config: Config, *delete: str, **given: str) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        config.with_options(given, delete)
    return dict(caught.value.errors)


@settings(max_examples=50, deadline=None)
@given(configs)
def test_texts_that_were_written_are_read_the_same(config: Config) -> None:
    assert Config.parse(config) == config
    assert Config.parse(config).digest == config.digest


def test_options_are_sorted_and_compare_as_a_mapping() -> None:
    config = Config({"memory": "512", "cores": "2"})
    assert list(config) == ["cores", "memory"]
    assert config == {"memory": "512", "cores": "2"}
    assert hash(config) == hash(Config({"cores": "2", "memory": "512"}))


def test_setting_and_removing() -> None:
    config = Config.parse({"cores": "2", "memory": "512", "description": "x"})
    assert config.with_options({"cores": 4, "description": ""}, ["memory", "onboot"]) == {"cores": "4"}


def test_an_unknown_name_cannot_be_removed_and_an_unsupported_one_is_not_there() -> None:
    assert errors(Config(), "nonsense") == {"delete": "unknown option 'nonsense'"}
    assert errors(Config({"meta": "ctime=1"}), "meta") == {"delete": "unknown option 'meta'"}
    assert Config().with_options({}, ["hookscript", "args"]) == {}


def test_an_option_is_set_or_removed() -> None:
    assert errors(Config(), "cores", cores="2") == {
        "delete": "you can't use '-cores' and '-delete cores' at the same time"
    }


def test_cdrom_is_another_name_of_ide2() -> None:
    config = Config.parse({"cdrom": "local:iso/x.iso"})
    assert config == {"ide2": "local:iso/x.iso,media=cdrom"}
    assert config.with_options({}, ["cdrom"]) == {}
    assert "cdrom" in errors(Config(), cdrom="none", ide2="none,media=cdrom")


def test_a_disk_that_loses_its_drive_is_kept_as_unused() -> None:
    config = Config({"scsi0": f"{DISK},size=8G", "boot": "order=scsi0;net0", "net0": "virtio=BC:24:11:00:00:01"})
    gone = config.with_options({}, ["scsi0"], vmid="100")
    assert gone == {"unused0": DISK, "boot": "order=net0", "net0": "virtio=BC:24:11:00:00:01"}
    back = gone.with_options({"virtio3": DISK}, vmid="100")
    assert back == {"virtio3": DISK, "boot": "order=net0", "net0": "virtio=BC:24:11:00:00:01"}
    replaced = config.with_options({"scsi0": OTHER}, vmid="100")
    assert (replaced["scsi0"], replaced["unused0"]) == (OTHER, DISK)
    assert "unused0" not in config.with_options({"scsi0": f"{DISK},backup=0"}, vmid="100")


@pytest.mark.parametrize(
    "text",
    [
        "local:iso/x.iso,media=cdrom",
        "none,media=cdrom",
        "local:200/vm-200-disk-0.qcow2",
        "default:debian.qcow2",
        "local:100/vm-100-cloudinit.raw,media=cdrom",
    ],
)
def test_only_a_machines_own_disks_are_kept(text: str) -> None:
    assert Config({"ide2": text}).with_options({}, ["ide2"], vmid="100") == {}


def test_the_last_device_of_the_boot_order_takes_it_along() -> None:
    assert Config({"scsi0": DISK, "boot": "order=scsi0"}).with_options({}, ["scsi0"]) == {}


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"cores": "2", "vcpus": "3"}, "vcpus"),
        ({"memory": "512", "balloon": "513"}, "balloon"),
        ({"boot": "order=scsi0"}, "boot"),
        ({"bootdisk": "scsi0"}, "bootdisk"),
        ({"vga": "serial0"}, "vga"),
        ({"efidisk0": "local:1,pre-enrolled-keys=1"}, "efidisk0"),
        ({"bios": "ovmf", "acpi": "0"}, "bios"),
        ({"scsi0": DISK, "scsi1": f"{DISK},cache=none"}, "scsi1"),
        ({"ide0": "local:cloudinit,media=cdrom", "ide2": "local:cloudinit,media=cdrom"}, "ide2"),
        ({"scsi0": f"{DISK},aio=native,cache=writeback"}, "scsi0"),
        ({"scsi0": f"{DISK},mbps=1,mbps_rd=1"}, "scsi0"),
        ({"scsi0": f"{DISK},mbps=1,bps=1"}, "scsi0"),
        ({"scsi0": f"{DISK},iops_max=5"}, "scsi0"),
        ({"scsi0": f"{DISK},iops=6,iops_max=5"}, "scsi0"),
        ({"scsi0": f"{DISK},iops=6,iops_max_length=5"}, "scsi0"),
        ({"scsi0": f"{DISK},serial=%00"}, "scsi0"),
        ({"scsi0": "/dev/sda"}, "scsi0"),
        ({"net0": "virtio=BC:24:11:00:00:01", "net1": "virtio=bc:24:11:00:00:01"}, "net0"),
        ({"smbios1": "base64=1,serial=AA"}, "smbios1"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, str], wrong: str) -> None:
    assert wrong in errors(Config(), **options)


def test_new_volumes_and_iso_images_may_be_the_same_twice() -> None:
    Config.parse(
        {
            "scsi0": "local:8",
            "scsi1": "local:8",
            "ide0": "local:iso/x.iso,media=cdrom",
            "ide2": "local:iso/x.iso,media=cdrom",
        }
    )


def test_what_was_wrong_before_does_not_stop_other_changes() -> None:
    adopted = Config({"vcpus": "4", "scsi0": "/dev/vg/x,cache=none", "memory": "512"})
    assert (
        adopted.with_options({"memory": "1024", "scsi0": "/dev/vg/x,cache=unsafe"})["scsi0"]
        == "/dev/vg/x,cache=unsafe"
    )
    assert "scsi0" in errors(adopted, scsi0="/dev/vg/y")
    assert "scsi1" in errors(adopted, scsi1="/dev/vg/x")


def test_the_digest_tells_every_option() -> None:
    config = Config({"cores": "2", "description": "a\ncores: 3"})
    assert re.fullmatch("[0-9a-f]{40}", config.digest)
    digests = {
        Config(texts).digest
        for texts in (dict(config), {"cores": "2"}, {}, {"cores": "3"}, {"cores": "2", "description": "a"})
    }
    assert len(digests) == 5


def test_the_text_is_that_of_a_file() -> None:
    config = Config({"cores": "2", "description": "a\nb", "net0": "virtio=BC:24:11:00:00:01"})
    assert config.text == "#a\n#b\ncores: 2\nnet0: virtio=BC:24:11:00:00:01\n"


def test_drives_and_volumes() -> None:
    config = Config(
        {
            "scsi0": f"{DISK},size=8G",
            "ide2": "none,media=cdrom",
            "efidisk0": "local:vm-100-efivars",
            "sata0": "/dev/sda",
            "unused3": OTHER,
        }
    )
    assert [(drive.slot, drive.size, drive.cdrom) for drive in config.drives] == [
        ("efidisk0", None, False),
        ("ide2", None, True),
        ("sata0", None, False),
        ("scsi0", 8 << 30, False),
    ]
    assert config.volumes == {"scsi0": DISK, "unused3": OTHER}


def test_pending_rows_are_upstreams() -> None:
    active = {"cores": "2", "memory": "512", "net0": "virtio=BC:24:11:00:00:01", "cipassword": "$6$a$b"}
    config = {"cores": "4", "memory": "512", "onboot": "1", "cipassword": "$6$a$c"}
    assert pending(active, config) == [
        {"key": "cipassword", "value": "**********", "pending": "**********"},
        {"key": "cores", "value": "2", "pending": "4"},
        {"key": "memory", "value": "512"},
        {"key": "net0", "value": "virtio=BC:24:11:00:00:01", "delete": 1},
        {"key": "onboot", "pending": "1"},
    ]


def test_a_password_is_never_shown() -> None:
    assert shown({"cipassword": "$6$a$b", "cores": "1"}) == {"cipassword": "**********", "cores": "1"}
    assert shown({"cores": "1"}) == {"cores": "1"}
