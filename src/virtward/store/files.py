"""Files that are the server's user's alone."""

import os
import stat
from pathlib import Path

from ..errors import Error


def make_private(path: Path) -> None:
    """Makes the file (0600) and its directory (0700) where missing; OSError if that fails.

    Raises Error if others than the owner could read the file, or put another in its place.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Error(f"{path.parent} can be written by others: chmod go-w {path.parent}")
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Error(f"{path} can be read by others: chmod 600 {path}")


def identity(path: Path) -> tuple[int, int]:
    """What tells a file from another that takes its place; OSError if there is none."""
    found = os.stat(path)
    return found.st_dev, found.st_ino
