"""`upgrade-check`."""

from .shell import Call


def run(call: Call) -> int:
    """0."""
    return 0
