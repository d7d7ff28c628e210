"""Passwords for guests as crypt(3) hashes: SHA-512, form `$6$`.

Rule: only for what a guest's own log-on reads; users of Virtward have argon2id (`identity`). The algorithm is
glibc's, by Ulrich Drepper, version 0.4; Python has none of its own any more.
"""

import hashlib
import re
from collections.abc import Callable

ROUNDS = 100_000
_DEFAULT_ROUNDS = 5000
_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_HASHED = re.compile(r"\$(?:[156y]|2[aby])(?:\$[^$:\s]+){2,}")
_SIZE = 64
_SALT_SIZE = 16


def is_hashed(text: str) -> bool:
    """Whether a text is such a hash already, in any form that guests know."""
    return _HASHED.fullmatch(text) is not None


def hashed(password: str, random: Callable[[int], bytes], rounds: int = ROUNDS) -> str:
    """The hash of a password with a random salt."""
    salt = "".join(_ALPHABET[byte & 63] for byte in random(_SALT_SIZE))
    return sha512(password.encode(), salt.encode(), rounds)


def sha512(password: bytes, salt: bytes, rounds: int = _DEFAULT_ROUNDS) -> str:
    """The hash of a password with this salt of at most 16 characters."""
    digest = _digest(_mixed(password, salt))
    repeated = _stretched(_digest(password * len(password)), len(password))
    seasoned = _stretched(_digest(salt * (16 + digest[0])), len(salt))
    for number in range(rounds):
        odd = number & 1
        digest = _digest(
            (repeated if odd else digest)
            + (seasoned if number % 3 else b"")
            + (repeated if number % 7 else b"")
            + (digest if odd else repeated)
        )
    named = "" if rounds == _DEFAULT_ROUNDS else f"rounds={rounds}$"
    return f"$6${named}{salt.decode()}${_encoded(digest)}"


def _digest(data: bytes) -> bytes:
    return hashlib.sha512(data).digest()


def _mixed(password: bytes, salt: bytes) -> bytes:
    """What the first digest is made of."""
    other = _digest(password + salt + password)
    mixed = password + salt + _stretched(other, len(password))
    bits = len(password)
    while bits:
        mixed += other if bits & 1 else password
        bits >>= 1
    return mixed


def _stretched(digest: bytes, size: int) -> bytes:
    return (digest * (size // _SIZE + 1))[:size]


def _encoded(digest: bytes) -> str:
    """The digest in the order and the alphabet of crypt(3)."""
    text = ""
    first, second, third = 0, 21, 42
    for _ in range(21):
        text += _letters(digest[first] << 16 | digest[second] << 8 | digest[third], 4)
        first, second, third = second + 1, third + 1, first + 1
    return text + _letters(digest[63], 2)


def _letters(value: int, count: int) -> str:
    return "".join(_ALPHABET[value >> 6 * place & 63] for place in range(count))
