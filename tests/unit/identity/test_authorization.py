"""The credentials in a request's headers."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtward.errors import Unauthorized
from virtward.identity import ticket
from virtward.identity.authorization import Ticket, credentials
from virtward.identity.secret import Secret
from virtward.identity.signing import TicketKeys
from virtward.identity.token import ApiToken

from .conftest import NOW
from .texts import ids, patient

TOKEN = "PVEAPIToken=a@pve!t=secret"


def text_of(found: Ticket | ApiToken | None) -> str:
    assert isinstance(found, Ticket)
    return found.text.reveal()


@patient
@given(user=ids)
def test_a_ticket_arrives_raw_or_encoded_by_cookie_or_header(keys: TicketKeys, user: str) -> None:
    issued = ticket.issue(keys, user, NOW)
    for sent in (issued, quote(issued), quote(issued, safe="")):
        assert text_of(credentials(f"PVEAuthCookie={sent}", None)) == issued
        assert text_of(credentials(None, f"PVEAuthCookie={sent}")) == issued
        assert ticket.verify(keys, text_of(credentials(f"x=y; PVEAuthCookie={sent}; z=", "")), NOW) == user


@pytest.mark.parametrize(
    "cookie",
    ["PVEAuthCookie=T", "a=b; PVEAuthCookie=T", "a=b;PVEAuthCookie=T;c=d", "PVEAuthCookie=T; PVEAuthCookie=U"],
)
def test_the_cookie_is_found_and_comes_first(cookie: str) -> None:
    assert text_of(credentials(cookie, "PVEAuthCookie=other")) == "T"
    assert text_of(credentials(cookie, TOKEN)) == "T"


@pytest.mark.parametrize(
    "cookie",
    [None, "", "PVEAuthCookie=", "PVEAuthCookie", "XPVEAuthCookie=T", "PVEAuthCookieX=T", "pveauthcookie=T"],
)
def test_without_a_ticket_in_the_cookie_the_header_counts(cookie: str | None) -> None:
    assert text_of(credentials(cookie, "PVEAuthCookie=T; x=y")) == "T"
    assert credentials(cookie, TOKEN) == ApiToken("a@pve!t", Secret("secret"))
    assert credentials(cookie, None) is None
    assert credentials(cookie, "Basic abc") is None
    assert credentials(cookie, "PVEAuthCookie=") is None


def test_a_bad_ticket_is_not_replaced_by_a_token() -> None:
    assert isinstance(credentials("PVEAuthCookie=nonsense", TOKEN), Ticket)


def test_a_token_header_without_a_token_id_is_refused() -> None:
    with pytest.raises(Unauthorized, match="no tokenid specified"):
        credentials(None, "PVEAPIToken=secret")


@patient
@given(cookie=st.none() | st.text(st.characters()), header=st.none() | st.text(st.characters()))
def test_no_header_does_anything_worse_than_be_refused(cookie: str | None, header: str | None) -> None:
    for cookie_header in (cookie, f"PVEAuthCookie={cookie}"):
        try:
            found = credentials(cookie_header, header)
        except Unauthorized:
            continue
        assert found is None or isinstance(found, Ticket | ApiToken)
