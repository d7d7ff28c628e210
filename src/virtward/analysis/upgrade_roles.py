"""Roles that the upgrade changes: custom ones with a dropped privilege, built-in ones that lose or gain.

Rule: what a holder loses is decided for that holder; what a role gains, for the role on its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from shlex import quote

from ..policy.model import AclEntry
from ..policy.privileges import BITS, mask_of, names
from .upgrade_calls import asked, privileges_of
from .upgrade_file import File
from .upgrade_holders import Holders
from .upgrade_places import Lost
from .upgrade_report import Finding, Holder

_SHOWN = 6  # calls named in an advice
# To hold one of these in a guest is as good as being its administrator.
_POWER = ("VM.GuestAgent.FileRead", "VM.GuestAgent.FileWrite", "VM.GuestAgent.Unrestricted")


class Roles:
    """The findings about roles."""

    def __init__(self, file: File, holders: Holders) -> None:
        self.file = file
        self.holders = holders
        self.dropped = mask_of(file.dropped)
        self.about = tuple(n for n, c in enumerate(holders.changes) if file.dropped & privileges_of(c.before))

    def findings(self) -> Iterator[Finding]:
        """Everything about roles, in no particular order."""
        for role in self.file.policy.roles:
            lines = self.file.lines_of(role, self.file.dropped)
            if lines:
                yield self._dropped(role, lines[0])
            if self.file.old.roles.get(role, 0) & self.dropped:
                yield from self._loses(role)
        yield from self._gains()
        yield from self._tokens()
        yield from self._names()
        yield from self._prepared()

    # Dropped privileges

    def _dropped(self, role: str, line: int) -> Finding:
        """A role that the file gives a privilege the new release doesn't know."""
        mask = self.file.policy.roles[role].mask
        gone = ", ".join(names(mask & self.dropped))
        found = self.holders.each(role, self.dropped)
        fares = [(holder, self.holders.lost(entry, holder.subject, self.about)) for holder, entry in found]
        builtin = self.file.builtin(role)
        emptied = not mask & ~self.dropped and not builtin
        uses = {} if builtin else self._uses(role, fares)
        title = f"role '{role}' has {gone}, which the new release drops" + (" and nothing else" if emptied else "")
        return Finding(
            "dropped-privilege",
            "error",
            title,
            role,
            line,
            tuple(holder for holder, _ in found),
            self.holders.losses(fares),
            tuple(uses.items()),
            _advice(builtin=builtin, emptied=emptied, held=bool(found), loses=any(lost for _, lost in fares)),
            _commands(role, uses),
        )

    def _uses(self, role: str, fares: list[tuple[Holder, Lost]]) -> dict[str, tuple[str, ...]]:
        """Privilege -> the lost calls that it would restore to some holder, if the role got it."""
        places = self.holders.places
        found: dict[str, set[int]] = {}
        seen: set[tuple[Lost, int]] = set()
        for holder, lost in fares:
            for machine in places.machines(self.holders.entry(holder)) if lost else ():
                key = (lost, places.held(holder.subject, f"/vms/{machine}"))
                if key not in seen:
                    seen.add(key)
                    for privilege in self._candidates(lost):
                        kept = places.restored(holder.subject, machine, role, privilege, lost)
                        found.setdefault(privilege, set()).update(kept)
        # Of privileges that restore the same, one is enough: the first by name (Sys.Audit, not Sys.Modify).
        unique = {tuple(sorted(found[name])): name for name in sorted(found, reverse=True) if found[name]}
        ordered = sorted(unique.items(), key=lambda each: (len(self.holders.calls(each[0])), each[1]))
        return {name: tuple(sorted(self.holders.calls(numbers))) for numbers, name in ordered}

    def _candidates(self, lost: Lost) -> list[str]:
        """The privileges that lost calls ask for from now on."""
        return sorted({name for n in lost for name in privileges_of(self.holders.changes[n].after)})

    # Built-in roles

    def _loses(self, role: str) -> Iterator[Finding]:
        """A built-in role whose holders lose calls."""
        fares = self.holders.losing(role, self.about)
        if not fares:
            return
        losses = self.holders.losses(fares)
        gone = ", ".join(names(self.file.old.roles.get(role, 0) & self.dropped))
        advice = "These monitor commands are left to root@pam; no grant brings them back."
        commands: tuple[str, ...] = ()
        if any(loss.calls for loss in losses):
            advice = "Monitor commands that only look need Sys.Audit on the machine, which this role hasn't got."
            advice += " Where they are wanted, add a role that has it on the same path."
            held = [holder for holder, lost in fares if self.holders.calls(lost, roots=False)]
            commands = tuple(self._monitor_role(held))
        title = f"who has the built-in role {role} loses calls: it loses {gone}"
        losers = tuple(holder for holder, _ in fares)
        yield Finding("builtin-role-loses", "warning", title, role, 0, losers, losses, (), advice, commands)

    def _monitor_role(self, held: list[Holder]) -> Iterator[str]:
        """A role with Sys.Audit beside the one that the first holders have."""
        of = dict.fromkeys(self.holders.entry(each) for each in held)
        yield "pveum role add MonitorReader --privs Sys.Audit"
        yield from (acl_command(entry.path, entry, ("MonitorReader",)) for entry in [*of][:_SHOWN])

    def _gains(self) -> Iterator[Finding]:
        """Roles in use that give more afterwards; those that only let somebody look are one finding."""
        harmless: dict[str, tuple[str, ...]] = {}
        for role, record in self.file.policy.roles.items():
            new = self.file.new.roles.get(role, 0) & ~self.file.old.roles.get(role, 0)
            ahead = record.mask & mask_of(self.file.added) and not new
            if record.mask & self.dropped or ahead or role not in self.holders.by_role:
                continue
            everywhere = any(entry.path == "/" and entry.propagate for entry in self.holders.by_role[role])
            gained = self.holders.places.alone(role, everywhere=everywhere)[1]
            if not gained or not self.holders.on_machines(role):
                continue
            calls = self.holders.calls(gained)
            if new:
                yield self._builtin_gains(role, new, calls)
            elif self._commanding(gained):
                title = f"role '{role}' lets its holders act on guests by the monitor, with the privileges it has"
                held, line = self.holders.on_machines(role), next(iter(self.file.lines_of(role)), 0)
                yield Finding("role-gains", "warning", title, role, line, held, advice=_new(calls))
            else:
                harmless[role] = calls
        if harmless:
            title = f"roles that allow more, with the privileges they have: {', '.join(harmless)}"
            held = tuple(each for role in harmless for each in self.holders.on_machines(role))
            every = tuple(dict.fromkeys(call for calls in harmless.values() for call in calls))
            yield Finding("role-gains", "notice", title, "", 0, held, advice=_new(every))

    def _builtin_gains(self, role: str, new: int, calls: tuple[str, ...]) -> Finding:
        """A built-in role that has privileges it hadn't."""
        advice = _new(calls)
        if new & BITS.get("VM.GuestAgent.FileWrite", 0):
            advice += " Writing files in a guest amounts to running code in it."
        advice += " Give a custom role without these privileges instead, where that isn't wanted."
        severity = "warning" if new & mask_of(name for name in _POWER if name in BITS) else "notice"
        title = f"the built-in role {role} gains {', '.join(names(new))}"
        return Finding(
            "builtin-role-gains", severity, title, role, 0, self.holders.on_machines(role), advice=advice
        )

    def _commanding(self, gained: Lost) -> bool:
        """Whether monitor commands are gained that act on a guest."""
        after = (leaf for n in gained for leaf in asked(self.holders.changes[n].after))
        return any(leaf.template == "/" and "Sys.Modify" in leaf.privileges for leaf in after)

    # Tokens, names, roles ahead of their time

    def _tokens(self) -> Iterator[Finding]:
        """Tokens with entries of their own whose roles change."""
        changed = {
            role
            for role, record in self.file.policy.roles.items()
            if record.mask & (self.dropped | mask_of(self.file.added))
        }
        held = [
            Holder(entry.subject, entry.path, role, "", entry.line)
            for role in sorted(changed)
            for entry in self.holders.entries(role)
            if entry.kind == "token" and any(True for _ in self.holders.of(entry, ~0))
        ]
        if held:
            title = f"{len({holder.subject for holder in held})} token(s) have roles of their own that change"
            advice = "What uses them fails or may do more without anybody logging on: try it after the upgrade."
            yield Finding("token-roles-change", "notice", title, holders=tuple(held), advice=advice)

    def _names(self) -> Iterator[Finding]:
        """Custom roles in the name space that is reserved since release 8."""
        for role in self.file.policy.roles:
            if role[:3].lower() == "pve" and not self.file.builtin(role):
                title = f"role '{role}' has a name that is reserved for built-in roles"
                advice = "It works, but can't be made again; a later release may make it a built-in one. Rename it."
                line = next(iter(self.file.lines_of(role)), 0)
                yield Finding("reserved-role-name", "warning", title, role, line, advice=advice)

    def _prepared(self) -> Iterator[Finding]:
        """Custom roles that have privileges of the new release already."""
        for role in dict.fromkeys(each.role for each in self.file.roles):
            lines = self.file.lines_of(role, self.file.added)
            if lines:
                known = ", ".join(sorted(self.file.added & set(names(self.file.policy.roles[role].mask))))
                title = f"role '{role}' has {known}, which release {self.file.old.name} doesn't know"
                advice = f"While {self.file.old.name} runs, it is ignored, and gone once anything there is changed."
                yield Finding("role-ahead", "notice", title, role, lines[0], advice=advice)


