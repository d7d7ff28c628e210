"""What a command gets from outside: streams, environment, the time, and the words it was called with."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TextIO

if TYPE_CHECKING:
    from .rows import Command

Value = str | bool | list[str] | None


class Shell(NamedTuple):
    """The process around a command; `stdin` is bytes, `clock` gives Unix seconds."""

    stdin: BinaryIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    clock: Callable[[], float]


class Call(NamedTuple):
    """One call of a command: its row, the values of its arguments by name, and the shell."""

    command: "Command"
    values: Mapping[str, Value]
    shell: Shell

    def text(self, name: str) -> str:
        """The value of an argument with one value; empty if it wasn't given."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """Whether an option without a value was given."""
        return self.values.get(name) is True

    def words(self, name: str) -> list[str]:
        """The values of an argument that takes many."""
        value = self.values.get(name)
        return value if isinstance(value, list) else []

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self.shell.clock())
