"""What setting and removing guest options asks, for virtual machines and containers."""

import pytest

from tests.unit.rules.calls import asked, demands
from virtward.rules.loader import load

CONFIG = "PUT /nodes/n1/qemu/100/config"
CREATE = "POST /nodes/n1/qemu"
CONTAINER = "PUT /nodes/n1/lxc/200/config"
CREATE_CONTAINER = "POST /nodes/n1/lxc"

ANY_DRIVE = "maybe VM.Config.Disk+VM.Config.CDROM+VM.Config.Cloudinit on /vms/100"
READABLE = "Datastore.Allocate|Datastore.AllocateSpace|Datastore.Audit on /storage/local"


@pytest.mark.parametrize(
    ("argument", "need"),
    [
        ("cores=4", "VM.Config.CPU on /vms/100"),
        ("numa=1", "VM.Config.CPU on /vms/100"),
        ("numa0=cpus=0", "VM.Config.CPU on /vms/100"),
        ("memory=2048", "VM.Config.Memory on /vms/100"),
        ("allow-ksm=0", "VM.Config.Memory on /vms/100"),
        ("boot=order=scsi0", "VM.Config.Disk on /vms/100"),
        ("machine=q35", "VM.Config.HWType on /vms/100"),
        ("bios=ovmf", "VM.Config.Options on /vms/100"),
        ("freeze=1", "VM.PowerMgmt on /vms/100"),
        ("ciuser=x", "VM.Config.Cloudinit|VM.Config.Network on /vms/100"),
        ("ipconfig12=ip=dhcp", "VM.Config.Cloudinit|VM.Config.Network on /vms/100"),
        ("args=-x", "root@pam"),
        ("hookscript=local:snippets/x", "root@pam"),
        ("parallel1=/dev/parport0", "root@pam"),
        ("cpu=host", "VM.Config.CPU on /vms/100"),
        ("rng7=x", "root@pam"),
        ("nonsense=1", "root@pam"),
    ],
)
def test_each_option_asks_its_own_privilege(argument: str, need: str) -> None:
    assert asked(CONFIG, argument) == [need]


def test_control_parameters_are_no_options() -> None:
    assert asked(CONFIG, "digest=abc", "force=1") == []
    assert asked("POST /nodes/n1/qemu/100/config", "background_delay=3") == []


def test_put_and_post_of_a_configuration_ask_the_same() -> None:
    arguments = ("cores=1", "net0=virtio,bridge=vmbr0", "delete=ide2")
    assert asked(CONFIG, *arguments) == asked("POST /nodes/n1/qemu/100/config", *arguments)


def test_skiplock_is_for_root_unless_it_is_off() -> None:
    assert asked(CONFIG, "skiplock=1") == ["root@pam"]
    assert asked(CONFIG, "skiplock=0") == []


def test_startup_asks_for_the_host_too() -> None:
    assert asked(CONFIG, "startup=order=1") == ["VM.Config.Options on /vms/100", "Sys.Modify on /"]
    assert asked(CONFIG, "delete=startup") == ["VM.Config.Options on /vms/100", "Sys.Modify on /"]


def test_vmstatestorage_asks_for_space_there_only_when_set() -> None:
    assert asked(CONFIG, "vmstatestorage=fast") == [
        "VM.Config.Disk on /vms/100",
        "Datastore.AllocateSpace on /storage/fast",
    ]
    assert asked(CONFIG, "delete=vmstatestorage") == ["VM.Config.Disk on /vms/100"]


def test_option_new_in_9_is_unknown_to_8_4() -> None:
    assert asked(CONFIG, "allow-ksm=1", release="8.4") == ["root@pam"]


# Drives


