"""Passwords, kept as argon2id hashes.

Rule: whoever doesn't exist costs as much work as whoever does (`verify_dummy`). What a password must look like
is the schema's affair, not ours. The parameters are the second recommendation of RFC 9106, section 4.
"""

import base64
from dataclasses import dataclass

from argon2 import PasswordHasher, Type
from argon2.exceptions import Argon2Error, VerifyMismatchError

from ..errors import Error
from .secret import encode

SALT = 16
"""Bytes of salt."""

_DIGEST = 32
_PREFIX = "$argon2id$"


@dataclass(frozen=True, slots=True)
class Passwords:
    """How passwords are hashed: passes, KiB of memory and lanes. One check holds that memory while it runs."""

    passes: int = 3
    memory: int = 65536
    lanes: int = 4

    def hash(self, password: str, salt: bytes) -> str:
        """What to store; the salt is 16 random bytes. Error for another salt, or if there is no memory."""
        if len(salt) != SALT:
            raise Error(f"the salt of a password needs {SALT} bytes")
        try:
            return self._hasher().hash(encode(password), salt=salt)
        except Argon2Error:
            raise Error("the password can't be hashed") from None

    def verify(self, stored: str, password: str) -> bool:
        """Whether the password is the stored one; Error if what is stored isn't a hash of ours."""
        if not stored.startswith(_PREFIX):
            raise Error("a stored password hash is damaged")
        try:
            return self._hasher().verify(stored, encode(password))
        except VerifyMismatchError:
            return False
        except (Argon2Error, ValueError):
            raise Error("a stored password hash is damaged, or there is no memory to check it") from None

    def verify_dummy(self, password: str) -> bool:
        """Always False, after as much work as `verify`: for a user that doesn't exist or has no password."""
        salt, digest = (base64.b64encode(bytes(size)).decode("ascii").rstrip("=") for size in (SALT, _DIGEST))
        costs = f"m={self.memory},t={self.passes},p={self.lanes}"
        # INVARIANT: even a password that hashes to the dummy's digest gets no further.
        self.verify(f"{_PREFIX}v=19${costs}${salt}${digest}", password)
        return False

    def needs_rehash(self, stored: str) -> bool:
        """Whether a hash was made with other parameters: hash the password anew after the next right log-on."""
        try:
            return self._hasher().check_needs_rehash(stored)
        except ValueError:
            raise Error("a stored password hash is damaged") from None

    def _hasher(self) -> PasswordHasher:
        return PasswordHasher(self.passes, self.memory, self.lanes, _DIGEST, SALT, type=Type.ID)
