"""Time-based one-time passwords (RFC 6238) as a second factor.

Rule: a code counts in its own step and the one before and after, and a step counts once: whoever verifies keeps
the step that was used, and gives it with the next code.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pyotp

from ..errors import Error, Invalid, Unauthorized
from .secret import Secret, encode

WINDOW = 1
"""Steps by which the clocks may differ, either way."""

NEW_SECRET = 20
"""Random bytes of a new secret: as many as SHA-1 has."""

SHORTEST_SECRET = 14
"""Bytes that a secret made elsewhere has at least: the 112 bits of NIST SP 800-63B, which pyotp insists on."""

ALGORITHMS: Mapping[str, object] = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Totp:
    """A shared secret (base32, without padding) and how codes are made of it; `period` is seconds.

    Raises Invalid, which names the parameter `totp`, if one of them is out of range.
    """

    secret: Secret
    digits: int = 6
    period: int = 30
    algorithm: str = "SHA1"

    def __post_init__(self) -> None:
        if _secret_size(self.secret) < SHORTEST_SECRET:
            raise _invalid(f"the secret must be base32 of at least {SHORTEST_SECRET} bytes")
        if not 6 <= self.digits <= 8:
            raise _invalid("digits must be 6, 7 or 8")
        if not 10 <= self.period <= 120:
            raise _invalid("period must be between 10 and 120 seconds")
        if self.algorithm not in ALGORITHMS:
            raise _invalid(f"algorithm must be one of {', '.join(ALGORITHMS)}")

    @classmethod
    def new(cls, random: bytes) -> Self:
        """A new secret from 20 random bytes, with the settings that every authenticator app knows."""
        if len(random) != NEW_SECRET:
            raise Error(f"the secret of a second factor is made of {NEW_SECRET} random bytes")
        return cls(Secret(base64.b32encode(random).decode("ascii")))

    def code(self, step: int) -> str:
        """The code of a step (periods since 1970)."""
        return pyotp.HOTP(self.secret.reveal(), digits=self.digits, digest=ALGORITHMS[self.algorithm]).at(step)

    def verify(self, code: str, now: float, last: int | None = None) -> int:
        """The step whose code this is, to be kept as the next `last`; Unauthorized if there is none.

        Steps up to `last` are used up. Of two steps with the same code the later one counts, so neither can be
        used again. Constant time.
        """
        current = int(now) // self.period
        used = None
        for step in range(max(0, current - WINDOW), current + WINDOW + 1):
            same = hmac.compare_digest(encode(self.code(step)), encode(code))
            if same and (last is None or step > last):
                used = step
        if used is None:
            raise Unauthorized("authentication failure")
        return used

    def uri(self, account: str, issuer: str) -> Secret:
        """The `otpauth://` URI that authenticator apps read; it holds the secret."""
        label = quote(encode(f"{issuer}:{account}"), safe="")
        query = {
            "secret": self.secret.reveal(),
            "issuer": encode(issuer),
            "digits": str(self.digits),
            "period": str(self.period),
            "algorithm": self.algorithm,
        }
        return Secret(f"otpauth://totp/{label}?{urlencode(query, quote_via=quote)}")

    @classmethod
    def parse(cls, uri: str) -> Self:
        """The factor that an `otpauth://totp/...` URI describes; Invalid, without the secret, if none."""
        try:
            parts = urlsplit(uri)
            query = parse_qs(parts.query, strict_parsing=True, max_num_fields=16)
        except ValueError:
            raise _invalid("not an otpauth URI") from None
        if (parts.scheme, parts.netloc.lower()) != ("otpauth", "totp") or any(len(v) > 1 for v in query.values()):
            raise _invalid("not an otpauth URI for TOTP")
        values = {name: found[0] for name, found in query.items()}
        secret = values.get("secret", "").replace(" ", "").upper().rstrip("=")
        algorithm = values.get("algorithm", "SHA1").upper()
        return cls(Secret(secret), _number(values, "digits", 6), _number(values, "period", 30), algorithm)


def _secret_size(secret: Secret) -> int:
    """How many bytes a base32 text stands for; 0 if it isn't base32 without padding."""
    text = secret.reveal()
    if not re.fullmatch("[A-Z2-7]+", text):
        return 0
    try:
        return len(base64.b32decode(text + "=" * (-len(text) % 8)))
    except binascii.Error:
        return 0


def _number(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(name, str(default))
    if not re.fullmatch("[0-9]{1,4}", text):
        raise _invalid(f"{name} must be a number")
    return int(text)


def _invalid(problem: str) -> Invalid:
    return Invalid({"totp": f"invalid format - {problem}"})
