"""The RSA keys that sign tickets, and their rotation.

Rule: the current key signs and verifies; the one before it only verifies, and only what was issued before the
rotation, so of the older key no more than the public half is kept. RSA of 2048 bits, PKCS #1 v1.5 with SHA-256:
clients never verify a ticket, hence the hash is ours to choose, and a signature has the size clients know.
Source: `reference/http.md` section 2.
"""

from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key

from ..errors import Error

LIFETIME = 24 * 3600
"""Seconds after which the current key is due to be replaced."""

LAG = 5
"""Seconds after a rotation for which another server of the same store may still have signed with the old key."""

BITS = 2048


@dataclass(frozen=True, slots=True)
class TicketKeys:
    """The keys at one moment; `since` is when `current` took over, in Unix seconds."""

    current: RSAPrivateKey = field(repr=False)
    since: int
    previous: RSAPublicKey | None = field(default=None, repr=False)

    @classmethod
    def generate(cls, now: float) -> Self:
        """A first key; takes about a tenth of a second. The randomness is cryptography's own."""
        return cls(generate_private_key(public_exponent=65537, key_size=BITS), int(now))

    def due(self, now: float) -> bool:
        """Whether the current key has signed for 24 hours."""
        return now - self.since >= LIFETIME

    def rotated(self, now: float) -> Self:
        """A fresh current key; today's becomes the previous one, that of yesterday is gone."""
        fresh = generate_private_key(public_exponent=65537, key_size=BITS)
        return type(self)(fresh, int(now), self.current.public_key())

    def sign(self, data: bytes) -> bytes:
        """The current key's signature: 256 bytes."""
        return self.current.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def verifies(self, signature: bytes, data: bytes, issued: int) -> bool:
        """Whether this is a signature of the data, which claims to be of `issued` (Unix seconds)."""
        if _verifies(self.current.public_key(), signature, data):
            return True
        before = issued <= self.since + LAG
        return self.previous is not None and before and _verifies(self.previous, signature, data)


def _verifies(key: RSAPublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def private_pem(key: RSAPrivateKey) -> bytes:
    """The key as PKCS #8 PEM, not encrypted: whoever stores it guards it."""
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def public_pem(key: RSAPublicKey) -> bytes:
    """The key as SubjectPublicKeyInfo PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_private(pem: bytes) -> RSAPrivateKey:
    """The key of `private_pem`; Error, which shows nothing of it, for anything but RSA of at least 2048 bits."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Error("the key that signs tickets can't be read") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < BITS:
        raise Error(f"the key that signs tickets is not an RSA key of {BITS} bits or more")
    return key


def read_public(pem: bytes) -> RSAPublicKey:
    """The key of `public_pem`; Error for anything but RSA of at least 2048 bits."""
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Error("the previous key of tickets can't be read") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < BITS:
        raise Error(f"the previous key of tickets is not an RSA key of {BITS} bits or more")
    return key
