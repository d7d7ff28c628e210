"""Recovery codes: ten codes of 64 bits, each good for one log-on when the other second factor is lost.

Rule: kept only as HMAC-SHA256 under a key of the installation, bound to the user; a used one leaves a hole, so
that the others keep their numbers. Random, hence a fast hash does (see `token`).
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from ..errors import Error, Unauthorized
from .secret import Key, Secret

COUNT = 10
RANDOM = COUNT * 8
"""Random bytes that a set of codes is made of."""


def new_codes(random: bytes) -> tuple[Secret, ...]:
    """Ten codes `xxxx-xxxx-xxxx-xxxx` (lower-case hex) from 80 random bytes; Error for another number of bytes."""
    if len(random) != RANDOM:
        raise Error(f"recovery codes are made of {RANDOM} random bytes")
    digits = random.hex()
    return tuple(
        Secret("-".join(digits[at + group : at + group + 4] for group in range(0, 16, 4)))
        for at in range(0, len(digits), 16)
    )


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """A user's codes as they are stored: a hash for each, None once it is used."""

    hashes: tuple[str | None, ...]

    @classmethod
    def of(cls, key: Key, userid: str, codes: Iterable[Secret]) -> Self:
        """What to store of a user's new codes."""
        return cls(tuple(_hash(key, userid, code) for code in codes))

    @property
    def left(self) -> tuple[int, ...]:
        """The numbers, from 0, of the codes that can still be used: what a challenge tells the client."""
        return tuple(number for number, stored in enumerate(self.hashes) if stored is not None)

    def use(self, key: Key, userid: str, code: Secret) -> Self:
        """The codes without the one that is used now; Unauthorized if it isn't among them. Constant time.

        The caller stores the answer, on condition that nobody else did meanwhile, before it lets anyone in.
        """
        wanted = _hash(key, userid, code)
        fits = [stored is not None and hmac.compare_digest(stored, wanted) for stored in self.hashes]
        if not any(fits):
            raise Unauthorized("authentication failure")
        used = fits.index(True)
        return type(self)((*self.hashes[:used], None, *self.hashes[used + 1 :]))


def _hash(key: Key, userid: str, code: Secret) -> str:
    return key.fingerprint("recovery", userid, code.reveal())
