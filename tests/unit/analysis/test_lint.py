"""Every trap that `lint` knows, each with the smallest file that has it, and files that have none."""

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from virtward.analysis.lint import RULES, Finding, Severity, lint
from virtward.analysis.lint_power import WAYS, powerful
from virtward.policy.evaluate import privileges
from virtward.policy.names import ROOT
from virtward.policy.privileges import BITS, RELEASES
from virtward.policy.usercfg import parse, render

NOW = 1_750_000_000
HUGE = "18446744073709551616"  # 2^64
USERS = "user:a@pve:1:0::::::\nuser:b@pve:1:0::::::\n"

CLEAN = """\
user:alice@pve:1:0:Alice:A%3AB:alice@example.com:10 o'clock:x:
token:alice@pve!ci:0:1:build:
user:bob@pam:0:1700000000::::00::
user:root@pam:1:0:::root@example.com:::

group:admins:alice@pve:all of it:
group:ops:alice@pve,bob@pam::

pool:web::100,101:local:
pool:web/front:::nfs:

role:Starter:VM.Audit,VM.PowerMgmt:

acl:1:/:@admins:Administrator:
acl:0:/access/groups/ops:alice@pve!ci:Starter:
acl:1:/nodes/n1:bob@pam:PVEAuditor:
acl:1:/pool/web/front:@ops:PVEVMUser:
acl:1:/vms:@ops:PVEVMUser,Starter:
acl:1:/vms/100:@ops:NoAccess:
"""

