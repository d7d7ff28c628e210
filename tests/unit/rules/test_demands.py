"""What calls ask beyond their gate, options of guests apart."""

import pytest

from tests.unit.rules.calls import asked, demands

UPID = "UPID:n1:0000ABCD:00001234:65000000:qmstart:100:{}:"


def test_call_without_checks_in_code_asks_nothing_more() -> None:
    assert asked("GET /version") == []
    assert asked("GET /nodes/n1/qemu/100/config") == []


def test_each_guest_named_is_asked_for() -> None:
    assert asked("POST /cluster/bulk-action/guest/start", "vms=100,101") == [
        "VM.PowerMgmt on /vms/100",
        "VM.PowerMgmt on /vms/101",
    ]


@pytest.mark.parametrize("arguments", [(), ("vms=",), ("vms= , ;",)])
def test_no_guest_named_asks_for_all(arguments: tuple[str, ...]) -> None:
    assert asked("POST /cluster/bulk-action/guest/migrate", *arguments) == ["VM.Migrate on /"]
    assert asked("POST /nodes/n1/stopall", *arguments) == ["VM.PowerMgmt on /"]


def test_guests_named_may_be_covered_by_the_root_path() -> None:
    assert asked("POST /nodes/n1/startall", "vms=100;101") == [
        "(VM.PowerMgmt on / or VM.PowerMgmt on /vms/100)",
        "(VM.PowerMgmt on / or VM.PowerMgmt on /vms/101)",
    ]


def test_suspending_to_disk_asks_for_disks_and_the_state_storage() -> None:
    assert asked("POST /cluster/bulk-action/guest/suspend", "vms=100", "to-disk=1", "statestorage=s") == [
        "VM.PowerMgmt on /vms/100",
        "VM.Config.Disk on /vms/100",
        "Datastore.AllocateSpace on /storage/s",
    ]
    assert asked("POST /nodes/n1/qemu/100/status/suspend", "todisk=1") == [
        "VM.Config.Disk on /vms/100",
        "maybe Datastore.AllocateSpace on /storage/{state-storage}",
    ]
    assert asked("POST /nodes/n1/qemu/100/status/suspend", "todisk=0") == []


@pytest.mark.parametrize("url", ["/pools/p", "/pools"])
def test_pool_members_ask_for_the_right_to_delegate_them(url: str) -> None:
    assert asked(f"PUT {url}", "poolid=p", "vms=100", "storage=a,b") == [
        "perm-modify /vms/100",
        "perm-modify /storage/a",
        "perm-modify /storage/b",
    ]


def test_guest_moved_between_pools_asks_for_the_pool_it_leaves() -> None:
    last = demands("PUT /pools/p", "vms=100", "allow-move=1")[-1]
    assert (last.certain, last.depends) == (False, "the pool that guest 100 is in now, if any")
    assert last.pattern == ["perm", "/pool/{existing-pool}", ["Pool.Allocate"]]


def test_replication_asks_for_the_guest_in_the_job_id() -> None:
    assert asked("DELETE /cluster/replication/100-0") == ["VM.Replicate on /vms/100"]
    assert asked("POST /nodes/n1/replication/100-0/schedule_now") == ["VM.Replicate on /vms/100"]
    assert asked("GET /cluster/replication/100-0", release="8.4") == ["VM.Audit on /vms/100"]
    assert asked("DELETE /cluster/replication/100-0", release="8.4") == []


def test_backup_asks_for_storage_guests_and_what_only_admins_set() -> None:
    assert asked("POST /nodes/n1/vzdump", "vmid=100,101", "storage=s") == [
        "Datastore.AllocateSpace on /storage/s",
        "VM.Backup on /vms/100",
        "VM.Backup on /vms/101",
    ]
    assert asked("POST /nodes/n1/vzdump", "all=1", "bwlimit=1", "stop=1", "prune-backups=keep-last=1") == [
        "Sys.Modify on /",
        "Datastore.Allocate on /storage/local",
        "Sys.Modify on /nodes/n1",
        "Datastore.AllocateSpace on /storage/local",
    ]
    assert "root@pam" in asked("POST /nodes/n1/vzdump", "vmid=100", "script=x")


def test_fleecing_asks_for_its_storage() -> None:
    asks = asked("POST /cluster/backup", "storage=s", "fleecing=enabled=1,storage=f", "pool=p")
    assert asks == [
        "Datastore.AllocateSpace on /storage/f",
        "Datastore.Allocate on /storage/s",
        "VM.Backup on /pool/p",
    ]
    assert "f" not in asked("POST /cluster/backup", "storage=s", "fleecing=enabled=1")


def test_deleting_a_job_setting_of_root_is_for_root() -> None:
    assert "root@pam" in asked("PUT /cluster/backup/b", "delete=script")
    assert "Datastore.Allocate on /storage/local" in asked("PUT /cluster/backup/b", "delete=storage,comment")


def test_targets_of_a_migration_ask_for_space() -> None:
    assert asked("POST /nodes/n1/qemu/100/migrate", "target=n2", "targetstorage=a:b,c") == [
        "VM.Config.Disk on /vms/100",
        "Datastore.AllocateSpace on /storage/b",
        "Datastore.AllocateSpace on /storage/c",
    ]
    assert asked("POST /nodes/n1/qemu/100/migrate", "target=n2", "targetstorage=1") == []
    assert asked("POST /nodes/n1/qemu/100/migrate", "target=n2", "force=1") == ["root@pam"]


def test_clone_asks_for_the_target_storage_or_those_of_the_source() -> None:
    with_storage = asked("POST /nodes/n1/qemu/100/clone", "newid=101", "storage=s")
    assert with_storage[0] == "maybe Datastore.AllocateSpace on /storage/s"
    without = asked("POST /nodes/n1/qemu/100/clone", "newid=101")
    assert without[0] == "maybe Datastore.AllocateSpace on /storage/{source-storage}"
    assert "maybe root@pam" in without


