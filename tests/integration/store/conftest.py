"""What the tests of the SQLite store share: stores on one file, and processes that use it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contracts.conftest import SetClock
from virtward.store.sqlite import SqliteStore


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "virtward.db"


Open = Callable[..., SqliteStore]


@pytest.fixture
def opened(path: Path, clock: SetClock) -> Iterator[Open]:
    """Opens the store, as often as asked; nobody looks by itself for what others wrote."""
    stores: list[SqliteStore] = []

    def open_store(**options: float) -> SqliteStore:
        stores.append(SqliteStore(path, clock=clock, **{"poll": 1000.0, **options}))  # type: ignore[arg-type]
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


def child(script: str, *args: object) -> "subprocess.Popen[str]":
    """A Python process that runs a script of this folder."""
    root = Path(__file__).parents[3]
    path = os.pathsep.join((str(root / "src"), str(root)))
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name(script)), *map(str, args)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
