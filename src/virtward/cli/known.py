"""Subjects and paths as people write them: found, doubted, or refused with near names.

Rule: a name nobody has is an Error that says what may have been meant; what is odd but can be answered is a note.
"""

import re
from collections.abc import Mapping

from ..errors import Error
from ..policy import paths
from ..policy.logon import expired
from ..policy.model import Policy
from ..policy.names import is_user, split_token
from ..policy.privileges import RELEASES, Release
from .near import did_you_mean, near
from .text import listed, unescape

_SECTIONS = (
    *("access", "access/groups", "access/realm", "mapping", "nodes", "pool", "sdn", "sdn/controllers"),
    *("sdn/dns", "sdn/fabrics", "sdn/ipams", "sdn/zones", "storage", "vms"),
)
# Compiled where it is used: most calls never need it.
_API = r"/(?:api2|nodes/[^/]+|cluster|version|pools|access/(?:acl|users|roles|ticket))(?:/|$)"


def askable_path(text: str, release: Release, policy: Policy) -> str:
    """The normalised path; Error if it can't be one, or has no shape of an ACL path and no entries."""
    path = paths.normalise(text)
    if path is None:
        raise Error(f"'{text}' can't be a path: letters, digits and . - _ / are all that one may contain")
    if paths.valid(path, release.name) or path in policy.acl_paths:
        return path
    for other in RELEASES:
        if paths.valid(path, other):
            raise Error(f"Proxmox VE {release.name} has no path {path}, only {other} does: try --release {other}")
    hint = " It looks like an API path: write the method before it, such as GET." if re.match(_API, path) else ""
    raise Error(f"no ACL path has the form of {path}.{did_you_mean(_near_paths(path, release, policy))}{hint}")


def _near_paths(path: str, release: Release, policy: Policy) -> list[str]:
    """Paths like this one that could be meant: another section, fewer levels, or one of the policy."""
    first, _, rest = path[1:].partition("/")
    machine = re.search(r"/(?:qemu|lxc)/([1-9][0-9]{2,})(?:/|$)", path)
    found = [f"/vms/{machine[1]}"] if machine else []
    if re.match(r"/vms/[0-9]{1,2}$", path):
        return ["a VM id of 100 or above"]
    found += [f"/{section}/{rest}".rstrip("/") for section in near(first, _SECTIONS)]
    found = [each for each in found if paths.valid(each, release.name)]
    shorter = [each for each in paths.ancestors(path)[1:-1] if paths.valid(each, release.name)]
    return (found or shorter[-1:] or near(path, policy.acl_paths))[:3]


def path_notes(path: str, release: Release, policy: Policy) -> list[str]:
    """What is odd about a path that can be asked about."""
    notes = []
    section, _, name = path[1:].partition("/")
    if not paths.valid(path, release.name):
        notes.append(f"Proxmox VE {release.name} lets nobody add entries on {path}, but the file has some there")
    elif section == "pool" and name and name not in policy.pools:
        notes.append(f"the file has no pool '{name}'.{did_you_mean(near(name, policy.pools))}")
    elif section == "access" and name.startswith("groups/") and name[7:] not in policy.groups:
        notes.append(f"the file has no group '{name[7:]}'.{did_you_mean(near(name[7:], policy.groups))}")
    elif section in ("vms", "storage") and name and path not in policy.pools_of and path not in policy.acl_paths:
        kind = "guest" if section == "vms" else "storage"
        notes.append(f"the file doesn't mention {path}: a {kind} without entries of its own and in no pool")
    return notes


def known_subject(text: str, policy: Policy) -> tuple[str, list[str]]:
    """The user or token id that is meant, and notes on it. Raises Error if the file knows nothing of it."""
    for subject in dict.fromkeys((text, unescape(text))):
        if subject in policy.users or subject in policy.tokens:
            return subject, []
        if is_user(subject) and (subject in policy.acl or subject in policy.groups_of):
            return subject, [f"the file has no user {subject}, but entries or groups that name it"]
        if split_token(subject) and subject in policy.acl:
            return subject, [f"the file has no token {subject}, but entries that name it: it holds nothing"]
    raise Error(_unknown_subject(text, policy))


def _unknown_subject(text: str, policy: Policy) -> str:
    group = text.removeprefix("@")
    if group in policy.groups:
        members = sorted(policy.groups[group].members)
        return f"'{group}' is a group: ask about one of its members ({listed(members, 4) or 'it has none'})"
    token = split_token(text)
    if token and token[0] in policy.users:
        return (
            f"user {token[0]} has no token '{token[1]}'."
            f"{did_you_mean(each.id for each in policy.tokens_of(token[0])[:3])}"
        )
    if not is_user(text) and not token and "@" not in text:
        meant = [each for each in (f"{text}@pve", f"{text}@pam") if each in policy.users]
        meant += [each for each in policy.users if each.startswith(f"{text}@") and each not in meant]
        meant = meant or near(text, (each.rpartition("@")[0] for each in policy.users))
        said = f" (a subject is written USER@REALM or USER@REALM!TOKEN, not '{text}')"
        return f"unknown subject '{text}'{said}.{did_you_mean(meant[:3])}"
    kind = "token" if token else "user"
    name = text.rpartition("@")[0]
    elsewhere = [each for each in policy.users if each.rpartition("@")[0] == name and not token]
    return f"unknown {kind} '{text}'.{did_you_mean([*elsewhere[:3], *_near_subjects(text, policy)][:3])}"


def _near_subjects(text: str, policy: Policy) -> list[str]:
    return near(text, [*policy.users, *policy.tokens])


def asleep(subject: str, policy: Policy, now: int) -> str:
    """Why a subject can't log on now; empty if it can. Permissions never look at this."""
    token = policy.tokens.get(subject)
    user = policy.users.get(token.user if token else subject)
    reasons: Mapping[str, bool] = {
        "the token has expired": token is not None and expired(token.expire, now),
        "there is no such user": user is None,
        "its user is disabled" if token else "the user is disabled": user is not None and not user.enable,
        "its user has expired" if token else "the user has expired": user is not None and expired(user.expire, now),
    }
    return ", ".join(reason for reason, holds in reasons.items() if holds)
