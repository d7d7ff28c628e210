"""What a machine gets that is nowhere else."""

import random
import re

import pytest

from virtward.guest import crypt, fresh
from virtward.guest.config import Config


@pytest.fixture
def source() -> fresh.Random:
    return random.Random(1).randbytes


def test_addresses_have_upstreams_prefix(source: fresh.Random) -> None:
    assert re.fullmatch("BC:24:11(:[0-9A-F]{2}){3}", fresh.mac(source))


def test_only_interfaces_without_an_address_get_one(source: fresh.Random) -> None:
    config = fresh.with_macs(
        {"net0": "virtio,bridge=vmbr0", "net1": "e1000=52:54:00:00:00:01", "cores": "2"}, source
    )
    assert re.fullmatch("virtio=BC:24:11:[0-9A-F:]{8},bridge=vmbr0", config["net0"])
    assert (config["net1"], config["cores"]) == ("e1000=52:54:00:00:00:01", "2")


def test_an_address_is_not_given_twice() -> None:
    numbers = iter([1, 1, 1, 2, 3])
    config = fresh.with_macs({"net0": "virtio", "net1": "virtio"}, lambda size: bytes([next(numbers)] * size))
    assert config == {"net0": "virtio=BC:24:11:01:01:01", "net1": "virtio=BC:24:11:02:02:02"}


def test_a_new_machine_gets_all_that_upstream_adds(source: fresh.Random) -> None:
    config = fresh.completed(
        Config.parse({"scsi0": "local:100/vm-100-disk-0.raw", "net0": "virtio"}), source, ctime=5
    )
    assert config["boot"] == "order=scsi0;net0"
    assert config["meta"] == "ctime=5"
    assert re.fullmatch("uuid=[0-9a-f-]{36}", config["smbios1"])
    assert re.fullmatch("[0-9a-f-]{36}", config["vmgenid"])


def test_what_was_given_stays(source: fresh.Random) -> None:
    given = {"smbios1": "serial=abc", "vmgenid": "0", "boot": "order=net0", "net0": "virtio=BC:24:11:00:00:01"}
    config = fresh.completed(Config.parse(given), source, ctime=5)
    assert re.fullmatch("serial=abc,uuid=[0-9a-f-]{36}", config["smbios1"])
    assert (config["vmgenid"], config["boot"]) == ("0", "order=net0")


def test_a_password_becomes_its_hash_once(source: fresh.Random) -> None:
    given = fresh.with_hash({"cipassword": "secret", "cores": "2"}, source)
    assert given["cores"] == "2"
    text = str(given["cipassword"])
    assert crypt.is_hashed(text)
    assert fresh.with_hash(given, source) == given
    assert Config.parse(given)["cipassword"] == text
    assert fresh.with_hash({"cipassword": ""}, source) == {"cipassword": ""}
