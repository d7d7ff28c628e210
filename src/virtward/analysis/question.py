"""A question about permissions, put as the requirements that must all hold, and its answer.

Rule: a question about a call is the call's declared gate plus every check upstream makes in code for its
parameters. What only the cluster's state could tell stays open: an answer with open points is not a yes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import Error
from ..policy.explain import Term, together
from ..policy.model import Policy
from ..policy.names import ROOT
from ..policy.requirement import (
    Authenticated,
    Decision,
    Holds,
    Params,
    Requirement,
    RootOnly,
    TicketOnly,
    decide,
    parse,
    parse_gate,
)
from ..rules.demands import expand
from ..rules.loader import Rules
from ..rules.model import Demand


@dataclass(frozen=True, slots=True)
class Part:
    """One requirement of a question. If not `certain`, failing it leaves open what `depends` says."""

    label: str
    requirement: Requirement
    params: Params
    certain: bool = True
    depends: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, in words, and the parts that must all hold. `notes` say what the rules add in prose."""

    title: str
    parts: tuple[Part, ...]
    open: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict for one subject: `yes`, `no` or `depends`; with a decision for each part of the question."""

    question: Question
    subject: str
    decisions: tuple[tuple[Part, Decision], ...]
    open: tuple[str, ...]

    @property
    def refused(self) -> bool:
        """Whether a part that is certain refuses."""
        return any(part.certain and not decision for part, decision in self.decisions)

    @property
    def verdict(self) -> str:
        """`no` if something refuses, `depends` if something stays open, else `yes`."""
        return "no" if self.refused else "depends" if self.open else "yes"

    @property
    def message(self) -> str:
        """What Proxmox VE says to the caller: the first refusal's words, empty for a yes."""
        return next((d.error.message for part, d in self.decisions if part.certain and d.error), "")

    @property
    def tree(self) -> Term:
        """Every part explained, as one tree."""
        terms = [d.explanation for part, d in self.decisions if part.certain]
        return terms[0] if len(terms) == 1 else together(tuple(terms))


def answer(question: Question, subject: str, policy: Policy) -> Answer:
    """Decides every part for a subject."""
    decisions = tuple((part, decide(part.requirement, subject, part.params, policy)) for part in question.parts)
    unsure = tuple(
        f"{part.label}: {part.depends}" for part, decision in decisions if not part.certain and not decision
    )
    return Answer(question, subject, decisions, () if subject == ROOT else (*unsure, *question.open))


def about_privilege(privileges: tuple[str, ...], path: str, *, any_: bool = False) -> Question:
    """Whether privileges (all, or any of them) are held on a normalised path."""
    says = (" or " if any_ else " and ").join(privileges)
    requirement = Holds(path, privileges, any_)
    return Question(f"{says} on {path}", (Part("privilege", requirement, {}),))


def about_call(rules: Rules, method: str, url: str, arguments: Mapping[str, str]) -> Question:
    """Whether a call may be made; Error if the release has no such call, with what may have been meant."""
    found = rules.find(method, url)
    if found is None:
        meant = rules.suggest(method, url)
        hint = f" Did you mean {', '.join(meant[:3])}?" if meant else ""
        raise Error(f"Proxmox VE {rules.release} has no call {method.upper()} {url}.{hint}")
    rule, params = found.rule, {**arguments, **found.params}
    parts = [Part("gate", parse_gate(rule.requires), params)]
    if not rule.allow_token:
        parts.insert(0, Part("no token", TicketOnly(url), params))
    refused = [name for name in rule.root_params if name in arguments]
    parts += [Part(f"parameter {name}", RootOnly(), params) for name in refused]
    demands = list(expand(rule, params))
    parts += [_part(demand) for demand in demands if demand.tree is not None]
    unknown = tuple(f"{demand.label}: {demand.depends}" for demand in demands if demand.tree is None)
    notes = (f"The answer is filtered: {rule.filter}",) if rule.filter else ()
    return Question(f"{rule.method} {_filled(rule.path, params)}", tuple(parts), unknown, notes)


def _part(demand: Demand) -> Part:
    requirement = RootOnly() if demand.tree == "root" else parse(demand.tree)
    return Part(demand.label, requirement, demand.params, demand.certain, demand.depends)


def _filled(path: str, params: Mapping[str, str]) -> str:
    return re.sub(r"\{([^}]+)\}", lambda match: params.get(match[1], match[0]), path)


_REFUSAL = re.compile(r"Permission check failed(?: \((?P<detail>.*?)\)(?=[\s\"'.,]|$))?", re.DOTALL)
_PAIR = re.compile(r"(?P<path>/?[^,\s]*), (?P<privileges>[A-Za-z.|]+)")


def about_error(text: str) -> Question:
    """The question behind a pasted refusal such as `403 Permission check failed (/vms/100, VM.Audit)`.

    Raises Error if the text is no refusal, or one without detail: then only the call itself can be asked about.
    """
    match = _REFUSAL.search(text)
    if match is None:
        raise Error("this is no refusal of Proxmox VE: it doesn't contain 'Permission check failed'")
    detail = match["detail"]
    if detail is None:
        raise Error(
            "this refusal has no detail, as of a rule with alternatives: ask about the call, `METHOD /path` instead"
        )
    if detail == "user != root@pam":
        return Question("a call reserved for root@pam", (Part("gate", RootOnly(), {}),))
    if detail == "user != null":
        return Question("a call that needs a log-on", (Part("gate", Authenticated(), {}),))
    pair = _PAIR.match(detail)
    if pair is None or not pair["path"]:
        raise Error(f"nothing is known of a refusal with the detail '{detail}'")
    privileges = tuple(pair["privileges"].split("|"))
    return about_privilege(privileges, pair["path"], any_=len(privileges) > 1)