@pytest.mark.parametrize(
    ("value", "needs"),
    [
        ("local-lvm:32,ssd=1", ["VM.Config.Disk on /vms/100", "Datastore.AllocateSpace on /storage/local-lvm"]),
        ("file=local-lvm:0.5", ["VM.Config.Disk on /vms/100", "Datastore.AllocateSpace on /storage/local-lvm"]),
        ("none,media=cdrom", ["VM.Config.CDROM on /vms/100"]),
        ("local:iso/d.iso,media=cdrom", ["VM.Config.CDROM on /vms/100", READABLE]),
        ("media=cdrom,file=cdrom", ["VM.Config.CDROM on /vms/100", "Sys.Console on /"]),
        ("cdrom", ["VM.Config.Disk on /vms/100", "root@pam"]),
        ("local-lvm:cloudinit", ["VM.Config.Cloudinit+VM.Config.CDROM on /vms/100"]),
        ("/dev/sdb", ["VM.Config.Disk on /vms/100", "root@pam"]),
        ("local-lvm:vm-100-disk-3", ["VM.Config.Disk on /vms/100"]),
        ("local:100/vm-100-disk-3.qcow2", ["VM.Config.Disk on /vms/100"]),
        (
            "local-lvm:vm-101-disk-0",
            [
                "VM.Config.Disk on /vms/100",
                "(Datastore.Allocate on /storage/local-lvm or "
                "(Datastore.Audit on /storage/local-lvm and VM.Config.Disk on /vms/101))",
            ],
        ),
        ("san:0.0.1.lun", ["VM.Config.Disk on /vms/100", "maybe Datastore.Allocate on /storage/san"]),
    ],
)
def test_new_drive_asks_for_its_kind_its_volume_and_what_it_replaces(value: str, needs: list[str]) -> None:
    assert asked(CONFIG, f"scsi1={value}") == [*needs, ANY_DRIVE]


def test_cdrom_is_the_second_ide_drive_and_always_a_cdrom() -> None:
    assert asked(CONFIG, "cdrom=none") == ["VM.Config.CDROM on /vms/100", ANY_DRIVE]
    assert demands(CONFIG, "cdrom=none")[-1].depends.startswith("what ide2 is now")


def test_efi_disk_can_only_replace_a_disk() -> None:
    assert asked(CONFIG, "efidisk0=local-lvm:1") == [
        "VM.Config.Disk on /vms/100",
        "Datastore.AllocateSpace on /storage/local-lvm",
        "VM.Config.Disk on /vms/100",
    ]


@pytest.mark.parametrize(
    ("source", "needs"),
    [
        ("local-lvm:vm-300-disk-0", ["VM.Clone on /vms/300"]),
        (
            "local:import/a.ova/d.vmdk",
            [READABLE, "Datastore.AllocateSpace on /storage/local"],
        ),
        ("local:import/d.qcow2", [READABLE]),
        ("/tmp/d.raw", ["root@pam"]),
        ("san:lun", ["maybe VM.Clone on /vms/{owner}"]),
    ],
)
def test_import_asks_for_the_source(source: str, needs: list[str]) -> None:
    found = asked(CREATE, "vmid=100", f"scsi0=fast:0,import-from={source}")
    assert found[1:] == ["Datastore.AllocateSpace on /storage/fast", *needs]


def test_import_is_extracted_on_the_storage_named_for_it() -> None:
    found = asked(
        CREATE, "vmid=100", "import-working-storage=tmp", "scsi0=fast:0,import-from=local:import/a.ova/d.vmdk"
    )
    assert found[-1] == "Datastore.AllocateSpace on /storage/tmp"


def test_unused_volume_of_another_guest_asks_for_that_guest() -> None:
    assert asked(CONFIG, "unused0=local-lvm:vm-101-disk-0") == [
        "(Datastore.Allocate on /storage/local-lvm or "
        "(Datastore.Audit on /storage/local-lvm and VM.Config.Disk on /vms/101))"
    ]


# Devices


@pytest.mark.parametrize(
    ("value", "need"),
    [
        ("virtio,bridge=vmbr0", "SDN.Use on /sdn/zones/localnetwork/vmbr0"),
        ("virtio=AA:BB,bridge=vmbr1,tag=5", "SDN.Use on /sdn/zones/localnetwork/vmbr1/5"),
        (
            "virtio,bridge=vmbr0,trunks=2;4-5",
            "(SDN.Use on /sdn/zones/localnetwork/vmbr0/2 and SDN.Use on /sdn/zones/localnetwork/vmbr0/4"
            " and SDN.Use on /sdn/zones/localnetwork/vmbr0/5)",
        ),
        ("virtio,bridge=vnet1", "maybe SDN.Use on /sdn/zones/{zone}/vnet1"),
        ("virtio,bridge=vmbr0x", "maybe SDN.Use on /sdn/zones/{zone}/vmbr0x"),
    ],
)
def test_network_asks_for_its_bridge_and_vlans_and_for_the_bridge_it_leaves(value: str, need: str) -> None:
    old = "maybe SDN.Use on /sdn/zones/{zone}/{bridge}"
    assert asked(CONFIG, f"net0={value}") == ["VM.Config.Network on /vms/100", need, old]