# (code, file, line, subject, fragments of the message)
CASES: list[tuple[str, str, int, str, tuple[str, ...]]] = [
    ("text-is-zero", "user:a@pve:1:0:0:::::\n", 1, "a@pve", ("first name",)),
    ("text-is-zero", "user:a@pve:1:0::%30::::\n", 1, "a@pve", ("last name",)),
    ("text-is-zero", "user:a@pve:1:0:::0:::\n", 1, "a@pve", ("e-mail",)),
    ("text-is-zero", "user:a@pve:1:0:::: 0 ::\n", 1, "a@pve", ("comment",)),
    ("text-is-zero", "user:a@pve:1:0:::::0:\n", 1, "a@pve", ("keys",)),
    ("text-is-zero", USERS + "token:a@pve!tk:0:0:0:\n", 3, "a@pve!tk", ("comment", "token")),
    ("text-is-zero", "group:g::0:\n", 1, "g", ("comment", "group")),
    ("text-is-zero", "pool:p:0:::\n", 1, "p", ("comment", "pool")),
    ("number-too-large", f"user:a@pve:1:{HUGE}::::::\n", 1, "a@pve", (HUGE, "the user with its tokens")),
    ("number-too-large", USERS + f"token:a@pve!tk:{HUGE}:0::\n", 3, "a@pve!tk", (HUGE, "loses the token")),
    ("number-too-large", f"pool:p::00{HUGE}:\n", 1, "pool p", (f"vmid {HUGE}", "this member")),
    ("repeated-user", USERS + "user:a@pve:0:0::::::\n", 3, "a@pve", ("line 1",)),
    (
        "repeated-user-drops-tokens",
        USERS + "token:a@pve!tk:0:0::\nuser:a@pve:1:0::::::\n",
        4,
        "a@pve",
        ("a@pve!tk (line 3)",),
    ),
    ("repeated-user-drops-tokens", "token:root@pam!tk:0:0::\nuser:root@pam:1:0::::::\n", 2, "root@pam", ("!tk",)),
    ("lines-add-up", "role:r:VM.Audit,VM.Console:\nrole:r:VM.Audit:\n", 2, "r", ("Role r", "line 1")),
    ("lines-add-up", USERS + "group:g:a@pve,b@pve::\ngroup:g:a@pve::\n", 4, "g", ("Group g", "line 3")),
    ("lines-add-up", "pool:p::100:\npool:p::101:\n", 2, "p", ("Pool p", "line 1")),
    ("token-without-privsep", USERS + "token:a@pve!tk:0\n", 3, "a@pve!tk", ("all rights of a@pve",)),
    ("flag-not-boolean", "user:a@pve:no:0::::::\n", 1, "a@pve", ("enable", "'no'", "enabled")),
    ("flag-not-boolean", USERS + "token:a@pve!tk:0:false::\n", 3, "a@pve!tk", ("privsep", "'false'")),
    ("flag-not-boolean", USERS + "acl:no:/vms:a@pve:PVEVMUser:\n", 3, "/vms", ("'no'", "below as well")),
    ("flag-missing", "user:a@pve\n", 1, "a@pve", ("enable", "disabled")),
    ("flag-missing", USERS + "acl::/vms:a@pve:PVEVMUser:\n", 3, "/vms", ("propagate", "alone")),
    ("name-is-zero", "role:0:VM.Audit:\n", 1, "0", ("A role",)),
    ("name-is-zero", "group:0:::\n", 1, "0", ("A group",)),
    ("pool-segment-zero", "pool:p/0::100::\n", 1, "p/0", ("stored on /pool/p instead",)),
    ("builtin-role-extended", "role:NoAccess:VM.Audit,Bad:\n", 1, "NoAccess", ("VM.Audit", "to deny")),
    ("builtin-role-extended", "role:PVEVMUser:VM.Audit,VM.Allocate:\n", 1, "PVEVMUser", ("adds VM.Allocate to",)),
    ("builtin-role-repeated", "role:PVEAuditor:VM.Audit:\n", 1, "PVEAuditor", ("adds nothing",)),
    (
        "zero-segment",
        USERS + "acl:1:/pool/0:a@pve,b@pve:PVEVMUser:\n",
        3,
        "/pool/0",
        ("PVEVMUser for a@pve and b@pve, gives its rights on /pool and below it",),
    ),
    ("zero-segment", USERS + "acl:0:0/:a@pve:PVEVMUser:\n", 3, "/0", ("gives its rights on /.",)),
    (
        "list-item-torn",
        USERS + "group:pve:::\nacl:1:/vms:voilà@pve:PVEVMUser:\n",
        4,
        "voilà@pve",
        (r"'voil\xc3' and '@pve'", "PVEVMUser on /vms goes to group pve"),
    ),
    (
        "list-item-torn",
        "user:sa@pve:1:0::::::\ngroup:g:Åsa@pve::\n",
        2,
        "Åsa@pve",
        ("membership of group g goes to user sa@pve",),
    ),
    ("list-item-lost", "user:Ơ@pve:1:0::::::\ngroup:g:Ơ@pve::\n", 2, "Ơ@pve", ("membership of group g is lost",)),
    (
        "flag-overwritten",
        USERS + "acl:0:/vms:a@pve:PVEVMUser:\nacl:1:/vms:a@pve,b@pve:PVEVMUser:\n",
        3,
        "/vms",
        ("PVEVMUser for a@pve", "doesn't propagate by this line", "line 4"),
    ),
    (
        "entry-for-unknown-user",
        "acl:1:/vms:ghost@pve:PVEVMUser:\n",
        1,
        "ghost@pve",
        ("PVEVMUser on /vms (line 1)",),
    ),
    ("entry-for-unknown-group", "\nacl:1:/vms:@gone:PVEVMUser:\n", 2, "gone", ("PVEVMUser on /vms (line 2)",)),
    (
        "entry-for-unknown-token",
        USERS + "token:a@pve!tk:0:1::\nacl:1:/vms:a@pve!tk:PVEVMUser:\nuser:a@pve:1:0::::::\n",
        4,
        "a@pve!tk",
        ("PVEVMUser on /vms (line 4)",),
    ),
    ("unknown-group-member", "group:g:ghost@pve::\n", 1, "ghost@pve", ("group g (line 1)",)),
    (
        "entry-on-unknown-pool",
        USERS + "acl:1:/pool/p/q:a@pve:PVEVMUser:\n",
        3,
        "/pool/p/q",
        ("no pool p/q", "a@pve"),
    ),
    (
        "entry-on-unknown-group",
        USERS + "acl:1:/access/groups/g:a@pve:PVEUserAdmin:\n",
        3,
        "/access/groups/g",
        ("no group g", "PVEUserAdmin for a@pve (line 3)"),
    ),
    ("entry-for-root", "acl:1:/:root@pam:NoAccess:\n", 1, "root@pam", ("NoAccess on / (line 1)",)),
    (
        "entry-for-unseparated-token",
        USERS + "token:a@pve!tk:0:0::\nacl:1:/vms:a@pve!tk:PVEAuditor:\n",
        4,
        "a@pve!tk",
        ("(line 3) has privsep 0", "the rights of a@pve", "PVEAuditor on /vms (line 4)"),
    ),
    (
        "path-without-meaning",
        USERS + "acl:1:/users:a@pve:PVEUserAdmin:\n",
        3,
        "/users",
        ("PVEUserAdmin for a@pve",),
    ),
    ("path-without-meaning", USERS + "acl:1:/vms/100/x:a@pve:PVEVMUser:\n", 3, "/vms/100/x", ("Proxmox VE 9",)),
    (
        "empty-role-in-use",
        USERS + "role:none::\nacl:1:/vms:a@pve:none:\n",
        3,
        "none",
        ("to a@pve on /vms (line 4)",),
    ),
    ("reserved-role-name", "role:pveThing:VM.Audit:\n", 1, "pveThing", ("begin with PVE",)),
    (
        "random-propagation",
        USERS + "group:g:a@pve,b@pve::\ngroup:h:a@pve::\nacl:0:/vms:@g:PVEVMUser:\nacl:1:/vms:@h:PVEVMUser:\n",
        5,
        "/vms",
        ("through @h (line 6) and without through @g (line 5), for a@pve.",),
    ),
    (
        "noaccess-only-here",
        USERS + "acl:0:/vms:a@pve:NoAccess:\nacl:1:/vms:a@pve:PVEVMUser:\n",
        3,
        "/vms",
        ("a@pve has NoAccess", "NoAccess (line 3) and PVEVMUser (line 4)", "on /vms itself, but"),
    ),
    (
        "noaccess-only-here",
        USERS + "pool:p::::\nacl:0:/pool/p:a@pve:NoAccess:\nacl:1:/pool/p:a@pve:PVEVMUser:\n",
        4,
        "/pool/p",
        ("itself and on the pool's members, but",),
    ),
    (
        "noaccess-only-here",
        USERS + "group:g:a@pve,b@pve::\ngroup:h:a@pve::\nacl:0:/vms:@g:NoAccess:\nacl:1:/vms:@h:PVEVMUser:\n",
        5,
        "/vms",
        ("a@pve has NoAccess", "NoAccess for @g (line 5) and PVEVMUser for @h (line 6)"),
    ),
    (
        "entry-overruled",
        USERS + "acl:1:/vms:a@pve:NoAccess:\nacl:1:/vms:a@pve:PVEVMUser:\n",
        4,
        "/vms",
        ("PVEVMUser for a@pve on /vms (line 4) never counts", "(line 3)"),
    ),
    (
        "entry-overruled",
        USERS + "acl:0:/vms/100:a@pve:NoAccess:\nacl:1:/vms/100:a@pve:PVEVMUser:\n",
        4,
        "/vms/100",
        ("never counts",),
    ),
    (
        "group-entry-hidden",
        USERS + "group:g:a@pve::\nacl:1:/vms:@g:PVEVMUser:\nacl:1:/vms:a@pve:PVEAuditor:\n",
        5,
        "/vms",
        ("PVEAuditor (line 5) hides PVEVMUser for @g (line 4)", "VM.Console"),
    ),
    (
        "noaccess-hidden",
        USERS + "group:g:a@pve::\nacl:1:/vms:@g:NoAccess:\nacl:1:/vms:a@pve:PVEVMUser:\n",
        5,
        "/vms",
        ("PVEVMUser (line 5) hides NoAccess for @g (line 4)",),
    ),
    (
        "full-control",
        USERS + "group:g:a@pve,b@pve::\nacl:1:/access:@g:PVEUserAdmin:\n",
        4,
        "@g",
        ("PVEUserAdmin for @g on /access (line 4) gives a@pve and b@pve User.Modify on /access/groups",),
    ),
    (
        "full-control",
        USERS + "role:r:Sys.Modify:\nacl:0:/access:a@pve:r:\n",
        4,
        "a@pve",
        ("Sys.Modify on /access", "any custom role"),
    ),
    (
        "full-control",
        USERS + "acl:0:/:a@pve:Administrator:\n",
        3,
        "a@pve",
        ("Permissions.Modify on /.",),
    ),
    (
        "token-with-all-rights",
        USERS + "token:a@pve!tk:0:0::\nacl:1:/:a@pve:Administrator:\n",
        3,
        "a@pve!tk",
        ("all rights of a@pve",),
    ),
    ("token-with-all-rights", "token:root@pam!tk:0:0::\n", 1, "root@pam!tk", ("all rights of root@pam",)),
    ("token-without-entries", USERS + "token:a@pve!tk:0:1::\n", 3, "a@pve!tk", ("whatever a@pve may do",)),
    (
        "idle-account-keeps-tokens",
        "user:a@pve:0:0::::::\ntoken:a@pve!tk:0:0::\nacl:1:/:a@pve:Administrator:\n",
        1,
        "a@pve",
        ("is disabled", "a@pve!tk (line 2)"),
    ),
    (
        "idle-account-keeps-tokens",
        f"user:a@pve:1:{NOW - 1}::::::\ntoken:a@pve!tk:0:0::\nacl:1:/:a@pve:Administrator:\n",
        1,
        "a@pve",
        ("is expired",),
    ),
    ("root-cannot-log-on", "user:root@pam:0:0::::::\n", 1, "root@pam", ("disabled",)),
]

