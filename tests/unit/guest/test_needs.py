"""What changing a machine requires: never less than `rules` demand, and nothing left open."""

from collections.abc import Mapping

import pytest

from virtward.errors import Invalid
from virtward.guest import needs
from virtward.guest.config import Config
from virtward.policy.requirement import Holds, Requirement, RootOnly, parse
from virtward.rules import options as rule_options
from virtward.rules.loader import load

OWN = "local:100/vm-100-disk-0.qcow2"
BEFORE = Config(
    {
        "scsi0": OWN,
        "scsi1": "default:debian12.qcow2",
        "ide2": "none,media=cdrom",
        "ide0": "local:100/vm-100-cloudinit.raw,media=cdrom",
        "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=5",
        "serial0": "socket",
        "serial1": "/dev/ttyS0",
        "sata0": "/dev/vg/x",
        "unused0": "nas:100/vm-100-disk-7.raw",
        "cores": "2",
        "tags": "a",
    }
)


def vm(*privileges: str, any: bool = False) -> Requirement:
    return Holds("/vms/{vmid}", privileges, any)


def storage(*privileges: str, any: bool = False) -> Requirement:
    return Holds("/storage/{storage}", privileges, any)


def change(*delete: str, force: bool = False, given: Mapping[str, str] | None = None) -> list[Requirement]:
    found = needs.change(BEFORE, given or {}, delete, vmid="100", force=force)
    return [need.requirement for need in found]


SDN = Holds("/sdn/zones/{zone}/{bridge}", ("SDN.Use",))
TAGGED = Holds("/sdn/zones/{zone}/{bridge}/5", ("SDN.Use",))
CLONE = Holds("/vms/{owner}", ("VM.Clone",))
READ = storage("Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.Audit", any=True)
ALLOCATE, SPACE = storage("Datastore.Allocate"), storage("Datastore.AllocateSpace")
DISK, CDROM, CLOUD = vm("VM.Config.Disk"), vm("VM.Config.CDROM"), vm("VM.Config.Cloudinit", "VM.Config.CDROM")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"cores": "4"}, [vm("VM.Config.CPU")]),
        ({"onboot": "1"}, [vm("VM.Config.Options")]),
        ({"startup": "order=1"}, [vm("VM.Config.Options"), Holds("/", ("Sys.Modify",))]),
        ({"tags": "b"}, [vm("VM.Config.Options")]),
        ({"lock": "backup"}, [RootOnly()]),
        ({"vmgenid": "1"}, [RootOnly()]),
        ({"ciuser": "x"}, [vm("VM.Config.Cloudinit", "VM.Config.Network", any=True)]),
        ({"serial0": "socket"}, [vm("VM.Config.HWType")]),
        ({"serial1": "socket"}, [vm("VM.Config.HWType"), RootOnly()]),
        ({"scsi0": f"{OWN},cache=none"}, [DISK, DISK]),
        ({"scsi0": f"volume={OWN}"}, [DISK, DISK]),
        ({"scsi1": "default:debian12.qcow2,cache=none"}, [DISK, DISK]),
        ({"scsi2": "default:debian12.qcow2"}, [DISK]),
        ({"scsi2": "default:other.qcow2"}, [DISK, ALLOCATE]),
        ({"scsi2": "local:8"}, [DISK, SPACE]),
        ({"scsi2": "local:0,import-from=nas:import/x.qcow2"}, [DISK, SPACE, READ]),
        ({"scsi2": "local:0,import-from=nas:other.qcow2"}, [ALLOCATE, DISK, SPACE]),
        (
            {"scsi2": "local:0,import-from=nas:200/vm-200-disk-0.raw"},
            [DISK, SPACE, CLONE],
        ),
        ({"scsi2": "/dev/sda"}, [DISK, RootOnly()]),
        ({"sata0": "/dev/vg/x,cache=none"}, [DISK, DISK]),
        ({"ide2": "local:iso/x.iso,media=cdrom"}, [CDROM, READ, CDROM]),
        ({"cdrom": "local:iso/x.iso"}, [CDROM, READ, CDROM]),
        ({"ide2": "none,media=cdrom"}, [CDROM, CDROM]),
        ({"ide2": "local:cloudinit"}, [CLOUD, CDROM]),
        ({"net1": "virtio,bridge=vmbr1"}, [vm("VM.Config.Network"), SDN]),
        ({"net1": "virtio"}, [vm("VM.Config.Network")]),
        ({"net0": "virtio,bridge=br-lan"}, [vm("VM.Config.Network"), SDN, TAGGED]),
        ({"cores": ""}, [vm("VM.Config.CPU")]),
    ],
)
def test_setting_takes_what_option_and_value_take(given: dict[str, str], found: list[Requirement]) -> None:
    assert change(given=given) == found


