"""Accounts and tokens that hold more than it seems, or less: full control in disguise, tokens, root itself.

Rule: only those are asked about who have an entry, their own or a group's, on the few paths concerned; what
they hold there is asked of `policy.evaluate`.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..policy.evaluate import deciding, roles
from ..policy.model import AclEntry, Policy, Token, User, subject_kind
from ..policy.names import ROOT
from ..policy.paths import ancestors
from ..policy.privileges import BITS, SHIFT
from .lint_entries import given
from .lint_rules import Finding, finding
from .lint_wording import entries_text, first_line, listed


class Way(NamedTuple):
    """A privilege on a path that is as good as all of them, and why."""

    privilege: str
    path: str
    why: str


_GRANTS = "Permissions.Modify allows giving any role, Administrator included, to anybody there and below"
_TAKES_OVER = "User.Modify on /access/groups allows making a token with all rights of any user, root@pam included"
_REWRITES = "Sys.Modify on /access allows adding any privilege to any custom role, one's own included"

WAYS = (
    Way("Permissions.Modify", "/", _GRANTS),
    Way("Permissions.Modify", "/access", f"{_GRANTS}; {_TAKES_OVER}"),
    Way("Permissions.Modify", "/access/groups", f"{_GRANTS}; {_TAKES_OVER}"),
    Way("User.Modify", "/access/groups", _TAKES_OVER),
    Way("Sys.Modify", "/access", _REWRITES),
)
"""What amounts to full control."""

_PATHS = tuple(dict.fromkeys(step for way in WAYS for step in ancestors(way.path)))
_BITS = {way: BITS[way.privilege] for way in WAYS}
_ANY = sum({bit: bit for bit in _BITS.values()})


def power_findings(policy: Policy, now: int) -> Iterator[Finding]:
    """The traps in who holds power; `now` in Unix seconds says who has expired."""
    found = powerful(policy)
    seen: dict[tuple[tuple[Way, ...], tuple[AclEntry, ...]], list[str]] = {}
    for subject, ways in found.items():
        # Whoever holds everything everywhere is meant to have full control: nothing to find there.
        if _held(policy, subject, "/") != policy.release.everything:
            seen.setdefault((ways, _sources(policy, subject, ways)), []).append(subject)
    for (ways, entries), subjects in seen.items():
        yield _full_control(ways, entries, subjects)
    yield from _about_tokens(policy, {ROOT, *found}, now)
    yield from _root(policy.users.get(ROOT), now)


def powerful(policy: Policy) -> dict[str, tuple[Way, ...]]:
    """Who has full control, and by which ways: users other than root@pam, and tokens with entries of their own.

    A token with privsep 0 is left out: it has what its user has.
    """
    found = {}
    for subject in sorted(_candidates(policy) - {ROOT}):
        held = {path: _held(policy, subject, path) for path in _PATHS}
        ways = tuple(way for way in WAYS if held[way.path] & _BITS[way])
        if ways:
            found[subject] = ways
    return found


def _candidates(policy: Policy) -> set[str]:
    """The users and separated tokens to whom some entry on the paths gives one of the privileges."""
    found: set[str] = set()
    giving = {name for name, role in policy.roles.items() if role.mask & _ANY}
    for subject, at in policy.acl.items():
        if any(entry.role in giving for path in _PATHS for entry in at.get(path, ())):
            token = policy.tokens.get(subject)
            if subject_kind(subject) == "group":
                group = policy.groups.get(subject[1:])
                found |= group.members if group is not None else frozenset()
            elif token is None or token.privsep:
                found.add(subject)
    return found


def _held(policy: Policy, subject: str, path: str) -> int:
    """The mask on one of the paths, none of which can be a pool's member: so roles and privsep say all."""
    mask = 0
    for name, propagates in (roles(policy, subject, path) or {}).items():
        role = policy.roles.get(name)
        if role is not None:
            mask |= role.mask | (role.mask << SHIFT if propagates else 0)
    token = policy.tokens.get(subject)
    if token is not None and token.privsep and token.user != ROOT:
        mask &= _held(policy, token.user, path)
    return mask


def _sources(policy: Policy, subject: str, ways: Iterable[Way]) -> tuple[AclEntry, ...]:
    """The entries from which a subject has the privileges of the ways."""
    found: dict[AclEntry, None] = {}
    for way in ways:
        for entry in deciding(policy, subject, way.path):
            if given(policy, (entry,)) & _BITS[way]:
                found[entry] = None
    return tuple(sorted(found, key=lambda entry: (entry.line, entry.path, entry.subject, entry.role)))


def _full_control(ways: tuple[Way, ...], entries: tuple[AclEntry, ...], subjects: list[str]) -> Finding:
    reasons = dict.fromkeys(reason for way in ways for reason in way.why.split("; "))
    return finding(
        "full-control",
        first_line(entries),
        entries[0].subject if len({entry.subject for entry in entries}) == 1 else subjects[0],
        entries=entries_text(entries, "{role} for {subject} on {path}"),
        users=listed(subjects),
        privileges=listed(f"{way.privilege} on {way.path}" for way in ways),
        why=f"{'. '.join(reasons)}.",
    )


def _about_tokens(policy: Policy, strong: set[str], now: int) -> Iterator[Finding]:
    """Tokens as powerful as their owner, tokens without any right, and those of accounts that lie idle."""
    idle: dict[str, list[Token]] = {}
    for token in policy.tokens.values():
        owner = policy.users.get(token.user)
        if owner is None or _expired(token, now):
            continue
        if token.privsep and not policy.acl.get(token.id):
            yield finding("token-without-entries", token.line, token.id, owner=owner.id)
        if owner.id in strong:
            if not token.privsep:
                yield finding("token-with-all-rights", token.line, token.id, owner=owner.id)
            if _state(owner, now):
                idle.setdefault(owner.id, []).append(token)
    for userid, tokens in idle.items():
        user = policy.users[userid]
        text = listed(f"{token.id} (line {token.line})" for token in sorted(tokens))
        yield finding("idle-account-keeps-tokens", user.line, userid, state=_state(user, now), tokens=text)


def _root(root: User | None, now: int) -> Iterator[Finding]:
    if root is not None and _state(root, now):
        yield finding("root-cannot-log-on", root.line, ROOT, state=_state(root, now))


def _state(user: User, now: int) -> str:
    """`disabled`, `expired`, or nothing for an account that can log on."""
    if not user.enable:
        return "disabled"
    return "expired" if _expired(user, now) else ""


def _expired(account: User | Token, now: int) -> bool:
    return 0 != account.expire < now
