"""Hashes of passwords are those of crypt(3)."""

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtward.guest import crypt

# From Ulrich Drepper's specification, version 0.4.
KNOWN = [
    (
        "saltstring",
        5000,
        "Hello world!",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    ),
    (
        "saltstringsaltst",
        10000,
        "Hello world!",
        "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/"
        "YTBmSK6H9qs/y3RnOaw5v.",
    ),
    (
        "anotherlongsalts",
        1400,
        "a very much longer text to encrypt.  This one even stretches over morethan one line.",
        "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1",
    ),
]


@pytest.mark.parametrize(("salt", "rounds", "password", "found"), KNOWN)
def test_the_specifications_own_examples(salt: str, rounds: int, password: str, found: str) -> None:
    assert crypt.sha512(password.encode(), salt.encode(), rounds) == found


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl isn't there to compare with")
@settings(max_examples=15, deadline=None)
@given(st.text("aZ9./ äß€", min_size=1, max_size=70), st.text("./aZ09", min_size=1, max_size=16))
def test_hashes_are_those_of_openssl(password: str, salt: str) -> None:
    command = ["openssl", "passwd", "-6", "-salt", salt, "-stdin"]
    other = (
        subprocess.run(command, input=password.encode(), capture_output=True, check=True).stdout.decode().strip()
    )
    assert crypt.sha512(password.encode(), salt.encode()) == other


@pytest.mark.parametrize("text", ["$6$salt$hash", "$6$rounds=5000$salt$hash", "$5$s$h", "$2b$12$abc", "$y$j9T$a$b"])
def test_hashes_are_known(text: str) -> None:
    assert crypt.is_hashed(text)


@pytest.mark.parametrize(
    "text", ["", "secret", "$6$salt", "$6$$", "$7$salt$hash", "$6$salt$ha sh", "$6$salt$hash\n", "x$6$a$b"]
)
def test_passwords_are_no_hashes(text: str) -> None:
    assert not crypt.is_hashed(text)
