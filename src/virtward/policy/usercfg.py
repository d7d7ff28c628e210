"""`user.cfg` <-> Policy, byte for byte as Proxmox VE reads and writes it.

Rule: a line that doesn't fit becomes a Diagnostic and is kept out exactly as far as upstream keeps it out;
nothing is guessed. Lines are read in order and order matters, as upstream: see `docs/semantics.md`.
Source: pve-access-control 9.1.1, as observed (parser and writer are the same in 8.2.3).
"""

import gc
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from .fields import FALSE, WHITE, decode_text, digits, encode_text, number, parse_number, split_list, true
from .model import AclEntry, Group, Policy, Pool, Role, Token, User, builtin_roles
from .names import PLAIN, POOL, ROOT, STORAGE, TOKEN, bytewise, is_user
from .paths import normalise, sort_key
from .privileges import DEFAULT, Release, names

_TIDY_PATH = re.compile(r"(?:/[A-Za-z1-9.\-_][A-Za-z0-9.\-_]*)+|/")
_TIDY_VMIDS = re.compile(r"[1-9][0-9]{0,17}(?:,[1-9][0-9]{0,17})*")
_new = tuple.__new__


class Diagnostic(NamedTuple):
    """One problem of a line: upstream's words for it, and what was done about it."""

    line: int
    message: str
    effect: str

    @property
    def warning(self) -> str:
        """The text upstream logs."""
        return f"user config - {self.message}"


class Parsed(NamedTuple):
    """What a file says, and what is wrong with it."""

    policy: Policy
    diagnostics: list[Diagnostic]


def parse(data: bytes, release: Release = DEFAULT) -> Parsed:
    """Reads a `user.cfg`. Never fails: what can't be used is in the diagnostics, with its line number."""
    reader = _Reader(release)
    collecting = gc.isenabled()
    gc.disable()  # there is no garbage here, and looking for it among a million new objects doubles the time
    try:
        reader.read(data.decode("utf-8", "surrogateescape"))
        return Parsed(reader.policy(), reader.diagnostics)
    finally:
        if collecting:
            gc.enable()


class _Group:
    """A group while it is being read: lines for the same group add up."""

    __slots__ = ("comment", "line", "members")

    def __init__(self, line: int) -> None:
        self.members: set[str] = set()
        self.comment = ""
        self.line = line


class _Pool:
    """A pool while it is being read: lines for the same pool add up."""

    __slots__ = ("comment", "line", "storages", "vms")

    def __init__(self, line: int) -> None:
        self.vms: list[str] = []
        self.storages: list[str] = []
        self.comment = ""
        self.line = line


_Subjects = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]
_Roles = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]


