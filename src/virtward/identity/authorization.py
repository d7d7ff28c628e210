"""The credentials in a request's headers: a ticket, or else an API token.

Rule: only read here, nothing is checked. The order is upstream's: the cookie, the ticket in `Authorization`, then
the token there. Source: `reference/http.md` section 2.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from .secret import Secret
from .ticket import reads_as_login
from .token import ApiToken, parse_header

COOKIE = "PVEAuthCookie"

_HEADER = re.compile(rf"\s*{COOKIE}=([^;]*)")


@dataclass(frozen=True, slots=True)
class Ticket:
    """The ticket that somebody presents, as `ticket.verify` reads it; not checked yet."""

    text: Secret


def credentials(cookie_header: str | None, authorization_header: str | None) -> Ticket | ApiToken | None:
    """Who somebody claims to be, None if nobody. An empty ticket, as a log-out leaves it, is none.

    Several cookies of the name: the first counts. Unauthorized for a token header without a token id.
    """
    ticket = _cookie(cookie_header or "") or _header(authorization_header or "")
    if ticket:
        return Ticket(Secret(_decoded(ticket)))
    return parse_header(authorization_header or "")


def _cookie(header: str) -> str:
    for pair in header.split(";"):
        name, separator, value = pair.strip().partition("=")
        if separator and name == COOKIE:
            return value.strip()
    return ""


def _header(header: str) -> str:
    match = _HEADER.match(header)
    return match[1].strip() if match else ""


def _decoded(text: str) -> str:
    """The ticket itself: clients send it raw or percent-encoded, and a raw one may have encoded parts."""
    return text if reads_as_login(text) else unquote(text, errors="surrogateescape")