def test_network_without_bridge_asks_for_none() -> None:
    assert asked(CREATE, "vmid=100", "net0=virtio")[1:] == ["VM.Config.Network on /vms/100"]


@pytest.mark.parametrize(
    ("argument", "needs"),
    [
        ("usb0=spice", ["VM.Config.HWType on /vms/100", "maybe root@pam"]),
        ("usb0=host=spice,usb3=1", ["VM.Config.HWType on /vms/100", "maybe root@pam"]),
        ("usb0=host=1234:5678", ["VM.Config.HWType on /vms/100", "root@pam", "maybe root@pam"]),
        (
            "usb0=mapping=key",
            ["VM.Config.HWType on /vms/100", "Mapping.Use on /mapping/usb/key", "maybe root@pam"],
        ),
        ("hostpci0=0000:01:00.0", ["VM.Config.HWType on /vms/100", "root@pam", "maybe root@pam"]),
        (
            "hostpci0=mapping=gpu,romfile=x",
            ["VM.Config.HWType on /vms/100", "root@pam", "Mapping.Use on /mapping/pci/gpu", "maybe root@pam"],
        ),
        ("serial0=socket", ["VM.Config.HWType on /vms/100", "maybe root@pam"]),
        ("serial0=/dev/ttyS0", ["root@pam", "maybe root@pam"]),
        ("rng0=source=/dev/urandom", ["VM.Config.HWType on /vms/100", "maybe Mapping.Use on /mapping/hwrng"]),
        (
            "rng0=/dev/hwrng",
            [
                "VM.Config.HWType on /vms/100",
                "Mapping.Use on /mapping/hwrng",
                "maybe Mapping.Use on /mapping/hwrng",
            ],
        ),
        (
            "virtiofs0=share,cache=auto",
            [
                "VM.Config.Disk on /vms/100",
                "Mapping.Use on /mapping/dir/share",
                "maybe Mapping.Use on /mapping/dir/{dirid}",
            ],
        ),
        ("tags=a;b", ["VM.Config.Options on /vms/100", "maybe Sys.Modify on /"]),
    ],
)
def test_device_asks_for_its_value_and_for_what_it_replaces(argument: str, needs: list[str]) -> None:
    assert asked(CONFIG, argument) == needs


def test_custom_cpu_model_asks_for_its_mapping_in_9_and_for_the_nodes_in_8_4() -> None:
    new, old = (demands(CREATE, "vmid=100", "cpu=custom-x,flags=+aes", release=r)[-1] for r in ("9", "8.4"))
    assert (new.tree, new.params["name"], new.certain) == (
        ["perm", "/mapping/cpu/{name}", ["Mapping.Use"]],
        "x",
        True,
    )
    assert new.since == "qemu-server 9.1.14 (2026-05)"
    assert (old.tree, old.since) == (["perm", "/nodes", ["Sys.Audit"]], "")
    assert asked(CONFIG, "cpu=cputype=custom-x")[-1] == "maybe Mapping.Use on /mapping/cpu/x"


# Removing and reverting


@pytest.mark.parametrize(
    ("names", "needs"),
    [
        ("cores", ["VM.Config.CPU on /vms/100"]),
        ("args", ["root@pam"]),
        ("scsi1", [ANY_DRIVE]),
        ("tpmstate0", ["VM.Config.Disk on /vms/100"]),
        (
            "unused0",
            ["VM.Config.Disk on /vms/100", "maybe Datastore.AllocateSpace on /storage/{storage}"],
        ),
        ("net0", ["VM.Config.Network on /vms/100", "maybe SDN.Use on /sdn/zones/{zone}/{bridge}"]),
        ("serial0", ["VM.Config.HWType on /vms/100", "maybe root@pam"]),
        ("hostpci0", ["VM.Config.HWType on /vms/100", "maybe root@pam"]),
        ("virtiofs0", ["VM.Config.Disk on /vms/100", "maybe Mapping.Use on /mapping/dir/{dirid}"]),
        ("tags", ["VM.Config.Options on /vms/100", "maybe Sys.Modify on /"]),
        ("runningcpu", ["VM.Config.CPU on /vms/100"]),
        (
            "vmstate",
            [
                "VM.Config.Disk+VM.PowerMgmt on /vms/100",
                "maybe Datastore.AllocateSpace on /storage/{storage}",
            ],
        ),
        ("cores, net0;", ["VM.Config.CPU on /vms/100", "VM.Config.Network on /vms/100"]),
    ],
)
def test_removing_asks_as_setting_does(names: str, needs: list[str]) -> None:
    assert asked(CONFIG, f"delete={names}")[: len(needs)] == needs