class _Reader:
    """The state of one reading; a method per kind of line."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.diagnostics: list[Diagnostic] = []
        self.users: dict[str, User] = {ROOT: User(ROOT)}
        self.tokens: dict[str, Token] = {}
        self.groups: dict[str, _Group] = {}
        self.roles: dict[str, Role] = builtin_roles(release)
        self.pools: dict[str, _Pool] = {}
        self.acl: dict[str, dict[str, tuple[AclEntry, ...]]] = {}
        self.groups_of: dict[str, tuple[str, ...]] = {}
        self.pools_of: dict[str, tuple[str, ...]] = {}
        self.unrecorded: set[tuple[str, str]] = set()
        # What the list fields of ACL lines mean, given the users, groups, tokens and roles read so far.
        self.subject_lists: dict[str, _Subjects] = {}
        self.role_lists: dict[str, _Roles] = {}
        self.line = 0

    def warn(self, message: str, effect: str) -> None:
        self.diagnostics.append(Diagnostic(self.line, message, effect))

    def read(self, text: str) -> None:
        if not text.strip(WHITE):
            if text.strip("\n"):
                # PVE: a file of white space alone gives one warning, for its last such character (quirk Q1).
                self.line = text.count("\n") or 1
                self.warn(f"ignore config line: {text.rstrip(chr(10))[-1]}", "nothing to read")
            return
        kinds: Mapping[str, Callable[[list[str]], None]] = {
            "user": self.user,
            "token": self.token,
            "group": self.group,
            "role": self.role,
            "pool": self.pool,
        }
        untidy = any(white in text for white in WHITE[1:] if white != "\n")
        for self.line, line in enumerate(text.split("\n"), 1):
            fields = line.split(":")
            if untidy or " " in line:
                line = line.strip(WHITE)
                fields = [each.strip(WHITE) for each in line.split(":")]
            kind = fields[0]
            if kind == "acl":
                self.acl_line(fields)
            elif line:
                handler = kinds.get(kind)
                if handler is None:
                    self.warn(f"ignore config line: {line}", "the line is ignored")
                else:
                    handler(fields)

    def user(self, fields: list[str]) -> None:
        if len(fields) < 9:
            fields += [""] * 9
        _, userid, enable, expire, first, last, email, comment, keys = fields[:9]
        if not is_user(userid):
            return self.warn(f"ignore user '{userid}' - invalid user name", "the line is ignored")
        if true(expire) and not digits(expire):
            return self.warn(
                f"ignore user '{userid}' - (illegal characters in expire '{expire}')", "the line is ignored"
            )
        if userid in self.users:
            # PVE: a repeated line replaces the record, its tokens included (quirk Q4).
            for token in [t for t in self.tokens if t.rpartition("!")[0] == userid]:
                del self.tokens[token]
        for group in self.groups_of.get(userid, ()):
            self.unrecorded.add((userid, group[1:]))
        if self.subject_lists:
            self.subject_lists.clear()
        # PVE: an empty e-mail is there if anything follows it on the line.
        mail = email if email or any(fields[7:]) else None
        texts = (_text(first), _text(last), mail, _text(comment), keys if keys != "0" else "")
        expires = parse_number(expire)
        self.users[userid] = _new(User, (userid, enable not in FALSE, expires, *texts, self.line))

    def token(self, fields: list[str]) -> None:
        _, tokenid, expire, privsep, comment = (*fields, "", "", "", "")[:5]
        match = TOKEN.fullmatch(tokenid)
        if match is None:
            return self.warn(f"ignore invalid tokenid '{tokenid}'", "the line is ignored")
        if true(expire) and not digits(expire):
            return self.warn(
                f"ignore token '{tokenid}' - (illegal characters in expire '{expire}')", "the line is ignored"
            )
        if match[1] not in self.users:
            return self.warn(f"ignore token '{tokenid}' - user does not exist", "the line is ignored")
        known = self.tokens.get(tokenid)
        text = _text(comment) or (known.comment if known else "")
        # PVE: a missing privsep field means 0, so the token has all rights of its owner (quirk Q5).
        self.tokens[tokenid] = Token(tokenid, parse_number(expire), true(privsep), text, self.line)
        self.subject_lists.clear()

    def group(self, fields: list[str]) -> None:
        _, name, members, comment = (*fields, "", "", "")[:4]
        if not _plain(name):
            return self.warn(f"ignore group '{name}' - invalid characters in group name", "the line is ignored")
        group = self.groups.get(name)
        if group is None:
            group = self.groups[name] = _Group(self.line)
        group.comment = _text(comment) or group.comment
        self.subject_lists.clear()
        subject = "@" + name
        for member in split_list(members):
            if member not in self.users:
                if not is_user(member):
                    self.warn(f"ignore invalid group member '{member}'", "the member is dropped")
                    continue
                # PVE: warned about, yet recorded: it counts once such a user exists, or is asked about (Q6).
                self.unrecorded.add((member, name))
                self.warn(f"ignore invalid group member '{member}'", "no such user, yet the membership is recorded")
            elif self.unrecorded:
                self.unrecorded.discard((member, name))
            if member not in group.members:
                group.members.add(member)
                self.groups_of[member] = (*self.groups_of.get(member, ()), subject)

    def role(self, fields: list[str]) -> None:
        _, name, privileges = (*fields, "", "")[:3]
        if not _plain(name):
            return self.warn(f"ignore role '{name}' - invalid characters in role name", "the line is ignored")
        self.role_lists.clear()
        mask = self.roles[name].mask if name in self.roles else 0
        for privilege in split_list(privileges):
            bit = self.release.bits.get(privilege, 0)
            if not bit:
                self.warn(f"ignore invalid privilege '{privilege}'", f"role '{name}' doesn't get it")
            mask |= bit
        # PVE: this also adds privileges to a built-in role, even to NoAccess (quirk Q7).
        self.roles[name] = Role(name, mask, self.line)

    def pool(self, fields: list[str]) -> None:
        _, name, comment, vms, storages = (*fields, "", "", "", "")[:5]
        if name == "0" or not POOL.fullmatch(name):
            return self.warn(f"ignore pool '{name}' - invalid characters in pool name", "the line is ignored")
        at = name.find("/")
        while at > 0:
            self.pools.setdefault(name[:at], _Pool(self.line))
            at = name.find("/", at + 1)
        pool = self.pools.get(name)
        if pool is None:
            pool = self.pools[name] = _Pool(self.line)
        pool.comment = _text(comment) or pool.comment
        self._pool_machines(name, pool, vms)
        for storage in split_list(storages):
            if not STORAGE.fullmatch(storage):
                self.warn(f"ignore invalid storage '{storage}' in pool '{name}'", "the member is dropped")
            elif storage not in pool.storages:
                pool.storages.append(storage)
                path = f"/storage/{storage}"
                self.pools_of[path] = (*self.pools_of.get(path, ()), name)

    def _pool_machines(self, name: str, pool: _Pool, field: str) -> None:
        alone = (name,)
        pools_of = self.pools_of
        tidy = _TIDY_VMIDS.fullmatch(field) is not None
        for vmid in field.split(",") if tidy else split_list(field):
            if not tidy:
                if not digits(vmid):
                    self.warn(f"ignore invalid vmid '{vmid}' in pool '{name}'", "the member is dropped")
                    continue
                vmid = number(parse_number(vmid))
            path = "/vms/" + vmid
            if path in pools_of:
                self.warn(
                    f"ignore duplicate vmid '{vmid}' in pool '{name}'",
                    f"the machine stays in pool '{pools_of[path][0]}'",
                )
                continue
            pool.vms.append(vmid)
            pools_of[path] = alone

    def acl_line(self, fields: list[str]) -> None:
        if len(fields) < 5:
            fields += [""] * 5
        _, flag, raw, subject_list, role_list = fields[:5]
        path = raw if _TIDY_PATH.fullmatch(raw) else self._acl_path(raw)
        subjects, odd_subjects = self.subject_lists.get(subject_list) or self._subjects(subject_list)
        roles, odd_roles = self.role_lists.get(role_list) or self._roles(role_list)
        if not path:
            return self.warn(f"ignore invalid path in acl '{raw}'", "the line is ignored")
        if odd_roles or odd_subjects:
            self._warn_about_acl(split_list(role_list), dict(odd_roles), odd_subjects)
        acl = self.acl
        line = self.line
        propagate = flag not in FALSE
        for role in roles:
            for subject in subjects:
                # Twice as fast as calling the class; there are a hundred thousand of these.
                entry = _new(AclEntry, (path, subject, role, propagate, line))
                if subject not in acl:
                    acl[subject] = {path: (entry,)}
                    continue
                at = acl[subject]
                if path not in at:
                    at[path] = (entry,)
                else:
                    at[path] = (*(e for e in at[path] if e.role != role), entry)

    def _acl_path(self, raw: str) -> str:
        """The path where an entry lands, empty if it is none."""
        path = normalise(raw)
        if path is None:
            return ""
        # PVE: a segment `0` is skipped, so the entry lands on the path without it (quirk Q9).
        return "/" + "/".join(part for part in path.split("/") if part and part != "0")

    def _roles(self, field: str) -> _Roles:
        """The known roles of a list, and the others with upstream's words for each."""
        good, bad = [], []
        for role in split_list(field):
            if not _plain(role):
                bad.append((role, f"ignore invalid role name '{role}' in acl"))
            elif role not in self.roles:
                bad.append((role, f"ignore invalid acl role '{role}'"))
            else:
                good.append(role)
        found = self.role_lists[field] = tuple(good), tuple(bad)
        return found

    def _subjects(self, field: str) -> _Subjects:
        """The subjects of a list that get entries, and (message, effect) for each questionable one."""
        single = field.isascii() and "," not in field and ";" not in field
        if single and (field in self.users or field in self.tokens):
            found: _Subjects = (field,), ()
            self.subject_lists[field] = found
            return found
        good, bad = [], []
        kept = "the entry is kept and works once that {} exists"
        for item in split_list(field):
            if item[0:1] == "@" and _plain(item[1:]):
                good.append(item)
                if item[1:] not in self.groups:
                    bad.append((f"ignore invalid acl group '{item[1:]}'", kept.format("group")))
            elif is_user(item):
                good.append(item)
                if item not in self.users:
                    bad.append((f"ignore invalid acl member '{item}'", kept.format("user")))
            elif item in self.tokens:
                good.append(item)
            else:
                bad.append((f"ignore invalid acl token '{item}'", "no such user or token: no entry is made"))
        found = self.subject_lists[field] = tuple(good), tuple(bad)
        return found

    def _warn_about_acl(
        self, roles: list[str], bad_roles: dict[str, str], bad_subjects: Iterable[tuple[str, str]]
    ) -> None:
        for role in roles:
            if role in bad_roles:
                self.warn(bad_roles[role], "the role is left out of this line")
            else:
                for message, effect in bad_subjects:
                    self.warn(message, effect)

    def policy(self) -> Policy:
        groups = {name: Group(name, frozenset(g.members), g.comment, g.line) for name, g in self.groups.items()}
        pools = {
            name: Pool(name, p.comment, frozenset(p.vms), frozenset(p.storages), p.line)
            for name, p in self.pools.items()
        }
        return Policy(
            self.users,
            self.tokens,
            groups,
            self.roles,
            pools,
            self.acl,
            self.groups_of,
            self.pools_of,
            frozenset(self.unrecorded),
            release=self.release,
        )


