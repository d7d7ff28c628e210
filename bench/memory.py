"""Memory of a policy and 200 active subjects, in a process that does nothing else: `python -m bench.memory FILE`.

Two numbers, in bytes: what the process grew by (resident memory, from before the file was read, so with the
allocator's slack), and what Python's own count says is alive. The first is the one that is judged.
"""

import gc
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from random import Random
from typing import Any

from virtward.policy import usercfg
from virtward.policy.evaluate import privileges

from .questions import PATHS_EACH, cast, paths_for


def measure(path: Path) -> dict[str, int]:
    """The two numbers, `resident` and `counted`, from a fresh process each."""
    found: dict[str, int] = {}
    for how in ("resident", "counted"):
        found |= _in_process(how, path)
    return found


def _in_process(how: str, path: Path) -> Any:
    command = [sys.executable, "-m", "bench.memory", how, str(path)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _resident() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no VmRSS in /proc/self/status")


def _counted() -> int:
    return tracemalloc.get_traced_memory()[0]


def _questions(path: Path) -> list[tuple[str, str]]:
    """The questions, drawn in a process of their own because that needs a policy too."""
    policy = usercfg.parse(path.read_bytes()).policy
    random = Random(1)
    subjects = cast(policy, random).active
    return [(subject, asked) for subject in subjects for asked in paths_for(policy, subject, random, PATHS_EACH)]


def _use(path: Path, questions: list[tuple[str, str]]) -> object:
    parsed = usercfg.parse(path.read_bytes())
    for subject, asked in questions:
        privileges(parsed.policy, subject, asked)
    gc.collect()
    return parsed


def main(how: str, path: Path) -> int:
    """Measures in this process and prints JSON."""
    if how == "draw":
        json.dump(_questions(path), sys.stdout)
        return 0
    questions = [(subject, asked) for subject, asked in _in_process("draw", path)]
    gc.collect()
    if how == "counted":
        tracemalloc.start()
    used = _counted if how == "counted" else _resident
    before = used()
    kept = _use(path, questions)
    json.dump({how: used() - before}, sys.stdout)
    del kept
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
