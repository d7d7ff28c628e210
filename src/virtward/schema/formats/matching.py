"""Formats made from a pattern or from a question about the text.

Rule: as in Perl, one line feed at the end is looked past; in the words, `{}` stands for the text.
"""

import re
from collections.abc import Callable

from ...errors import Error
from ..value import Check


def matching(pattern: str, words: str) -> Check:
    """A format by its pattern."""
    compiled = re.compile(f"^(?:{pattern})$")
    return _check(lambda text: compiled.match(text) is not None, words)


def fitting(fits: Callable[[str], bool], words: str) -> Check:
    """A format by a question, which never sees the line feed at the end."""
    return _check(lambda text: fits(text.removesuffix("\n")), words)


def _check(fits: Callable[[str], bool], words: str) -> Check:
    def check(text: str) -> None:
        if not fits(text):
            raise Error(words.replace("{}", text))

    return check
