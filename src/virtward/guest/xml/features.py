"""What kind of guest the machine is for: virtualisation, ACPI, clock, and what Windows needs to run well."""

from .domain import Change, Domain
from .elements import add, attribute_at, ensure, flag, put, set_attributes

_HYPERV = {"relaxed": {}, "vapic": {}, "spinlocks": {"retries": "8191"}}
_OS_IDS = (
    ("microsoft.com/win/11", "win11"),
    ("microsoft.com/win/2k22", "win11"),
    ("microsoft.com/win/2k25", "win11"),
    ("microsoft.com/win/10", "win10"),
    ("microsoft.com/win/2k16", "win10"),
    ("microsoft.com/win/2k19", "win10"),
    ("microsoft.com/win/8", "win8"),
    ("microsoft.com/win/2k12", "win8"),
    ("microsoft.com/win/7", "win7"),
    ("microsoft.com/win/2k8r2", "win7"),
    ("microsoft.com/win/vista", "wvista"),
    ("microsoft.com/win/2k8", "w2k8"),
    ("microsoft.com/win/2k3", "w2k3"),
    ("microsoft.com/win/2k", "w2k"),
    ("microsoft.com/win/xp", "wxp"),
    ("oracle.com/solaris", "solaris"),
    ("opensolaris.org", "solaris"),
)
_LINUX = (
    "almalinux.org",
    "alpinelinux.org",
    "archlinux.org",
    "centos.org",
    "debian.org",
    "fedoraproject.org",
    "gentoo.org",
    "kali.org",
    "libosinfo.org/linux",
    "linuxmint.com",
    "nixos.org",
    "opensuse.org",
    "oracle.com/ol",
    "redhat.com",
    "rockylinux.org",
    "suse.com",
    "ubuntu.com",
)
_LIBOSINFO = "metadata/{http://libosinfo.org/xmlns/libvirt/domain/1.0}libosinfo/{*}os"


def read(domain: Domain) -> dict[str, str]:
    """Facts about the kind of guest."""
    root, facts = domain.root, {}
    if root.find("features/acpi") is None:
        facts["acpi"] = "0"
    if not domain.uses_kvm and domain.resources.platform.type == "kvm":
        facts["kvm"] = "0"
    if attribute_at(root, "clock", "offset") == "localtime":
        facts["localtime"] = "1"
    system = _system(attribute_at(root, _LIBOSINFO, "id") or "")
    if system:
        facts["ostype"] = system
    return facts


def _system(identity: str) -> str:
    """The `ostype` that an identity in libosinfo's database means."""
    name = identity.removeprefix("http://").removeprefix("https://")
    found = next((system for start, system in _OS_IDS if name.startswith(start)), "")
    return found or ("l26" if name.startswith(_LINUX) else "")


def write(domain: Domain, change: Change) -> None:
    """Writes type, ACPI, clock and enlightenments, as far as they change."""
    if change.touches("kvm"):
        domain.root.set("type", "qemu" if change.get("kvm") == "0" else domain.resources.platform.type)
    if change.touches("acpi"):
        flag(ensure(domain.root, "features"), "acpi", change.get("acpi") != "0")
    if change.touches("localtime", "ostype"):
        _write_clock(domain, change)
    if change.touches("ostype", "kvm") and _is_windows(change) and domain.uses_kvm:
        _enlighten(domain)


def _is_windows(change: Change) -> bool:
    return change.get("ostype").startswith("w")


def _write_clock(domain: Domain, change: Change) -> None:
    # PVE: without the option, Windows has its clock in local time.
    local = change.get("localtime", "1" if _is_windows(change) else "0") == "1"
    clock = ensure(domain.root, "clock")
    if local != (clock.get("offset") == "localtime") or change.is_new:
        clock.set("offset", "localtime" if local else "utc")
        set_attributes(clock, {"adjustment": None, "basis": None, "timezone": None, "start": None})


def _enlighten(domain: Domain) -> None:
    """Tells Windows that it is virtual, as far as the domain doesn't say it already."""
    features = ensure(domain.root, "features")
    if features.find("hyperv") is None:
        hyperv = put(features, "hyperv")
        for name, attributes in _HYPERV.items():
            put(hyperv, name, state="on", **attributes)
    clock = ensure(domain.root, "clock")
    if clock.find("timer[@name='hypervclock']") is None:
        add(clock, "timer", name="hypervclock", present="yes")
