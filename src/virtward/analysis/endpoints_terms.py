"""Requirements whose parameters are unknown, as formulas: for which machines, storages, users ... a term holds.

Rule: verdicts come from `policy`, through `endpoints_values`; a term's form is followed to the letter, the
oddities of `policy.requirement` included.
"""

from collections.abc import Callable, Iterator, Mapping

from ..policy.checks import check_any, modifiers
from ..policy.model import Policy
from ..policy.names import split_token
from ..policy.requirement import (
    AllOf,
    AnyOf,
    Authenticated,
    Holds,
    Malformed,
    ModifiesPermissions,
    OverRealm,
    OverUser,
    Requirement,
    RootOnly,
    Self,
    TicketOnly,
    Unspecified,
    World,
    groups_with,
)
from .endpoints_formula import Formula, Said, among, both, either
from .endpoints_values import MEMBERS, UNNAMED, Shape, Values

Naming = Mapping[str, str]
"""Placeholder -> what a reader is told it is; a placeholder that isn't there has no value in any call."""

_TOPS = (
    *("/", "/access", "/access/groups", "/access/realm", "/mapping", "/nodes", "/pool", "/sdn", "/storage", "/vms"),
    *("/sdn/controllers", "/sdn/dns", "/sdn/fabrics", "/sdn/ipams", "/sdn/zones"),
)
"""The paths that ACL entries may be on without naming anything."""


class Terms:
    """What one subject's requirements come to. Each question is asked of the policy once."""

    def __init__(self, policy: Policy, subject: str) -> None:
        self.policy = policy
        self.subject = subject
        self.values = Values(policy, subject)
        self.known: dict[str, list[str]] = {}
        """Name of a condition -> every value it was asked about, where some value can stand for others."""
        self._groups: dict[tuple[str, ...], set[str]] = {}

    def formula(self, term: Requirement, naming: Naming) -> Formula:
        """For which calls a term holds."""
        match term:
            case World() | Authenticated():
                return True
            case RootOnly() | Unspecified() | Malformed():
                return False
            case TicketOnly():
                return split_token(self.subject) is None
            case AllOf(terms):
                return both(*(self.formula(each, naming) for each in terms))
            case AnyOf(terms):
                return either(*(self.formula(each, naming) for each in _reached(terms)))
            case Holds():
                return self._holds(term, naming)
            case Self():
                exists = self.subject in self.policy.users
                return among(naming.get("userid", "userid"), {self.subject}) if exists else False
            case OverUser():
                return self._over_user(term)
            case OverRealm():
                return self.on_path("/access/realm/{realm}", ("Realm.AllocateUser",), False, _REALM_OF_USER)
            case ModifiesPermissions(template):
                return self._modifies(template, naming)

    def _holds(self, term: Holds, naming: Naming) -> Formula:
        required = term.require_param
        if required is not None and required not in naming:
            return False
        found = self.on_path(term.template, term.privileges, term.any, naming)
        # Where only some of its values will do, that they have to be given is said already.
        return Said(f"{naming[required]} given") if required is not None and found is True else found

    def on_path(self, template: str, wanted: tuple[str, ...], any_: bool, naming: Naming) -> Formula:
        """For which calls privileges (all of them, or any) are held on a path."""
        if template == "{path}":
            return self._paths("path", lambda path: wanted)
        fixed, names = _taken_apart(template, naming)
        if not names:
            return self.values.fits(self.values.mask(fixed), wanted, any_)
        name, shape = "/".join(names), Shape(fixed + "/", len(names))
        found, others = self.values.where(shape, wanted, any_)
        if shape not in MEMBERS and name not in self.known:
            self.known[name] = self.values.asked(shape)
        return among(name, found, others)

    # Users, and ACL changes

    def _over_user(self, term: OverUser) -> Formula:
        wanted = term.privileges
        if check_any(self.policy, self.subject, "/access/groups", wanted, True):
            return True
        if wanted not in self._groups:
            self._groups[wanted] = groups_with(self.policy, self.subject, wanted)
        mine = self._groups[wanted]
        given = among("groups", mine) if term.mode is not None else True
        return given if term.mode == "create" else both(given, among("userid in group", mine))

    def _modifies(self, template: str, naming: Naming) -> Formula:
        if template == "{path}":
            return self._paths("path", modifiers)
        return self.on_path(template, modifiers(template), True, naming)

    def _paths(self, name: str, wanted: Callable[[str], tuple[str, ...]]) -> Formula:
        """For which ACL paths any of the privileges is held that `wanted` says for each."""
        values = self.values
        asked = {*_TOPS, *(f"{top}/*" for top in _TOPS[1:]), *values.nodes}
        found = {path for path in asked if values.fits(values.mask(path), wanted(path), True)}
        for shape in MEMBERS:
            members, others = values.where(shape, wanted(shape.prefix + UNNAMED), True)
            paths = {shape.prefix + member for member in members}
            asked |= paths
            found = found - paths if others else found | paths
        self.known[name] = sorted(asked)
        return True if len(found) == len(asked) else among(name, found)


_REALM_OF_USER: Naming = {"realm": "realm of userid"}


def _taken_apart(template: str, naming: Naming) -> tuple[str, list[str]]:
    """The literal beginning of a template, and the names of its variable rest."""
    fixed: list[str] = []
    names: list[str] = []
    for segment in template.split("/"):
        placeholder = segment[1:-1] if segment.startswith("{") else ""
        if placeholder in naming:
            names.append(naming[placeholder])
        elif names:
            names.append(placeholder or segment)
        else:
            # PVE: what has no value in a call becomes `-` in the path.
            fixed.append("-" if placeholder else segment)
    return "/".join(fixed), names


def _reached(terms: tuple[Requirement, ...]) -> Iterator[Requirement]:
    """The alternatives that are looked at: none after one that refuses the call where it doesn't hold."""
    for term in terms:
        yield term
        if _raises(term):
            return


def _raises(term: Requirement) -> bool:
    # PVE: an `and` that fails inside an `or` ends the whole evaluation (quirk Q16), and so on (Q18).
    match term:
        case AllOf() | Malformed():
            return True
        case AnyOf(terms):
            return any(_raises(each) for each in terms)
        case OverUser(_, mode):
            return mode is not None
        case _:
            return False
