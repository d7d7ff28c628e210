"""Help as text: the page of all commands, and what stands around the words and options of one."""

from collections.abc import Iterator

from .commands import COMMANDS, GLOBAL
from .rows import Argument, Command
from .text import wrap

_WIDTH = 78
INTRODUCTION = "Answers questions about the user.cfg of Proxmox VE: who may do what, why, and how to grant it."
_EXAMPLES = (
    "virtward can alice@pve VM.PowerMgmt /vms/100",
    "virtward why alice@pve PUT /nodes/n1/qemu/100/config cores=4",
    "virtward who-can VM.Console /vms/100 --policy user.cfg",
)


def overview() -> str:
    """The page of `virtward --help`."""
    return "\n".join(_overview()) + "\n"


def _overview() -> Iterator[str]:
    yield "usage: virtward COMMAND ... [OPTION ...]"
    yield ""
    yield from wrap(INTRODUCTION, _WIDTH)
    yield ""
    yield "commands:"
    for row in COMMANDS:
        if not row.hidden:
            yield f"  {row.name:<15} {row.summary}"
    yield ""
    yield "options of every command, before or after it:"
    yield from _option_lines()
    yield ""
    yield "examples:"
    yield from (f"  {example}" for example in _EXAMPLES)
    yield ""
    yield from wrap(
        "Exit codes: 0 yes or done, 1 no or something found, 2 the question or the file can't be understood."
        " `virtward COMMAND --help` explains each command and has examples.",
        _WIDTH,
    )


def _option_lines() -> Iterator[str]:
    shown = [(_spelling(each), each.help) for each in GLOBAL]
    shown += [("-h, --help", "show this help, or that of the command"), ("-V, --version", "print the version")]
    for spelling, text in shown:
        first, *others = wrap(text, _WIDTH - 24)
        yield f"  {spelling:<21} {first}"
        yield from (f"{'':<24}{line}" for line in others)


def _spelling(row: Argument) -> str:
    return f"{row.short + ', ' if row.short else '    '}{row.long} {row.metavar}".rstrip()


def description(row: Command) -> str:
    """What the command does, wrapped."""
    return "\n".join(wrap(row.description.replace("`", ""), _WIDTH))


def epilog(row: Command) -> str:
    """Examples and exit codes."""
    lines = ["examples:"]
    for example, meaning in row.examples:
        lines += [f"  # {meaning}", f"  {'' if row.name == 'completion' else 'virtward '}{example}"]
    lines += ["", "exit codes:", *(f"  {code}  {meaning}" for code, meaning in row.exits)]
    return "\n".join(lines)
