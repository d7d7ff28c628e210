"""The front door: from the words of a command line to an exit code.

Rule: whatever goes wrong becomes one line on standard error and an exit code; a traceback is for VIRTWARD_DEBUG=1.
"""

import os
import sys
import time
from collections.abc import Sequence

from .. import __version__
from ..errors import Error
from .shell import Call, Shell
from .text import escape

BROKEN_PIPE = 141  # as of a program that SIGPIPE ends
INTERRUPTED = 130


def run_process(argv: Sequence[str]) -> int:
    """Runs the command line in this process, with its streams and clock."""
    import gc

    # A command is short and its answer needs nearly all that it makes: looking for garbage is a waste of time.
    gc.disable()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace", newline="\n")
    code = run(argv, Shell(sys.stdin.buffer, sys.stdout, sys.stderr, os.environ, time.time))
    try:
        sys.stdout.flush()
    except OSError:
        # What is left can't be written: the interpreter must not try, and complain, again on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def run(argv: Sequence[str], shell: Shell) -> int:
    """Runs a command line; never raises for bad input. The result is the exit code."""
    try:
        code = _dispatch(argv, shell)
        shell.stdout.flush()
    except Error as error:
        return _fail(shell, _worded(error), error.exit_code)
    except BrokenPipeError:
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        return _fail(shell, f"can't go on: {error.strerror or error}", Error.exit_code)
    except Exception as error:
        if shell.environ.get("VIRTWARD_DEBUG") == "1":
            raise
        return _fail(shell, f"internal error: {type(error).__name__}: {error}".rstrip(": "), Error.exit_code)
    return code


def _dispatch(argv: Sequence[str], shell: Shell) -> int:
    from .help import overview

    if not argv:
        shell.stderr.write(overview())
        return Error.exit_code
    if list(argv) in (["--help"], ["-h"], ["help"]):
        return _print(shell, overview())
    if argv[0] == "__complete":
        from .complete import run as complete

        return complete(argv[1:], shell)
    from .parser import Option, build, find, split, values_of

    words = split(argv)
    if words.command == "help" and words.others:
        words = words._replace(command=words.others[0], options=[Option("--help")])
    if words.asks("--version", "-V"):
        return _print(shell, f"virtward {__version__}\n")
    if not words.command:
        if words.asks("--help", "-h"):
            return _print(shell, overview())
        raise Error("no command given. `virtward --help` lists them.")
    row = find(words.command)
    if words.asks("--help", "-h"):
        return _print(shell, build(row).format_help())
    return row.run(Call(row, values_of(row, words), shell))


def _print(shell: Shell, text: str) -> int:
    shell.stdout.write(text)
    return 0


def _worded(error: Error) -> str:
    from ..errors import Invalid

    if isinstance(error, Invalid):
        return "; ".join(f"{name}: {problem}" for name, problem in error.errors.items())
    return error.message


def _fail(shell: Shell, message: str, code: int) -> int:
    lines = message.strip().split("\n")
    shell.stderr.write("".join(f"{'virtward: ' if not i else ''}{escape(line)}\n" for i, line in enumerate(lines)))
    return code
