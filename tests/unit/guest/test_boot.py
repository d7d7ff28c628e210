"""What a machine boots from."""

import pytest

from virtward.guest import boot

DEVICES = {
    "ide2": "local:iso/x.iso,media=cdrom",
    "scsi1": "local:a",
    "scsi0": "local:b",
    "net1": "virtio",
    "net0": "virtio",
}


@pytest.mark.parametrize(
    ("options", "order"),
    [
        ({}, ("scsi0", "ide2", "net0", "net1")),
        ({"boot": "order=net0;scsi1"}, ("net0", "scsi1")),
        ({"boot": "nd"}, ("net0", "net1", "ide2")),
        ({"boot": "c", "bootdisk": "scsi1"}, ("scsi1",)),
        ({"boot": "legacy=a"}, ()),
    ],
)
def test_the_order_is_upstreams(options: dict[str, str], order: tuple[str, ...]) -> None:
    assert boot.devices({**DEVICES, **options}) == order


def test_a_new_machine_gets_a_disk_a_cdrom_and_a_network() -> None:
    assert boot.default(DEVICES) == "order=scsi0;ide2;net0"
    assert boot.default({"ide0": "local:100/vm-100-cloudinit.raw,media=cdrom", "net3": "virtio"}) == "order=net3"
    assert boot.default({"cores": "2"}) is None
