"""What is asked, from the words of a command line: privileges on a path, a call, or a refusal."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..errors import Error
from ..policy.model import Policy
from ..policy.privileges import BITS, RELEASES, Release, names
from .known import askable_path
from .near import did_you_mean, near
from .text import listed

if TYPE_CHECKING:
    from ..analysis.question import Part, Question

METHODS = ("GET", "POST", "PUT", "DELETE")
REFUSAL = "Permission check failed"

_MASKED = r"(?i:password|secret|otp|^keys$)"


class Wanted(NamedTuple):
    """Privileges, all or any of them, on a normalised path."""

    privileges: tuple[str, ...]
    any: bool
    path: str

    @property
    def says(self) -> str:
        """The privileges in words."""
        return (" or " if self.any else " and ").join(self.privileges)


class Called(NamedTuple):
    """A call with its arguments."""

    method: str
    url: str
    arguments: dict[str, str]

    @property
    def shown(self) -> str:
        """The arguments as they may be shown: secrets masked."""
        pairs = (f"{name}={'***' if re.search(_MASKED, name) else text}" for name, text in self.arguments.items())
        return "".join(f" {pair}" for pair in pairs)


class Pasted(NamedTuple):
    """The text of a refusal."""

    text: str


Asked = Wanted | Called | Pasted


def asked(words: Sequence[str], release: Release, policy: Policy) -> Asked:
    """What the words after the subject ask. Raises Error if they ask nothing that can be answered."""
    if any(REFUSAL in word for word in words):
        # Copied out of JSON, the text has the line feed at its end as two characters.
        return Pasted(" ".join(words).replace("\\n", "\n"))
    if not words:
        raise Error("nothing is asked: name a privilege and a path, or a method and an API path")
    what, *rest = words
    if what.upper() in METHODS:
        return _call(what.upper(), rest)
    if what.startswith("/"):
        raise Error(f"the privilege or method comes before the path '{what}'")
    privileges, any_ = privileges_in(what, release, policy)
    if not rest:
        raise Error(f"on which path? Write a path after {what}, such as /vms/100 or /")
    if len(rest) > 1:
        raise Error(f"too many words after the path: {listed(rest[1:], 3)} (several privileges: A,B or 'A|B')")
    return Wanted(privileges, any_, askable_path(rest[0], release, policy))


def _call(method: str, rest: list[str]) -> Called:
    if not rest:
        raise Error(f"which call? Write an API path after {method}, such as /nodes/n1/qemu/100/config")
    url, *pairs = rest
    arguments: dict[str, str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise Error(f"'{pair}' is no parameter: write NAME=VALUE")
        # Some parameters are lists that are sent as repeated values; conditions read lists with commas.
        arguments[name] = f"{arguments[name]},{text}" if name in arguments else text
    return Called(method, url, arguments)


def privileges_in(text: str, release: Release, policy: Policy) -> tuple[tuple[str, ...], bool]:
    """The privileges of `A,B` (all of them) or `A|B` (any); Error for one that the release doesn't have."""
    if "," in text and "|" in text:
        raise Error(f"'{text}' mixes ',' (all of) and '|' (any of): ask twice")
    found = tuple(part.strip() for part in re.split("[,|]", text))
    for name in found:
        if name not in release.bits:
            raise Error(_unknown_privilege(name, release, policy))
    return found, "|" in text


def _unknown_privilege(name: str, release: Release, policy: Policy) -> str:
    others = [each.name for each in RELEASES.values() if name in each.bits]
    if others and name in BITS:
        return (
            f"{name} is no privilege of Proxmox VE {release.name}, only of {others[0]}: try --release {others[0]}"
        )
    if name in policy.roles:
        has = names(policy.roles[name].mask)
        return f"{name} is a role, not a privilege. It has {listed(has, 6) or 'no privileges'}."
    return f"unknown privilege or method '{name}'.{did_you_mean(near(name, [*release.bits, *METHODS]))}"


def question_of(what: Asked, release: Release) -> "tuple[Question, list[str]]":
    """The question that is meant, and notes on it. Raises Error for a call that the release doesn't have."""
    from ..analysis import question as questions

    match what:
        case Wanted(privileges, any_, path):
            return questions.about_privilege(privileges, path, any_=any_), []
        case Pasted(text):
            return _from_error(questions.about_error(text), release), []
        case Called(method, url, arguments):
            from ..rules.loader import load

            rules = load(release.name)
            found = questions.about_call(rules, method, url, arguments)
            return _answerable(found), _check_arguments(what, release)


def _answerable(question: "Question") -> "Question":
    """A call that is open to the world is open to every subject: nobody is asked there who they are.

    Proxmox VE's own check refuses a caller that it knows, but its server never identifies one on such a call.
    """
    from dataclasses import replace

    from ..policy.requirement import Authenticated, World

    def part(each: "Part") -> "Part":
        return replace(each, requirement=Authenticated()) if isinstance(each.requirement, World) else each

    return replace(question, parts=tuple(part(each) for each in question.parts))


def _from_error(question: "Question", release: Release) -> "Question":
    from ..policy.requirement import Holds

    for part in question.parts:
        if isinstance(part.requirement, Holds):
            for name in part.requirement.privileges:
                if name not in release.bits:
                    raise Error(f"the error names '{name}', which is no privilege of Proxmox VE {release.name}")
    return question


def _check_arguments(what: Called, release: Release) -> list[str]:
    """Notes on required parameters that are missing; Error for one that the call doesn't have."""
    from ..rules.loader import load

    found = load(release.name).find(what.method, what.url)
    if found is None:
        return []
    rule, given = found.rule, {**what.arguments, **found.params}
    for name in given:
        if rule.param(name) is None and not rule.open_params and f"{{{name}}}" not in rule.path:
            meant = did_you_mean(near(name, rule.params))
            raise Error(f"{rule.method} {rule.path} has no parameter '{name}'.{meant}")
    missing = [name for name, param in rule.params.items() if not param.optional and name not in given]
    if not missing:
        return []
    return [f"the call also takes {listed(missing)}: what depends on its value is asked as if it were empty"]
