"""Fixtures of the contract suites: each store of the product, and a clock that stands still.

Hypothesis is set up as in `tests/properties`.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from virtward.ports import Store
from virtward.store.memory import MemoryStore
from virtward.store.sqlite import SqliteStore

settings.register_profile(
    "contracts",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("contracts")


class SetClock:
    """A clock that shows what it is set to."""

    def __init__(self, time: float = 1_750_000_000.0) -> None:
        self.time = time

    def now(self) -> float:
        return self.time


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


AnyStore = SqliteStore | MemoryStore
STORES: dict[str, Callable[[Path], AnyStore]] = {
    "sqlite": lambda path: SqliteStore(path / "virtward.db", clock=SetClock()),
    "memory": lambda path: MemoryStore(),
}


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyStore]:
    made = STORES[request.param](tmp_path)
    as_port: Store = made
    yield made
    as_port.close()
