"""CSRF tokens: `<time>:<HMAC-SHA256 of "time:user">`, needed beside a ticket for every call that changes something.

Rule: bound to the user and to its time, valid as long as a login ticket. Base64 without padding, as upstream
writes it. Source: `reference/http.md` section 2.
"""

import base64
import hmac
import re

from .secret import Key, encode
from .stamp import PATTERN, fresh, stamp

_TOKEN = re.compile(rf"({PATTERN}):[A-Za-z0-9+/]{{43}}")


def issue(key: Key, userid: str, now: float) -> str:
    """The user's token for a time in Unix seconds."""
    return _token(key, userid, stamp(now))


def valid(key: Key, userid: str, text: str, now: float) -> bool:
    """Whether this is a token of the user that is neither too old (2 h) nor from the future (5 min)."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        return False
    same = hmac.compare_digest(_token(key, userid, match[1]).encode("ascii"), text.encode("ascii"))
    return same and fresh(match[1], now)


def _token(key: Key, userid: str, time: str) -> str:
    digest = key.hmac(encode(f"{time}:{userid}"))
    return f"{time}:{base64.b64encode(digest).decode('ascii').rstrip('=')}"
