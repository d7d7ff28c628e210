"""The table of options: known upstream, judged by upstream's rules, refused where it isn't there."""

import pytest

from virtward.errors import Error, Invalid
from virtward.guest import options, texts
from virtward.guest.options import OPTIONS, Effect
from virtward.policy.requirement import AllOf, Holds, RootOnly
from virtward.schema.load import load

CALL = ("PUT", "/nodes/{node}/qemu/{vmid}/config")
CONTROL = {"delete", "digest", "force", "import-working-storage", "node", "revert", "skiplock", "vmid"}
NOT_SUPPORTED = {
    "affinity", "allow-ksm", "amd-sev", "arch", "args", "audio0", "autostart", "cicustom", "freeze", "hookscript",
    "hostpci[n]", "hugepages", "intel-tdx", "ivshmem", "keephugepages", "migrate_downtime", "migrate_speed",
    "numa[n]", "parallel[n]", "reboot", "shares", "smp", "spice_enhancements", "startdate", "tdf", "template",
    "usb[n]", "virtiofs[n]", "vmstatestorage", "watchdog",
}  # fmt: skip


def test_every_option_of_upstream_is_supported_or_known_not_to_be() -> None:
    upstream = set(load().params(*CALL)) - CONTROL - {"cdrom"}
    supported = {option.name for option in OPTIONS if not option.internal}
    assert upstream - supported == NOT_SUPPORTED
    assert not supported - upstream


def test_rows_have_names_of_their_own_in_order() -> None:
    names = [option.name for option in OPTIONS]
    assert names == sorted(set(names))


def test_every_key_of_a_row_is_upstreams() -> None:
    for option in OPTIONS:
        form = options.form(option.name.replace("[n]", "0"))
        for key in option.keys or ():
            assert form is not None
            assert key in form.keys, (option.name, key)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("net0", True),
        ("net31", True),
        ("net32", False),
        ("net00", False),
        ("scsi30", True),
        ("scsi31", False),
        ("ide4", False),
        ("unused255", True),
        ("net[n]", False),
        ("net", False),
        ("cores", True),
        ("cores0", False),
        ("args", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_indexes_end_where_upstreams_do(name: str, found: bool) -> None:
    assert (options.find(name) is not None) is found


def test_requirements_are_those_of_the_rules() -> None:
    def requires(name: str) -> object:
        row = options.find(name)
        assert row is not None
        return row.requires

    assert requires("cores") == Holds("/vms/{vmid}", ("VM.Config.CPU",))
    assert requires("ciuser") == Holds("/vms/{vmid}", ("VM.Config.Cloudinit", "VM.Config.Network"), any=True)
    assert requires("startup") == AllOf((Holds("/vms/{vmid}", ("VM.Config.Options",)), Holds("/", ("Sys.Modify",))))
    assert requires("lock") == RootOnly()
    assert requires("scsi0") is None


def test_what_is_reserved_for_root_is_known() -> None:
    assert {option.name for option in OPTIONS if option.root_only} == {"lock", "meta", "vmgenid"}


def test_an_option_without_a_place_in_the_machine_never_waits() -> None:
    for option in OPTIONS:
        if not option.part and option.feature != "cloudinit" and option.name != "ostype":
            assert option.effect is Effect.AT_ONCE, option.name


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("net0", "model=virtio,macaddr=BC:24:11:00:00:01,bridge=vmbr0", "virtio=BC:24:11:00:00:01,bridge=vmbr0"),
        ("net0", {"bridge": "vmbr0", "model": "e1000"}, "e1000,bridge=vmbr0"),
        ("scsi0", "volume=local:100/vm-100-disk-0.raw,ssd=on", "local:100/vm-100-disk-0.raw,ssd=1"),
        ("memory", 2048, "2048"),
        ("memory", "current=2048", "2048"),
        ("onboot", True, "1"),
        ("onboot", "0", "0"),
        ("cpulimit", 1.5, "1.5"),
        ("tags", "b,a c", "b;a;c"),
        ("tags", ["b", "a"], "b;a"),
        ("nameserver", ["1.1.1.1", "9.9.9.9"], "1.1.1.1 9.9.9.9"),
        ("boot", {"order": ["scsi0", "net0"]}, "order=scsi0;net0"),
        ("agent", "enabled=1", "1"),
        ("name", "web\n", "web"),
        ("description", "two\nlines\n", "two\nlines\n"),
    ],
)
def test_texts_are_written_in_one_way(name: str, value: object, text: str) -> None:
    assert texts.canonical(name, value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("nonsense", "1", "not defined in schema"),
        ("args", "-s", "option 'args' is not supported here"),
        ("usb0", "spice", "option 'usb0' is not supported here"),
        ("meta", "ctime=1", "not defined in schema"),
        ("scsi0", "local:8,queues=4", "key 'queues' of option 'scsi0' is not supported here"),
        ("scsi0", "cdrom", "value 'cdrom' of option 'scsi0' is not supported here"),
        ("vga", "qxl2", "value 'qxl2' of option 'vga' is not supported here"),
        ("cpu", "custom-x", "not supported here"),
        ("cpu", "host,flags=+nested-virt", "not supported here"),
        ("serial0", "/dev/ttyS0", "value '/dev/ttyS0' of option 'serial0' is not supported here"),
        ("rng0", "/dev/hwrng", "not supported here"),
        ("machine", "pc-q35-7.2+pve1", "not supported here"),
        ("agent", "1,type=isa", "not supported here"),
        ("citype", "opennebula", "not supported here"),
        ("cores", "x", "type check"),
        ("cores", "0", "minimum value of 1"),
        ("name", "a b", "valid DNS name"),
        ("ciuser", "a\x00b", "control characters"),
        ("ciuser", "a\nb", "control characters"),
        ("description", "\x1b[31m", "control characters"),
        ("description", "\ud800", "control characters"),
        ("ciuser", "   ", "empty"),
        ("cipassword", "secret", "hashed"),
    ],
)
def test_what_cannot_be_set_is_refused_by_name(name: str, value: str, error: str) -> None:
    with pytest.raises(Error, match=error):
        texts.canonical(name, value)


def test_every_wrong_option_is_named_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        texts.checked({"cores": "x", "args": "-s", "memory": "512"})
    assert set(caught.value.errors) == {"cores", "args"}


def test_facts_and_options_tell_the_same() -> None:
    config = {"cores": "2", "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0", "agent": "1", "boot": "order=net0"}
    assert texts.from_facts(texts.facts(config)) == dict(sorted(config.items()))


def test_facts_about_nothing_are_dropped() -> None:
    assert texts.from_facts({"scsi0.backup": "0", "cores": "", "nonsense": "1", "net0.model": "a,b"}) == {}