def _plain(name: str) -> bool:
    # PVE: the reader takes the name `0` for an empty one (quirk Q12).
    return name != "0" and PLAIN.fullmatch(name) is not None


def _text(field: str) -> str:
    """A decoded text field; one that reads `0` is dropped (quirk Q2)."""
    return "" if field in FALSE else decode_text(field)


def render(policy: Policy) -> bytes:
    """The canonical file of a policy: what Proxmox VE would write."""
    lines: list[str] = []
    for userid in sorted(policy.users, key=bytewise):
        u = policy.users[userid]
        texts = (_escaped(u.firstname), _escaped(u.lastname), _kept(u.email), _escaped(u.comment), _kept(u.keys))
        lines.append(":".join(("user", userid, _flag(u.enable), number(u.expire), *texts, "")))
        for t in policy.tokens_of(userid):
            lines.append(f"token:{t.id}:{number(t.expire)}:{_flag(t.privsep)}:{_escaped(t.comment)}:")
    lines.append("")
    for name in sorted(policy.groups):
        group = policy.groups[name]
        lines.append(f"group:{name}:{_join(group.members)}:{_escaped(group.comment)}:")
    lines.append("")
    for name in sorted(policy.pools):
        pool = policy.pools[name]
        lines.append(f"pool:{name}:{_escaped(pool.comment)}:{_join(pool.vms)}:{_join(pool.storages)}:")
    lines.append("")
    for name in sorted(policy.roles.keys() - policy.release.roles.keys()):
        lines.append(f"role:{name}:{','.join(names(policy.roles[name].mask))}:")
    lines.append("")
    lines += _acl_lines(policy)
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


def _acl_lines(policy: Policy) -> Iterable[str]:
    """ACL lines in tree order; per node subjects with the same roles share a line, flag 0 before flag 1."""
    nodes: dict[str, dict[tuple[bool, str], list[str]]] = {}
    for subject, at in policy.acl.items():
        if subject == ROOT:
            continue
        for path, entries in at.items():
            for flag in (False, True):
                roles = _join(e.role for e in entries if e.propagate is flag)
                if roles:
                    nodes.setdefault(path, {}).setdefault((flag, roles), []).append(subject)
    for path in sorted(nodes, key=sort_key):
        for (flag, roles), subjects in sorted(nodes[path].items()):
            yield f"acl:{_flag(flag)}:{path}:{_join(subjects)}:{roles}:"


def _join(items: Iterable[str]) -> str:
    return ",".join(sorted(items, key=bytewise))


def _flag(value: bool) -> str:
    return "1" if value else "0"


def _kept(text: str | None) -> str:
    # PVE: a text that reads `0` isn't written (quirk Q2).
    return text if text is not None and true(text) else ""


def _escaped(text: str) -> str:
    return encode_text(_kept(text))
