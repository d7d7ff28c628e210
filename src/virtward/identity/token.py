"""API tokens: their secrets, how those are stored, and the header that carries them.

Rule: a secret is shown once and kept only as an HMAC-SHA256 under a key of the installation. Passwords need a
slow hash because people choose them; a token's secret is a random UUID with 122 bits, which nobody can try
through, so a fast hash is enough and every request can afford it. The key keeps a stolen table useless even for
secrets that were chosen badly elsewhere and imported, and the token's id goes in as well, so that one token's
hash never fits another. Source of the header: `reference/http.md` section 2.
"""

import hmac
import re
import uuid
from typing import NamedTuple
from urllib.parse import unquote

from ..errors import Error, Unauthorized
from .secret import Key, Secret, encode

RANDOM = 16
"""Random bytes that a secret is made of."""

_HEADER = re.compile(r"\s*PVEAPIToken[= ]([^;]*)")
_SCHEME = "hmac-sha256:"


class ApiToken(NamedTuple):
    """The id `user@realm!name` and the secret that somebody presents; neither is checked yet."""

    tokenid: str
    secret: Secret

    @property
    def text(self) -> Secret:
        """Both as `policy.logon.check_token` reads them."""
        return Secret(f"{self.tokenid}={self.secret.reveal()}")


def new_secret(random: bytes) -> Secret:
    """A secret in the shape of a version 4 UUID, from 16 random bytes; Error for another number of bytes."""
    if len(random) != RANDOM:
        raise Error(f"the secret of a token is made of {RANDOM} random bytes")
    return Secret(str(uuid.UUID(bytes=random, version=4)))


def fingerprint(key: Key, tokenid: str, secret: Secret) -> str:
    """What to store of a token's secret."""
    return _SCHEME + key.fingerprint("token", tokenid, secret.reveal())


def matches(key: Key, stored: str, tokenid: str, secret: Secret) -> bool:
    """Whether the secret is the one that `stored` was made of; constant time."""
    return hmac.compare_digest(encode(stored), encode(fingerprint(key, tokenid, secret)))


def parse_header(text: str) -> ApiToken | None:
    """The token in `PVEAPIToken=USER@REALM!ID=SECRET`, None if the header has none.

    The first `=` may be a blank; the value ends at `;` and is percent-decoded; the secret begins after the last
    `=`. Unauthorized if there is none, in upstream's words.
    """
    match = _HEADER.match(text)
    if match is None or not match[1]:
        return None
    tokenid, separator, secret = unquote(match[1], errors="surrogateescape").rpartition("=")
    if not separator:
        raise Unauthorized("no tokenid specified")
    return ApiToken(tokenid, Secret(secret))
