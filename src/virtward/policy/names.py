"""Identifiers: what a valid user, token, group, role, pool, realm, storage or machine id is.

Rule: ids are text decoded from UTF-8 with `surrogateescape`, so that any bytes survive; lengths and order
are those of the bytes. Every pattern accepts one trailing line feed, as upstream's do (quirk Q11).
Messages are Proxmox VE's. Source: pve-access-control 9.1.1.
"""

import re
from collections.abc import Callable, Mapping

from ..errors import Error
from .privileges import Release

_SPACE = r" \t\n\x0b\x0c\r"  # ASCII white space: what `\s` is to Perl on byte strings
_REALM = r"[A-Za-z][A-Za-z0-9.\-_]+"
_USER = rf"[^{_SPACE}:/]+@{_REALM}"
USER = re.compile(rf"({_USER})\n?")
_USER_PARTS = re.compile(rf"([^{_SPACE}:/]+)@({_REALM})\n?")
TOKEN = re.compile(rf"({_USER})!({_REALM})\n?")
REALM = re.compile(rf"{_REALM}\n?")
PLAIN = re.compile(r"[A-Za-z0-9.\-_]+\n?")
POOL = re.compile(r"[A-Za-z0-9.\-_]+(?:/[A-Za-z0-9.\-_]+){0,2}\n?")
STORAGE = re.compile(r"[A-Za-z][A-Za-z0-9\-_.]*[A-Za-z0-9]\n?")
VMID = re.compile(r"[1-9][0-9]{2,8}\n?")

ROOT = "root@pam"


def bytewise(text: str) -> bytes:
    """The bytes of an id, for lengths and for sorting as upstream does."""
    return text.encode("utf-8", "surrogateescape")


def is_user(text: str) -> bool:
    """Whether this is a well-formed user id of 3 to 64 bytes."""
    size = len(text) if text.isascii() else len(bytewise(text))
    return 3 <= size <= 64 and USER.fullmatch(text) is not None


def split_user(userid: str) -> tuple[str, str]:
    """`name@realm` -> (name, realm); Error with upstream's words for anything else."""
    text = "" if userid == "0" else userid
    size = len(bytewise(text))
    if size < 3:
        raise Error(f"user name '{text}' is too short")
    if size > 64:
        raise Error(f"user name '{text}' is too long ({size} > 64)")
    match = _USER_PARTS.fullmatch(text)
    if match is None:
        raise Error(f"value '{text}' does not look like a valid user name")
    return match[1], match[2]


def split_token(tokenid: str) -> tuple[str, str] | None:
    """`name@realm!sub` -> (user id, sub), or None if it isn't a token id."""
    match = TOKEN.fullmatch(tokenid)
    return (match[1], match[2]) if match else None


def parse_token(tokenid: str) -> tuple[str, str]:
    """`name@realm!sub` -> (user id, sub); Error with upstream's words for anything else."""
    parts = split_token(tokenid)
    if parts is None:
        raise Error(f"'{tokenid}' is not a valid token ID - not able to split into user and token parts")
    return parts


def check_pool(pool: str) -> None:
    """Raises Error unless this is a pool id of at most three levels."""
    if pool.rstrip("/").count("/") > 2:
        raise Error(f"pool name '{pool}' nested too deeply (max levels = 3)")
    if not POOL.fullmatch(pool):
        raise Error(f"pool name '{pool}' contains invalid characters")


def _check_storage(storage: str) -> None:
    if len(bytewise(storage)) < 2:
        raise Error(f"storage ID '{storage}' cannot be shorter than 2 characters")
    if not STORAGE.fullmatch(storage):
        raise Error(f"storage ID '{storage}' contains illegal characters")


def _check_token(tokenid: str) -> None:
    if split_token(tokenid) is None:
        raise Error(f"value '{tokenid}' does not look like a valid token ID")


def _matching(pattern: re.Pattern[str], message: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        if not pattern.fullmatch(text):
            raise Error(message.format(text))

    return check


def check_group(group: str) -> None:
    """Raises Error unless this is a group id."""
    _matching(PLAIN, "group name '{}' contains invalid characters")(group)


def check_role(role: str) -> None:
    """Raises Error unless this is a role id."""
    _matching(PLAIN, "role name '{}' contains invalid characters")(role)


def check_privilege(name: str, release: Release) -> None:
    """Raises Error unless the release knows this privilege."""
    if name not in release.bits:
        raise Error(f"invalid privilege '{name}'")


FORMATS: Mapping[str, Callable[[str], object]] = {
    "userid": split_user,
    "tokenid": _check_token,
    "groupid": check_group,
    "roleid": check_role,
    "poolid": check_pool,
    "realm": _matching(REALM, "value does not look like a valid realm"),
    "vmid": _matching(VMID, "value does not look like a valid VM ID"),
    "storageid": _check_storage,
}
"""Format name -> check that raises Error with upstream's words."""
