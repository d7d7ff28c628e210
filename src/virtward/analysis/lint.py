"""Traps in a `user.cfg`: where Proxmox VE's verdict is probably not what the author of the file meant.

Rule: nothing here decides or repairs anything, and what `usercfg.parse` has a diagnostic for is repeated only
where the diagnostic doesn't say what it leads to. The codes and texts are in `lint_rules`.
"""

from ..policy.model import Policy
from .lint_entries import entry_findings
from .lint_lines import line_findings
from .lint_power import power_findings
from .lint_rules import RULES, Finding, Rule, Severity

__all__ = ["RULES", "Finding", "Rule", "Severity", "lint"]


def lint(policy: Policy, text: bytes, now: int) -> list[Finding]:
    """Every trap in a file, by line and code.

    `text` is the file that `policy` was read from: some traps show only there. `now` is in Unix seconds.
    """
    found = [*line_findings(policy, text), *entry_findings(policy), *power_findings(policy, now)]
    said = {each.subject for each in found if each.code == "token-without-privsep"}
    return sorted(
        (each for each in found if each.code != "token-with-all-rights" or each.subject not in said),
        key=lambda each: (each.line, each.code, each.subject, each.message),
    )