def test_moving_a_disk_to_another_guest_asks_for_that_guest() -> None:
    assert asked("POST /nodes/n1/qemu/100/move_disk", "disk=scsi0", "target-vmid=101") == [
        "VM.Config.Disk on /vms/101",
        "maybe Datastore.AllocateSpace on /storage/{volume-storage}",
    ]


def test_volume_asks_by_its_kind_and_owner() -> None:
    content = "/nodes/n1/storage/st/content"
    assert asked(f"GET {content}/iso/x.iso") == [
        "Datastore.Allocate|Datastore.AllocateSpace|Datastore.Audit on /storage/st"
    ]
    assert asked(f"DELETE {content}/st:backup/vzdump-lxc-100-x.tar") == [
        "(Datastore.AllocateSpace on /storage/st and VM.Backup on /vms/100)"
    ]
    assert asked(f"DELETE {content}/iso/x.iso") == ["Datastore.Allocate on /storage/st"]
    assert asked(f"DELETE {content}/odd-name") == ["maybe Datastore.Allocate on /storage/st"]


def test_configuration_in_a_backup_asks_for_its_owner() -> None:
    assert asked("GET /nodes/n1/vzdump/extractconfig", "volume=st:backup/vzdump-qemu-100-x.vma")[-1] == (
        "VM.Backup on /vms/100"
    )
    assert asked("GET /nodes/n1/vzdump/extractconfig", "volume=st:backup/other.vma")[-1] == (
        "maybe VM.Backup on /vms/{owner}"
    )


@pytest.mark.parametrize(
    ("command", "old", "new"),
    [
        ("info status", [], []),
        (" help", [], []),
        ("help info", ["Sys.Modify on /"], []),
        ("?", ["Sys.Modify on /"], []),
        ("quit", ["Sys.Modify on /"], ["Sys.Modify on /"]),
        ("INFO status", ["Sys.Modify on /"], ["root@pam"]),
        ("migrate tcp:x", ["Sys.Modify on /"], ["root@pam"]),
        ("unheard_of", ["Sys.Modify on /"], ["root@pam"]),
        ("", [], []),
    ],
)
def test_first_word_of_a_monitor_command_decides(command: str, old: list[str], new: list[str]) -> None:
    call = "POST /nodes/n1/qemu/100/monitor"
    assert asked(call, f"command={command}", release="8.4") == old
    assert asked(call, f"command={command}") == new


def test_monitor_without_a_command_depends_on_it() -> None:
    assert [d.depends for d in demands("POST /nodes/n1/qemu/100/monitor")] == ["the monitor command"]


# What the call doesn't decide


def test_zone_of_a_vnet_is_open_even_if_a_parameter_has_that_name() -> None:
    (demand,) = demands("PUT /cluster/sdn/vnets/v1", "zone=z2", "alias=x")
    assert (demand.tree, demand.certain) == (None, False)
    assert demand.pattern == ["perm", "/sdn/zones/{zone}/{vnet}", ["SDN.Allocate"]]
    assert demand.depends == "the SDN zone of vnet v1"
    assert demand.params == {"vnet": "v1", "alias": "x"}


def test_uncertain_demand_says_what_it_depends_on() -> None:
    (acl, delegation) = demands("PUT /access/acl", "path=/vms", "roles=r", "users=a@pve")
    assert acl.certain and not delegation.certain
    assert "on /vms" in delegation.depends


# The caller


def test_own_permissions_ask_nothing_but_those_of_others_do() -> None:
    call = "GET /access/permissions"
    assert asked(call, caller="a@pve") == []
    assert asked(call, "userid=a@pve", caller="a@pve") == []
    assert asked(call, "userid=a@pve!t", caller="a@pve") == []
    assert asked(call, "userid=a@pve", caller="a@pve!t") == ["Sys.Audit on /access"]
    assert asked(call, "userid=b@pve", caller="a@pve") == ["Sys.Audit on /access"]
    assert asked(call, "userid=b@pve") == ["maybe Sys.Audit on /access"]


@pytest.mark.parametrize(
    ("starter", "caller", "needs"),
    [
        ("a@pve", "a@pve", []),
        ("a@pve!t", "a@pve!t", []),
        ("a@pve!t", "a@pve", []),
        ("a@pve", "a@pve!t", ["Sys.Audit on /nodes/n1"]),
        ("a@pve!t", "a@pve!u", ["Sys.Audit on /nodes/n1"]),
        ("b@pve", "a@pve", ["Sys.Audit on /nodes/n1"]),
        ("b@pve", None, ["maybe Sys.Audit on /nodes/n1"]),
    ],
)
def test_task_is_open_to_who_started_it(starter: str, caller: str | None, needs: list[str]) -> None:
    assert asked(f"GET /nodes/n1/tasks/{UPID.format(starter)}/status", caller=caller) == needs


def test_malformed_task_belongs_to_nobody() -> None:
    assert asked("GET /nodes/n1/tasks/UPID:x/log", caller="a@pve") == ["Sys.Audit on /nodes/n1"]


def test_passwords_of_root_and_of_others_in_realm_pam_are_for_root() -> None:
    assert asked("PUT /access/password", "userid=root@pam", "password=x") == ["root@pam", "userid-param self"]
    assert asked("PUT /access/password", "userid=a@pam", "password=x") == ["userid-param self"]
    assert asked("PUT /access/password", "userid=a@pve", "password=x") == []
    assert asked("POST /access/tfa/root@pam", "type=totp") == ["root@pam"]
