"""The calls that asked for privileges a release drops, decided before and after."""

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from ..policy.evaluate import privileges
from ..policy.model import Policy
from ..policy.privileges import names
from ..rules.loader import Rules
from .question import Answer, Question, about_call, answer

# A machine that no policy names: stands for any under /vms.
_ANY = "999999999"
# What a call needs besides the path to be asked about; the answer doesn't depend on it.
_FILLED = {"command": "ping", "file": "f", "content": "c", "pid": "1", "username": "u", "password": "p"}


class _Holder(Protocol):
    @property
    def subject(self) -> str: ...
    @property
    def path(self) -> str: ...


class _Call(NamedTuple):
    label: str
    method: str
    path: str
    arguments: Mapping[str, str]


class Calls:
    """The calls of the old release that a dropped privilege matters to; answers are remembered by what is held."""

    def __init__(self, before: Policy, after: Policy, old: Rules, new: Rules, dropped: int) -> None:
        self.before, self.after, self.old, self.new = before, after, old, new
        gone = names(dropped)
        self.calls: list[_Call] = []
        for rule in old.rules:
            if not any(f'"{name}"' in json.dumps(rule.requires) for name in gone):
                continue
            if rule.path.endswith("/monitor"):
                commands = (*new.monitor.levels, "an unlisted command")
                self.calls += [
                    _Call(f"monitor {each}", rule.method, rule.path, {"command": each}) for each in sorted(commands)
                ]
            else:
                arguments = {name: text for name, text in _FILLED.items() if name in rule.params}
                label = f"{rule.method} {rule.path.partition('{vmid}/')[2]}"
                self.calls.append(_Call(label, rule.method, rule.path, arguments))
        self._lost: dict[tuple[int, ...], tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def machine(self, path: str) -> str | None:
        """A machine that an entry on a path reaches; None if it reaches none."""
        if path in ("/", "/vms"):
            return _ANY
        if path.startswith("/vms/") and path.count("/") == 2:
            return path.removeprefix("/vms/")
        pool = self.before.pools.get(path.removeprefix("/pool/")) if path.startswith("/pool/") else None
        return min(pool.vms, default=None) if pool else None

    def place(self, path: str) -> str:
        """The path to look at for what an entry on a path gives: its machine's, or itself."""
        machine = self.machine(path)
        return f"/vms/{machine}" if machine and path not in ("/", "/vms") else path

    def lost(self, subject: str, path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The calls a subject loses on a path's machine: those a grant can restore, and those left to root@pam."""
        machine = self.machine(path)
        if machine is None:
            return (), ()
        key = tuple(
            privileges(policy, subject, place)
            for policy in (self.before, self.after)
            for place in (f"/vms/{machine}", "/")
        )
        if key not in self._lost:
            answers = self._answers(subject, machine)
            kept = tuple(call.label for call, after in answers if after.tree.ways)
            self._lost[key] = kept, tuple(call.label for call, after in answers if not after.tree.ways)
        return self._lost[key]

    def _answers(self, subject: str, machine: str) -> list[tuple[_Call, Answer]]:
        """The calls that were a yes and aren't any more, with the answer afterwards."""
        found = []
        for call in self.calls:
            if answer(self._question(self.old, call, machine), subject, self.before).verdict == "yes":
                after = answer(self._question(self.new, call, machine), subject, self.after)
                if after.verdict != "yes":
                    found.append((call, after))
        return found

    def _question(self, rules: Rules, call: _Call, machine: str) -> Question:
        url = call.path.replace("{node}", "n").replace("{vmid}", machine)
        return about_call(rules, call.method, url, call.arguments)

    def restored_by(self, holders: Iterable[_Holder]) -> dict[str, tuple[str, ...]]:
        """Privilege -> the lost calls that it alone, on the machine, would restore, for any of the holders."""
        found: dict[str, set[str]] = {}
        seen: set[tuple[tuple[str, ...], tuple[str, ...]]] = set()
        for holder in holders:
            lost = self.lost(holder.subject, holder.path)
            machine = self.machine(holder.path)
            if lost in seen or machine is None:
                continue
            seen.add(lost)
            for call, after in self._answers(holder.subject, machine):
                for way in after.tree.ways:
                    if len(way) == 1:
                        ((privilege, _),) = way
                        found.setdefault(privilege, set()).add(call.label)
        # Of privileges that restore the same, one is enough: the first by name (Sys.Audit, not Sys.Modify).
        unique = {tuple(sorted(found[name])): name for name in sorted(found, reverse=True)}
        return {name: calls for calls, name in sorted(unique.items(), key=lambda each: (len(each[0]), each[1]))}


def cover(uses: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Few privileges that together restore everything, sorted; those that restore the most are taken first."""
    left = {call for calls in uses.values() for call in calls}
    chosen = []
    while left:
        best = max(sorted(uses), key=lambda name: len(left & set(uses[name])))
        chosen.append(best)
        left -= set(uses[best])
    return sorted(chosen)
