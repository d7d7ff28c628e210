"""Strategies that make up `user.cfg` files, from few names, so that lines meet.

Rule: `sections` has a list of well-formed lines per kind; `files` puts such lines together, in the usual
order; `dirty_files` are bytes: lines in any order, damaged ones, garbage.
"""

from collections.abc import Sequence
from itertools import combinations
from random import Random

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Sections = dict[str, list[str]]
KINDS = ("user", "token", "group", "role", "pool", "acl")

# The third user's id starts like a token of the first; the fourth's like a group of an ACL entry.
USERS = ("ann@pve", "bob@pam", "ann@pve!t1@pam", "@ops@pve")
UNKNOWN_USERS = ("ghost@pve",)
TOKENS = (*(f"{user}!t1" for user in ("ann@pve", "root@pam", *USERS[1:], *UNKNOWN_USERS)), "ann@pve!t2")
GROUPS = ("ops", "dev", "pve")
ROLES = ("r1", "r2", "hollow")
POOLS = ("p/q", "p", "p/q/r", "s")
VMIDS = ("100", "101", "102")
STORAGES = ("local", "nfs")
MEMBERS = (*(f"/vms/{vmid}" for vmid in VMIDS), *(f"/storage/{storage}" for storage in STORAGES))
PRIVILEGES = ("VM.Audit", "VM.Allocate", "Pool.Audit", "Sys.Audit", "User.Modify", "Permissions.Modify")
PATHS = (
    "/",
    "/access/groups",
    "/access/groups/ops",
    "/nodes",
    "/nodes/n1",
    "/pool",
    "/pool/p",
    "/pool/p/q",
    "/pool/p/q/r",
    "/pool/s",
    "/storage",
    "/storage/local",
    "/vms",
    "/vms/100",
    "/vms/100/x",
    "/vms/101",
)
ODD_PATHS = ("/vms/0/100/", "/pool/0", "/0", "0/", "//vms//100", "vms", "/users/ann")

SUBJECTS = ("root@pam", *USERS, *UNKNOWN_USERS, "nobody@pve", *TOKENS, "@ops", "ops", "gar bage", "", "ann@")
ASKED = (
    *PATHS,
    *ODD_PATHS,
    *(
        "",
        "//",
        "vms/100",
        "/vms/100/",
        "//vms/100",
        "/vms/102",
        "/storage/nfs",
        "/storage/local/x",
        "/mapping",
    ),
)

_TEXTS = ("", "0", "00", "x", "a%3Ab", "%30", "%20x%20", "%252541", "%C3%A9", "%ED%A0%80", "%ff", "p %zz", "é")
_DATES = ("", "0", "007", "1750000000")
_FLAGS = ("1", "1", "0", "")

texts = st.sampled_from(_TEXTS)
# The text fields of a user, in one draw: every text gets into every field.
user_texts = st.sampled_from([":".join((*_TEXTS, *_TEXTS)[at : at + 5]) for at in range(len(_TEXTS))])
dates = st.sampled_from(_DATES)
flags = st.sampled_from(_FLAGS)


def few(names: Sequence[str], least: int, most: int) -> SearchStrategy[list[str]]:
    """Some of the names, each once."""
    return st.lists(st.sampled_from(names), min_size=least, max_size=most, unique=True)


def joined(names: Sequence[str], least: int, most: int) -> SearchStrategy[str]:
    """Some of the names, each once, as a list field; in one draw, because many lines need many."""
    sizes = range(least, most + 1)
    return st.sampled_from([",".join(some) for size in sizes for some in combinations(names, size)])


