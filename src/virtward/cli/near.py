"""Near names, for whoever mistyped one."""

from collections.abc import Iterable

_MOST = 100_000  # names compared at most


def near(word: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names closest to a word, whatever their case, best first."""
    from difflib import get_close_matches
    from itertools import islice

    folded: dict[str, str] = {}
    for name in islice(known, _MOST):
        folded.setdefault(name.lower(), name)
    return [folded[name] for name in get_close_matches(word.lower(), folded, count, 0.6)]


def did_you_mean(names: Iterable[str]) -> str:
    """` Did you mean A or B?`; empty without names."""
    found = list(dict.fromkeys(names))
    if not found:
        return ""
    *first, last = found
    return f" Did you mean {', '.join(first) + ' or ' if first else ''}{last}?"
