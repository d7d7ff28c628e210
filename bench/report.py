"""The table for people and the file for machines."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "us"), (1.0, "ns"))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a measurement, how it compares, and the limit the ratio must keep.

    `failure` says why there is no measurement. A row without `limit` is for information.
    """

    name: str
    measured: str = ""
    ratio: float | None = None
    limit: float | None = None
    of: str = ""
    at_least: bool = False
    failure: str = ""

    @property
    def ok(self) -> bool | None:
        """Whether the limit is kept; None if there is none or nothing to compare."""
        if self.limit is None or self.ratio is None:
            return None
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit


def duration(nanoseconds: float) -> str:
    """Three digits and a unit."""
    for size, unit in _UNITS:
        if nanoseconds >= size:
            return f"{_digits(nanoseconds / size)} {unit}"
    return f"{nanoseconds:.2f} ns"


def _digits(value: float) -> str:
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{decimals}f}"


def table(rows: Sequence[Row]) -> str:
    """All rows, aligned."""
    lines = [("", "measured", "ratio", "limit", "ok")]
    lines += [_cells(row) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in (0, 4) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    if row.failure:
        return row.name, "not measured", "", _limit(row), ""
    ratio = f"{_digits(row.ratio)} {row.of}" if row.ratio is not None else ""
    return row.name, row.measured, ratio, _limit(row), {True: "yes", False: "NO", None: ""}[row.ok]


def _limit(row: Row) -> str:
    if row.limit is None:
        return ""
    return f"{'>=' if row.at_least else '<='} {row.limit:,.0f} {row.of}"


def machine() -> dict[str, object]:
    """The facts about this machine that explain absolute numbers."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu_count": os.cpu_count(),
        "load_average_1min": os.getloadavg()[0],
    }


def write(path: Path, rows: Sequence[Row], facts: dict[str, object]) -> None:
    """The JSON file: every row, and the facts given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"rows": [{**asdict(row), "ok": row.ok} for row in rows], **facts}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
