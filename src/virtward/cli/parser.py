"""The words of a command line -> the command and its values.

Rule: options may stand anywhere, before or after the command; only the parser of the chosen command is built.
"""

import argparse
from collections.abc import Iterator, Sequence
from typing import NamedTuple, NoReturn

from ..errors import Error
from .commands import COMMANDS, GLOBAL
from .near import did_you_mean, near
from .rows import Argument, Command
from .shell import Value

HELP = Argument("help", "show this help", long="--help", short="-h")


class Option(NamedTuple):
    """An option as written, and the next word if that is its value."""

    word: str
    value: str | None = None


class Words(NamedTuple):
    """A command line taken apart: the command's name, its options, the other words."""

    command: str
    options: list[Option]
    others: list[str]

    def asks(self, *spellings: str) -> bool:
        """Whether one of these options is given."""
        return any(option.word in spellings for option in self.options)


def find(name: str) -> Command:
    """The row of a command; Error with near names if there is none."""
    for row in COMMANDS:
        if row.name == name:
            return row
    raise Error(
        f"unknown command '{name}'.{did_you_mean(near(name, [row.name for row in COMMANDS]))}"
        " `virtward --help` lists them."
    )


def options_of(row: Command | None) -> list[Argument]:
    """The options of a command, those of every command included; all there are without a command."""
    rows = COMMANDS if row is None else (row,)
    own = [each for command in rows for each in command.arguments if each.long]
    return [*dict.fromkeys(own), *GLOBAL, HELP]


def positionals_of(row: Command) -> list[Argument]:
    """The words of a command that aren't options."""
    return [each for each in row.arguments if not each.long]


def split(argv: Sequence[str]) -> Words:
    """Takes the words apart. The first that is no option, and no option's value, is the command."""
    valued = {word for each in options_of(None) if each.metavar for word in (each.long, each.short) if word}
    options: list[Option] = []
    others: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            others += words
        elif word.startswith("-") and word != "-":
            takes_next = [*_spellings(word, valued)][-1] in valued and "=" not in word
            options.append(Option(word, next(words, None) if takes_next and _ends(word, valued) else None))
        else:
            others.append(word)
    return Words(others[0] if others else "", options, others[1:])


def _spellings(word: str, valued: set[str]) -> Iterator[str]:
    """The options that a word is made of: `--long`, `-a -b` for `-ab`, up to one that takes the rest as value."""
    if word.startswith("--"):
        yield word.partition("=")[0]
        return
    for letter in word[1:]:
        yield f"-{letter}"
        if f"-{letter}" in valued:
            return


def _ends(word: str, valued: set[str]) -> bool:
    """Whether a word ends with the option that takes a value, so that the value is the next word."""
    return word.startswith("--") or len([*_spellings(word, valued)]) == len(word) - 1


def values_of(row: Command, words: Words) -> dict[str, Value]:
    """The values of the command's arguments by name. Raises Error for words that don't fit."""
    _check_options(row, words.options)
    options = [each for option in words.options for each in option if each is not None]
    try:
        found, extra = build(row).parse_known_args([*options, *(["--", *words.others] if words.others else [])])
    except argparse.ArgumentTypeError as error:
        raise Error(f"{error}{_usage(row)}") from None
    if extra:
        raise Error(f"{row.name} doesn't take the word '{extra[0]}'{_usage(row)}")
    values: dict[str, Value] = vars(found)
    for each in (*row.arguments, *GLOBAL):
        value = values[each.name]
        if each.choices and isinstance(value, str) and value not in each.choices:
            meant = did_you_mean(near(value, each.choices))
            raise Error(f"{each.long or each.metavar} can't be '{value}', only {', '.join(each.choices)}.{meant}")
    return values


def _check_options(row: Command, options: Sequence[Option]) -> None:
    """Raises Error for an option that the command doesn't have."""
    known = options_of(row)
    spellings = {spelling for each in known for spelling in (each.long, each.short) if spelling}
    valued = {spelling for each in known if each.metavar for spelling in (each.long, each.short)}
    for option in options:
        for spelling in _spellings(option.word, valued):
            if spelling not in spellings:
                shown = spelling if spelling.startswith("--") else option.word
                raise Error(
                    f"{row.name} has no option '{shown}'.{did_you_mean(near(shown, spellings))}{_usage(row)}"
                )


def _usage(row: Command) -> str:
    return "\n" + "\n".join(usage(row)) + f"\n`virtward {row.name} --help` has examples."


def usage(row: Command) -> list[str]:
    """How the command is called, a line per form."""
    return [f"usage: virtward {row.name} {form}".rstrip() for form in row.forms]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise argparse.ArgumentTypeError(message)


def build(row: Command) -> argparse.ArgumentParser:
    """The parser of one command."""
    from .help import description, epilog

    parser = _Parser(
        prog=f"virtward {row.name}",
        usage="\n       ".join(f"virtward {row.name} {form} [OPTION ...]" for form in row.forms),
        description=description(row),
        epilog=epilog(row),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    words = parser.add_argument_group("words")
    own = parser.add_argument_group("options")
    for each in row.arguments:
        _add(own if each.long else words, each)
    everywhere = parser.add_argument_group("options of every command")
    for each in (*GLOBAL, HELP):
        _add(everywhere, each)
    return parser


def _add(group: "argparse._ArgumentGroup", row: Argument) -> None:
    spellings = [each for each in (row.short, row.long) if each]
    help_ = row.help.replace("%", "%%")
    if not spellings:
        nargs = "*" if row.many else "?" if row.optional else None
        default: list[str] | None = [] if row.many else None
        group.add_argument(row.name, metavar=row.metavar, nargs=nargs, default=default, help=help_)
    elif row.metavar:
        group.add_argument(*spellings, dest=row.name, metavar=row.metavar, help=help_)
    else:
        group.add_argument(*spellings, dest=row.name, action="store_true", help=help_)