# (code, file): close to a trap, but none.
NEAR_MISSES: list[tuple[str, str]] = [
    ("text-is-zero", "user:a@pve:1:0:00:x0:a0@b:%2530:10:\n"),
    ("number-too-large", "user:a@pve:1:18446744073709551615::::::\npool:p::000000000000000000000000100:\n"),
    ("repeated-user", "user:root@pam:1:0::::::\nuser:a@pve:1:0::::::\nuser:a@pve:1:x::::::\n"),
    ("repeated-user-drops-tokens", USERS + "token:a@pve!tk:0:1::\nuser:a@pve:1:0::::::\ntoken:a@pve!tk:0:1::\n"),
    ("token-without-privsep", USERS + "token:a@pve!tk:0\ntoken:a@pve!tk:0:1::\n"),
    ("token-without-privsep", "token:ghost@pve!tk:0\n"),
    ("token-with-all-rights", USERS + "token:a@pve!tk\nacl:1:/:a@pve:Administrator:\n"),
    ("token-with-all-rights", USERS + "token:a@pve!tk:0:0::\nacl:1:/vms:a@pve:PVEVMUser:\n"),
    ("token-with-all-rights", USERS + "token:a@pve!tk:1:0::\nacl:1:/:a@pve:Administrator:\n"),
    ("zero-segment", "acl:1:/pool/00:@g:PVEVMUser:\nacl:1:0:@g:PVEVMUser:\n"),
    ("list-item-lost", "user:é@pve:1:0::::::\ngroup:g:é@pve::\n"),
    ("flag-overwritten", USERS + "acl:1:/vms:a@pve:PVEVMUser:\nacl:1:/vms:a@pve:PVEVMUser:\n"),
    ("unknown-group-member", "group:g:a@pve::\nuser:a@pve:1:0::::::\n"),
    ("empty-role-in-use", USERS + "role:none::\nacl:1:/vms:a@pve:NoAccess:\n"),
    (  # not in both groups
        "random-propagation",
        USERS + "group:g:b@pve::\ngroup:h:a@pve::\nacl:0:/vms:@g:PVEVMUser:\nacl:1:/vms:@h:PVEVMUser:\n",
    ),
    (  # the user's own entry hides both groups
        "random-propagation",
        USERS + "group:g:a@pve::\ngroup:h:a@pve::\nacl:0:/vms:@g:PVEVMUser:\nacl:1:/vms:@h:PVEVMUser:\n"
        "acl:1:/vms:a@pve:PVEAuditor:\n",
    ),
    (  # NoAccess reaches what is below through a third group
        "noaccess-only-here",
        USERS + "group:g:a@pve::\ngroup:h:a@pve::\ngroup:i:a@pve::\n"
        "acl:0:/vms:@g:NoAccess:\nacl:1:/vms:@h:PVEVMUser:\nacl:1:/vms:@i:NoAccess:\n",
    ),
    ("group-entry-hidden", USERS + "group:g:a@pve::\nacl:1:/vms:@g:PVEVMUser:\nacl:1:/vms:a@pve:PVEVMAdmin:\n"),
    ("group-entry-hidden", USERS + "group:g:a@pve::\nacl:1:/vms:@g:PVEVMUser:\nacl:1:/vms:a@pve:NoAccess:\n"),
    ("full-control", USERS + "acl:1:/:a@pve:Administrator:\nacl:1:/vms:b@pve:PVEAdmin:\n"),
    (  # the entry that would give it is replaced on the way
        "full-control",
        USERS + "acl:1:/:a@pve:PVEUserAdmin:\nacl:1:/access:a@pve:PVEAuditor:\n",
    ),
    (  # a token holds at most what its user holds
        "full-control",
        USERS + "token:a@pve!tk:0:1::\nacl:1:/access:a@pve!tk:PVEUserAdmin:\n",
    ),
    ("full-control", "acl:1:/access:@nobody:PVEUserAdmin:\n"),
    ("idle-account-keeps-tokens", "user:a@pve:0:0::::::\ntoken:a@pve!tk:0:0::\nacl:1:/vms:a@pve:PVEVMUser:\n"),
    (
        "idle-account-keeps-tokens",
        f"user:a@pve:1:{NOW}::::::\ntoken:a@pve!tk:0:0::\nacl:1:/:a@pve:Administrator:\n",
    ),
]


