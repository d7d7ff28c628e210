"""What the name of a volume tells, and how values are taken apart."""

import pytest

from virtward.rules.conditions import Truth, holds
from virtward.rules.decode import when
from virtward.rules.values import items, parts, targets, true, vlans
from virtward.rules.volumes import parse


@pytest.mark.parametrize(
    ("text", "content", "owner"),
    [
        ("local:iso/debian.iso", "iso", ""),
        ("local:vztmpl/d.tar.zst", "vztmpl", ""),
        ("local:import/a.ova/d.vmdk", "import", ""),
        ("local:snippets/x.yaml", "snippets", ""),
        ("local:backup/vzdump-qemu-100-2026_01_01-00_00_00.vma.zst", "backup", "100"),
        ("local:backup/vzdump-lxc-7-x.tar", "backup", "7"),
        ("local:backup/mine.tar", "backup", ""),
        ("pbs:backup/vm/100/2026-01-01T00:00:00Z", "backup", "100"),
        ("pbs:backup/host/h/2026-01-01T00:00:00Z", "backup", ""),
        ("local:100/vm-100-disk-0.qcow2", "images", "100"),
        ("local:100/anything.raw", "images", "100"),
        ("local:9000/base-9000-disk-0.raw/101/vm-101-disk-0.qcow2", "images", "101"),
        ("lvm:vm-100-disk-0", "images", "100"),
        ("zfs:base-9000-disk-0/vm-101-disk-0", "images", "101"),
        ("zfs:subvol-200-disk-0", "images", "200"),
        ("zfs:basevol-200-disk-0/subvol-201-disk-0", "images", "201"),
        ("san:0.0.1.scsi-36001405", "", ""),
        ("esxi:ha-datacenter/ds/vm/vm.vmx", "", ""),
    ],
)
def test_content_and_owner_are_read_off_the_name(text: str, content: str, owner: str) -> None:
    volume = parse(text)
    assert volume is not None
    assert (volume.store, volume.content, volume.owner) == (text.partition(":")[0], content, owner)


@pytest.mark.parametrize("text", ["/dev/sdb", "32", "cdrom", "", "a:iso/x.iso", "-a:x", "../x:y"])
def test_what_names_no_storage_is_a_path(text: str) -> None:
    assert parse(text) is None


def test_name_without_storage_belongs_to_the_one_given() -> None:
    volume = parse("iso/x.iso", "local")
    assert volume is not None and (volume.store, volume.content) == ("local", "iso")
    assert parse("/etc/passwd", "local") is None


def test_values_are_taken_apart() -> None:
    assert items(" a,b; c\0d ,,") == ["a", "b", "c", "d"]
    assert targets("a:b,c,1") == ["b", "c"]
    assert parts("local:iso/x.iso,media=cdrom, a = b ", "file") == {
        "file": "local:iso/x.iso",
        "media": "cdrom",
        "a": "b",
    }
    assert list(vlans("1;3-5,x;7-")) == [1, 3, 4, 5]
    assert list(vlans("4093-99999")) == [4093, 4094]
    assert [true(text) for text in ("1", "yes", "2", "0", "", "No", "false")] == [True] * 3 + [False] * 4


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (["given", "a"], True),
        (["given", "blank"], False),
        (["given", "z"], False),
        (["off", "z"], False),
        (["off", "zero"], True),
        (["on", "a"], True),
        (["is", "a", "x"], True),
        (["ends", "user", "@pam"], True),
        (["named", "list", "b"], True),
        (["named", "list", "bb"], False),
        (["part", "string", "storage"], True),
        (["not", ["given", "z"]], True),
        (["all", ["given", "a"], ["given", "z"], ["depends", "x"]], False),
        (["any", ["given", "a"], ["depends", "x"]], True),
        (["all", ["given", "a"], ["depends", "x"]], None),
        (["any", ["given", "z"], ["depends", "x"]], None),
        (["not", ["depends", "x"]], None),
    ],
)
def test_conditions_hold_fail_or_depend(condition: list[str | list[str]], expected: bool | None) -> None:
    params = {"a": "x", "blank": " ", "zero": "0", "user": "r@pam", "list": "a,b", "string": "x=1,storage=s"}
    assert holds(when(condition), params, None).known is expected


def test_condition_that_depends_says_on_what() -> None:
    condition = when(["all", ["depends", "one of {a}"], ["depends", "two"]])
    assert holds(condition, {"a": "100"}, None) == Truth(None, "one of 100; two")