def test_setting_an_option_that_can_only_be_removed_is_for_root() -> None:
    assert asked(CONFIG, "vmstate=x") == ["root@pam"]


def test_forced_removal_of_a_drive_asks_for_the_space_it_frees() -> None:
    assert asked(CONFIG, "delete=scsi1", "force=1") == [
        ANY_DRIVE,
        "VM.Config.Disk on /vms/100",
        "maybe Datastore.AllocateSpace on /storage/{storage}",
    ]
    assert asked("PUT /nodes/n1/qemu/100/unlink", "idlist=scsi1", "force=1") == asked(
        CONFIG, "delete=scsi1", "force=1"
    )


def test_reverting_asks_nothing_but_for_values_that_are_checked_again() -> None:
    assert asked(CONFIG, "revert=cores") == []
    assert asked(CONFIG, "revert=net0,cores") == ["maybe something"]


# Creation


def test_new_guest_in_a_pool_asks_for_the_pool_or_the_guest() -> None:
    either = "({0} on /pool/p or {0} on /vms/200)"
    assert asked(CREATE, "vmid=200", "pool=p", "cores=1", "ciuser=x") == [
        "(VM.Allocate on /vms/200 or VM.Allocate on /pool/p if pool)",
        either.format("VM.Config.CPU"),
        either.format("VM.Config.Cloudinit|VM.Config.Network"),
    ]


def test_new_guest_without_a_pool_asks_for_the_guest() -> None:
    assert asked(CREATE, "vmid=200", "cores=1") == [
        "(VM.Allocate on /vms/200 or VM.Allocate on /pool/{pool} if pool)",
        "VM.Config.CPU on /vms/200",
    ]


def test_drive_of_a_new_guest_asks_only_for_its_storage() -> None:
    assert asked(CREATE, "vmid=200", "storage=fast", "scsi0=32", "ide2=local:iso/d.iso,media=cdrom") == [
        "Datastore.AllocateSpace on /storage/fast",
        "(VM.Allocate on /vms/200 or VM.Allocate on /pool/{pool} if pool)",
        "Datastore.AllocateSpace on /storage/fast",
        READABLE,
    ]


def test_tags_of_a_new_guest_ask_for_the_guest_even_in_a_pool() -> None:
    assert asked(CREATE, "vmid=200", "pool=p", "tags=a")[1:] == [
        "VM.Config.Options on /vms/200",
        "maybe Sys.Modify on /",
    ]


def test_starting_and_managing_a_new_guest_ask_more_only_in_9() -> None:
    arguments = ("vmid=200", "start=1", "ha-managed=1")
    assert asked(CREATE, *arguments)[:2] == [
        "Sys.Console on /",
        "(VM.PowerMgmt on /pool/{pool} if pool or VM.PowerMgmt on /vms/200)",
    ]
    assert len(asked(CREATE, "vmid=200", "start=1", release="8.4")) == 1


def test_restore_over_a_guest_may_do_with_backup_on_it() -> None:
    found = asked(CREATE, "vmid=200", "archive=local:backup/vzdump-qemu-200-x.vma", "force=1", "storage=s")
    assert found[1:3] == [
        "(VM.Allocate on /vms/200 or VM.Allocate on /pool/{pool} if pool or VM.Backup on /vms/200)",
        "maybe (VM.Allocate on /vms/200 or VM.Allocate on /pool/{pool} if pool)",
    ]
    assert "maybe SDN.Use on /sdn/zones/{zone}/{bridge}" in found


def test_restore_asks_for_the_archive_of_another_guest() -> None:
    found = asked(CREATE, "vmid=200", "archive=local:backup/vzdump-qemu-100-x.vma")
    assert (
        "(Datastore.Allocate on /storage/local or"
        " (Datastore.AllocateSpace on /storage/local and VM.Backup on /vms/100))" in found
    )


# Containers


