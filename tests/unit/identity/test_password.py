"""Passwords: argon2id, and as much work for those who don't exist."""

import argon2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtward.errors import Error
from virtward.identity.password import Passwords

CHEAP = Passwords(passes=1, memory=8, lanes=1)
SALT = bytes(range(16))


@settings(max_examples=50, deadline=None)
@given(password=st.text(st.characters()), other=st.text(st.characters()))
def test_a_password_fits_its_own_hash_only(password: str, other: str) -> None:
    stored = CHEAP.hash(password, SALT)
    assert CHEAP.verify(stored, password)
    assert CHEAP.verify(stored, other) is (password == other)


def test_what_is_stored_is_argon2id_with_the_salt_and_the_recommended_costs() -> None:
    stored = Passwords().hash("hunter2hunter2", SALT)
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw$")
    assert "hunter2" not in stored
    assert argon2.PasswordHasher().verify(stored, "hunter2hunter2")
    assert argon2.extract_parameters(stored) == argon2.profiles.RFC_9106_LOW_MEMORY


def test_different_salts_give_different_hashes() -> None:
    assert CHEAP.hash("same", SALT) != CHEAP.hash("same", bytes(16))


@pytest.mark.parametrize("salt", [b"", bytes(15), bytes(17)])
def test_a_salt_of_another_size_is_refused(salt: bytes) -> None:
    with pytest.raises(Error, match="16 bytes"):
        CHEAP.hash("password", salt)


def test_costs_that_argon2_refuses_are_an_error() -> None:
    with pytest.raises(Error, match="can't be hashed"):
        Passwords(passes=1, memory=1, lanes=1).hash("password", SALT)


def test_a_user_who_does_not_exist_is_refused_with_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[argon2.Parameters] = []
    plain = argon2.PasswordHasher.verify

    def watched(self: argon2.PasswordHasher, hash: str | bytes, password: str | bytes) -> bool:
        seen.append(argon2.extract_parameters(str(hash)))
        return plain(self, hash, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", watched)
    stored = CHEAP.hash("password", SALT)
    assert not CHEAP.verify(stored, "wrong")
    assert not CHEAP.verify_dummy("wrong")
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_the_dummy_lets_nobody_in_even_if_its_hash_should_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(argon2.PasswordHasher, "verify", lambda *_: True)
    assert CHEAP.verify_dummy("password") is False


def test_other_costs_ask_for_a_rehash() -> None:
    stored = CHEAP.hash("password", SALT)
    assert not CHEAP.needs_rehash(stored)
    assert Passwords().needs_rehash(stored)
    assert Passwords().verify(stored, "password")


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "x",
        "plain",
        "$argon2id$",
        "$argon2id$v=19$m=8,t=1,p=1$AAAA$ü",
        "$argon2id$v=19$m=8,t=1,p=1$!!!!$!!!!",
        "$5$salt$hash",
        argon2.PasswordHasher(1, 8, 1, type=argon2.Type.I).hash("password", salt=SALT),
    ],
)
def test_a_damaged_hash_is_an_error_and_lets_nobody_in(stored: str) -> None:
    with pytest.raises(Error, match="damaged") as caught:
        CHEAP.verify(stored, "password")
    assert not stored or stored not in caught.value.message or stored == "x"


@pytest.mark.parametrize("stored", ["", "plain", "$argon2id$", "$argon2id$v=19$m=8,t=1,p=1"])
def test_a_damaged_hash_asks_for_no_rehash(stored: str) -> None:
    with pytest.raises(Error, match="damaged"):
        CHEAP.needs_rehash(stored)
