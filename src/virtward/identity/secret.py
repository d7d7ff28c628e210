"""Secrets that don't show themselves, and the key that everything of ours is authenticated with.

Rule: a secret leaves its wrapper only through `reveal`, and is compared only in constant time.
"""

import hashlib
import hmac
from typing import final

from ..errors import Error

SHORTEST_KEY = 32
"""Bytes that a `Key` has at least: as many as the digest it makes."""


def encode(text: str) -> bytes:
    """The text's bytes in UTF-8; total and injective, so that lone surrogates can neither raise nor collide."""
    return text.encode("utf-8", "surrogatepass")


def decode(raw: bytes) -> str:
    """The inverse of `encode`; UnicodeDecodeError for bytes that it can't have made."""
    return raw.decode("utf-8", "surrogatepass")


@final
class Secret:
    """A text that must not be seen: `repr`, `str` and formatting hide it, `==` takes constant time."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: for the answer that shows it once, or for what checks it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(encode(self._text), encode(other._text))

    def __hash__(self) -> int:
        return hash(self._text)


@final
class Key:
    """A symmetric key for HMAC-SHA256; never shown. Error if it has fewer than 32 bytes."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        if len(raw) < SHORTEST_KEY:
            raise Error(f"a key needs at least {SHORTEST_KEY} bytes")
        self._raw = bytes(raw)

    def reveal(self) -> bytes:
        """The key itself, for the store."""
        return self._raw

    def hmac(self, data: bytes) -> bytes:
        """HMAC-SHA256 of the data: 32 bytes."""
        return hmac.digest(self._raw, data, hashlib.sha256)

    def fingerprint(self, purpose: str, *texts: str) -> str:
        """What is stored instead of a secret: the HMAC, in hex, of the texts.

        The purpose and each text go in with their lengths, so no two different questions share an answer.
        """
        parts = [encode(text) for text in (purpose, *texts)]
        return self.hmac(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hex()

    def __repr__(self) -> str:
        return "Key(***)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Key):
            return NotImplemented
        return hmac.compare_digest(self._raw, other._raw)

    def __hash__(self) -> int:
        return hash(self._raw)
