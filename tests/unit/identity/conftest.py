"""Keys are dear to make: one set for all tests of the folder."""

import hmac

import pytest

from virtward.identity.secret import Key
from virtward.identity.signing import TicketKeys

NOW = 1_700_000_000
ROTATED = NOW + 24 * 3600


@pytest.fixture(scope="session")
def keys() -> TicketKeys:
    return TicketKeys.generate(NOW)


@pytest.fixture(scope="session")
def rotated(keys: TicketKeys) -> TicketKeys:
    return keys.rotated(ROTATED)


@pytest.fixture(scope="session")
def key() -> Key:
    return Key(bytes(range(32)))


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The left sides of all comparisons in constant time, in order."""
    seen: list[object] = []
    compare = hmac.compare_digest

    def watched(left: bytes, right: bytes) -> bool:
        seen.append(left)
        return compare(left, right)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    return seen
