"""What an upgrade check says: a report made of findings, worst first.

Rule: only text, numbers, truths and tuples of such records, so that any serialiser can take a report as it is.
Lists that could be long hold at most as many items as was asked for, each beside its full count.
"""

from dataclasses import dataclass

ERROR, WARNING, NOTICE = "error", "warning", "notice"
SEVERITIES = (ERROR, WARNING, NOTICE)
"""Worst first. ERROR: somebody loses what a custom role gives. WARNING: something is lost otherwise, somebody
gains power over guests, or the file has a flaw that the upgrade is a good time to mend. NOTICE: good to know,
nothing to do."""


@dataclass(frozen=True, slots=True)
class Calls:
    """API calls that ask for the same before and for the same after the upgrade.

    `label` names them wherever a report speaks of them; it is unique in a report. `calls` has each as
    `METHOD /path`, with the parameters that matter in parentheses behind. `before` and `after` are what they
    ask for, in words; `after` is empty if there is no such call any more.
    """

    label: str
    calls: tuple[str, ...]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Holders:
    """Users and tokens that fare alike: `subjects` are the first of `count`, by id.

    `calls` are labels: what they lose or, in a finding about a gain, gain. Empty: the entry makes no difference
    to what they can call, because another one gives the same, or because no machine is reached.
    """

    subjects: tuple[str, ...]
    count: int
    calls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One place of the file that a finding is about.

    Mostly an ACL entry: `subject` (`@` marks a group), its `kind` (user, group, token), `path`, `role`,
    `propagate`, and the `line` that has it. `holders` are who holds the role through it: the user or the members
    of the group, and their tokens. In a finding about a line that isn't understood, `subject` is the word
    concerned, `kind` is `line`, path and role are empty, and `note` says what becomes of it.
    """

    subject: str
    kind: str
    line: int
    path: str = ""
    role: str = ""
    propagate: bool = True
    holders: tuple[Holders, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to repair a role: the privileges to add, the labels of the calls that this keeps, and what it means.

    `commands` are to be run after the upgrade: before it, Proxmox VE refuses privileges that it doesn't know.
    """

    privileges: tuple[str, ...]
    keeps: tuple[str, ...]
    commands: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the upgrade changes.

    `code` is stable. `title` is a sentence, `subject` what it is about (a role, a call), `lines` where the file
    defines that. `calls` are the calls concerned, `rows` the first of `total` places, `users` and `tokens` how
    many are concerned in all. `choices` are alternatives, from the smallest on; `advice` are sentences, and
    `commands` what to do where there is just one way.
    """

    code: str
    severity: str
    title: str
    subject: str = ""
    lines: tuple[int, ...] = ()
    calls: tuple[Calls, ...] = ()
    rows: tuple[Row, ...] = ()
    total: int = 0
    users: int = 0
    tokens: int = 0
    choices: tuple[Choice, ...] = ()
    advice: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Upstream:
    """What Proxmox VE's own checker says of the file: `PASS` or `FAIL`, and the roles it counts.

    `custom` is the number of custom roles, `affected` names those it fails for (itself it prints just their
    number), `says` is its message in our words.
    """

    verdict: str
    custom: int
    affected: tuple[str, ...]
    says: str


@dataclass(frozen=True, slots=True)
class UpgradeReport:
    """The whole answer, for an upgrade from release `old` to `new`."""

    old: str
    new: str
    findings: tuple[Finding, ...]
    upstream: Upstream


def needs_action(report: UpgradeReport) -> bool:
    """Whether some finding is more than a notice."""
    return any(finding.severity != NOTICE for finding in report.findings)