@pytest.mark.parametrize(
    ("argument", "needs"),
    [
        ("cores=2", ["VM.Config.CPU on /vms/200"]),
        ("swap=0", ["VM.Config.Memory on /vms/200"]),
        ("hostname=x", ["VM.Config.Network on /vms/200"]),
        ("description=x", ["VM.Config.Options on /vms/200"]),
        ("env=A=1", ["VM.Config.Options on /vms/200"]),
        ("dev0=/dev/null", ["root@pam"]),
        ("hookscript=local:snippets/x", ["root@pam"]),
        ("mp0=/mnt/x,mp=/x", ["VM.Config.Disk on /vms/200", "root@pam"]),
        ("mp0=fast:8,mp=/x", ["VM.Config.Disk on /vms/200", "Datastore.AllocateSpace on /storage/fast"]),
        ("mp0=volume=fast:subvol-200-disk-1,mp=/x", ["VM.Config.Disk on /vms/200"]),
        ("features=nesting=1", ["VM.Allocate on /vms/200", "maybe root@pam"]),
        ("tags=a", ["VM.Config.Options on /vms/200", "maybe Sys.Modify on /"]),
        ("delete=mp0", ["VM.Config.Disk on /vms/200"]),
        ("delete=dev0", ["root@pam"]),
        ("revert=hostname", ["VM.Config.Network on /vms/200"]),
        (
            "net0=name=eth0,bridge=vmbr0,tag=7",
            [
                "VM.Config.Network on /vms/200",
                "SDN.Use on /sdn/zones/localnetwork/vmbr0/7",
                "maybe SDN.Use on /sdn/zones/{zone}/{bridge}",
            ],
        ),
    ],
)
def test_container_option_asks_its_own_privilege(argument: str, needs: list[str]) -> None:
    assert asked(CONTAINER, argument) == needs


def test_new_container_asks_for_template_storage_and_options() -> None:
    assert asked(CREATE_CONTAINER, "vmid=200", "ostemplate=local:vztmpl/d.tar.zst", "password=x") == [
        "(VM.Allocate on /vms/200 or VM.Allocate on /pool/{pool} if pool)",
        READABLE,
        "Datastore.AllocateSpace on /storage/local",
    ]


def test_root_file_system_says_where_space_is_needed() -> None:
    found = asked(CREATE_CONTAINER, "vmid=200", "ostemplate=local:vztmpl/d.tar.zst", "rootfs=fast:8", "storage=s")
    assert "Datastore.AllocateSpace on /storage/fast" in found
    assert "Datastore.AllocateSpace on /storage/s" not in found


def test_existing_volume_of_a_new_container_asks_for_space_too() -> None:
    found = asked(CREATE_CONTAINER, "vmid=200", "ostemplate=local:vztmpl/d.tar.zst", "rootfs=fast:vm-200-disk-0")
    assert found[1:3] == ["VM.Config.Disk on /vms/200", "Datastore.AllocateSpace on /storage/fast"]


@pytest.mark.parametrize(
    ("arguments", "need"),
    [
        (("features=nesting=1",), "VM.Allocate on /vms/200"),
        (("features=nesting=1,keyctl=1",), "root@pam"),
        (("features=nesting=1", "unprivileged=0"), "root@pam"),
        (("features=nesting=1", "restore=1"), "root@pam"),
        (("features=nesting=1", "restore=1", "unprivileged=1"), "VM.Allocate on /vms/200"),
    ],
)
def test_features_of_a_new_container_can_be_granted_only_for_nesting(arguments: tuple[str, ...], need: str) -> None:
    found = [d for d in demands(CREATE_CONTAINER, "vmid=200", *arguments) if d.label == "option features"]
    assert ["root@pam" if d.tree == "root" else "VM.Allocate on /vms/200" for d in found] == [need]


def test_privileged_container_asks_for_the_host() -> None:
    template = "ostemplate=local:vztmpl/d.tar.zst"
    assert "Sys.Modify on /" in asked(CREATE_CONTAINER, "vmid=200", template, "unprivileged=0")
    assert "Sys.Modify on /" not in asked(CREATE_CONTAINER, "vmid=200", template)
    assert "maybe Sys.Modify on /" in asked(
        CREATE_CONTAINER, "vmid=200", "ostemplate=local:backup/vzdump-lxc-200-x.tar", "restore=1"
    )


def test_option_map_is_there_for_whoever_wants_to_list_it() -> None:
    options = load("9").options("qemu")
    assert options.find("net3").all == ("VM.Config.Network",)
    assert options.find("affinity").root and options.default.root
    assert load("9").options("lxc").default.all == ("VM.Config.Options",)
