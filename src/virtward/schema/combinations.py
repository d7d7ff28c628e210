"""What the values of a property string may not be together, beyond each on its own."""

import re
from collections.abc import Mapping

from ..errors import Error
from .propstring import Rule
from .value import Value

CPU_FLAGS = (
    "nested-virt",
    "md-clear",
    "pcid",
    "spec-ctrl",
    "ssbd",
    "ibpb",
    "virt-ssbd",
    "amd-ssbd",
    "amd-no-ssb",
    "pdpe1gb",
    "hv-tlbflush",
    "hv-evmcs",
    "aes",
)
ANY_CPU_FLAGS = r"[+-][a-zA-Z0-9\-_.]+(?:;[+-][a-zA-Z0-9\-_.]+)*"

_ALLOWED_FLAG = re.compile(rf"[+-](?:{'|'.join(CPU_FLAGS)})")


def _check_cpu(values: Mapping[str, Value]) -> None:
    """A machine's CPU; whether the type exists is for those to say who know the models."""
    if not values.get("cputype"):
        raise Error("CPU is missing cputype")
    flags = str(values.get("flags", ""))
    if flags and not all(_ALLOWED_FLAG.fullmatch(flag) for flag in flags.split(";")):
        raise Error(f"VM-specific CPU flags must be a subset of: {', '.join(CPU_FLAGS)}")
    if "reported-model" in values:
        raise Error("Property 'reported-model' not allowed in VM-specific CPU config.")


def _check_pruning(values: Mapping[str, Value]) -> None:
    others = [value for name, value in values.items() if name != "keep-all"]
    if values.get("keep-all") and any(others):
        raise Error("keep-all cannot be set together with other options.")


RULES: Mapping[str, Rule] = {"pve-vm-cpu-conf": _check_cpu, "prune-backups": _check_pruning}
"""Format name -> rule."""
