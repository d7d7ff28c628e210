"""All the keys of an installation as one value, and how they are stored."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from ..errors import Error
from . import csrf
from .secret import SHORTEST_KEY, Key
from .signing import TicketKeys, private_pem, public_pem, read_private, read_public


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs tickets, what makes CSRF tokens, and the pepper of token secrets and recovery codes.

    Only the first rotates: a new pepper would make every stored token worthless.
    """

    tickets: TicketKeys
    csrf: Key
    pepper: Key

    @classmethod
    def generate(cls, random: Callable[[int], bytes], now: float) -> Self:
        """The keys of a new installation; `random(n)` gives n bytes fit for keys, `now` is Unix seconds."""
        return cls(TicketKeys.generate(now), Key(random(SHORTEST_KEY)), Key(random(SHORTEST_KEY)))

    def due(self, now: float) -> bool:
        """Whether the key of tickets is due to be rotated."""
        return self.tickets.due(now)

    def rotated(self, now: float) -> Self:
        """The keys with a fresh one for tickets."""
        return replace(self, tickets=self.tickets.rotated(now))

    def csrf_token(self, userid: str, now: float) -> str:
        """The user's CSRF token."""
        return csrf.issue(self.csrf, userid, now)

    def csrf_valid(self, userid: str, text: str, now: float) -> bool:
        """Whether this is a CSRF token of the user, in time."""
        return csrf.valid(self.csrf, userid, text, now)

    def dump(self) -> bytes:
        """All of them for the store: JSON with PEM inside, not encrypted."""
        previous = self.tickets.previous
        stored = {
            "current": private_pem(self.tickets.current).decode("ascii"),
            "since": self.tickets.since,
            "previous": None if previous is None else public_pem(previous).decode("ascii"),
            "csrf": self.csrf.reveal().hex(),
            "pepper": self.pepper.reveal().hex(),
        }
        return json.dumps(stored).encode("ascii")

    @classmethod
    def load(cls, raw: bytes) -> Self:
        """What `dump` wrote; Error, which shows nothing of it, for anything else."""
        try:
            stored = json.loads(raw)
            current, since, previous = stored["current"], stored["since"], stored["previous"]
            symmetric = [bytes.fromhex(stored[name]) for name in ("csrf", "pepper")]
            pems = [None if pem is None else pem.encode("ascii") for pem in (current, previous)]
        except (ValueError, TypeError, KeyError, AttributeError):
            raise Error("the stored keys are damaged") from None
        if pems[0] is None or type(since) is not int:
            raise Error("the stored keys are damaged")
        tickets = TicketKeys(read_private(pems[0]), since, None if pems[1] is None else read_public(pems[1]))
        return cls(tickets, Key(symmetric[0]), Key(symmetric[1]))