def _advice(*, builtin: bool, emptied: bool, held: bool, loses: bool) -> str:
    if builtin:
        return "The line adds to a built-in role. It has never been written back: give a role of your own instead."
    if not held:
        return "No entry gives it to anybody: remove it, or adapt it before it is used."
    said = "Give it what its users need of the new privileges; the first command keeps all that can be kept."
    if not loses:
        said = "Nobody loses calls: other roles give the same, or no machine is reached."
    if emptied:
        said += " Until then the role is empty and denies where it is given: it replaces what is inherited."
    return said


def _new(calls: tuple[str, ...]) -> str:
    """The first of the calls that somebody gains."""
    more = f" and {len(calls) - _SHOWN} more" if len(calls) > _SHOWN else ""
    return f"New: {', '.join(calls[:_SHOWN])}{more}."


def _commands(role: str, uses: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The command that keeps all that can be kept, then one for each smaller choice."""
    best = _cover(uses)
    choices = [best, *([name] for name in uses if [name] != best)]
    return tuple(
        f'pveum role modify {quote(role)} --privs "{" ".join(choice)}" --append 1' for choice in choices if choice
    )


def _cover(uses: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Few privileges that together restore everything, sorted; those that restore the most are taken first."""
    left = {call for calls in uses.values() for call in calls}
    chosen = []
    while left:
        best = max(sorted(uses), key=lambda name: len(left & set(uses[name])))
        chosen.append(best)
        left -= set(uses[best])
    return sorted(chosen)


def acl_command(path: str, entry: AclEntry, roles: Sequence[str]) -> str:
    """The command that gives roles on a path to the subject of an entry, propagating as that does."""
    option = {"user": "--users", "group": "--groups", "token": "--tokens"}[entry.kind]
    flag = "" if entry.propagate else " --propagate 0"
    return f"pveum acl modify {quote(path)} --roles {quote(','.join(roles))} {option} {quote(entry.name)}{flag}"
