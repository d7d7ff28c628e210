"""`make bench`: measures what the project promises about speed and size, prints a table, writes JSON.

Times are medians over rounds in which all things compared take turns; ratios of one run are what counts, since
absolute numbers are those of a machine and its load. Exits 1 only where something could not be measured.
"""

import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from virtward.policy import usercfg

from . import engine, memory, questions, startup
from .generate import ADMINISTRATORS, SEED, SIZES, generate, render
from .report import Row, duration, machine, table, write
from .timing import Samples, medians

if TYPE_CHECKING:
    from .rivals import Comparison

T = TypeVar("T")

BUILD = Path("build")
_ROUNDS = {"S": 15, "L": 11}
_RIVAL_QUESTIONS = 120
_MEGABYTE = 1_000_000


class Failures(dict[str, str]):
    """What could not be measured, and why."""

    def attempt(self, name: str, call: Callable[[], T]) -> T | None:
        """The result of a measurement, or None after noting why there is none."""
        try:
            return call()
        except Exception as error:  # one broken part must not hide the others
            self[name] = f"{type(error).__name__}: {error}"
            return None


def files() -> dict[str, Path]:
    """The generated files, written anew."""
    BUILD.mkdir(exist_ok=True)
    found = {}
    for name, size in SIZES.items():
        found[name] = BUILD / f"bench-{name}.cfg"
        found[name].write_text(render(generate(size)), encoding="ascii")
    return found


def decision_rows(times: dict[str, float]) -> list[Row]:
    """The rows about one large file."""
    floor = times["floor"]

    def row(name: str, key: str, limit: float | None) -> Row:
        return Row(name, duration(times[key]), times[key] / floor, limit, "x floor")

    return [
        Row("floor: table[path] & bit", duration(floor)),
        Row("splitting the file into fields", duration(times["split"])),
        Row(
            "reading the file, with diagnostics",
            duration(times["read"]),
            times["read"] / times["split"],
            5,
            "x splitting",
        ),
        Row("  the collection it leaves for later", duration(times["left to collect"])),
        row("warm decision", "warm", 4),
        row("cold decision, known subject", "cold", 60),
        row("first decision about a subject", "first", 10_000),
        row("machines an ordinary subject may audit", "list", 20_000),
        row("  the same again", "list again", 500),
        *(row(f"all machines, administrator of {path}", f"list all, {path}", 100_000) for path in ADMINISTRATORS),
        row("one ACL entry changed to the next decision", "edit", 100_000),
    ]


def memory_rows(used: dict[str, int]) -> list[Row]:
    """Resident growth is judged; what Python counts is beside it."""
    resident, counted = (used[how] / _MEGABYTE for how in ("resident", "counted"))
    return [
        Row("memory, policy and 200 active subjects", f"{resident:.0f} MB", resident, 120, "MB"),
        Row("  of it alive by Python's count", f"{counted:.0f} MB"),
    ]


def rival_rows(small: dict[str, float], compared: "list[Comparison]") -> list[Row]:
    """Our cold decision on S against the faster rival's."""
    fastest = min(compared, key=lambda rival: rival.nanoseconds)
    rows = [Row("on S: cold decision", duration(small["cold"]))]
    rows += [
        Row(
            f"on S: {rival.name} {rival.version}",
            duration(rival.nanoseconds),
            rival.nanoseconds / small["cold"],
            100 if rival is fastest else None,
            "x ours",
            at_least=True,
        )
        for rival in compared
    ]
    return rows


def startup_rows(samples: Samples, failures: dict[str, str]) -> list[Row]:
    """Whole processes."""
    rows = [Row(startup.BASE, duration(median(samples[startup.BASE])))]
    for name, limit in (("virtward --version", 5), ("virtward --help", 5), ("virtward can", 8)):
        shown = f"{name} (on S)" if name == "virtward can" else name
        if name in failures:
            rows.append(Row(shown, limit=limit, of="x python", failure=failures[name]))
        else:
            measured = duration(median(samples[name]))
            rows.append(Row(shown, measured, startup.ratio(samples, name, startup.BASE), limit, "x python"))
    ours, theirs = "virtward --help", "proxcli --help"
    lost = failures.get(ours) or failures.get(theirs)
    if lost:
        rows.append(Row(theirs, limit=4, of="x ours", at_least=True, failure=lost))
    else:
        measured = duration(median(samples[theirs]))
        rows.append(Row(theirs, measured, startup.ratio(samples, theirs, ours), 4, "x ours", at_least=True))
    return rows


def compare(small: Path) -> "list[Comparison]":
    """The rivals on the small file."""
    from . import rivals  # here, because what they load would weigh on the collections of all other measurements

    policy = usercfg.parse(small.read_bytes()).policy
    random = Random(SEED)
    asked = questions.sample(policy, questions.cast(policy, random).active, random, _RIVAL_QUESTIONS)
    return rivals.compare(policy, asked, {name: version(name) for name in ("pycasbin", "cedarpy")})


def notes(compared: "list[Comparison]") -> list[str]:
    """What the table doesn't say."""
    here = machine()
    lines = [
        f"Python {here['python']}, {here['cpu_count']} CPUs, load {here['load_average_1min']:.1f}.",
        "Medians; in each round everything compared takes turns, and the file is read anew. The loop around the",
        "floor and around the decisions is taken off both. An administrator's list is the first of its subject.",
    ]
    if compared:
        lines += ["", f"The rivals' model: {compared[0].simplification}."]
        lines += [agreement(rival) for rival in compared]
    return lines


def agreement(rival: "Comparison") -> str:
    """One line about how a rival's verdicts compare."""
    verdict = "agrees on" if rival.agrees else "DISAGREES, the same on"
    text = f"{rival.name} {verdict} {rival.agreed} of {rival.expressible} questions its model can express"
    text += f" ({rival.allowed} of all {rival.expressible + rival.others} allowed)"
    return text + (f", and on {rival.others_agreed} of {rival.others} others" if rival.others else "")


def main() -> int:
    """Measures everything; 1 if something could not be measured."""
    started = perf_counter()
    failed = Failures()
    generated = files()
    rows: list[Row] = []
    raw: dict[str, Samples] = {}
    for name, path in generated.items():
        samples = failed.attempt(
            f"the engine on {name}", partial(engine.measure, path.read_bytes(), _ROUNDS[name], SEED)
        )
        if samples is not None:
            raw[name] = samples
    if "L" in raw:
        rows += decision_rows(medians(raw["L"]))
    used = failed.attempt("memory", partial(memory.measure, generated["L"]))
    rows += memory_rows(used) if used is not None else []
    launched = failed.attempt("start-up", partial(startup.measure, generated["S"]))
    compared = failed.attempt("the rivals", partial(compare, generated["S"])) or []
    if compared and "S" in raw:
        rows += rival_rows(medians(raw["S"]), compared)
    if launched is not None:
        raw["start-up"] = launched[0]
        failed |= launched[1]
        rows += startup_rows(*launched)
    print(table(rows), *notes(compared), sep="\n")
    facts: dict[str, object] = {
        "machine": machine(),
        "sizes": {name: asdict(size) for name, size in SIZES.items()},
        "seed": SEED,
        "medians_ns": {name: medians(samples) for name, samples in raw.items()},
        "samples_ns": raw,
        "memory_bytes": used,
        "rivals": [asdict(rival) for rival in compared],
        "failures": failed,
        "seconds": round(perf_counter() - started, 1),
    }
    write(BUILD / "bench.json", rows, facts)
    for name, reason in failed.items():
        print(f"could not measure {name}: {reason}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
