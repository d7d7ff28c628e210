"""Writes `docs/reference/` from the tables of the code, and the README's examples from their real output.

    python tools/docs.py            writes what differs
    python tools/docs.py --check    says what differs and exits with 1 if anything does

In the README, a block that starts with ```console holds commands (`$ virtward ...`) and what they print.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from virtward.analysis.lint import RULES
from virtward.cli import reference
from virtward.policy.privileges import BITS, RELEASES, names

ROOT = Path(__file__).parent.parent
_BLOCK = re.compile(r"(```console\n)(.*?)(```)", re.DOTALL)
_MADE = "<!-- Made by `make docs` from the code's tables: change those, not this page. -->\n\n"


def privileges() -> str:
    """The page of privileges and built-in roles."""
    roles = sorted(RELEASES["9"].roles)
    lines = [
        _MADE + "# Privileges and built-in roles\n",
        "| privilege | releases | built-in roles of release 9 |",
        "|---|---|---|",
    ]
    for name, bit in BITS.items():
        releases = ", ".join(release for release, known in RELEASES.items() if name in known.bits)
        holders = ", ".join(role for role in roles if RELEASES["9"].roles[role] & bit)
        lines.append(f"| `{name}` | {releases} | {holders or 'none'} |")
    for release, known in RELEASES.items():
        lines += [f"\n## Roles of release {release}\n", "| role | privileges |", "|---|---|"]
        lines += [f"| `{role}` | {', '.join(names(mask)) or 'none'} |" for role, mask in known.roles.items()]
    return "\n".join(lines) + "\n"


def traps() -> str:
    """The page of what `virtward check` finds."""
    lines = [
        _MADE + "# What `virtward check` finds besides malformed lines\n",
        "| code | severity | what to do |",
        "|---|---|---|",
    ]
    for code, rule in sorted(RULES.items()):
        lines.append(f"| `{code}` | {rule.severity.value} | {rule.advice.replace('|', '/')} |")
    return "\n".join(lines) + "\n"


def with_output(text: str) -> str:
    """A page whose console blocks show what their commands print now."""

    def block(match: re.Match[str]) -> str:
        commands = [line[2:] for line in match[2].splitlines() if line.startswith("$ ")]
        return match[1] + "".join(f"$ {command}\n{output(command)}" for command in commands) + match[3]

    return _BLOCK.sub(block, text)


def output(command: str) -> str:
    """What a command prints, standard error included, in a shell in the project's folder."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    env = {"PATH": path, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "COLUMNS": "100"}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.stdout


def pages() -> dict[Path, str]:
    """Every generated page by its path."""
    readme = ROOT / "README.md"
    folder = ROOT / "docs" / "reference"
    return {
        folder / "commands.md": _MADE + reference(),
        folder / "privileges.md": privileges(),
        folder / "findings.md": traps(),
        readme: with_output(readme.read_text(encoding="utf-8")),
    }


def main(check: bool) -> int:
    """Writes the pages, or compares them."""
    stale = [
        path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(f"{'stale' if check else 'wrote'}: {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages()[path], encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
