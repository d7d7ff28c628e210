"""What an upgrade check says: a report made of findings, gravest first.

Rule: only text, numbers and tuples of such records, so that any serialiser takes a report as it is.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """A user or token that holds something on a path, through an entry on `line`; `via` is a group or empty.

    Where a finding is about entries and not about who fares how, `subject` may be a group (`@ops`).
    """

    subject: str
    path: str
    role: str
    via: str
    line: int


@dataclass(frozen=True, slots=True)
class Loss:
    """Calls that some holders can make now and no longer afterwards. `root` are those only root@pam keeps.

    Judged for a machine that the holder's entry reaches, everything else that they hold there included.
    """

    holders: tuple[Holder, ...]
    calls: tuple[str, ...]
    root: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `severity` is `error` (a custom role breaks), `warning` (rights change) or `notice`.

    `code` is stable; `subject` is the role or call concerned, `line` where the file has it (0: nowhere).
    `uses` says what each new privilege would restore, added to the role; `commands` are to be run after the
    upgrade.
    """

    code: str
    severity: str
    title: str
    subject: str = ""
    line: int = 0
    holders: tuple[Holder, ...] = ()
    losses: tuple[Loss, ...] = ()
    uses: tuple[tuple[str, tuple[str, ...]], ...] = ()
    advice: str = ""
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, the gravest first, and what Proxmox VE's own checker says of the file."""

    old: str
    new: str
    upstream: str
    findings: tuple[Finding, ...]
