"""Report modules and functions of the package that are larger than the house rules like.

Over the soft limit is printed; over the hard limit fails. Lines are physical lines; a function counts
from its `def` to its last line, docstring included.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# Modules that are a data table, free of the module limits; named like "policy/privileges.py".
DATA_MODULES: frozenset[str] = frozenset()

MODULE_SOFT, MODULE_HARD = 300, 500
FUNCTION_SOFT, FUNCTION_HARD = 30, 60

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "virtward"


class Finding(NamedTuple):
    """One module or function over a limit."""

    where: str
    what: str
    lines: int
    soft: int
    hard: int

    @property
    def fails(self) -> bool:
        """Whether the hard limit is exceeded."""
        return self.lines > self.hard


def module_finding(name: str, source: str) -> Iterator[Finding]:
    """The module itself, unless it is a data table or small enough."""
    lines = len(source.splitlines())
    if lines > MODULE_SOFT and name not in DATA_MODULES:
        yield Finding(name, "module", lines, MODULE_SOFT, MODULE_HARD)


def function_findings(name: str, source: str) -> Iterator[Finding]:
    """Each function of the module that is too long, in the order of the file."""
    for node in ast.walk(ast.parse(source, filename=name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_SOFT:
                yield Finding(f"{name}:{node.lineno}", node.name, lines, FUNCTION_SOFT, FUNCTION_HARD)


def findings(package: Path) -> Iterator[Finding]:
    """Everything over a soft limit below the package."""
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        source = path.read_text(encoding="utf-8")
        yield from module_finding(name, source)
        yield from function_findings(name, source)


def main() -> int:
    """Print what is over a limit; 1 if anything is over a hard one."""
    failed = False
    for finding in findings(PACKAGE):
        limit = finding.hard if finding.fails else finding.soft
        verdict = "TOO LONG" if finding.fails else "long"
        print(f"{verdict}: {finding.where} {finding.what}: {finding.lines} lines (limit {limit})")
        failed = failed or finding.fails
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
