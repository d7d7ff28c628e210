"""The keys of an installation: rotation, and what the store gets."""

import json
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from virtward.errors import Error
from virtward.identity import signing, ticket
from virtward.identity.keys import Keys
from virtward.identity.secret import Key
from virtward.identity.signing import TicketKeys

from .conftest import NOW, ROTATED


@pytest.fixture(scope="session")
def everything(rotated: TicketKeys, key: Key) -> Keys:
    return Keys(rotated, key, Key(bytes(32)))


def test_a_new_installation_gets_different_keys_from_the_given_randomness() -> None:
    asked: list[int] = []

    def random(count: int) -> bytes:
        asked.append(count)
        return bytes([len(asked)]) * count

    made = Keys.generate(random, NOW)
    assert asked == [32, 32]
    assert made.csrf == Key(b"\1" * 32)
    assert made.pepper == Key(b"\2" * 32)
    assert made.tickets.since == NOW
    assert made.tickets.previous is None
    assert made.tickets.current.key_size == 2048


@pytest.mark.parametrize(("age", "due"), [(0, False), (24 * 3600 - 1, False), (24 * 3600, True), (10**6, True)])
def test_a_key_is_due_after_a_day(keys: TicketKeys, key: Key, age: int, due: bool) -> None:
    assert Keys(keys, key, key).due(NOW + age) is due


def test_a_rotation_keeps_the_public_half_of_the_old_key_and_all_else(keys: TicketKeys, key: Key) -> None:
    before = Keys(keys, key, key)
    after = before.rotated(ROTATED)
    assert after.tickets.since == ROTATED
    assert after.tickets.previous == keys.current.public_key()
    assert (after.csrf, after.pepper) == (before.csrf, before.pepper)
    assert not after.due(ROTATED)


def test_what_was_dumped_loads_and_still_verifies(everything: Keys, keys: TicketKeys) -> None:
    loaded = Keys.load(everything.dump())
    assert loaded.dump() == everything.dump()
    text = ticket.issue(keys, "a@pve", ROTATED - 1)
    assert ticket.verify(loaded.tickets, text, ROTATED) == "a@pve"
    assert loaded.csrf_valid("a@pve", everything.csrf_token("a@pve", NOW), NOW)
    assert (loaded.csrf, loaded.pepper) == (everything.csrf, everything.pepper)


def test_the_first_keys_have_no_previous_one(keys: TicketKeys, key: Key) -> None:
    assert Keys.load(Keys(keys, key, key).dump()).tickets.previous is None


@pytest.mark.parametrize(
    "change",
    [
        {"current": None},
        {"current": ""},
        {"current": 1},
        {"current": "ü"},
        {"current": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
        {"previous": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"},
        {"since": "1"},
        {"since": True},
        {"since": None},
        {"csrf": ""},
        {"csrf": "zz"},
        {"pepper": "00"},
        {"pepper": None},
    ],
)
def test_damaged_keys_are_an_error_that_shows_nothing(everything: Keys, change: Mapping[str, object]) -> None:
    stored = json.loads(everything.dump())
    with pytest.raises(Error) as caught:
        Keys.load(json.dumps({**stored, **change}).encode())
    assert "BEGIN" not in caught.value.message
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"{}", b"\xff", b'{"current": "x"}'])
def test_something_else_is_an_error(raw: bytes) -> None:
    with pytest.raises(Error, match="damaged"):
        Keys.load(raw)


def test_keys_of_another_kind_or_too_short_are_refused() -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1())
    short = rsa.generate_private_key(65537, 1024)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    for private in (elliptic, short):
        with pytest.raises(Error, match="not an RSA key"):
            signing.read_private(private.private_bytes(pem, form, serialization.NoEncryption()))
        public = private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(Error, match="not an RSA key"):
            signing.read_public(public)


def test_a_key_with_a_passphrase_is_an_error(keys: TicketKeys) -> None:
    locked = keys.current.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    with pytest.raises(Error, match="can't be read"):
        signing.read_private(locked)
