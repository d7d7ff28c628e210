"""What the step from one release of Proxmox VE to the next does to a policy, and what repairs it.

Rule: nothing is listed from memory. Every call that asks for something else in the new release is decided under
both releases' rules for everybody who might lose it; what is a yes and then no longer is one counts.
"""

import gc

from ..policy.privileges import RELEASES
from ..rules.loader import load
from .upgrade_calls import Change, changes
from .upgrade_file import File, read, upstream
from .upgrade_holders import Holders
from .upgrade_moves import Moves
from .upgrade_report import Finding, Holder, Loss, Report
from .upgrade_roles import Roles

__all__ = ["Finding", "Holder", "Loss", "Report", "upgrade_check"]

_ORDER = {"error": 0, "warning": 1, "notice": 2}


def upgrade_check(text: bytes, old: str = "8.4", new: str = "9") -> Report:
    """What going from release `old` to `new` does to the policy of a `user.cfg`.

    Findings come gravest first, then by line. The file may also be one that the new release has written already.
    """
    collecting = gc.isenabled()
    gc.disable()  # as in `usercfg.parse`: there is no garbage among all these objects, only time to lose
    try:
        return _report(read(text, RELEASES[old], RELEASES[new]), changes(load(old), load(new)))
    finally:
        if collecting:
            gc.enable()


def _report(file: File, changed: tuple[Change, ...]) -> Report:
    holders = Holders(file.policy, changed)
    found = [*Roles(file, holders).findings(), *Moves(file, holders).findings(file.diagnostics)]
    found.sort(key=lambda each: (_ORDER[each.severity], each.line))
    return Report(file.old.name, file.new.name, upstream(file), tuple(found))
