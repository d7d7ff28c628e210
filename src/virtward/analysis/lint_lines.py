"""Traps that only the lines of a `user.cfg` show, because reading it leaves no trace of them in the policy.

Rule: a light pass that reads no line a second way: what a field means is asked of `policy`'s own helpers, and
what became of a line is looked up in the policy. Lines that are ignored as a whole have a diagnostic instead.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ..policy.fields import WHITE, decode_text, digits, split_list, true
from ..policy.model import NO_ACCESS, Policy
from ..policy.names import PLAIN, POOL, ROOT, TOKEN, is_user
from ..policy.paths import normalise
from .lint_rules import Finding, finding
from .lint_wording import listed

_ITEM = re.compile(f"[^{WHITE},;]+")
_LARGEST = str(2**64 - 1)

# Per kind of line: the text fields, and whether the field is escaped.
_TEXTS: Mapping[str, tuple[tuple[int, str, bool], ...]] = {
    "user": (
        (4, "first name", True),
        (5, "last name", True),
        (6, "e-mail address", False),
        (7, "comment", True),
        (8, "keys field", False),
    ),
    "token": ((4, "comment", True),),
    "group": ((3, "comment", True),),
    "pool": ((2, "comment", True),),
}
_MEANINGS = {
    "enable": ("the account is disabled", "the account is enabled"),
    "privsep": ("", "the token holds at most what its own entries give"),
    "propagate": ("the entry holds on this path alone", "the entry holds on everything below as well"),
}


def line_findings(policy: Policy, text: bytes) -> list[Finding]:
    """The traps in the file's lines; `policy` is what the file was read into."""
    scan = _Scan(policy)
    kinds: Mapping[str, Callable[[int, list[str]], None]] = {
        "user": scan.user,
        "token": scan.token,
        "group": scan.group,
        "role": scan.role,
        "pool": scan.pool,
        "acl": scan.acl,
    }
    for number, line in enumerate(text.decode("utf-8", "surrogateescape").split("\n"), 1):
        fields = line.split(":")
        if " " in line or not line.isprintable():
            fields = [field.strip(WHITE) for field in fields]
        handler = kinds.get(fields[0])
        if handler is not None:
            handler(number, fields + [""] * 9)
    return scan.findings


