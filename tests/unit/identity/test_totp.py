"""One-time passwords: the vectors of RFC 6238, the window, and no code twice."""

import base64
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from virtward.errors import Error, Invalid, Unauthorized
from virtward.identity.secret import Secret
from virtward.identity.totp import Totp

from .texts import ids, patient

SEED = b"12345678901234567890123456789012345678901234567890123456789012345678"
SIZES = {"SHA1": 20, "SHA256": 32, "SHA512": 64}

# RFC 6238, appendix B: time, then the code for each algorithm.
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


def factor(algorithm: str = "SHA1", digits: int = 6, period: int = 30) -> Totp:
    secret = base64.b32encode(SEED[: SIZES[algorithm]]).decode().rstrip("=")
    return Totp(Secret(secret), digits, period, algorithm)


@pytest.mark.parametrize("vector", VECTORS)
@pytest.mark.parametrize(("column", "algorithm"), [(1, "SHA1"), (2, "SHA256"), (3, "SHA512")])
def test_rfc_6238(vector: tuple[int, str, str, str], column: int, algorithm: str) -> None:
    now, code = vector[0], str(vector[column])
    assert factor(algorithm, 8).code(now // 30) == code
    assert factor(algorithm, 8).verify(code, now) == now // 30


@pytest.mark.parametrize(("steps", "valid"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_one_step_early_or_late(steps: int, valid: bool) -> None:
    one, now = factor(), 1_700_000_015
    code = one.code(now // 30 + steps)
    if valid:
        assert one.verify(code, now) == now // 30 + steps
    else:
        with pytest.raises(Unauthorized, match=r"^authentication failure$"):
            one.verify(code, now)


def test_a_code_counts_once() -> None:
    one, now = factor(), 1_700_000_015
    used = one.verify(one.code(now // 30), now)
    for step in (used - 1, used):
        with pytest.raises(Unauthorized):
            one.verify(one.code(step), now, used)
    assert one.verify(one.code(used + 1), now + 30, used) == used + 1


def test_of_two_steps_with_the_same_code_the_later_one_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Totp, "code", lambda *_: "000000")
    one = factor()
    assert one.verify("000000", 3000) == 101
    with pytest.raises(Unauthorized):
        one.verify("000000", 3000, 101)


def test_the_beginning_of_time_has_no_step_before() -> None:
    assert factor().verify(factor().code(0), 0) == 0
    with pytest.raises(Unauthorized):
        factor().verify("000000", -100)


@patient
@given(code=st.text(st.characters()), now=st.integers(min_value=0, max_value=2**40))
def test_only_the_three_codes_are_accepted(code: str, now: int) -> None:
    one = factor()
    assume(code not in {one.code(max(0, now // 30 + step)) for step in (-1, 0, 1)})
    with pytest.raises(Unauthorized):
        one.verify(code, now)


@pytest.mark.parametrize("change", [" {}", "{} ", "{}\n", "0{}", "+{}", "totp:{}"])
def test_text_around_a_code_is_refused(change: str) -> None:
    with pytest.raises(Unauthorized):
        factor().verify(change.format(factor().code(100)), 3000)


def test_codes_are_compared_in_constant_time_without_leaving_early(compared: list[object]) -> None:
    one = factor()
    one.verify(one.code(99), 3000)
    assert compared == [one.code(step).encode() for step in (99, 100, 101)]


def test_a_new_secret_is_what_every_app_understands() -> None:
    one = Totp.new(bytes(range(20)))
    assert (one.digits, one.period, one.algorithm) == (6, 30, "SHA1")
    assert base64.b32decode(one.secret.reveal()) == bytes(range(20))
    with pytest.raises(Error, match="20 random bytes"):
        Totp.new(bytes(19))


@patient
@given(
    account=ids,
    issuer=st.text(st.characters()),
    random=st.binary(min_size=20, max_size=20),
    digits=st.integers(6, 8),
    period=st.integers(10, 120),
    algorithm=st.sampled_from(["SHA1", "SHA256", "SHA512"]),
)
def test_a_uri_describes_its_factor(
    account: str, issuer: str, random: bytes, digits: int, period: int, algorithm: str
) -> None:
    one = Totp(Totp.new(random).secret, digits, period, algorithm)
    assert Totp.parse(one.uri(account, issuer).reveal()) == one


def test_a_uri_is_what_other_software_reads() -> None:
    uri = factor("SHA256", 8, 60).uri("jürgen@pve", "Virtward n1").reveal()
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.path) == ("otpauth", "totp", "/Virtward%20n1%3Aj%C3%BCrgen%40pve")
    assert parse_qs(parts.query)["issuer"] == ["Virtward n1"]
    read = pyotp.parse_uri(uri)
    assert isinstance(read, pyotp.TOTP)
    assert read.at(1234567890) == factor("SHA256", 8, 60).code(1234567890 // 60)


def test_a_uri_may_leave_out_the_defaults_and_be_written_loosely() -> None:
    expected = Totp(Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))
    for secret in ("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "gezd gnbv gy3t qojq gezd gnbv gy3t qojq"):
        assert Totp.parse(f"otpauth://totp/x?secret={secret.replace(' ', '%20')}&image=x") == expected


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "https://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://[totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://totp/x",
        "otpauth://totp/x?secret=",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ",
        "otpauth://totp/x?secret=1EZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQA",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=5",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=9",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=six",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=%D9%A6",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=0",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=9999",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=-30",
        "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=MD5",
    ],
)
def test_a_uri_that_describes_no_factor_is_invalid_and_not_shown(uri: str) -> None:
    with pytest.raises(Invalid) as caught:
        Totp.parse(uri)
    assert list(caught.value.errors) == ["totp"]
    assert "GEZD" not in str(caught.value.errors)


@patient
@given(text=st.text(st.characters()))
def test_noise_is_no_uri(text: str) -> None:
    for uri in (text, f"otpauth://totp/{text}", f"otpauth://totp/x?secret={text}"):
        with pytest.raises(Invalid):
            Totp.parse(uri)
