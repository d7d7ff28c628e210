"""The checks at log-on: does the account exist, is it enabled, has it expired, does the token's secret fit.

Rule: time is an argument. Permissions never look at any of this. Source: pve-access-control 9.1.1, as observed.
"""

from collections.abc import Callable

from ..errors import Error
from .model import Policy, User
from .names import parse_token


def expired(expire: float, now: float) -> bool:
    """Whether a date of expiry (Unix seconds, 0 for never) lies before `now`."""
    return expire != 0 and expire < now


def check_user(policy: Policy, userid: str, now: int) -> User:
    """The user, if it may log on at `now` (Unix seconds); otherwise Error with upstream's words."""
    user = policy.user(userid)
    if not user.enable:
        raise Error(f"user '{userid}' is disabled")
    if expired(user.expire, now):
        raise Error(f"user '{userid}' access expired")
    return user


def check_token(policy: Policy, text: str, now: int, matches: Callable[[str, str], bool]) -> str:
    """The token id of `<tokenid>=<secret>`, if it may be used at `now`; otherwise Error with upstream's words.

    `matches(tokenid, secret)` compares with what is stored, in constant time. Errors never carry the secret.
    """
    if text in ("", "0"):
        raise Error("no API token specified")
    tokenid, separator, secret = text.rpartition("=")
    if not separator or tokenid in ("", "0"):
        raise Error("no tokenid specified")
    userid, sub = parse_token(tokenid)
    check_user(policy, userid, now)
    token = policy.token(userid, sub)
    if expired(token.expire, now):
        raise Error(f"token '{sub}' access expired")
    if not matches(tokenid, secret):
        raise Error("invalid token value!")
    return tokenid
