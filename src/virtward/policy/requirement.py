"""What a call demands, as terms; `decide` answers for all of them, `require` raises.

Rule: the terms and their evaluation follow Proxmox VE's permission expressions to the letter, oddities
included, because a Requirement is also what one of its permission trees parses into.
Source: pve-access-control 9.1.1 (`check_api2_permissions` and what it calls), as observed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import Error, Forbidden, ProgramError
from .checks import check, check_any, check_modify_permissions
from .fields import split_list
from .model import Policy
from .names import ROOT, split_token, split_user
from .paths import fill, normalise

if TYPE_CHECKING:
    from .explain import Term

Params = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class World:
    """Open to anybody, logged on or not."""


@dataclass(frozen=True, slots=True)
class Authenticated:
    """Any user or token that is logged on."""


@dataclass(frozen=True, slots=True)
class RootOnly:
    """Only `root@pam` itself, none of its tokens."""


@dataclass(frozen=True, slots=True)
class TicketOnly:
    """Anybody but an API token; `uri` is what the refusal names."""

    uri: str


@dataclass(frozen=True, slots=True)
class Holds:
    """Privileges on a path: all of them, or `any`. `template` is filled from the call's parameters.

    With `require_param` the term fails when that parameter is absent.
    """

    template: str
    privileges: tuple[str, ...]
    any: bool = False
    require_param: str | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every term; the first that fails ends the whole evaluation, even inside an AnyOf (quirk Q16)."""

    terms: tuple["Requirement", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The first term that holds is enough."""

    terms: tuple["Requirement", ...]


@dataclass(frozen=True, slots=True)
class OverUser:
    """Privileges over the user named by `userid`, through `/access/groups` or one of its groups.

    `mode` is `create`, `update` or None: with either, the call's `groups` count too (upstream `userid-group`).
    """

    privileges: tuple[str, ...]
    mode: str | None = None


@dataclass(frozen=True, slots=True)
class Self:
    """The caller is the existing user named by `userid`; a token never is (upstream `userid-param self`)."""


@dataclass(frozen=True, slots=True)
class OverRealm:
    """`Realm.AllocateUser` on the realm of the user named by `userid`, who need not exist."""


@dataclass(frozen=True, slots=True)
class ModifiesPermissions:
    """The right to change ACL entries on a path (upstream `perm-modify`)."""

    template: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """An expression upstream can't evaluate either; asking raises ProgramError with its words.

    With `about_user` it is a faulty test of a user id, which upstream validates first.
    """

    message: str
    about_user: bool = False


@dataclass(frozen=True, slots=True)
class Unspecified:
    """A call declared with permissions that name neither users nor a check: refused without detail."""


Requirement = (
    World
    | Authenticated
    | RootOnly
    | TicketOnly
    | Holds
    | AllOf
    | AnyOf
    | OverUser
    | Self
    | OverRealm
    | ModifiesPermissions
    | Malformed
    | Unspecified
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one question: `allowed`, or the `error` that refuses; `explanation` says why.

    `held` is the truth of the expression itself: upstream lets a call pass whose expression is false but
    raised nothing (quirk Q17), and so `allowed` may be true where `held` is false.
    """

    requirement: Requirement
    subject: str | None
    params: Params
    policy: Policy
    held: bool
    error: Error | None = None
    warnings: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether nothing refuses."""
        return self.error is None

    def __bool__(self) -> bool:
        return self.error is None

    @property
    def explanation(self) -> "Term":
        """The rule as a tree: verdicts, deciding entries, what cut off what, all that is missing."""
        from .explain import explain  # worked out only for whoever asks

        return explain(self)


def decide(requirement: Requirement, subject: str | None, params: Params, policy: Policy) -> Decision:
    """Whether a subject (None for nobody) may make a call with these raw parameters; never raises."""
    warnings: list[str] = []
    try:
        held = _gate(requirement, subject, params, policy, warnings)
    except Error as error:
        return Decision(requirement, subject, params, policy, False, error, tuple(warnings))
    return Decision(requirement, subject, params, policy, held, None, tuple(warnings))


def require(requirement: Requirement, subject: str | None, params: Params, policy: Policy) -> Decision:
    """As `decide`, but raises the Decision's error if it refuses."""
    decision = decide(requirement, subject, params, policy)
    if decision.error is not None:
        raise decision.error
    return decision


def _gate(req: Requirement, subject: str | None, params: Params, policy: Policy, warnings: list[str]) -> bool:
    if not subject:
        if isinstance(req, World):
            return True
        raise Forbidden("user != null")
    if subject == ROOT or isinstance(req, Authenticated):
        return True
    if isinstance(req, TicketOnly):
        if split_token(subject):
            raise Forbidden(f"URI '{req.uri}' not available with API token, need proper ticket.")
        return True
    if isinstance(req, RootOnly):
        raise Forbidden("user != root@pam")
    if isinstance(req, World | Unspecified):
        # PVE: a call open to the world refuses a caller who is known; its server never identifies one there.
        raise Forbidden
    return holds(req, subject, params, policy, noerr=False, warnings=warnings)


def holds(
    req: Requirement,
    subject: str,
    params: Params,
    policy: Policy,
    *,
    noerr: bool,
    warnings: list[str] | None = None,
) -> bool:
    """Evaluates an expression as upstream does: False or an Error for a refusal, by `noerr` and by the term.

    `warnings` collects what upstream would log. World, Authenticated and RootOnly are gates, not expressions:
    inside one they count as a malformed term.
    """
    return _Evaluation(subject, params, policy, warnings if warnings is not None else []).term(req, noerr)


@dataclass(slots=True)
class _Evaluation:
    subject: str
    params: Params
    policy: Policy
    warnings: list[str] = field(default_factory=list)

    def term(self, req: Requirement, noerr: bool) -> bool:
        match req:
            case Holds():
                return self.holds(req, noerr)
            case AllOf(terms):
                for each in terms:
                    self.term(each, noerr=False)
                return True
            case AnyOf(terms):
                return any(self.term(each, noerr=True) for each in terms) or _refuse(noerr)
            case OverUser():
                return self.over_user(req, noerr)
            case Self():
                return self.is_self(noerr)
            case OverRealm():
                realm = split_user(self.text("userid"))[1]
                return check(self.policy, self.subject, f"/access/realm/{realm}", ("Realm.AllocateUser",), noerr)
            case ModifiesPermissions(template):
                path = normalise(fill(template, self.params))
                # PVE: false, not an error, so at the gate it lets pass (quirk Q17).
                return path is not None and check_modify_permissions(self.policy, self.subject, path, noerr)
            case Malformed(message, about_user):
                if about_user:
                    split_user(self.text("userid"))
                raise ProgramError(message)
            case World() | Authenticated() | RootOnly() | TicketOnly() | Unspecified():
                raise ProgramError("unknown permission test")

    def text(self, name: str) -> str:
        value = self.params.get(name)
        return "" if value is None else str(value)

    def holds(self, req: Holds, noerr: bool) -> bool:
        if req.require_param is not None and self.params.get(req.require_param) is None:
            return _refuse(noerr)
        filled = fill(req.template, self.params)
        path = normalise(filled)
        if path is None:
            self.warnings.append(f"Failed to normalize '{filled}'")
            if self.subject != ROOT:
                self.warnings.append("internal error: ACL check called for undefined ACL path!")
        test = check_any if req.any else check
        return test(self.policy, self.subject, path, req.privileges, noerr)

    def is_self(self, noerr: bool) -> bool:
        userid = self.text("userid")
        split_user(userid)
        if userid not in self.policy.users:
            return _no(noerr, Error(f"no such user ('{userid}')"))
        return userid == self.subject or _refuse(noerr)

    def over_user(self, req: OverUser, noerr: bool) -> bool:
        userid = self.text("userid")
        if req.mode != "create" and not self.exists(userid, noerr):
            return False
        policy, subject, wanted = self.policy, self.subject, req.privileges
        if check_any(policy, subject, "/access/groups", wanted, True):
            return True
        mine = groups_with(policy, subject, wanted)
        if req.mode is not None:
            self.groups_given(mine, wanted)
        if req.mode == "create":
            return True
        return any(userid in policy.groups[group].members for group in mine) or _refuse(noerr)

    def exists(self, userid: str, noerr: bool) -> bool:
        if userid in self.policy.users:
            return True
        if noerr:
            return False
        self.policy.user(userid)
        return False

    def groups_given(self, mine: set[str], wanted: Sequence[str]) -> None:
        # PVE: these refusals are raised even where the expression asked for none (quirk Q18).
        given = split_list(self.text("groups"))
        if not given:
            raise Forbidden(f"/access/groups, {'|'.join(wanted)}")
        for group in given:
            if group not in mine:
                raise Forbidden(f"/access/groups/{group}, {'|'.join(wanted)}")


def groups_with(policy: Policy, subject: str, wanted: Sequence[str], *, every: bool = False) -> set[str]:
    """The groups on whose `/access/groups/<group>` the subject has any (or every) of these privileges."""
    test = check if every else check_any
    return {group for group in policy.groups if test(policy, subject, f"/access/groups/{group}", wanted, True)}


def _no(noerr: bool, error: Error) -> bool:
    """False where errors aren't wanted; otherwise raises this one."""
    if noerr:
        return False
    raise error


def _refuse(noerr: bool) -> bool:
    return _no(noerr, Forbidden())


def parse_gate(declared: Mapping[str, object] | None) -> Requirement:
    """The Requirement of a call from upstream's declaration: None, or `user` and `check`; `user` wins."""
    if declared is None:
        return RootOnly()
    match declared.get("user"):
        case "world":
            return World()
        case "all":
            return Authenticated()
        case _:
            expression = declared.get("check")
            return Unspecified() if expression is None else parse(expression)


def parse(expression: object) -> Requirement:
    """A permission expression (JSON arrays as upstream declares them) as a term; odd ones become Malformed."""
    if not isinstance(expression, Sequence) or isinstance(expression, str) or not expression or not expression[0]:
        return Malformed("no permission test specified")
    test, *args = expression
    match test:
        case "and":
            return AllOf(tuple(parse(each) for each in args))
        case "or":
            return AnyOf(tuple(parse(each) for each in args))
        case "perm":
            return _parse_perm(args)
        case "userid-group":
            if not args or args[0] is None:
                return Malformed("missing parameters")
            mode = _options(args[1:]).get("groups_param")
            return OverUser(tuple(args[0]), str(mode) if mode else None)
        case "userid-param":
            return _parse_userid_param(args)
        case "perm-modify":
            return ModifiesPermissions(str(args[0])) if args and args[0] else Malformed("missing parameters")
        case _:
            return Malformed("unknown permission test")


def _parse_perm(args: list[object]) -> Requirement:
    if len(args) < 2 or not args[0] or not isinstance(args[1], Sequence):
        return Malformed("missing parameters")
    options = _options(args[2:])
    require_param = options.get("require_param")
    return Holds(
        str(args[0]),
        tuple(args[1]),
        bool(options.get("any")),
        str(require_param) if require_param else None,
    )


def _parse_userid_param(args: list[object]) -> Requirement:
    match args[:1]:
        case [None] | []:
            return Malformed("missing parameters", about_user=True)
        case ["self"]:
            return Self()
        case ["Realm.AllocateUser"]:
            return OverRealm()
        case _:
            return Malformed("unknown userid-param test", about_user=True)


def _options(flat: Sequence[object]) -> dict[str, object]:
    """Trailing name, value pairs as a mapping."""
    return {str(name): value for name, value in zip(flat[::2], flat[1::2], strict=False)}