@pytest.mark.parametrize(
    ("name", "force", "found"),
    [
        ("cores", False, [vm("VM.Config.CPU")]),
        ("scsi0", False, [DISK]),
        ("scsi0", True, [DISK, DISK, SPACE]),
        ("ide2", False, [CDROM]),
        ("ide0", False, [CLOUD]),
        ("ide0", True, [DISK, CLOUD, SPACE]),
        ("sata5", False, [DISK]),
        ("net0", False, [vm("VM.Config.Network"), TAGGED]),
        ("serial0", False, [vm("VM.Config.HWType")]),
        ("serial1", False, [vm("VM.Config.HWType"), RootOnly()]),
        ("unused0", False, [DISK, SPACE]),
        ("tags", False, [vm("VM.Config.Options")]),
        ("args", False, [RootOnly()]),
    ],
)
def test_removing_takes_what_the_present_value_takes(name: str, force: bool, found: list[Requirement]) -> None:
    assert change(name, force=force) == found


def test_anothers_disk_takes_access_to_it() -> None:
    (first, second) = list(needs.change({}, {"scsi2": "local:200/vm-200-disk-0.raw"}, vmid="100"))
    assert first.requirement == DISK
    assert second.params == {"storage": "local", "owner": "200"}


def test_a_new_machine_takes_its_options_on_itself_or_its_pool() -> None:
    found = list(needs.creation({"cores": "2", "scsi0": "local:8"}, vmid="100", pool="dev"))
    pool = ["or", ["perm", "/pool/{pool}", ["VM.Config.CPU"]], ["perm", "/vms/{vmid}", ["VM.Config.CPU"]]]
    assert [need.requirement for need in found] == [parse(pool), SPACE]
    assert found[0].params == {"vmid": "100", "pool": "dev"}


def test_every_option_of_an_unknown_name_or_value_is_refused() -> None:
    with pytest.raises(Invalid):
        list(needs.creation({"args": "-s", "cores": "x"}, vmid="100"))
    with pytest.raises(Invalid):
        list(needs.change({}, {}, ["nonsense"], vmid="100"))


SAMPLES: dict[str, str] = {
    "cores": "4",
    "ide2": "local:iso/x.iso,media=cdrom",
    "ide3": "none,media=cdrom",
    "net0": "virtio,bridge=vmbr1,tag=9",
    "net5": "virtio,bridge=vmbr0,trunks=2;3",
    "rng0": "/dev/urandom",
    "scsi0": "local:8",
    "scsi2": "lvm:vm-300-disk-0",
    "serial3": "socket",
    "startup": "order=1",
    "tags": "z",
    "unused9": "nas:300/vm-300-disk-0.raw",
    "virtio0": "local:0,import-from=nas:import/a.ova/b.vmdk",
}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("created", [True, False])
def test_whatever_the_rules_are_certain_of_is_needed(name: str, created: bool) -> None:
    table = load().options("qemu")
    given = {name: SAMPLES[name]}
    params: Mapping[str, str] = {"vmid": "100", **given}
    if created:
        demands, found = rule_options.create(table, params), needs.creation(given, vmid="100")
    else:
        demands, found = rule_options.update(table, params), needs.change(BEFORE, given, vmid="100")
    asked = [need.requirement for need in found]
    for demand in demands:
        if demand.certain:
            assert (RootOnly() if demand.tree == "root" else parse(demand.tree)) in asked
