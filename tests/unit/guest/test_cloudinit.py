"""Cloud-init data: valid YAML that says what the options say, on a CD-ROM that every reader takes."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from virtward.guest import cloudinit, iso9660

CONFIG = {
    "name": "web.example.net",
    "ciuser": "bob",
    "cipassword": "$6$salt$hash",
    "sshkeys": "ssh-ed25519%20AAAA%20a%40b%0A%0Assh-rsa%20BBBB%0A",
    "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0",
    "net1": "virtio=BC:24:11:00:00:02",
    "net2": "virtio=BC:24:11:00:00:03",
    "ipconfig0": "gw=10.0.0.1,ip=10.0.0.2/24,ip6=auto",
    "ipconfig1": "ip=dhcp,ip6=dhcp",
    "ipconfig5": "ip=dhcp",
    "nameserver": "1.1.1.1 9.9.9.9",
    "searchdomain": "example.org",
}


def test_the_user_and_how_to_log_on() -> None:
    text = cloudinit.user_data("100", CONFIG)
    assert text.startswith("#cloud-config\n")
    assert yaml.safe_load(text) == {
        "hostname": "web",
        "fqdn": "web.example.net",
        "manage_etc_hosts": True,
        "user": "bob",
        "password": "$6$salt$hash",
        "chpasswd": {"expire": False},
        "ssh_authorized_keys": ["ssh-ed25519 AAAA a@b", "ssh-rsa BBBB"],
        "users": ["default"],
        "package_upgrade": True,
    }


def test_a_machine_without_options_still_has_a_name() -> None:
    data = yaml.safe_load(cloudinit.user_data("100", {"ciupgrade": "0"}))
    assert data == {
        "hostname": "VM100",
        "manage_etc_hosts": True,
        "chpasswd": {"expire": False},
        "users": ["default"],
    }


def test_interfaces_are_told_by_their_address() -> None:
    rows = yaml.safe_load(cloudinit.network_config(CONFIG))["config"]
    assert [row.get("name") for row in rows] == ["eth0", "eth1", None]
    assert rows[0]["mac_address"] == "bc:24:11:00:00:01"
    assert rows[0]["subnets"] == [
        {"type": "static", "address": "10.0.0.2", "netmask": "255.255.255.0", "gateway": "10.0.0.1"},
        {"type": "ipv6_slaac"},
    ]
    assert rows[1]["subnets"] == [{"type": "dhcp4"}, {"type": "dhcp6"}]
    assert rows[2] == {"type": "nameserver", "address": ["1.1.1.1", "9.9.9.9"], "search": ["example.org"]}


def test_another_setup_is_another_instance() -> None:
    first = cloudinit.files("100", CONFIG)["meta-data"]
    assert first == cloudinit.files("100", CONFIG)["meta-data"]
    assert first != cloudinit.files("100", {**CONFIG, "ciuser": "eve"})["meta-data"]
    assert len(yaml.safe_load(first)["instance-id"]) == 40


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_value_can_be_anything_but_a_value(text: str) -> None:
    data = yaml.safe_load(cloudinit.user_data("100", {"ciuser": text}))
    assert data["user"] == text


def test_the_image_is_read_back_by_its_records() -> None:
    image = cloudinit.iso("100", CONFIG)
    assert len(image) % iso9660.SECTOR == 0
    assert image[16 * 2048 : 16 * 2048 + 8] == b"\x01CD001\x01\x00"
    assert image[16 * 2048 + 40 : 16 * 2048 + 72].rstrip() == b"cidata"
    assert image[17 * 2048 : 17 * 2048 + 6] == b"\x02CD001"
    assert read(image, joliet=True) == {
        name: text.encode() for name, text in cloudinit.files("100", CONFIG).items()
    }
    assert read(image, joliet=False).keys() == {"FILE0000.;1", "FILE0001.;1", "FILE0002.;1"}


def test_the_same_options_make_the_same_image() -> None:
    assert cloudinit.iso("100", CONFIG) == cloudinit.iso("100", dict(reversed(CONFIG.items())))


def read(image: bytes, *, joliet: bool) -> dict[str, bytes]:
    """The files of an image, as a reader without extensions finds them."""
    descriptor = image[(17 if joliet else 16) * 2048 :]
    (sector,) = struct.unpack_from("<I", descriptor, 156 + 2)
    folder, found, place = image[sector * 2048 : (sector + 1) * 2048], {}, 0
    while folder[place]:
        start, size = (
            struct.unpack_from("<I", folder, place + 2)[0],
            struct.unpack_from("<I", folder, place + 10)[0],
        )
        name = folder[place + 33 : place + 33 + folder[place + 32]]
        if len(name) > 1:
            found[name.decode("utf-16-be" if joliet else "ascii")] = image[start * 2048 :][:size]
        place += folder[place]
    return found


@pytest.mark.parametrize("reader", ["isoinfo", "xorriso"])
def test_other_readers_find_the_names(reader: str, tmp_path: Path) -> None:
    if shutil.which(reader) is None:
        pytest.skip(f"{reader} isn't installed")
    path = tmp_path / "cidata.iso"
    path.write_bytes(cloudinit.iso("100", CONFIG))
    if reader == "xorriso":
        command = ["xorriso", "-indev", str(path), "-find", "/"]
        texts = [subprocess.run(command, capture_output=True, text=True, check=True).stdout]
    else:
        command = ["isoinfo", "-f", "-i", str(path)]
        texts = [
            subprocess.run([*command, names], capture_output=True, text=True, check=True).stdout
            for names in ("-R", "-J")
        ]
        info = subprocess.run(["isoinfo", "-d", "-i", str(path)], capture_output=True, text=True, check=True).stdout
        assert "Volume id: cidata" in info
        assert "Rock Ridge signatures version 1 found" in info
    for text in texts:
        for name in ("user-data", "meta-data", "network-config"):
            assert f"/{name}" in text
