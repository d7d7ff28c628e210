"""The time in tickets and CSRF tokens: Unix seconds as eight upper-case hexadecimal digits."""

from ..errors import Error

PATTERN = "[0-9A-F]{8}"
"""A regular expression for a stamp."""

YOUNGEST, OLDEST = -300, 7200
"""Ages, in seconds, between which a login ticket and a CSRF token are valid (below 0: clocks differ)."""


def stamp(now: float) -> str:
    """The stamp of a time in Unix seconds; Error for a time that eight digits can't hold."""
    if not 0 <= now < 1 << 32:
        raise Error("the clock shows a time that a ticket can't hold")
    return f"{int(now):08X}"


def fresh(text: str, now: float, youngest: int = YOUNGEST, oldest: int = OLDEST) -> bool:
    """Whether the age of a stamp lies strictly between two ages, in seconds: at a border it is refused."""
    return youngest < int(now) - int(text, 16) < oldest
