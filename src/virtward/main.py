"""The entry point: what the `virtward` command runs.

Rule: importing this costs next to nothing; whatever only some commands need is imported when they need it.
"""

import sys


def run() -> int:
    """Runs the command line of this process; the result is its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from . import __version__

        sys.stdout.write(f"virtward {__version__}\n")
        return 0
    try:
        from .cli.front import run_process

        return run_process(sys.argv[1:])
    except KeyboardInterrupt:
        return 130
