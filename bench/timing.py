"""Clocks: a block, a loop over questions, whole processes. Garbage collection stays as it is in normal use."""

import gc
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from time import perf_counter_ns
from typing import TypeVar

T = TypeVar("T")
Samples = dict[str, list[float]]
"""Name -> nanoseconds, one number per repetition."""


def timed(call: Callable[[], T]) -> tuple[float, T]:
    """Nanoseconds of one call, with its result; the garbage of earlier ones is gone before it starts."""
    gc.collect()
    start = perf_counter_ns()
    result = call()
    return perf_counter_ns() - start, result


def medians(samples: Samples) -> dict[str, float]:
    """The median of each."""
    return {name: median(values) for name, values in samples.items()}


def processes(commands: Mapping[str, Sequence[str]], repeats: int, allowed: Iterable[int] = (0,)) -> Samples:
    """Nanoseconds of whole processes, the commands in turn so that all meet the same load.

    Raises RuntimeError for a command that can't run or exits otherwise than allowed.
    """
    samples: Samples = {name: [] for name in commands}
    for repeat in range(repeats + 1):
        for name, command in commands.items():
            start = perf_counter_ns()
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            elapsed = perf_counter_ns() - start
            if done.returncode not in allowed:
                last = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
                raise RuntimeError(f"{name}: exit {done.returncode}: {last}")
            if repeat:  # the first time fills the page cache and writes .pyc files
                samples[name].append(elapsed)
    return samples
