"""CSRF tokens: bound to user and time, in upstream's format."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtward.identity import csrf
from virtward.identity.secret import Key

from .conftest import NOW
from .texts import altered, characters, ids, patient, positions


def test_the_format_is_upstreams(key: Key) -> None:
    time = f"{NOW:08X}"
    digest = hmac.new(key.reveal(), f"{time}:root@pam".encode(), hashlib.sha256).digest()
    expected = base64.b64encode(digest).decode().rstrip("=")
    assert csrf.issue(key, "root@pam", NOW) == f"{time}:{expected}"


@patient
@given(user=ids)
def test_a_token_is_its_users(key: Key, user: str) -> None:
    text = csrf.issue(key, user, NOW)
    assert csrf.valid(key, user, text, NOW)
    assert not csrf.valid(key, user + "x", text, NOW)
    assert not csrf.valid(Key(bytes(32)), user, text, NOW)


@patient
@given(user=ids, position=positions, character=characters)
def test_any_changed_character_is_refused(key: Key, user: str, position: int, character: str) -> None:
    assert not csrf.valid(key, user, altered(csrf.issue(key, user, NOW), position, character), NOW)


@patient
@given(text=st.text(st.characters()))
def test_noise_is_refused(key: Key, text: str) -> None:
    assert not csrf.valid(key, "a@pve", text, NOW)
    assert not csrf.valid(key, "a@pve", f"{NOW:08X}:{text}", NOW)


@pytest.mark.parametrize("more", ["\n", " ", "=", "A"])
def test_text_around_a_token_is_refused(key: Key, more: str) -> None:
    text = csrf.issue(key, "a@pve", NOW)
    assert not csrf.valid(key, "a@pve", text + more, NOW)
    assert not csrf.valid(key, "a@pve", more + text, NOW)


@pytest.mark.parametrize(
    ("age", "valid"), [(-300, False), (-299, True), (0, True), (7199, True), (7200, False), (10**6, False)]
)
def test_a_token_is_valid_between_its_borders(key: Key, age: int, valid: bool) -> None:
    assert csrf.valid(key, "a@pve", csrf.issue(key, "a@pve", NOW), NOW + age) is valid


def test_the_comparison_takes_constant_time(key: Key, compared: list[object]) -> None:
    text = csrf.issue(key, "a@pve", NOW)
    assert csrf.valid(key, "a@pve", text, NOW)
    assert compared == [text.encode()]
