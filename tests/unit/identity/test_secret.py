"""Secrets don't show themselves."""

import hashlib
import hmac
import json
import traceback
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtward.errors import Error
from virtward.identity import password, recovery, token
from virtward.identity.authorization import Ticket
from virtward.identity.keys import Keys
from virtward.identity.secret import Key, Secret, decode, encode
from virtward.identity.signing import TicketKeys
from virtward.identity.totp import Totp

from .texts import patient

HIDDEN = "hunter2hunter2"


@pytest.mark.parametrize(
    "holder",
    [
        Secret(HIDDEN),
        Ticket(Secret(HIDDEN)),
        token.ApiToken("a@pve!t", Secret(HIDDEN)),
        token.ApiToken("a@pve!t", Secret(HIDDEN)).text,
        Key(HIDDEN.encode() * 3),
        [Secret(HIDDEN)],
    ],
)
def test_no_way_of_printing_shows_a_secret(holder: object) -> None:
    shown = f"{holder} {holder!r} {holder!s} {holder!s:>40}"
    assert HIDDEN not in shown
    assert HIDDEN.encode().hex() not in shown


def test_totp_hides_its_secret() -> None:
    factor = Totp.new(bytes(range(20)))
    hidden = factor.secret.reveal()
    assert hidden not in repr(factor)
    assert hidden not in str(factor.uri("a@pve", "virtward"))


def test_keys_hide_themselves(keys: TicketKeys, key: Key) -> None:
    everything = Keys(keys, key, key)
    assert repr(everything) == f"Keys(tickets=TicketKeys(since={keys.since}), csrf=Key(***), pepper=Key(***))"


def test_a_secret_is_not_serialisable_by_accident() -> None:
    with pytest.raises(TypeError):
        json.dumps({"secret": Secret(HIDDEN)})
    with pytest.raises((TypeError, AttributeError)):
        vars(Secret(HIDDEN))


def test_a_secret_is_compared_in_constant_time(compared: list[object]) -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Key(bytes(32)) != Key(bytes(31) + b"\1")
    assert Secret("a") != "a"
    assert len(compared) == 3


def test_equal_secrets_have_equal_hashes() -> None:
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert len({Key(bytes(32)), Key(bytes(32))}) == 1


@patient
@given(st.text(st.characters()))
def test_every_text_has_bytes_and_comes_back(text: str) -> None:
    assert decode(encode(text)) == text


def test_a_short_key_is_refused() -> None:
    with pytest.raises(Error, match="at least 32 bytes"):
        Key(bytes(31))


def test_a_key_is_hmac_sha256(key: Key) -> None:
    assert key.hmac(b"data") == hmac.new(key.reveal(), b"data", hashlib.sha256).digest()


@patient
@given(st.lists(st.text(max_size=4), max_size=3), st.lists(st.text(max_size=4), max_size=3))
def test_different_texts_have_different_fingerprints(one: list[str], two: list[str]) -> None:
    key = Key(bytes(32))
    assert (key.fingerprint("p", *one) == key.fingerprint("p", *two)) == (one == two)
    assert key.fingerprint("p", *one) != key.fingerprint("q", *one)


@pytest.mark.parametrize(
    "failing",
    [
        lambda: Keys.load(HIDDEN.encode()),
        lambda: Keys.load(json.dumps({"csrf": HIDDEN}).encode()),
        lambda: Totp(Secret(HIDDEN)),
        lambda: Totp.parse(f"otpauth://totp/x?secret={HIDDEN}"),
        lambda: Totp.parse(f"otpauth://hotp/x?secret={HIDDEN}"),
        lambda: Totp.new(bytes(20)).verify(HIDDEN, 0),
        lambda: token.parse_header(f"PVEAPIToken={HIDDEN}"),
        lambda: recovery.RecoveryCodes(()).use(Key(bytes(32)), "a@pve", Secret(HIDDEN)),
        lambda: password.Passwords().verify(HIDDEN, HIDDEN),
        lambda: password.Passwords().needs_rehash(HIDDEN),
    ],
)
def test_no_error_carries_a_secret(failing: Callable[[], object]) -> None:
    with pytest.raises(Error) as caught:
        failing()
    parts = [*traceback.format_exception_only(caught.value), repr(getattr(caught.value, "errors", None))]
    if caught.value.__cause__ or (caught.value.__context__ and not caught.value.__suppress_context__):
        parts.append(repr(caught.value.__cause__) + repr(caught.value.__context__))
    assert HIDDEN not in "".join(parts)