def found(text: str | bytes, release: str = "9") -> list[Finding]:
    data = text.encode("utf-8") if isinstance(text, str) else text
    return lint(parse(data, RELEASES[release]).policy, data, NOW)


@pytest.mark.parametrize(("code", "text", "line", "subject", "fragments"), CASES)
def test_a_trap_is_found(code: str, text: str, line: int, subject: str, fragments: tuple[str, ...]) -> None:
    hits = [each for each in found(text) if each.code == code]
    assert [(each.line, each.subject) for each in hits] == [(line, subject)]
    assert hits[0].severity is RULES[code].severity
    assert not [fragment for fragment in fragments if fragment not in hits[0].message], hits[0].message


def test_every_code_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(RULES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", code) for code in RULES)


@pytest.mark.parametrize(("code", "text"), NEAR_MISSES)
def test_what_only_looks_like_a_trap_is_not_reported(code: str, text: str) -> None:
    assert code not in {each.code for each in found(text)}


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_a_clean_canonical_file_gives_nothing(release: str) -> None:
    assert render(parse(CLEAN.encode(), RELEASES[release]).policy) == CLEAN.encode()
    assert found(CLEAN, release) == []


def test_an_empty_file_gives_nothing() -> None:
    assert found("") == []


def test_white_space_and_carriage_returns_change_nothing() -> None:
    untidy = CLEAN.replace(":", " :\t").replace("\n", " \r\n")
    assert found(untidy) == []


def test_findings_come_by_line_and_code() -> None:
    hits = found("".join(case[1] for case in CASES))
    assert [(each.line, each.code) for each in hits] == sorted((each.line, each.code) for each in hits)


def test_paths_are_judged_by_the_release() -> None:
    text = USERS + "acl:1:/sdn/fabrics/f1:a@pve:PVESDNAdmin:\n"
    assert found(text) == []
    assert [each.code for each in found(text, "8.4")] == ["path-without-meaning"]


def test_a_token_line_without_privsep_is_reported_once() -> None:
    codes = [each.code for each in found("token:root@pam!tk\n")]
    assert codes == ["token-without-privsep"]


def test_long_lists_are_cut_short() -> None:
    text = "".join(f"acl:1:/vms/{vmid}:ghost@pve:PVEVMUser:\n" for vmid in range(100, 120))
    (hit,) = found(text)
    assert "PVEVMUser on /vms/104 (line 5) and 15 more." in hit.message


def test_users_in_two_groups_are_counted_and_a_few_are_named() -> None:
    users = [f"u{number}@pve" for number in range(1, 9)]
    text = "".join(f"user:{user}:1:0::::::\n" for user in users)
    text += f"group:g:{','.join(users)}::\ngroup:h:{','.join(users)}::\n"
    text += "acl:0:/vms:@g,@h:PVEAuditor:\n"
    for flag, group in ((0, "g"), (1, "h")):
        text += f"acl:{flag}:/vms:@{group}:PVEVMUser:\nacl:{flag}:/nodes:@{group}:PVEVMUser:\n"
    (nodes, vms) = found(text + "acl:1:/nodes:u8@pve:PVEAdmin:\nacl:1:/vms:u1@pve:PVEAdmin:\n")
    assert "for u1@pve, u2@pve, u3@pve, u4@pve, u5@pve and 2 more." in nodes.message + vms.message
    assert "for u2@pve, u3@pve, u4@pve, u5@pve, u6@pve and 2 more." in nodes.message + vms.message


def test_texts_are_printable_and_whole() -> None:
    odd = b"acl:1:/vms:\x1b[31m{subject}\xff@pve:PVEVMUser:\n"
    (hit,) = found(odd)
    assert hit.severity is Severity.WARNING
    assert hit.subject == r"\x1b[31m{subject}\xff@pve"
    assert hit.subject in hit.message


def test_full_control_is_what_the_evaluator_says() -> None:
    random = Random(1)
    subjects = ["a@pve", "b@pve", "ghost@pve", "a@pve!sep", "root@pam!sep", "@g", "@h"]
    paths = ["/", "/access", "/access/groups", "/vms"]
    role_names = ["Administrator", "PVEAdmin", "PVEUserAdmin", "NoAccess", "sys", "none"]
    for _ in range(300):
        lines = [USERS, "token:a@pve!sep:0:1::", "token:a@pve!full:0:0::", "token:root@pam!sep:0:1::"]
        lines += ["group:g:a@pve,ghost@pve::", "group:h:a@pve,b@pve::", "role:sys:Sys.Modify:", "role:none::"]
        for _ in range(random.randrange(1, 7)):
            flag, path = random.randrange(2), random.choice(paths)
            lines.append(f"acl:{flag}:{path}:{random.choice(subjects)}:{random.choice(role_names)}:")
        policy = parse("\n".join(lines).encode()).policy
        asked = {*policy.users, *policy.tokens, "ghost@pve"} - {ROOT, "a@pve!full"}
        expected = {
            subject: ways
            for subject in asked
            if (ways := tuple(w for w in WAYS if privileges(policy, subject, w.path) & BITS[w.privilege]))
        }
        assert powerful(policy) == expected


PIECES = st.sampled_from(
    [part for case in CASES for part in re.split("([:,/\n])", case[1])]
    + ["\0", "\t", "%", "%30", "{", "{subject}", "{0}", "@", "!", "\udc85", "\udca0", "é", "Ơ", "9" * 200]
)
GARBAGE = st.binary(max_size=200) | st.lists(PIECES, max_size=60).map(
    lambda parts: "".join(parts).encode("utf-8", "surrogateescape")
)


@settings(max_examples=300, deadline=None)
@given(GARBAGE, st.sampled_from(sorted(RELEASES)))
def test_garbage_never_raises(data: bytes, release: str) -> None:
    for hit in found(data, release):
        assert hit.message.isprintable()
        assert hit.advice.isprintable()
        assert hit.subject.isprintable()


def test_a_text_that_is_not_the_policys_own_never_raises() -> None:
    everything = "".join(case[1] for case in CASES).encode()
    lint(parse(b"").policy, everything, NOW)
    lint(parse(everything).policy, b"", NOW)
