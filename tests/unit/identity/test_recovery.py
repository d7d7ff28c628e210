"""Recovery codes: ten, each once."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtward.errors import Error, Unauthorized
from virtward.identity.recovery import RecoveryCodes, new_codes
from virtward.identity.secret import Key, Secret

from .texts import patient

RANDOM = bytes(range(80))


def test_the_format_is_upstreams() -> None:
    codes = [code.reveal() for code in new_codes(RANDOM)]
    assert len(codes) == 10
    assert codes[0] == "0001-0203-0405-0607"
    assert codes[9] == "4849-4a4b-4c4d-4e4f"
    assert all(re.fullmatch("([0-9a-f]{4}-){3}[0-9a-f]{4}", code) for code in codes)


@patient
@given(random=st.binary(min_size=80, max_size=80))
def test_all_the_randomness_is_in_the_codes(random: bytes) -> None:
    codes = new_codes(random)
    assert "".join(code.reveal().replace("-", "") for code in codes) == random.hex()


@pytest.mark.parametrize("size", [0, 79, 81])
def test_codes_need_their_80_bytes(size: int) -> None:
    with pytest.raises(Error, match="80 random bytes"):
        new_codes(bytes(size))


@patient
@given(order=st.permutations(range(10)))
def test_each_code_is_good_once_and_the_others_keep_their_numbers(key: Key, order: list[int]) -> None:
    codes = new_codes(RANDOM)
    kept = RecoveryCodes.of(key, "a@pve", codes)
    unused = set(range(10))
    for number in order:
        assert kept.left == tuple(sorted(unused))
        kept = kept.use(key, "a@pve", codes[number])
        unused.discard(number)
        with pytest.raises(Unauthorized, match=r"^authentication failure$"):
            kept.use(key, "a@pve", codes[number])
    assert kept.left == ()


@patient
@given(code=st.text(st.characters()))
def test_anything_else_is_refused(key: Key, code: str) -> None:
    kept = RecoveryCodes.of(key, "a@pve", new_codes(RANDOM))
    with pytest.raises(Unauthorized):
        kept.use(key, "a@pve", Secret(code))


def test_codes_are_bound_to_user_and_installation_and_not_stored(key: Key) -> None:
    codes = new_codes(RANDOM)
    kept = RecoveryCodes.of(key, "a@pve", codes)
    assert all(code.reveal() not in repr(kept) for code in codes)
    for other_key, user in ((key, "b@pve"), (Key(bytes(32)), "a@pve")):
        with pytest.raises(Unauthorized):
            kept.use(other_key, user, codes[0])


def test_the_comparison_takes_constant_time_without_leaving_early(key: Key, compared: list[object]) -> None:
    codes = new_codes(RANDOM)
    kept = RecoveryCodes.of(key, "a@pve", codes)
    kept.use(key, "a@pve", codes[0])
    assert compared == list(kept.hashes)
