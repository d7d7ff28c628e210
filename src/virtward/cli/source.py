"""The policy file: found, read within bounds, parsed, its lines at hand."""

import os
from typing import BinaryIO, NamedTuple

from ..errors import Error
from ..policy.model import Policy
from ..policy.privileges import RELEASES, Release
from ..policy.usercfg import Diagnostic, parse
from .output import note
from .shell import Call
from .text import counted

DEFAULT_FILE = "/etc/pve/user.cfg"
LARGEST = 64 * 1024 * 1024
"""The most bytes a policy file may have."""


class Source(NamedTuple):
    """A policy and the file it comes from; `name` is what messages call the file."""

    name: str
    data: bytes
    policy: Policy
    diagnostics: list[Diagnostic]

    def line(self, number: int) -> str:
        """The text of a line, as the file has it, without white space around it."""
        lines = self.data.split(b"\n", number)
        return lines[number - 1].decode("utf-8", "surrogateescape").strip() if 0 < number <= len(lines) else ""


def release_of(call: Call) -> Release:
    """The release that the call is about."""
    return RELEASES[call.text("release") or "9"]


def load(call: Call, release: Release | None = None) -> Source:
    """The policy that the call names. Raises Error, in words that say what to do, if it can't be read."""
    name = file_of(call)
    data = read(call, name)
    parsed = parse(data, release or release_of(call))
    return Source(_called(name), data, parsed.policy, parsed.diagnostics)


def mention_problems(call: Call, source: Source) -> None:
    """Tells people that lines of the file weren't taken as they stand."""
    problems = len(source.diagnostics)
    if problems:
        said = counted(problems, "problem")
        note(
            call.shell,
            f"{source.name} has {said}, first on line {source.diagnostics[0].line}: see 'virtward check'",
        )


def file_of(call: Call) -> str:
    """The file's name as given, or the default where it exists."""
    name = call.text("policy")
    if name:
        return name
    if call.values.get("policy") is None and os.path.exists(DEFAULT_FILE):
        return DEFAULT_FILE
    raise Error(
        f"no policy file: name a user.cfg with --policy FILE, or '-' for standard input"
        f" ({DEFAULT_FILE}, the default, isn't here)"
    )


def _called(name: str) -> str:
    return "<stdin>" if name == "-" else name


def read(call: Call, name: str) -> bytes:
    """The file's bytes; Error if it can't be read or is too large."""
    try:
        if name == "-":
            return _bounded(call.shell.stdin, name)
        with open(name, "rb") as file:
            return _bounded(file, name)
    except OSError as error:
        hint = ": name the file in it" if isinstance(error, IsADirectoryError) else ""
        raise Error(f"can't read {name}: {error.strerror or error}{hint}") from error


def _bounded(file: BinaryIO, name: str) -> bytes:
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Error(f"{_called(name)} is larger than {LARGEST // 1024 // 1024} MiB: no policy is that large")
    return data
