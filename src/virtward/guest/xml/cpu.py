"""The kind of processor: its type, flags, and whether the guest may know that it is virtual.

Rule: features that no option names stay as they are.
"""

from collections.abc import Iterator

from .domain import Change, Domain
from .elements import Element, add, drop, ensure, prune, put, remove, set_attributes

_DEFAULT = "kvm64"
_UNNAMED = "qemu64"
_MODES = {"host": "host-passthrough", "max": "maximum"}
_TYPES = {"host-passthrough": "host", "host-model": "host", "maximum": "max"}
_V2 = ("popcnt", "pni", "sse4.1", "sse4.2", "ssse3")
_V2_AES = (*_V2, "aes")
_V3 = (*_V2_AES, "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave")
_V4 = (*_V3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")
_LEVELS = {"x86-64-v4": _V4, "x86-64-v3": _V3, "x86-64-v2-AES": _V2_AES, "x86-64-v2": _V2}
"""Upstream's own types, as what they add to `qemu64`; the largest first."""

FLAGS = ("aes", "amd-no-ssb", "amd-ssbd", "ibpb", "md-clear", "pcid", "pdpe1gb", "spec-ctrl", "ssbd", "virt-ssbd")
"""The flags that can be given; upstream's others concern nested and Hyper-V guests."""

_ON, _OFF = ("require", "force"), ("disable", "forbid")


def read(domain: Domain) -> dict[str, str]:
    """Facts about type and flags."""
    facts: dict[str, str] = {}
    kind, level = _type(domain)
    if kind != _DEFAULT:
        facts["cpu.cputype"] = kind
    flags = [sign + feature.get("name", "") for feature, sign in _flags(domain) if feature.get("name") not in level]
    if flags:
        facts["cpu.flags"] = ";".join(flags)
    hidden = domain.root.find("features/kvm/hidden")
    if hidden is not None and hidden.get("state") == "on":
        facts["cpu.hidden"] = "1"
    return facts


def _type(domain: Domain) -> tuple[str, tuple[str, ...]]:
    """The type, and the features that it stands for."""
    cpu = domain.root.find("cpu")
    mode = "" if cpu is None else cpu.get("mode", "")
    if mode in _TYPES:
        return _TYPES[mode], ()
    model = None if cpu is None else cpu.find("model")
    name = _UNNAMED if model is None or not model.text else model.text.strip()
    needed = {f.get("name") for f in domain.root.findall("cpu/feature") if f.get("policy", "require") in _ON}
    for level, features in _LEVELS.items() if name == _UNNAMED else ():
        if needed.issuperset(features):
            return level, features
    return name, ()


def _flags(domain: Domain) -> Iterator[tuple[Element, str]]:
    """The features that are flags, with their sign."""
    for feature in domain.root.findall("cpu/feature"):
        policy = feature.get("policy", "require")
        if feature.get("name") in FLAGS and policy in (*_ON, *_OFF):
            yield feature, "+" if policy in _ON else "-"


def write(domain: Domain, change: Change) -> None:
    """Writes type and flags, if they change."""
    if not change.touches("cpu", "kvm"):
        return
    for feature in [*_of_level(domain), *(feature for feature, _ in _flags(domain))]:
        remove(feature)
    kind = change.get("cpu.cputype", _DEFAULT)
    if change.is_new or change.touches("kvm") or kind != change.was("cpu.cputype", _DEFAULT):
        _write_type(domain, kind)
    cpu = ensure(domain.root, "cpu")
    for name in _LEVELS.get(kind, ()):
        add(cpu, "feature", policy="require", name=name)
    for flag in filter(None, change.get("cpu.flags").split(";")):
        if not _has(cpu, flag[1:]):
            add(cpu, "feature", policy="require" if flag[0] == "+" else "disable", name=flag[1:])
    if change.get("cpu.hidden") == "1":
        put(domain.root, "features/kvm/hidden", state="on")
    else:
        drop(domain.root, "features/kvm/hidden")
        prune(domain.root, "features/kvm")


def _of_level(domain: Domain) -> list[Element]:
    """The features that the type stands for."""
    level = _type(domain)[1]
    return [feature for feature in domain.root.findall("cpu/feature") if feature.get("name") in level]


def _has(cpu: Element, name: str) -> bool:
    return any(feature.get("name") == name for feature in cpu.findall("feature"))


def _write_type(domain: Domain, kind: str) -> None:
    cpu = ensure(domain.root, "cpu")
    # Without KVM there is no host's processor to have: the emulator's best stands for it.
    mode = _MODES.get("max" if kind == "host" and not domain.uses_kvm else kind, "custom")
    set_attributes(cpu, {"match": None, "migratable": None, "mode": mode, "check": "none"})
    drop(cpu, "model", "vendor")
    if kind not in _MODES:
        # What only the host's own processor has.
        drop(cpu, "cache[@mode='passthrough']", "maxphysaddr[@mode='passthrough']")
        cpu.set("match", "exact")
        put(cpu, "model", _UNNAMED if kind in _LEVELS else kind, fallback="forbid")
