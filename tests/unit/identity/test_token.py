"""API tokens: secrets, what is stored of them, and the header."""

import uuid
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtward.errors import Error, Unauthorized
from virtward.identity import token
from virtward.identity.secret import Key, Secret
from virtward.identity.token import ApiToken, parse_header
from virtward.policy.logon import check_token
from virtward.policy.model import Token, empty

from .texts import patient

UUID = "e2f0c1de-0000-4000-8000-00000000abcd"


@patient
@given(random=st.binary(min_size=16, max_size=16))
def test_a_secret_is_a_version_4_uuid_of_the_given_bytes(random: bytes) -> None:
    made = token.new_secret(random)
    parsed = uuid.UUID(made.reveal())
    assert (parsed.version, parsed.variant, str(parsed)) == (4, uuid.RFC_4122, made.reveal())
    kept = int.from_bytes(bytes.fromhex("ffffffffffff0fff3fffffffffffffff"))
    assert parsed.int & kept == int.from_bytes(random) & kept


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_secret_needs_its_16_bytes(size: int) -> None:
    with pytest.raises(Error, match="16 random bytes"):
        token.new_secret(bytes(size))


@patient
@given(secret=st.text(st.characters()), other=st.text(st.characters()))
def test_a_secret_fits_its_own_fingerprint_only(key: Key, secret: str, other: str) -> None:
    stored = token.fingerprint(key, "a@pve!t", Secret(secret))
    assert stored.startswith("hmac-sha256:")
    assert len(stored) == 12 + 64
    assert token.matches(key, stored, "a@pve!t", Secret(secret))
    assert token.matches(key, stored, "a@pve!t", Secret(other)) is (secret == other)
    assert not token.matches(key, stored, "b@pve!t", Secret(secret))
    assert not token.matches(Key(bytes(32)), stored, "a@pve!t", Secret(secret))


@pytest.mark.parametrize("stored", ["", UUID, "hmac-sha256:", "ü\ud800"])
def test_a_damaged_fingerprint_fits_nothing(key: Key, stored: str) -> None:
    assert not token.matches(key, stored, "a@pve!t", Secret(UUID))
    assert not token.matches(key, stored, "a@pve!t", Secret(""))


def test_the_comparison_takes_constant_time(key: Key, compared: list[object]) -> None:
    stored = token.fingerprint(key, "a@pve!t", Secret(UUID))
    assert token.matches(key, stored, "a@pve!t", Secret(UUID))
    assert compared == [stored.encode()]


@pytest.mark.parametrize(
    ("header", "tokenid", "secret"),
    [
        (f"PVEAPIToken=a@pve!t={UUID}", "a@pve!t", UUID),
        (f"PVEAPIToken a@pve!t={UUID}", "a@pve!t", UUID),
        (f"  PVEAPIToken=a@pve!t={UUID}", "a@pve!t", UUID),
        (f"PVEAPIToken=a@pve!t={UUID}; more=1", "a@pve!t", UUID),
        (f"PVEAPIToken=a%40pve%21t%3D{UUID}", "a@pve!t", UUID),
        ("PVEAPIToken=a=b@pve!t=x", "a=b@pve!t", "x"),
        ("PVEAPIToken=j%C3%BCrgen@pve!t=x", "jürgen@pve!t", "x"),
        ("PVEAPIToken=jürgen@pve!t=x", "jürgen@pve!t", "x"),
        ("PVEAPIToken=%FF@pve!t=x", "\udcff@pve!t", "x"),
        ("PVEAPIToken=a@pve!t=", "a@pve!t", ""),
        ("PVEAPIToken==x", "", "x"),
        ("PVEAPIToken=a@pve!t=x%3By", "a@pve!t", "x;y"),
    ],
)
def test_a_header_is_read_as_upstream_reads_it(header: str, tokenid: str, secret: str) -> None:
    assert parse_header(header) == (tokenid, Secret(secret))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic abc",
        "PVEAPIToken",
        "PVEAPIToken=",
        "PVEAPIToken=;x=y",
        "PVEAPITokens=a@pve!t=x",
        "pveapitoken=a=b",
    ],
)
def test_a_header_without_a_token_is_none(header: str) -> None:
    assert parse_header(header) is None


def test_a_header_without_a_secret_is_refused_without_showing_it() -> None:
    with pytest.raises(Unauthorized) as caught:
        parse_header(f"PVEAPIToken={UUID}")
    assert caught.value.message == "no tokenid specified"


@patient
@given(header=st.text(st.characters()))
def test_no_header_does_anything_worse_than_be_refused(header: str) -> None:
    for text in (header, f"PVEAPIToken={header}"):
        try:
            found = parse_header(text)
        except Unauthorized:
            continue
        assert found is None or isinstance(found, ApiToken)


@patient
@given(name=st.from_regex("[A-Za-z0-9=%+ü-]{1,20}", fullmatch=True), random=st.binary(min_size=16, max_size=16))
def test_what_was_quoted_by_a_client_comes_back(name: str, random: bytes) -> None:
    tokenid, secret = f"{name}@pve!t", token.new_secret(random)
    assert parse_header(f"PVEAPIToken={quote(tokenid)}={secret.reveal()}") == (tokenid, secret)


def test_the_policys_check_reads_what_was_parsed(key: Key) -> None:
    known = replace(empty(), tokens={"root@pam!tk": Token("root@pam!tk")})
    stored = token.fingerprint(key, "root@pam!tk", Secret(UUID))

    def matches(tokenid: str, secret: str) -> bool:
        return token.matches(key, stored, tokenid, Secret(secret))

    found = parse_header(f"PVEAPIToken=root@pam!tk={UUID}")
    assert found is not None
    assert check_token(known, found.text.reveal(), 0, matches) == "root@pam!tk"
    with pytest.raises(Error, match="invalid token value!"):
        check_token(known, found.text.reveal() + "x", 0, matches)
