"""The model: users, tokens, groups, roles, pools, ACL entries, and the Policy that holds them.

Rule: everything is immutable; an edit makes a new Policy that shares what it didn't touch. Records are named
tuples because a policy has a hundred thousand of them and a frozen dataclass takes four times as long to make.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ..errors import Error, Forbidden
from .names import ROOT, split_user
from .paths import sort_key
from .privileges import DEFAULT, Release

if TYPE_CHECKING:
    from .evaluate import View

NO_ACCESS = "NoAccess"


class User(NamedTuple):
    """A user; `expire` is Unix seconds, 0 for never; `line` the line of the file, 0 if from elsewhere.

    An `email` may be empty or not there at all (None): lists of users show the difference.
    """

    id: str
    enable: bool = True
    expire: float = 0
    firstname: str = ""
    lastname: str = ""
    email: str | None = None
    comment: str = ""
    keys: str = ""
    line: int = 0


class Token(NamedTuple):
    """An API token `user@realm!sub`; with `privsep` it holds at most what its own ACL entries give."""

    id: str
    expire: float = 0
    privsep: bool = True
    comment: str = ""
    line: int = 0

    @property
    def user(self) -> str:
        """The owner's user id."""
        return self.id.rpartition("!")[0]

    @property
    def sub(self) -> str:
        """The name after the `!`."""
        return self.id.rpartition("!")[2]


class Group(NamedTuple):
    """A group and its members' user ids; a member need not exist as a user (quirk Q6)."""

    id: str
    members: frozenset[str] = frozenset()
    comment: str = ""
    line: int = 0


class Role(NamedTuple):
    """A role; `mask` has a bit for each privilege (`privileges.BITS`)."""

    id: str
    mask: int = 0
    line: int = 0


class Pool(NamedTuple):
    """A pool with its direct members; its sub-pools are the pools whose id continues its own."""

    id: str
    comment: str = ""
    vms: frozenset[str] = frozenset()
    storages: frozenset[str] = frozenset()
    line: int = 0

    @property
    def parent(self) -> str | None:
        """The id of the pool above, None at the top."""
        return self.id.rpartition("/")[0] or None


class AclEntry(NamedTuple):
    """One grant: `subject` is a user id, a token id, or `@group`."""

    path: str
    subject: str
    role: str
    propagate: bool = True
    line: int = 0

    @property
    def kind(self) -> str:
        """`user`, `group` or `token`."""
        return subject_kind(self.subject)

    @property
    def name(self) -> str:
        """The subject's id without the `@` that marks a group."""
        return self.subject[1:] if self.kind == "group" else self.subject


def subject_kind(subject: str) -> str:
    """`user`, `group` or `token`, for the subject of an ACL entry (a user may be called `@a@pve`)."""
    if "@" not in subject[1:]:
        return "group"
    return "token" if "!" in subject.rpartition("@")[2] else "user"


Acl = Mapping[str, Mapping[str, tuple[AclEntry, ...]]]
"""Subject -> path -> entries."""


@dataclass(frozen=True)
class Policy:
    """One snapshot of who may do what.

    `groups_of` maps a user id to its groups' subjects (`@ops`); `pools_of` maps `/vms/100` or `/storage/local`
    to the pools that have it as a direct member. `unrecorded` holds (user, group) pairs where the group knows
    the member but upstream's record of the user doesn't know the group. `gone` holds the roles and tokens that an
    edit removed and whose ACL entries are still written once (quirks Q19, Q20): the next edit starts without them.
    """

    users: Mapping[str, User]
    tokens: Mapping[str, Token]
    groups: Mapping[str, Group]
    roles: Mapping[str, Role]
    pools: Mapping[str, Pool]
    acl: Acl
    groups_of: Mapping[str, tuple[str, ...]]
    pools_of: Mapping[str, tuple[str, ...]]
    unrecorded: frozenset[tuple[str, str]] = frozenset()
    gone: frozenset[str] = frozenset()
    release: Release = DEFAULT
    # INVARIANT: a view is a pure function of the fields above; it is kept only because it is dear to make.
    views: "dict[str, View]" = field(default_factory=dict, init=False, compare=False, repr=False)

    def entries(self) -> Iterator[AclEntry]:
        """Every ACL entry, in no particular order."""
        for at in self.acl.values():
            for entries in at.values():
                yield from entries

    @cached_property
    def acl_paths(self) -> tuple[str, ...]:
        """The paths of the ACL tree, those between entries included, parents before children."""
        found = {"/"}
        for at in self.acl.values():
            for path in at:
                while path not in found:
                    found.add(path)
                    path = path.rpartition("/")[0] or "/"
        return tuple(sorted(found, key=sort_key))

    @cached_property
    def acl_parents(self) -> frozenset[str]:
        """The paths of the ACL tree that have others directly below them."""
        return frozenset(path.rpartition("/")[0] or "/" for path in self.acl_paths)

    @cached_property
    def subpools(self) -> Mapping[str, tuple[str, ...]]:
        """Pool id -> ids of the pools directly below it, sorted."""
        below: dict[str, list[str]] = {}
        for pool in sorted(self.pools):
            parent = pool.rpartition("/")[0]
            if parent:
                below.setdefault(parent, []).append(pool)
        return {parent: tuple(pools) for parent, pools in below.items()}

    @cached_property
    def members(self) -> Mapping[str, frozenset[str]]:
        """`vms` and `storage` -> the ids that are a direct member of some pool."""
        pools = self.pools.values()
        return {
            "vms": frozenset().union(*(pool.vms for pool in pools)),
            "storage": frozenset().union(*(pool.storages for pool in pools)),
        }

    @cached_property
    def _tokens_by_user(self) -> Mapping[str, list[Token]]:
        found: dict[str, list[Token]] = {}
        for tokenid in sorted(self.tokens):
            found.setdefault(self.tokens[tokenid].user, []).append(self.tokens[tokenid])
        return found

    def tokens_of(self, userid: str) -> list[Token]:
        """The user's tokens, sorted by id."""
        return list(self._tokens_by_user.get(userid, ()))

    def user(self, userid: str) -> User:
        """The user; Error if the id is malformed or nobody has it."""
        split_user(userid)
        if userid not in self.users:
            raise Error(f"no such user ('{userid}')")
        return self.users[userid]

    def token(self, userid: str, sub: str) -> Token:
        """The token `sub` of an existing user; Error if either isn't there."""
        self.user(userid)
        token = self.tokens.get(f"{userid}!{sub}")
        if token is None:
            raise Error(f"no such token '{sub}' for user '{userid}'")
        return token

    def pool(self, pool: str) -> Pool:
        """The pool; Forbidden with upstream's words if there is none."""
        if pool not in self.pools:
            raise Forbidden(f"pool '{pool}' does not exist")
        return self.pools[pool]


def builtin_roles(release: Release) -> dict[str, Role]:
    """The roles that exist in every policy of the release."""
    return {name: Role(name, mask) for name, mask in release.roles.items()}


def empty(release: Release = DEFAULT) -> Policy:
    """A policy that knows only `root@pam` and the built-in roles."""
    return Policy({ROOT: User(ROOT)}, {}, {}, builtin_roles(release), {}, {}, {}, {}, release=release)
