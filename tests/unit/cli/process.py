"""Runs a command line in this process: words and a policy in, exit code, output and errors out."""

from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import NamedTuple

from virtward.cli.front import run
from virtward.cli.shell import Shell

NOW = 1_750_000_000
SAMPLE = (Path(__file__).parents[3] / "examples" / "user.cfg").read_bytes()


class Done(NamedTuple):
    code: int
    out: str
    err: str


class Terminal(TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def virtward(
    *words: str,
    policy: bytes | str | None = SAMPLE,
    environ: dict[str, str] | None = None,
    terminal: bool = False,
    encoding: str = "utf-8",
) -> Done:
    """Runs `virtward WORDS`; the policy, if any, comes through standard input."""
    data = policy.encode("utf-8", "surrogateescape") if isinstance(policy, str) else policy
    raw, raw_errors = BytesIO(), BytesIO()
    kind = Terminal if terminal else TextIOWrapper
    out, errors = kind(raw, encoding), TextIOWrapper(raw_errors, encoding)
    argv = ([] if data is None else ["--policy", "-"]) + list(words)
    shell = Shell(BytesIO(data or b""), out, errors, {"VIRTWARD_DEBUG": "1", **(environ or {})}, lambda: NOW)
    code = run(argv, shell)
    out.flush()
    errors.flush()
    return Done(code, raw.getvalue().decode(encoding, "surrogateescape"), raw_errors.getvalue().decode(encoding))