class _Scan:
    """The state of one pass; a method per kind of line."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.findings: list[Finding] = []
        self.users = {ROOT: 0}
        self.tokens: dict[str, dict[str, int]] = {}
        self.defined: dict[tuple[str, str], int] = {}
        self.lists: dict[str, dict[str, None]] = {}

    def found(self, code: str, line: int, subject: str, **values: object) -> None:
        self.findings.append(finding(code, line, subject, **values))

    def user(self, line: int, fields: list[str]) -> None:
        userid, expire = fields[1], fields[3]
        if not is_user(userid) or (true(expire) and not digits(expire)):
            return
        self.flag(line, userid, "enable", fields[2])
        self.texts("user", line, userid, fields)
        self.size(line, userid, "The expiry", expire, "loses the user with its tokens")
        first = self.users.get(userid)
        self.users[userid] = line
        dropped = {t: at for t, at in self.tokens.pop(userid, {}).items() if t not in self.policy.tokens}
        if dropped:
            tokens = listed(f"{token} (line {at})" for token, at in sorted(dropped.items()))
            self.found("repeated-user-drops-tokens", line, userid, tokens=tokens)
        elif first:
            self.found("repeated-user", line, userid, first=first)

    def token(self, line: int, fields: list[str]) -> None:
        _, tokenid, expire, privsep = fields[:4]
        match = TOKEN.fullmatch(tokenid)
        if match is None or (true(expire) and not digits(expire)) or match[1] not in self.users:
            return
        self.tokens.setdefault(match[1], {})[tokenid] = line
        self.texts("token", line, tokenid, fields)
        self.size(line, tokenid, "The expiry", expire, "loses the token")
        record = self.policy.tokens.get(tokenid)
        if privsep:
            self.flag(line, tokenid, "privsep", privsep)
        elif record is not None and record.line == line:
            self.found("token-without-privsep", line, tokenid, owner=match[1])

    def group(self, line: int, fields: list[str]) -> None:
        name, members = fields[1:3]
        if not self.definition("group", line, name):
            return
        self.texts("group", line, name, fields)
        group = self.policy.groups.get(name)
        for item, pieces in _torn(members):
            landed = [piece for piece in pieces if group is not None and piece in group.members]
            self.torn(line, item, pieces, f"its membership of group {name}", landed)

    def role(self, line: int, fields: list[str]) -> None:
        name, privileges = fields[1], split_list(fields[2])
        release = self.policy.release
        if name not in release.roles:
            self.definition("role", line, name)
            return
        has = release.roles[name]
        added = sorted({p for p in privileges if p in release.bits and not has & release.bits[p]})
        if added:
            denial = ", although the role is there to deny" if name == NO_ACCESS else ""
            self.found("builtin-role-extended", line, name, privileges=listed(added), denial=denial)
        else:
            self.found("builtin-role-repeated", line, name)

    def pool(self, line: int, fields: list[str]) -> None:
        name = fields[1]
        if not POOL.fullmatch(name):
            return
        self.again("pool", line, name)
        self.texts("pool", line, name, fields)
        if "0" in name.split("/"):
            self.found("pool-segment-zero", line, name, landing=_landing(f"/pool/{name}"))
        for vmid in split_list(fields[3]):
            self.size(line, f"pool {name}", "The vmid", vmid, "loses this member")

    def acl(self, line: int, fields: list[str]) -> None:
        raw = fields[2]
        path = normalise(raw)
        if path is None:
            return
        if "0" in raw.split("/"):
            path = self.zero_segment(line, raw, fields)
        self.flag(line, path, "propagate", fields[1])
        at = self.policy.acl
        for item, pieces in _torn(fields[3]):
            landed = [piece for piece in pieces if path in at.get(piece, ())]
            self.torn(line, item, pieces, f"{fields[4]} on {path}", landed)
        roles = self.split(fields[4])
        for subject in self.split(fields[3]):
            for entry in at.get(subject, {}).get(path, ()):
                if entry.line > line and entry.propagate is not true(fields[1]) and entry.role in roles:
                    self.overwritten(line, path, subject, entry.role, entry.line, true(fields[1]))

    def split(self, field: str) -> dict[str, None]:
        if field not in self.lists:
            self.lists[field] = dict.fromkeys(split_list(field))
        return self.lists[field]

    def zero_segment(self, line: int, raw: str, fields: Sequence[str]) -> str:
        written = "/" + "/".join(filter(None, raw.split("/")))
        landing = _landing(raw)
        self.found(
            "zero-segment",
            line,
            written,
            landing=landing,
            roles=listed(self.split(fields[4])) or "no role",
            subjects=listed(self.split(fields[3])) or "nobody",
            below=" and below it" if true(fields[1]) else "",
        )
        return landing

    def overwritten(self, line: int, path: str, who: str, role: str, later: int, propagates: bool) -> None:
        flag = "propagates" if propagates else "doesn't propagate"
        self.found("flag-overwritten", line, path, role=role, who=who, flag=flag, later=later)

    def torn(self, line: int, item: str, pieces: Iterable[str], gets: str, landed: Iterable[str]) -> None:
        parts = listed(f"'{piece}'" for piece in pieces) or "nothing"
        where = listed(f"{'group' if name[0] == '@' else 'user'} {name.removeprefix('@')}" for name in landed)
        self.found(
            "list-item-torn" if where else "list-item-lost", line, item, pieces=parts, gets=gets, landed=where
        )

    def definition(self, kind: str, line: int, name: str) -> bool:
        """Whether a group's or role's line counts."""
        if name == "0":
            self.found("name-is-zero", line, name, kind=kind)
        elif PLAIN.fullmatch(name):
            self.again(kind, line, name)
            return True
        return False

    def again(self, kind: str, line: int, name: str) -> None:
        first = self.defined.setdefault((kind, name), line)
        if first != line:
            self.found("lines-add-up", line, name, kind=kind.capitalize(), first=first)

    def flag(self, line: int, subject: str, what: str, field: str) -> None:
        if field not in ("0", "1"):
            code = "flag-not-boolean" if field else "flag-missing"
            self.found(code, line, subject, what=what, value=field, meaning=_MEANINGS[what][bool(field)])

    def texts(self, kind: str, line: int, subject: str, fields: Sequence[str]) -> None:
        for index, what, escaped in _TEXTS[kind]:
            field = fields[index]
            if field.endswith("0") and (decode_text(field) if escaped else field) == "0":
                self.found("text-is-zero", line, subject, kind=kind, what=what)

    def size(self, line: int, subject: str, what: str, field: str, lost: str) -> None:
        if len(field) >= len(_LARGEST) and digits(field):
            value = field.lstrip("0")
            if (len(value), value) > (len(_LARGEST), _LARGEST):
                value = value if len(value) <= 40 else f"{value[:40]}..."
                self.found("number-too-large", line, subject, what=what, value=value, lost=lost)


def _torn(field: str) -> Iterator[tuple[str, list[str]]]:
    """The items of a list that its bytes 85 and A0 tear apart, each with its pieces."""
    if not field.isascii() and "\0" not in field:
        for item in _ITEM.findall(field):
            pieces = split_list(item)
            if pieces != [item]:
                yield item, pieces


def _landing(path: str) -> str:
    """Where an entry written for the path is stored."""
    return "/" + "/".join(part for part in path.split("/") if part not in ("", "0"))
