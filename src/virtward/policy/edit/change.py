"""How an edit becomes a new snapshot that keeps the views of everybody it didn't touch."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from ..evaluate import rebased
from ..model import Acl, AclEntry, Policy
from ..names import split_token

_P = ParamSpec("_P")


def rereading(edit: Callable[Concatenate[Policy, _P], Policy]) -> Callable[Concatenate[Policy, _P], Policy]:
    """Makes an edit start from what upstream, which reads its file before every change, would have read."""

    @wraps(edit)
    def wrapper(policy: Policy, /, *args: _P.args, **kwargs: _P.kwargs) -> Policy:
        return edit(_reread(policy), *args, **kwargs)

    return wrapper


def _reread(policy: Policy) -> Policy:
    """The policy without the entries of what an earlier edit removed; no verdict changes."""
    if not policy.gone:
        return policy
    acl: dict[str, Mapping[str, tuple[AclEntry, ...]]] = {}
    for subject, at in policy.acl.items():
        if subject in policy.gone:
            continue
        left = {path: tuple(e for e in entries if e.role not in policy.gone) for path, entries in at.items()}
        left = {path: entries for path, entries in left.items() if entries}
        if left:
            acl[subject] = left
    new = replace(policy, acl=acl, gone=frozenset())
    new.views.update(dict(policy.views))
    return new


def changed(policy: Policy, touched: Collection[str], **fields: Any) -> Policy:
    """The policy with some fields replaced; `touched` are the users and tokens whose verdicts may differ.

    A user's tokens count as touched with it.
    """
    new = replace(policy, **fields)
    # A copy first: other threads may be adding views meanwhile.
    kept = {
        subject: view
        for subject, view in dict(policy.views).items()
        if subject not in touched and _owner(subject) not in touched
    }
    new.views.update(kept if new.pools_of is policy.pools_of else rebased(kept, new.pools_of))
    return new


def _owner(subject: str) -> str:
    """The user of a token id; the id itself for a user, which may look like one."""
    parts = split_token(subject) if "!" in subject else None
    return parts[0] if parts else subject


def touched_by(policy: Policy, subjects: Iterable[str]) -> set[str]:
    """The users and tokens that ACL subjects (users, tokens, `@groups`) stand for."""
    found: set[str] = set()
    for subject in subjects:
        group = policy.groups.get(subject[1:]) if subject.startswith("@") else None
        found.update(group.members if group else (subject,))
    return found


def put(acl: Acl, entry: AclEntry) -> Acl:
    """The entries with this one set; one (path, subject, role) has one flag."""
    at = dict(acl.get(entry.subject, {}))
    at[entry.path] = (*(e for e in at.get(entry.path, ()) if e.role != entry.role), entry)
    return {**acl, entry.subject: at}


def drop(acl: Acl, path: str, subject: str, role: str) -> Acl:
    """The entries without this one, which need not be there."""
    at = dict(acl.get(subject, {}))
    rest = tuple(e for e in at.get(path, ()) if e.role != role)
    if rest:
        at[path] = rest
    else:
        at.pop(path, None)
    return replaced(acl, subject, at)


def replaced(acl: Acl, subject: str, at: Mapping[str, tuple[AclEntry, ...]]) -> Acl:
    """The entries with all those of one subject replaced."""
    if at:
        return {**acl, subject: at}
    return {other: entries for other, entries in acl.items() if other != subject}


def without(mapping: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """A copy of a mapping without some keys."""
    copy = dict(mapping)
    for key in keys:
        copy.pop(key, None)
    return copy
