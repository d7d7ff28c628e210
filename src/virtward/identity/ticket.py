"""Tickets: signed, short-lived statements of who someone is, in Proxmox VE's format.

    PVE:<user>:<time>::<signature>              a login; the user stands in it
    PVE:!tfa!<challenge>:<time>::<signature>    a password was right, a second factor is due; bound to the user
    PVEVNC:<time>::<signature>                  a console; bound to caller, ACL path, port and password
    PVETUNNEL:<time>::<signature>               a tunnel; bound to caller and socket

Rule: the signature covers all the text before `::`, then what the ticket is bound to, each part percent-encoded
where it would be ambiguous; the number of parts is fixed by the kind. What isn't exactly as we would have
written it is refused. Percent-encoded are `:` as upstream, besides `%`, `;`, blanks and all that isn't ASCII, so
that every id survives a header and comes back as it was. Source: `reference/http.md` section 2.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import quote, unquote_to_bytes

from ..errors import Error, Unauthorized
from . import stamp
from .secret import Secret, decode, encode
from .signing import TicketKeys

_SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in ":%;")
_DATA = "[!-9;-~]+"
_CHALLENGE = "!tfa!"
_LOGIN = re.compile(rf"PVE:{_DATA}:{stamp.PATTERN}::[A-Za-z0-9+/]+={{0,2}}")
_PASSWORD = re.compile(r"[!-9;-~]{8}")
_WITH_PASSWORD = re.compile(r"([!-9;-~]{8}):(PVEVNC:.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of ticket: its prefix, whether it carries data, and the ages between which it is valid (seconds)."""

    prefix: str
    data: bool
    youngest: int
    oldest: int


LOGIN = Kind("PVE", True, stamp.YOUNGEST, stamp.OLDEST)
VNC = Kind("PVEVNC", False, -20, 40)
TUNNEL = Kind("PVETUNNEL", False, -20, 40)


def issue(keys: TicketKeys, userid: str, now: float) -> str:
    """A login ticket. Error for an id that would read as a challenge, or is empty."""
    if not userid or userid.startswith(_CHALLENGE):
        raise Error("no ticket can be made for this user")
    return _assemble(keys, LOGIN, userid, (), now)


def verify(keys: TicketKeys, text: str, now: float) -> str:
    """The user id of a valid login ticket; Unauthorized for anything else, challenges included."""
    userid = _check(keys, LOGIN, text, (), now)
    if userid.startswith(_CHALLENGE):
        _refuse(LOGIN)
    return userid


def issue_challenge(keys: TicketKeys, userid: str, challenge: Mapping[str, object], now: float) -> str:
    """The ticket of someone whose password was right; `challenge` (JSON) says which second factors there are."""
    text = json.dumps(challenge, separators=(",", ":"))
    return _assemble(keys, LOGIN, _CHALLENGE + text, (userid,), now)


def verify_challenge(keys: TicketKeys, userid: str, text: str, now: float) -> Mapping[str, object]:
    """The challenge in a valid challenge ticket of this user; Unauthorized for anything else.

    It proves that the password was right, nothing more, and may be shown again while it is valid: what must
    not be used twice (a code) has to be remembered by the caller.
    """
    data = _check(keys, LOGIN, text, (userid,), now)
    if not data.startswith(_CHALLENGE):
        _refuse(LOGIN)
    challenge = json.loads(data.removeprefix(_CHALLENGE))
    if not isinstance(challenge, dict):
        _refuse(LOGIN)
    return challenge


def issue_vnc(
    keys: TicketKeys, caller: str, path: str, port: int | None, now: float, password: Secret | None = None
) -> str:
    """A console ticket for a caller (user or token id), an ACL path and a port.

    With a password, the ticket begins with it: `<password>:PVEVNC:...`. Error unless that is 8 characters of
    printable ASCII without `:`.
    """
    if password is None:
        return _assemble(keys, VNC, None, _vnc_bound(caller, path, port, ""), now)
    shown = password.reveal()
    if not _PASSWORD.fullmatch(shown):
        raise Error("the password of a console ticket must be 8 printable characters without a colon")
    return f"{shown}:{_assemble(keys, VNC, None, _vnc_bound(caller, path, port, shown), now)}"


def verify_vnc(keys: TicketKeys, text: str, caller: str, path: str, port: int | None, now: float) -> Secret | None:
    """The password in a valid console ticket, None if it has none; Unauthorized if anything differs."""
    match = _WITH_PASSWORD.fullmatch(text)
    password, rest = (match[1], match[2]) if match else ("", text)
    _check(keys, VNC, rest, _vnc_bound(caller, path, port, password), now)
    return Secret(password) if password else None


def vnc_password(random: bytes) -> Secret:
    """A console password of 8 characters from 6 random bytes; Error for another number of bytes."""
    if len(random) != 6:
        raise Error("a console password is made of 6 random bytes")
    return Secret(base64.urlsafe_b64encode(random).decode("ascii"))


def issue_tunnel(keys: TicketKeys, caller: str, socket: str, now: float) -> str:
    """A tunnel ticket for a caller and a socket's path on the host (`/run/...`)."""
    return _assemble(keys, TUNNEL, None, (caller, f"/socket/{socket}"), now)


def verify_tunnel(keys: TicketKeys, text: str, caller: str, socket: str, now: float) -> None:
    """Raises Unauthorized unless this is a valid tunnel ticket of this caller for this socket."""
    _check(keys, TUNNEL, text, (caller, f"/socket/{socket}"), now)


def reads_as_login(text: str) -> bool:
    """Whether the text has the shape of a login ticket as it was issued, not percent-encoded once more."""
    return _LOGIN.fullmatch(text) is not None


def _vnc_bound(caller: str, path: str, port: int | None, password: str) -> tuple[str, ...]:
    return caller, path, "" if port is None else str(port), password


def _escape(text: str) -> str:
    return quote(encode(text), safe=_SAFE)


def _signed(plain: str, bound: tuple[str, ...]) -> bytes:
    # INVARIANT: no part holds a raw `:`, so parts can't be shifted into one another.
    return ":".join((plain, *map(_escape, bound))).encode("ascii")


def _assemble(keys: TicketKeys, kind: Kind, data: str | None, bound: tuple[str, ...], now: float) -> str:
    parts = [kind.prefix] if data is None else [kind.prefix, _escape(data)]
    plain = ":".join((*parts, stamp.stamp(now)))
    return f"{plain}::{base64.b64encode(keys.sign(_signed(plain, bound))).decode('ascii')}"


def _check(keys: TicketKeys, kind: Kind, text: str, bound: tuple[str, ...], now: float) -> str:
    """The decoded data of a valid ticket, empty for kinds without; Unauthorized for anything else."""
    plain, _, signature = text.partition("::")
    data = f":({_DATA})" if kind.data else "()"
    match = re.fullmatch(f"{kind.prefix}{data}:({stamp.PATTERN})", plain)
    raw = _unbase64(signature)
    if match is None or raw is None or not stamp.fresh(match[2], now, kind.youngest, kind.oldest):
        _refuse(kind)
    if not keys.verifies(raw, _signed(plain, bound), int(match[2], 16)):
        _refuse(kind)
    return decode(unquote_to_bytes(match[1]))


def _unbase64(text: str) -> bytes | None:
    """The bytes of base64, None unless the text is exactly how they are written."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode("ascii") == text else None


def _refuse(kind: Kind) -> NoReturn:
    raise Unauthorized(f"permission denied - invalid {kind.prefix} ticket")
