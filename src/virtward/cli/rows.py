"""What a row of the command table is made of.

Rule: an option is declared once, in `commands`; parser, help, completion and reference page read the rows.
"""

from collections.abc import Callable
from typing import NamedTuple

from .shell import Call


class Argument(NamedTuple):
    """A word or an option of a command.

    `name` is the key of its value. An option has its spelling in `long`, `short` too if it has one; without
    `metavar` it is a flag. `many` takes all words that are left. `completes` names what completion offers.
    """

    name: str
    help: str
    metavar: str = ""
    long: str = ""
    short: str = ""
    choices: tuple[str, ...] = ()
    optional: bool = False
    many: bool = False
    completes: str = ""


class Field(NamedTuple):
    """A key of an answer: what it means, and its column's title if people see it in a table."""

    key: str
    meaning: str
    title: str = ""


class Command(NamedTuple):
    """A command. `forms` are its ways of being called, without options; `run` gives the exit code.

    `exits` says what the exit codes mean. As JSON it prints an object, or, if it `lists`, a list of them, with the
    keys that `answers` names.
    """

    name: str
    summary: str
    description: str
    forms: tuple[str, ...]
    arguments: tuple[Argument, ...]
    examples: tuple[tuple[str, str], ...]
    exits: tuple[tuple[int, str], ...]
    run: Callable[[Call], int]
    lists: bool = False
    hidden: bool = False
