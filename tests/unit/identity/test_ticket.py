"""Tickets: what was issued is accepted in its time, for what it was issued, and nothing else ever is."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given
from hypothesis import strategies as st

from virtward.errors import Error, Unauthorized
from virtward.identity import ticket
from virtward.identity.secret import Secret
from virtward.identity.signing import TicketKeys

from .conftest import NOW, ROTATED
from .texts import altered, characters, ids, patient, positions

PASSWORD = Secret("abcdefgh")


def refused(call: Callable[[], object], prefix: str = "PVE") -> bool:
    with pytest.raises(Unauthorized) as caught:
        call()
    assert caught.value.message == f"permission denied - invalid {prefix} ticket"
    assert caught.value.status == 401
    return True


def test_the_format_is_upstreams(keys: TicketKeys) -> None:
    text = ticket.issue(keys, "root@pam", NOW)
    match = re.fullmatch(r"PVE:root@pam:([0-9A-F]{8})::([A-Za-z0-9+/]{342}==)", text)
    assert match is not None
    assert int(match[1], 16) == NOW
    plain = text.partition("::")[0].encode()
    keys.current.public_key().verify(base64.b64decode(match[2]), plain, padding.PKCS1v15(), hashes.SHA256())


def test_a_colon_is_encoded_as_upstream_does(keys: TicketKeys) -> None:
    assert ticket.issue(keys, "a:b@pve", NOW).startswith("PVE:a%3Ab@pve:")
    assert ticket.issue(keys, "bob+x.y!~@pve", NOW).startswith("PVE:bob+x.y!~@pve:")


@patient
@given(user=ids)
def test_what_was_issued_is_accepted_and_is_plain_ascii(keys: TicketKeys, user: str) -> None:
    text = ticket.issue(keys, user, NOW)
    assert ticket.verify(keys, text, NOW) == user
    assert re.fullmatch("[!-:<-~]+", text)
    assert ticket.reads_as_login(text)


@patient
@given(user=ids, position=positions, character=characters)
def test_any_changed_character_is_refused(keys: TicketKeys, user: str, position: int, character: str) -> None:
    text = altered(ticket.issue(keys, user, NOW), position, character)
    assert refused(lambda: ticket.verify(keys, text, NOW))


def test_every_single_bit_counts(keys: TicketKeys) -> None:
    raw = ticket.issue(keys, "root@pam", NOW).encode()
    for position in range(len(raw)):
        for bit in range(8):
            changed = bytearray(raw)
            changed[position] ^= 1 << bit
            text = changed.decode("utf-8", "surrogateescape")
            assert refused(lambda text=text: ticket.verify(keys, text, NOW))  # type: ignore[misc]


@patient
@given(text=st.text(st.characters()))
def test_noise_is_refused(keys: TicketKeys, text: str) -> None:
    assert refused(lambda: ticket.verify(keys, text, NOW))
    assert refused(lambda: ticket.verify(keys, f"PVE:{text}:65532100::{text}", NOW))
    assert refused(lambda: ticket.verify_challenge(keys, "a@pve", text, NOW))
    assert refused(lambda: ticket.verify_vnc(keys, text, "a@pve", "/vms/100", None, NOW), "PVEVNC")
    assert refused(lambda: ticket.verify_tunnel(keys, text, "a@pve", "s", NOW), "PVETUNNEL")


@pytest.mark.parametrize("more", [" ", "\n", "=", "A", "\0", ":", "::"])
def test_text_around_a_ticket_is_refused(keys: TicketKeys, more: str) -> None:
    text = ticket.issue(keys, "a@pve", NOW)
    assert refused(lambda: ticket.verify(keys, text + more, NOW))
    assert refused(lambda: ticket.verify(keys, more + text, NOW))
    assert refused(lambda: ticket.verify(keys, text.replace("==", ""), NOW))


@pytest.mark.parametrize(("age", "valid"), [(-300, 0), (-299, 1), (0, 1), (7199, 1), (7199.9, 1), (7200, 0)])
def test_a_login_is_valid_between_its_borders(keys: TicketKeys, age: float, valid: int) -> None:
    text = ticket.issue(keys, "a@pve", NOW)
    if valid:
        assert ticket.verify(keys, text, NOW + age) == "a@pve"
    else:
        assert refused(lambda: ticket.verify(keys, text, NOW + age))


@pytest.mark.parametrize(("age", "valid"), [(-20, 0), (-19, 1), (39, 1), (40, 0), (7000, 0)])
def test_console_and_tunnel_are_valid_between_their_borders(keys: TicketKeys, age: int, valid: int) -> None:
    vnc = ticket.issue_vnc(keys, "a@pve", "/vms/100", 5900, NOW)
    tunnel = ticket.issue_tunnel(keys, "a@pve", "/run/x", NOW)
    if valid:
        assert ticket.verify_vnc(keys, vnc, "a@pve", "/vms/100", 5900, NOW + age) is None
        ticket.verify_tunnel(keys, tunnel, "a@pve", "/run/x", NOW + age)
    else:
        assert refused(lambda: ticket.verify_vnc(keys, vnc, "a@pve", "/vms/100", 5900, NOW + age), "PVEVNC")
        assert refused(lambda: ticket.verify_tunnel(keys, tunnel, "a@pve", "/run/x", NOW + age), "PVETUNNEL")


@pytest.mark.parametrize("now", [-1, 2**32, float("nan"), float("inf")])
def test_an_impossible_clock_issues_nothing(keys: TicketKeys, now: float) -> None:
    with pytest.raises(Error, match="clock"):
        ticket.issue(keys, "a@pve", now)


def test_another_installations_ticket_is_refused(keys: TicketKeys, rotated: TicketKeys) -> None:
    text = ticket.issue(rotated, "a@pve", ROTATED)
    assert refused(lambda: ticket.verify(keys, text, ROTATED))


def test_the_previous_key_counts_for_what_was_issued_before_the_rotation(
    keys: TicketKeys, rotated: TicketKeys
) -> None:
    before = ticket.issue(keys, "a@pve", ROTATED - 1)
    assert ticket.verify(rotated, before, ROTATED + 7000) == "a@pve"
    after = ticket.issue(keys, "a@pve", ROTATED + 6)
    assert refused(lambda: ticket.verify(rotated, after, ROTATED + 6))
    current = ticket.issue(rotated, "a@pve", ROTATED + 6)
    assert ticket.verify(rotated, current, ROTATED + 6) == "a@pve"


def test_a_server_that_learns_of_the_rotation_a_moment_late_logs_nobody_out(
    keys: TicketKeys, rotated: TicketKeys
) -> None:
    late = ticket.issue(keys, "a@pve", ROTATED + 5)
    assert ticket.verify(rotated, late, ROTATED + 60) == "a@pve"


def test_the_key_before_the_previous_one_is_gone(keys: TicketKeys, rotated: TicketKeys) -> None:
    text = ticket.issue(keys, "a@pve", ROTATED - 1)
    twice = rotated.rotated(ROTATED + 1)
    assert refused(lambda: ticket.verify(twice, text, ROTATED + 1))


def test_an_empty_user_or_one_that_reads_as_a_challenge_gets_no_ticket(keys: TicketKeys) -> None:
    for user in ("", '!tfa!{"totp":true}', "!tfa!x@pve"):
        with pytest.raises(Error, match="no ticket"):
            ticket.issue(keys, user, NOW)


CHALLENGE: Mapping[str, object] = {"totp": True, "recovery": [0, 3]}


def test_a_challenge_is_what_clients_decode(keys: TicketKeys) -> None:
    text = ticket.issue_challenge(keys, "a@pve", CHALLENGE, NOW)
    assert text.startswith('PVE:!tfa!{"totp"%3Atrue')
    shown = unquote(text.split(":")[1])
    assert json.loads(shown.removeprefix("!tfa!")) == CHALLENGE


@patient
@given(user=ids, words=st.dictionaries(st.text(), st.text() | st.booleans()))
def test_a_challenge_comes_back_to_its_user(keys: TicketKeys, user: str, words: dict[str, object]) -> None:
    text = ticket.issue_challenge(keys, user, words, NOW)
    assert ticket.verify_challenge(keys, user, text, NOW) == words
    assert refused(lambda: ticket.verify_challenge(keys, user + "x", text, NOW))


@patient
@given(position=positions, character=characters)
def test_a_changed_challenge_is_refused(keys: TicketKeys, position: int, character: str) -> None:
    text = altered(ticket.issue_challenge(keys, "a@pve", CHALLENGE, NOW), position, character)
    assert refused(lambda: ticket.verify_challenge(keys, "a@pve", text, NOW))


def test_a_challenge_logs_nobody_in_and_a_login_answers_no_challenge(keys: TicketKeys) -> None:
    challenge = ticket.issue_challenge(keys, "a@pve", CHALLENGE, NOW)
    login = ticket.issue(keys, "a@pve", NOW)
    assert refused(lambda: ticket.verify(keys, challenge, NOW))
    assert refused(lambda: ticket.verify_challenge(keys, "a@pve", login, NOW))


def test_a_signed_login_that_reads_as_a_challenge_is_still_refused(keys: TicketKeys) -> None:
    plain = f"PVE:!tfa!x@pve:{NOW:08X}"
    text = f"{plain}::{base64.b64encode(keys.sign(plain.encode())).decode()}"
    assert refused(lambda: ticket.verify(keys, text, NOW))


@pytest.mark.parametrize("data", ["!tfa![1]", "a@pve"])
def test_a_signed_challenge_that_holds_no_challenge_is_refused(keys: TicketKeys, data: str) -> None:
    plain = f"PVE:{data}:{NOW:08X}"
    text = f"{plain}::{base64.b64encode(keys.sign(f'{plain}:a@pve'.encode())).decode()}"
    assert refused(lambda: ticket.verify_challenge(keys, "a@pve", text, NOW))


def test_the_kinds_are_not_interchangeable(keys: TicketKeys) -> None:
    login = ticket.issue(keys, "a@pve", NOW)
    vnc = ticket.issue_vnc(keys, "a@pve", "/vms/100", None, NOW)
    tunnel = ticket.issue_tunnel(keys, "a@pve", "/vms/100", NOW)
    for text in (vnc, tunnel, vnc.replace("PVEVNC", "PVE:a@pve")):
        assert refused(lambda text=text: ticket.verify(keys, text, NOW))  # type: ignore[misc]
    for text in (login, tunnel, tunnel.replace("PVETUNNEL", "PVEVNC")):
        assert refused(
            lambda text=text: ticket.verify_vnc(keys, text, "a@pve", "/vms/100", None, NOW),  # type: ignore[misc]
            "PVEVNC",
        )
    for text in (login, vnc, vnc.replace("PVEVNC", "PVETUNNEL")):
        assert refused(
            lambda text=text: ticket.verify_tunnel(keys, text, "a@pve", "/vms/100", NOW),  # type: ignore[misc]
            "PVETUNNEL",
        )


def test_console_and_tunnel_tickets_have_no_data_part(keys: TicketKeys) -> None:
    assert re.fullmatch("PVEVNC:[0-9A-F]{8}::[A-Za-z0-9+/=]+", ticket.issue_vnc(keys, "a@pve", "/", None, NOW))
    assert re.fullmatch("PVETUNNEL:[0-9A-F]{8}::[A-Za-z0-9+/=]+", ticket.issue_tunnel(keys, "a@pve", "s", NOW))


Bound = tuple[str, str, int | None]
bounds = st.tuples(
    st.sampled_from(["a@pve", "a@pve!t", "a@pve:", "a@pve:/vms/100", "b@pve", "a%3A@pve"]),
    st.sampled_from(["/vms/100", "/vms/100:5900", "/vms/1000", "/nodes/n1", "", ":"]),
    st.sampled_from([None, 0, 5900, 5901]),
)


@patient
@given(issued=bounds, asked=bounds)
def test_a_console_is_bound_to_caller_path_and_port(keys: TicketKeys, issued: Bound, asked: Bound) -> None:
    text = ticket.issue_vnc(keys, *issued, NOW)
    if issued == asked:
        assert ticket.verify_vnc(keys, text, *asked, NOW) is None
    else:
        assert refused(lambda: ticket.verify_vnc(keys, text, *asked, NOW), "PVEVNC")


def test_a_tunnel_is_bound_to_caller_and_socket(keys: TicketKeys) -> None:
    text = ticket.issue_tunnel(keys, "a@pve", "/run/x", NOW)
    ticket.verify_tunnel(keys, text, "a@pve", "/run/x", NOW)
    assert refused(lambda: ticket.verify_tunnel(keys, text, "b@pve", "/run/x", NOW), "PVETUNNEL")
    assert refused(lambda: ticket.verify_tunnel(keys, text, "a@pve", "/run/y", NOW), "PVETUNNEL")


def test_a_console_password_stands_before_the_ticket_and_is_signed(keys: TicketKeys) -> None:
    text = ticket.issue_vnc(keys, "a@pve", "/vms/100", 5900, NOW, PASSWORD)
    assert text.startswith("abcdefgh:PVEVNC:")
    assert ticket.verify_vnc(keys, text, "a@pve", "/vms/100", 5900, NOW) == PASSWORD
    for changed in (text[9:], "x" + text[1:], "abcdefg" + text[8:], "abcdefgh:" + text):
        assert refused(
            lambda changed=changed: ticket.verify_vnc(keys, changed, "a@pve", "/vms/100", 5900, NOW),  # type: ignore[misc]
            "PVEVNC",
        )


@patient
@given(position=positions, character=characters)
def test_a_changed_console_ticket_is_refused(keys: TicketKeys, position: int, character: str) -> None:
    for password in (None, PASSWORD):
        text = altered(ticket.issue_vnc(keys, "a@pve", "/vms/100", 5900, NOW, password), position, character)
        assert refused(
            lambda text=text: ticket.verify_vnc(keys, text, "a@pve", "/vms/100", 5900, NOW),  # type: ignore[misc]
            "PVEVNC",
        )


@pytest.mark.parametrize("password", ["short", "ninechars", "with:col", "with spc", "jürgenxx", ""])
def test_a_console_password_of_another_shape_is_refused_and_not_shown(keys: TicketKeys, password: str) -> None:
    with pytest.raises(Error, match="8 printable") as caught:
        ticket.issue_vnc(keys, "a@pve", "/vms/100", 5900, NOW, Secret(password))
    assert not password or password not in caught.value.message


@patient
@given(random=st.binary(min_size=6, max_size=6))
def test_every_made_console_password_fits(keys: TicketKeys, random: bytes) -> None:
    password = ticket.vnc_password(random)
    text = ticket.issue_vnc(keys, "a@pve", "/vms/100", None, NOW, password)
    assert ticket.verify_vnc(keys, text, "a@pve", "/vms/100", None, NOW) == password


def test_a_console_password_needs_its_six_bytes() -> None:
    with pytest.raises(Error, match="6 random bytes"):
        ticket.vnc_password(bytes(5))