def _line(kind: str, *fields: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.tuples(st.just(kind), *fields, st.just("")).map(":".join)


def _lines(
    kind: str, names: Sequence[str], always: int, twice: bool, *fields: SearchStrategy[str]
) -> SearchStrategy[list[str]]:
    """A line for each of the first names, then for some of the others, or, if `twice`, of all."""
    first = st.tuples(*(_line(kind, st.just(name), *fields) for name in names[:always]))
    more = _line(kind, st.sampled_from(names if twice else names[always:]), *fields)
    rest = st.lists(more, max_size=3, unique_by=None if twice else lambda line: line.split(":")[1])
    return st.builds(lambda some, others: [*some, *others], first, rest)


_ACL_SUBJECTS = ("@ops", "@dev", *USERS, *TOKENS, *UNKNOWN_USERS, "@pve", "@void")
_ACL_ROLES = ("PVEVMUser", "PVEAuditor", "NoAccess", *ROLES, "Administrator", "gone")
_ACL_PATHS = (*("/", "/vms", "/vms/100", "/pool", "/pool/p", "/pool/p/q") * 3, *PATHS, *ODD_PATHS)


# The walks to one machine and one storage, and to the pools that have them.
_ACL_PATHS_TO_MEMBERS = ("/", "/vms", "/vms/100", "/pool", "/pool/p", "/pool/p/q", "/storage", "/storage/local")


@st.composite
def acl_lines(draw: st.DrawFn, places: Sequence[str] = _ACL_PATHS) -> list[str]:
    """ACL lines about a few subjects, paths and roles, so that they meet on a node and along a path."""
    subjects = ["ann@pve", "ann@pve!t1", "@ops", "@dev", *draw(few(_ACL_SUBJECTS, 0, 4))]
    roles = draw(few(_ACL_ROLES, 2, 4))
    paths = st.sampled_from(draw(few(places, 2, 6)))
    line = _line("acl", flags, paths, joined(subjects, 1, 2), joined(roles, 1, 2))
    of_root = _line("acl", flags, paths, st.just("root@pam"), st.sampled_from(roles))
    # Without a least number most files would have hardly any, and nothing would meet.
    return draw(st.lists(line, min_size=8, max_size=16)) + draw(st.lists(of_root, max_size=1))


def sections(twice: bool = True) -> SearchStrategy[Sections]:
    """Well-formed lines per kind; `twice`: several about the same thing, and built-in roles changed."""
    roles = (*ROLES, "NoAccess", "PVEAuditor") if twice else ROLES
    members = joined((*USERS, *UNKNOWN_USERS), 1, 4)
    return st.fixed_dictionaries(
        {
            "user": _lines("user", USERS, 2, twice, flags, dates, user_texts),
            "token": _lines("token", TOKENS, 2, twice, dates, flags, texts),
            "group": _lines("group", GROUPS, 2, twice, members, texts),
            "role": _lines("role", roles, 2, twice, joined(PRIVILEGES, 0, 3)),
            "pool": _lines("pool", POOLS, 1, twice, texts, joined(VMIDS, 0, 2), joined(STORAGES, 0, 2)),
            "acl": acl_lines(),
        }
    )


def text(lines: Sequence[str]) -> bytes:
    """The file of some lines."""
    return "".join(f"{line}\n" for line in lines).encode()


def all_lines(found: Sections) -> list[str]:
    """The lines of every kind, in the order of the kinds."""
    return [line for kind in KINDS for line in found[kind]]


def files() -> SearchStrategy[bytes]:
    """Well-formed files in the usual order, often with several lines about the same thing."""
    return sections().map(all_lines).map(text)


def crowded_files() -> SearchStrategy[bytes]:
    """Files whose entries are all about the members of two pools."""
    pools = st.sampled_from((["pool:p/q::100:local:"], ["pool:p::100:local:", "pool:p/q:::local:"]))
    return st.builds(
        lambda found, pools, acl: text(all_lines({**found, "pool": pools, "acl": acl})),
        sections(),
        pools,
        acl_lines(_ACL_PATHS_TO_MEMBERS),
    )


@st.composite
def rearranged_files(draw: st.DrawFn) -> bytes:
    """Files where some lines come late or again, with every list of an ACL line both before and after them."""
    found = draw(sections())
    early = [line for kind in KINDS[:-1] for line in found[kind]]
    late = draw(few(early, 0, 3)) + draw(few(found["token"], 0, 2))
    again = draw(few(found["user"] + found["token"], 0, 1))
    acl = found["acl"]
    repeated = [":".join((*line.split(":")[:2], "/mapping", *line.split(":")[3:])) for line in acl]
    return text([*(line for line in early if line not in late), *acl, *again, *late, *repeated])


# Bytes that mean something somewhere in the format: separators, escapes, what lists take for white space.
ODD = (
    *(b"\0", b"\xc2\x85", b"\xa0", b"\xc3\xa0@pve", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf"),
    *(
        b"%",
        b",",
        b";",
        b":",
        b"::",
        b" ",
        b"\t",
        b"\v",
        b"\r",
        b"\x1c",
        b"#",
        b"@",
        b"!",
        b"/",
        b"0",
        b"a,b@pve\0",
    ),
    b"18446744073709551615",
)
# Too large for Perl's integers, for a float, for Python's reading of decimal numbers as it is set up.
HUGE = (b"18446744073709551616", b"1" * 400, b"9" * 5000)
_GARBAGE = (
    *(
        b"",
        b"   ",
        b"::::",
        b"# a comment",
        b"user",
        b"acl:",
        b"acl:1:0:ann@pve:r1",
        b"User:ann@pve:1:0:",
        b"\xff",
    ),
    *(
        b"pool:0::105:",
        b"pool:0/a::106:",
        b"group:0:ann@pve:",
        b"role:0:VM.Audit:",
        b"pool:a/b/c/d::1:",
        b"token:!",
    ),
    *(b"group:ops:ann@pve\0bob@pam\0:", b"acl:1:/vms:\0@ops\0ann@pve:r1", b"user:x\0y@pve:1:0::::::"),
    *(
        b"group:ops:x,y@pve\0:",
        b"acl:1:/vms:\xc3\xa0@pve\0:NoAccess",
        b"group:dev:vo\xc3\xa0@pve:",
        b"acl:0:/:bob@pam r1",
    ),
    *(
        b"user:" + b"l" * 60 + b"@pve:1:",
        b"user:" + b"l" * 61 + b"@pve:1:",
        b"user:ann@p:1:",
        b"user:bob@pam:1:soon:",
    ),
    *(
        b"pool:p::007,1x,18446744073709551615:a,_b,c_:",
        b"token:ann@pve!t1:0:1:",
        b"user:ann@pve:1:0:::e:c:k:more:x",
    ),
)


@st.composite
def damaged(draw: st.DrawFn, line: str, odd: Sequence[bytes]) -> bytes:
    """A line with some odd bytes put in, or instead of one of its own."""
    raw = line.encode()
    at = draw(st.integers(0, len(raw)))
    return raw[:at] + draw(st.sampled_from(odd)) + raw[at + draw(st.integers(0, 1)) :]


@st.composite
def dirty_files(draw: st.DrawFn, odd: Sequence[bytes] = (*ODD, *HUGE)) -> bytes:
    """Bytes that resemble a file: well-formed lines in any order, damaged ones, garbage."""
    good = all_lines(draw(sections()))
    lines = [line.encode() for line in good]
    lines += draw(st.lists(st.sampled_from(_GARBAGE) | st.binary(max_size=12), max_size=6))
    lines += draw(st.lists(st.sampled_from(good).flatmap(lambda line: damaged(line, odd)), max_size=6))
    seed = draw(st.integers(0, 999))
    if seed:  # one draw, where a permutation takes one per line
        Random(seed).shuffle(lines)
    return draw(st.sampled_from((b"\n", b"\n", b"\r\n", b" \n\n"))).join(lines)


def any_bytes() -> SearchStrategy[bytes]:
    """Dirty files, or no file at all."""
    return dirty_files() | st.binary(max_size=80) | st.text(" \t\r\n\v\f", max_size=5).map(str.encode)
