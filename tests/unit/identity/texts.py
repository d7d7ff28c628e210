"""What hypothesis draws (awkward ids, texts with one character changed), and how long it may take."""

import string

from hypothesis import settings
from hypothesis import strategies as st

patient = settings(deadline=None)
"""For every test that draws: signing and a busy machine take their time."""

AWKWARD = [
    "a:b@pve",
    "a%3Ab@pve",
    "a%b@pve",
    "jürgen@pve",
    "名前@pve",
    "a;b@pve",
    "a b@pve",
    "\udcff@pve",
    "\ud800@pve",
]

ids = st.one_of(
    st.sampled_from(["root@pam", "alice@pve", "bob+x@pve", *AWKWARD]),
    st.text(st.characters(codec="utf-8"), min_size=1).map(lambda name: f"{name}@pve"),
    st.text(st.sampled_from(":%;!@/. \udc80\ud800\n\0"), min_size=1).map(lambda name: f"x{name}"),
)
"""User ids, far beyond those that a policy accepts."""


def altered(text: str, position: int, character: str) -> str:
    """The text with one character replaced, always by another one."""
    position %= len(text)
    if text[position] == character:
        character = "A" if character != "A" else "B"
    return text[:position] + character + text[position + 1 :]


positions = st.integers(min_value=0, max_value=10_000)
characters = st.one_of(st.sampled_from(string.ascii_letters + string.digits + "+/=:% \n"), st.characters())
