"""Whole processes of the command line, beside a Python that does nothing and beside `proxcli`."""

import sys
from pathlib import Path
from random import Random
from statistics import median

from virtward.policy import usercfg
from virtward.policy.evaluate import privileges

from .engine import AUDIT
from .questions import cast, own_paths
from .timing import Samples, processes

_REPEATS = 21
BASE = "python -c pass"


def measure(small: Path) -> tuple[Samples, dict[str, str]]:
    """Nanoseconds per process for each command, and for those that can't be measured the reason."""
    programs = Path(sys.executable).parent
    virtward, proxcli = str(programs / "virtward"), str(programs / "proxcli")
    subject, path = _allowed(small)
    commands = {
        BASE: [sys.executable, "-c", "pass"],
        "virtward --version": [virtward, "--version"],
        "virtward --help": [virtward, "--help"],
        "virtward can": [virtward, "can", "--policy", str(small), subject, "VM.Audit", path],
        "proxcli --help": [proxcli, "--help"],
    }
    failures: dict[str, str] = {}
    for name, command in list(commands.items()):
        try:
            processes({name: command}, 0)
        except (OSError, RuntimeError) as error:
            failures[name] = str(error)
            del commands[name]
    return processes(commands, _REPEATS), failures


def ratio(samples: Samples, name: str, other: str) -> float:
    """How many times the other's median time this one takes."""
    return median(samples[name]) / median(samples[other])


def _allowed(file: Path) -> tuple[str, str]:
    """An ordinary user and a path of its own where it may audit."""
    policy = usercfg.parse(file.read_bytes()).policy
    for subject in cast(policy, Random(1)).listing:
        for path in own_paths(policy, subject):
            if path.startswith("/vms/") and privileges(policy, subject, path) & AUDIT:
                return subject, path
    raise RuntimeError("the generated file allows nobody anything")
