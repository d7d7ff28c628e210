"""What every API call of Proxmox VE 8.4 and 9.x requires, as data.

Rule: this package states requirements and never decides; `policy` decides.
"""

from .demands import expand
from .difference import Change, Difference, diff
from .loader import DEFAULT, RELEASES, Match, Rules, load
from .model import Check, Demand, Gate, Param, Params, Rule, Tree, When

__all__ = [
    "DEFAULT",
    "RELEASES",
    "Change",
    "Check",
    "Demand",
    "Difference",
    "Gate",
    "Match",
    "Param",
    "Params",
    "Rule",
    "Rules",
    "Tree",
    "When",
    "diff",
    "expand",
    "load",
]
