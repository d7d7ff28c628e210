"""Calls that move to other privileges, whatever role gives the old ones, and lines that aren't understood.

Rule: who loses such a call is decided for every holder of what it asked for.
"""

import re
from collections.abc import Iterator
from shlex import quote

from ..policy.evaluate import deciding, visited
from ..policy.model import AclEntry
from ..policy.privileges import mask_of
from ..policy.requirement import Holds
from ..policy.usercfg import Diagnostic
from .upgrade_calls import Change, asked, privileges_of
from .upgrade_file import File
from .upgrade_holders import Holders
from .upgrade_places import ANY, Lost
from .upgrade_report import Finding, Holder
from .upgrade_roles import acl_command

_COMMANDS = 6  # at most in one finding
_MACHINES = 3  # of a holder that are looked at for what depends on the machine
_UNKNOWN = (
    ("unknown-privilege", re.compile(r"ignore invalid privilege '(.*)'"), "privilege"),
    ("unknown-role", re.compile(r"ignore invalid acl role '(.*)'"), "role"),
)

_Fares = list[tuple[Holder, Lost]]


class Moves:
    """The findings about calls."""

    def __init__(self, file: File, holders: Holders) -> None:
        self.file = file
        self.holders = holders

    def findings(self, diagnostics: list[Diagnostic]) -> Iterator[Finding]:
        """Everything about calls and lines, in no particular order."""
        merged: dict[tuple[str, str], list[int]] = {}
        for number, change in enumerate(self.holders.changes):
            if not self.file.dropped & privileges_of(change.before):
                code = _code(change)
                merged.setdefault((code, "" if code != "call-needs-more" else change.calls[0]), []).append(number)
        for (code, _), numbers in merged.items():
            yield from self._moved(code, tuple(numbers))
        yield from _unclean(diagnostics)

    def _moved(self, code: str, numbers: Lost) -> Iterator[Finding]:
        fares = self._fares(numbers)
        if not fares:
            return
        change = self.holders.changes[numbers[0]]
        # Who may make a call that is gone doesn't matter any more, once anybody may.
        held = tuple(holder for holder, _ in fares) if change.after else ()
        losses = self.holders.losses(fares) if change.after else ()
        calls = self.holders.calls(numbers)
        title, advice, severity = _words(code, change, calls, self.file.new.name)
        commands = self._commands(code, change, held)
        yield Finding(code, severity, title, calls[0], 0, held, losses, (), advice, commands)

    def _fares(self, numbers: Lost) -> _Fares:
        """Who loses some of the changes: all who hold what they ask for now, by whatever role."""
        found: dict[tuple[str, str], tuple[Holder, Lost]] = {}
        fixed = next(
            (leaf for leaf in asked(self.holders.changes[numbers[0]].before) if "{" not in leaf.template), None
        )
        for role in self.file.policy.roles:
            if fixed is not None:
                fares = self._fixed(role, fixed, numbers)
            elif any(n in self.holders.places.alone(role, everywhere=False)[0] for n in numbers):
                fares = self.holders.losing(role, numbers)
            else:
                continue
            for holder, lost in fares:
                found.setdefault((holder.path, holder.subject), (holder, lost))
        return [found[key] for key in sorted(found)]

    def _fixed(self, role: str, term: Holds, numbers: Lost) -> _Fares:
        """Who loses calls that ask for privileges on a fixed path, by a role that gives these there."""
        mask = mask_of(term.privileges)
        if not self.file.policy.roles[role].mask & mask:
            return []
        steps = visited(term.template)
        found: _Fares = []
        for entry in self.holders.entries(role):
            for subject in self.holders.of(entry, mask) if entry.path in steps else ():
                machines = (ANY, *self._own(subject, numbers))
                lost = {n for each in machines for n in self.holders.places.lost(subject, each, numbers)}
                if lost:
                    via = entry.subject if entry.kind == "group" else ""
                    found.append((Holder(subject, entry.path, role, via, entry.line), tuple(sorted(lost))))
        return found

    def _own(self, subject: str, numbers: Lost) -> Iterator[str]:
        """Some machines that entries name for a subject, for calls that ask for privileges on a machine too."""
        leaves = [leaf for n in numbers for leaf in asked(self.holders.changes[n].before)]
        mask = mask_of(name for leaf in leaves if leaf.template.startswith("/vms/") for name in leaf.privileges)
        if not mask:
            return
        token = self.file.policy.tokens.get(subject)
        user = token.user if token and not token.privsep else subject
        left = _MACHINES
        for principal in (user, *self.file.policy.groups_of.get(user, ())):
            for path, entries in self.file.policy.acl.get(principal, {}).items():
                if left and path != "/" and any(self.file.policy.roles[e.role].mask & mask for e in entries):
                    left -= 1
                    yield from self.holders.places.machines(entries[0])

    def _commands(self, code: str, change: Change, held: tuple[Holder, ...]) -> tuple[str, ...]:
        """How to give the privileges that are asked for from now on, on machines."""
        needed = sorted(privileges_of(change.after) - privileges_of(change.before))
        if code not in ("replication-moves", "call-needs-more") or not needed:
            return ()
        first, others = self._custom(held, on_machines=code == "call-needs-more")
        commands = [f'pveum role modify {quote(role)} --privs "{" ".join(needed)}" --append 1' for role in first]
        if others:
            name = "Replicator" if code == "replication-moves" else "Starter"
            commands.append(f'pveum role add {name} --privs "{" ".join(needed)}"')
            commands += [acl_command("/vms", entry, (name, *self._kept(entry))) for entry in others]
        return tuple(commands[:_COMMANDS])

    def _custom(self, held: tuple[Holder, ...], *, on_machines: bool) -> tuple[list[str], list[AclEntry]]:
        """Custom roles that only have to grow, because they reach machines, and the entries of all others."""
        roles: dict[str, None] = {}
        others: dict[AclEntry, None] = {}
        for holder in held:
            entry = self.holders.entry(holder)
            grows = on_machines or (entry.path == "/" and entry.propagate)
            if grows and not self.file.builtin(entry.role):
                roles[entry.role] = None
            else:
                others[entry._replace(propagate=True)] = None
        return [*roles], [*others]

    def _kept(self, entry: AclEntry) -> tuple[str, ...]:
        """The roles that an entry's subject has on /vms by inheritance: a new entry there would replace them."""
        if any(each.path == "/vms" for each in deciding(self.file.policy, entry.subject, "/vms")):
            own = self.file.policy.acl.get(entry.subject, {}).get("/vms")
            if own:
                return ()
        found = deciding(self.file.policy, entry.subject, "/vms")
        return tuple(sorted({each.role for each in found if each.propagate}))


