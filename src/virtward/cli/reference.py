"""The reference page of the command line, as Markdown.

Rule: everything on it comes from the rows; there is no second description of a command.
"""

from collections.abc import Iterator

from .answers import ANSWERS
from .commands import COMMANDS, GLOBAL
from .help import INTRODUCTION
from .parser import HELP, positionals_of
from .rows import Argument, Command, Field

_OUTPUT = r"""## Output

On a terminal answers are for people: tables and trees, in colour unless `NO_COLOR` is set or `TERM` is `dumb`.
Elsewhere the format is `text`: the same words, aligned with spaces, without colour, never wrapped by a terminal's
width. `-o json` and `-o yaml` are for programs; their keys are listed with each command and don't change
their meaning. Lists are always lists, an empty one included. Notes and errors go to standard error.

What comes from a file or an argument is escaped, in every format alike, wherever it could act on a terminal or
isn't text: `\xNN` stands for a byte (control characters, bytes that aren't UTF-8), `\uNNNN` for other invisible
characters, and `\x5c` for a backslash that could be mistaken for the start of one of these. A subject may be
written the same way on the command line.

`fmt` prints the file itself, byte for byte.
"""


def page() -> str:
    """The whole page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "# The command line"
    yield ""
    yield INTRODUCTION
    yield ""
    yield "| command | answers |"
    yield "|---|---|"
    for row in _shown():
        yield f"| [`{row.name}`](#{row.name}) | {_cell(row.summary)} |"
    yield ""
    yield "## Options of every command"
    yield ""
    yield "They may stand before or after the command."
    yield ""
    yield from _arguments([*GLOBAL, HELP])
    yield "`virtward --version` prints the version, `virtward --help` the list of commands."
    yield ""
    yield from _OUTPUT.split("\n")
    yield from _exit_codes()
    for row in _shown():
        yield from _command(row)


def _exit_codes() -> Iterator[str]:
    yield "## Exit codes"
    yield ""
    yield "| command | 0 | 1 | 2 |"
    yield "|---|---|---|---|"
    for row in _shown():
        meanings = dict(row.exits)
        yield f"| `{row.name}` | {' | '.join(_cell(meanings.get(code, '')) for code in range(3))} |"
    yield ""
    yield "130 means interrupted (Ctrl+C), 141 that whoever read the output stopped reading."
    yield ""


def _shown() -> list[Command]:
    return [row for row in COMMANDS if not row.hidden]


def _command(row: Command) -> Iterator[str]:
    yield f"## {row.name}"
    yield ""
    yield row.description
    yield ""
    yield from (f"    virtward {row.name} {form}".rstrip() for form in row.forms)
    yield ""
    yield from _arguments([*positionals_of(row), *(each for each in row.arguments if each.long)])
    yield "Examples:"
    yield ""
    for example, meaning in row.examples:
        yield f"    {example if row.name == 'completion' else f'virtward {example}'}    # {meaning}"
    yield ""
    for variant, fields in ANSWERS.get(row.name, {}).items():
        yield from _answer(row, variant, fields)


def _arguments(arguments: list[Argument]) -> Iterator[str]:
    if not arguments:
        return
    yield "| argument | meaning |"
    yield "|---|---|"
    for each in arguments:
        spelling = ", ".join(spelling for spelling in (each.short, each.long) if spelling)
        name = f"{spelling} {each.metavar}".strip()
        choices = (
            f": {', '.join(f'`{choice}`' for choice in each.choices)}" if each.choices and not each.long else ""
        )
        yield f"| `{name}` | {_cell(each.help)}{choices} |"
    yield ""


def _answer(row: Command, variant: str, fields: tuple[Field, ...]) -> Iterator[str]:
    name = f"{row.name} {variant}".rstrip()
    yield f"As JSON, `{name}` prints {'a list of objects' if row.lists else 'an object'} with these keys:"
    yield ""
    yield "| key | meaning |"
    yield "|---|---|"
    for field in fields:
        yield f"| `{field.key}` | {_cell(field.meaning or field.key)} |"
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
