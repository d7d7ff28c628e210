"""Processors: how many, of which kind, and their NUMA cells. The limits on their time, too."""

from ...errors import Error
from ...schema.value import number_text
from .domain import Change, Domain
from .elements import add, attribute_at, drop, ensure, prune, put, text_at
from .memory import kibibytes

_PERIOD = 100_000
# What libvirt takes with either kind of control groups.
_SHARES = (2, 10_000)
_INNER = ("dies", "clusters", "threads")


def read(domain: Domain) -> dict[str, str]:
    """Facts about number and limits."""
    root = domain.root
    total = _total(domain)
    sockets = _sockets(domain)
    facts = {"sockets": str(sockets), "cores": str(max(1, total // sockets))}
    current = attribute_at(root, "vcpu", "current")
    facts = {name: text for name, text in facts.items() if text != "1"}
    if current is not None and current.isdecimal() and 0 < int(current) < total:
        facts["vcpus"] = current
    if root.find("cpu/numa") is not None:
        facts["numa"] = "1"
    return facts | _read_limits(domain)


def _total(domain: Domain) -> int:
    return max(1, _int(text_at(domain.root, "vcpu")))


def _sockets(domain: Domain) -> int:
    """The sockets; without a topology each processor has its own, as the emulator does it."""
    if domain.root.find("cpu/topology") is None:
        return _total(domain)
    return max(1, _int(attribute_at(domain.root, "cpu/topology", "sockets") or ""))


def _int(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() else 1


def _read_limits(domain: Domain) -> dict[str, str]:
    root, facts = domain.root, {}
    shares = text_at(root, "cputune/shares")
    if shares:
        facts["cpuunits"] = shares
    quota, period = text_at(root, "cputune/global_quota"), text_at(root, "cputune/global_period", str(_PERIOD))
    if quota.isdecimal() and int(quota) > 0 and period.isdecimal() and int(period) > 0:
        facts["cpulimit"] = number_text(int(quota) / int(period))
    return facts


def write(domain: Domain, change: Change) -> None:
    """Writes number, cells and limits, as far as they change."""
    if change.touches("sockets", "cores", "vcpus"):
        _write_number(domain, change)
    if change.touches("numa", "memory", "sockets", "cores"):
        _write_cells(domain, change)
    if change.touches("cpulimit", "cpuunits"):
        _write_limits(domain, change)


def _write_number(domain: Domain, change: Change) -> None:
    sockets, cores = int(change.get("sockets", "1")), int(change.get("cores", "1"))
    total, online = sockets * cores, int(change.get("vcpus", "0"))
    put(domain.root, "vcpu", str(total), current=str(online) if 0 < online < total else None)
    if domain.root.find("vcpu[@placement]") is None:
        put(domain.root, "vcpu", placement="static")
    drop(domain.root, "vcpus")
    if change.is_new or change.touches("sockets", "cores"):
        _write_topology(domain, sockets, cores)


def _write_topology(domain: Domain, sockets: int, cores: int) -> None:
    """Dies, clusters and threads, which options don't know, stay if they still divide the cores."""
    topology = ensure(domain.root, "cpu/topology")
    inner = 1
    for name in _INNER:
        inner *= _int(topology.get(name, "1"))
    if cores % inner:
        inner = 1
        put(domain.root, "cpu/topology", **dict.fromkeys(_INNER))
    topology.set("sockets", str(sockets))
    topology.set("cores", str(cores // inner))
    topology.set("threads", topology.get("threads", "1"))


def _write_cells(domain: Domain, change: Change) -> None:
    """Divides processors and memory among the cells, of which a new machine has one per socket."""
    if change.get("numa", "0") != "1":
        drop(domain.root, "cpu/numa")
        return
    total = int(change.get("sockets", "1")) * int(change.get("cores", "1"))
    numa = ensure(domain.root, "cpu/numa")
    if not 0 < len(numa.findall("cell")) <= total:
        drop(numa, "cell")
        for index in range(int(change.get("sockets", "1"))):
            add(numa, "cell", id=str(index))
    cells = numa.findall("cell")
    plugged = sum(kibibytes(domain.root, each) for each in domain.root.findall("devices/memory/target/size"))
    memory = max(int(change.get("memory.current", "512")) * 1024 - plugged, 1024 * len(cells))
    for index, cell in enumerate(cells):
        first, last = total * index // len(cells), total * (index + 1) // len(cells) - 1
        cell.set("cpus", f"{first}-{last}" if last > first else str(first))
        share = memory // 1024 // len(cells) * 1024
        cell.set("memory", str(memory - share * (len(cells) - 1) if index == 0 else share))
        cell.set("unit", "KiB")


def _write_limits(domain: Domain, change: Change) -> None:
    root, limit = domain.root, float(change.get("cpulimit", "0"))
    possible = domain.resources.platform.cpu_limits
    if limit > 0 and not possible:
        raise Error("cpulimit: this hypervisor can't limit the time of processors")
    if change.touches("cpuunits"):
        drop(root, "cputune/shares")
        if change.get("cpuunits") and possible:
            put(root, "cputune/shares", str(min(max(int(change.get("cpuunits")), _SHARES[0]), _SHARES[1])))
    if change.touches("cpulimit"):
        drop(root, "cputune/global_period", "cputune/global_quota")
        if limit > 0:
            put(root, "cputune/global_period", str(_PERIOD))
            put(root, "cputune/global_quota", str(round(limit * _PERIOD)))
    prune(root, "cputune")