def _code(change: Change) -> str:
    if change.after is None:
        return "call-removed"
    if "VM.Replicate" in privileges_of(change.after):
        return "replication-moves"
    return "cpu-models-move" if change.unsure else "call-needs-more"


def _words(code: str, change: Change, calls: tuple[str, ...], new: str) -> tuple[str, str, str]:
    """Title, advice and severity."""
    needed = " and ".join(sorted(privileges_of(change.after) - privileges_of(change.before)))
    match code:
        case "call-removed":
            return f"{', '.join(calls)} no longer exists", "Nothing takes its place.", "notice"
        case "replication-moves":
            says = "replication jobs need VM.Replicate on the guest, no longer Datastore.Allocate on /storage"
            advice = "Give VM.Replicate on the machines to those who manage replication; PVEVMAdmin has it."
            advice += " An entry on /vms replaces what is inherited there: the commands name those roles too."
            return says, advice, "warning"
        case "cpu-models-move":
            says = "a custom CPU model needs Mapping.Use on /mapping/cpu/NAME, no longer Sys.Audit on /nodes"
            return says, "Give PVEMappingUser on /mapping/cpu where custom models are wanted.", "notice"
        case _:
            return (
                f"{calls[0]} needs {needed} too in {new}",
                "Without that parameter the call works as before.",
                "warning",
            )


def _unclean(diagnostics: list[Diagnostic]) -> Iterator[Finding]:
    """What either release ignores in the file."""
    left = list(diagnostics)
    for code, pattern, kind in _UNKNOWN:
        found = [(each.line, match[1]) for each in left if (match := pattern.fullmatch(each.message))]
        left = [each for each in left if not pattern.fullmatch(each.message)]
        if found:
            names = ", ".join(sorted({name for _, name in found}))
            title = f"the file names a {kind} that neither release has: {names}"
            yield Finding(
                code, "notice", title, names, found[0][0], advice="It is ignored, and gone at the next write."
            )
    if left:
        says = f"{len(left)} line(s) aren't taken as they stand, the first is line {left[0].line}"
        yield Finding("unclean-file", "notice", says, line=left[0].line, advice="See `virtward check`.")
