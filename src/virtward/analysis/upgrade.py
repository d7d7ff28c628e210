"""What the step from one release of Proxmox VE to the next does to a policy, and what repairs it.

Rule: losses are not listed from memory: every call that asked for a dropped privilege is decided under both
releases' rules and policies, and those that were a yes and no longer are count.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from shlex import quote

from ..policy.evaluate import privileges
from ..policy.model import AclEntry, Policy
from ..policy.privileges import BITS, RELEASES, names
from ..policy.usercfg import Parsed, parse
from ..rules.difference import diff
from ..rules.loader import Rules, load
from .upgrade_calls import Calls, cover


@dataclass(frozen=True, slots=True)
class Holder:
    """A user or token that holds something on a path, through an entry on `line`; `via` is a group or empty."""

    subject: str
    path: str
    role: str
    via: str
    line: int


@dataclass(frozen=True, slots=True)
class Loss:
    """Calls that some holders can make now and no longer afterwards. `root` are those only root@pam keeps."""

    holders: tuple[Holder, ...]
    calls: tuple[str, ...]
    root: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `severity` is `error` (rights are lost), `warning` (rights change) or `notice`.

    `uses` says what each new privilege would restore; `commands` are to be run after the upgrade.
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


def upgrade_check(text: bytes, old: str = "8.4", new: str = "9") -> Report:
    """What going from release `old` to `new` does to the policy of a `user.cfg`."""
    check = _Check(parse(text, RELEASES[old]), parse(text, RELEASES[new]), load(old), load(new))
    order = {"error": 0, "warning": 1, "notice": 2}
    findings = sorted(check.findings(), key=lambda each: (order[each.severity], each.line))
    return Report(old, new, check.upstream(), tuple(findings))


class _Check:
    def __init__(self, before: Parsed, after: Parsed, old: Rules, new: Rules) -> None:
        self.before, self.after = before.policy, after.policy
        self.diagnostics = after.diagnostics
        self.old, self.new = old, new
        self.dropped = sum(bit for name, bit in BITS.items() if name in _gone(self.before, self.after))
        self.calls = Calls(self.before, self.after, old, new, self.dropped)
        self.tokens: dict[str, list[str]] = {}
        for token in self.before.tokens.values():
            if not token.privsep:
                self.tokens.setdefault(token.user, []).append(token.id)

    @property
    def custom(self) -> list[str]:
        """The roles that aren't built in, in the order of the file."""
        known = self.before.release.roles
        return [role for role in self.before.roles if role not in known]

    def upstream(self) -> str:
        """The verdict of Proxmox VE's own checker, in our words."""
        affected = [role for role in self.custom if self.before.roles[role].mask & self.dropped]
        if affected:
            return f"FAIL: {len(affected)} custom role(s) to adapt (it doesn't say which)"
        return f"PASS: {len(self.custom)} custom role(s), none to adapt"

    def findings(self) -> Iterator[Finding]:
        """Everything found, in no particular order."""
        for role in self.custom:
            if self.before.roles[role].mask & self.dropped:
                yield self.custom_role(role)
        yield from self.builtin_roles()
        yield from self.replication()
        yield from self.cpu_models()
        yield from self.names()
        unknown = [each for each in self.diagnostics if not any(p in each.message for p in names(self.dropped))]
        if unknown:
            says = f"{len(unknown)} line(s) aren't taken as they stand, the first is line {unknown[0].line}"
            yield Finding("unclean-file", "notice", says, line=unknown[0].line, advice="See `virtward check`.")
        for rule in diff(self.old, self.new).removed:
            yield Finding("call-removed", "notice", f"{rule.method} {rule.path} no longer exists")

    def holders(self, roles: Iterable[str], wanted: int) -> list[Holder]:
        """Who holds any of some privileges through entries with these roles, and where."""
        affected = set(roles)
        named = [
            Holder(subject, entry.path, entry.role, via, entry.line)
            for entry in self.before.entries()
            if entry.role in affected
            for subject, via in self.stands_for(entry)
        ]
        # By subject, so that what is worked out about one is used up before the next.
        named.sort(key=lambda each: (each.subject, each.path, each.line))
        found = {
            (each.subject, each.path): each
            for each in named
            if privileges(self.before, each.subject, self.calls.place(each.path)) & wanted
        }
        return sorted(found.values(), key=lambda each: (each.path, each.subject))

    def given(self, role: str) -> list[Holder]:
        """The entries that give a role on paths of machines; a group stands for its members."""
        named = (
            Holder(entry.subject, entry.path, role, "", entry.line)
            for entry in self.before.entries()
            if entry.role == role and self.calls.machine(entry.path) is not None
        )
        return sorted(named, key=lambda each: (each.subject, each.path))

    def stands_for(self, entry: AclEntry) -> Iterator[tuple[str, str]]:
        """The users and tokens of an entry, each with the group it is in."""
        group = self.before.groups.get(entry.name) if entry.kind == "group" else None
        for user in sorted(group.members) if group else (entry.subject,):
            via = entry.subject if group else ""
            yield user, via
            for token in self.tokens.get(user, ()):
                yield token, via

    def losses(self, holders: Iterable[Holder]) -> tuple[Loss, ...]:
        """What holders lose, those who lose the same together."""
        grouped: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Holder]] = {}
        for each in holders:
            group = self.before.groups.get(each.subject.removeprefix("@"))
            # For a group, one of its members; none of an empty one loses anything.
            subject = min(group.members, default="") if group and each.subject[0] == "@" else each.subject
            calls, root = self.calls.lost(subject, each.path)
            if calls or root:
                grouped.setdefault((calls, root), []).append(each)
        return tuple(Loss(tuple(who), calls, root) for (calls, root), who in grouped.items())

    def custom_role(self, name: str) -> Finding:
        """A custom role that has a privilege the new release doesn't know."""
        role = self.before.roles[name]
        gone = ", ".join(names(role.mask & self.dropped))
        holders = self.holders([name], self.dropped)
        emptied = not role.mask & ~self.dropped
        uses = self.calls.restored_by(holders)
        advice = "Give it what its users need of the new privileges; the first command keeps all that can be kept."
        if emptied:
            advice += " Until then the role is empty and denies where it is given: it replaces what is inherited."
        if not holders:
            advice = "No entry gives it to anybody: remove it, or adapt it before it is used."
        return Finding(
            "dropped-privilege",
            "error",
            f"role '{name}' has {gone}, which the new release drops" + (" and nothing else" if emptied else ""),
            name,
            role.line,
            tuple(holders),
            self.losses(holders),
            tuple(uses.items()),
            advice,
            _commands(name, uses),
        )

    def builtin_roles(self) -> Iterator[Finding]:
        """Built-in roles in use that gain or lose."""
        for name, old in self.before.release.roles.items():
            mask = self.after.release.roles.get(name, 0)
            gained, gone = mask & ~old, old & ~mask
            holders = self.given(name) if gained or gone else []
            if not holders:
                continue
            losses = self.losses(holders) if gone else ()
            if losses:
                keep = "Monitor commands that only look need Sys.Audit on the machine, which no PVEVM role has."
                if not any(loss.calls for loss in losses):
                    keep = "These monitor commands are left to root@pam; no grant brings them back."
                title = f"who has the built-in role {name} loses calls: it loses {', '.join(names(gone))}"
                yield Finding("builtin-role-loses", "warning", title, name, 0, tuple(holders), losses, (), keep)
            if gained and not gone:
                files = gained & BITS["VM.GuestAgent.FileWrite"]
                advice = "Writing files in a guest amounts to running code in it. " if files else ""
                advice += "Give a custom role without these privileges instead, where that isn't wanted."
                title = f"the built-in role {name} gains {', '.join(names(gained))}"
                severity = "warning" if files else "notice"
                yield Finding("builtin-role-gains", severity, title, name, 0, tuple(holders), (), (), advice)

    def replication(self) -> Iterator[Finding]:
        """Who manages replication jobs by Datastore.Allocate on /storage, and lacks VM.Replicate afterwards."""
        allocate, replicate = BITS["Datastore.Allocate"], BITS.get("VM.Replicate", 0)
        if "VM.Replicate" in self.before.release.bits or "VM.Replicate" not in self.after.release.bits:
            return
        roles = [role.id for role in self.before.roles.values() if role.mask & allocate]
        holders = [
            each
            for each in self.holders(roles, allocate)
            if each.path in ("/", "/storage")
            and privileges(self.before, each.subject, "/storage") & allocate
            and not privileges(self.after, each.subject, "/vms") & replicate
        ]
        if holders:
            yield Finding(
                "replication-moves",
                "warning",
                "replication jobs need VM.Replicate on the guest, no longer Datastore.Allocate on /storage",
                holders=tuple(holders),
                advice="Give VM.Replicate on the machines to those who manage replication; PVEVMAdmin has it.",
            )

    def cpu_models(self) -> Iterator[Finding]:
        """Who may set a custom CPU model by Sys.Audit on /nodes, and lacks Mapping.Use afterwards."""
        audit, use = BITS["Sys.Audit"], BITS["Mapping.Use"]
        roles = [role.id for role in self.before.roles.values() if role.mask & audit]
        holders = [
            each
            for each in self.holders(roles, audit)
            if each.path in ("/", "/nodes")
            and privileges(self.before, each.subject, "/vms") & BITS["VM.Config.CPU"]
            and not privileges(self.after, each.subject, "/mapping/cpu/-") & use
        ]
        if holders and self.before.release.name != self.after.release.name:
            yield Finding(
                "cpu-models-move",
                "notice",
                "a custom CPU model needs Mapping.Use on /mapping/cpu/NAME, no longer Sys.Audit on /nodes",
                holders=tuple(holders),
                advice="From qemu-server 9.1.14 on. Give PVEMappingUser on /mapping/cpu where it is wanted.",
            )

    def names(self) -> Iterator[Finding]:
        """Custom roles in the name space that is reserved since release 8."""
        for name in self.custom:
            if name[:3].lower() == "pve":
                title = f"role '{name}' has a name that is reserved for built-in roles"
                advice = "It works, but can't be made again; a later release may make it a built-in one. Rename it."
                yield Finding(
                    "reserved-role-name", "warning", title, name, self.before.roles[name].line, advice=advice
                )


def _gone(before: Policy, after: Policy) -> set[str]:
    return before.release.bits.keys() - after.release.bits.keys()


def _commands(role: str, uses: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The command that keeps all that can be kept, then one for each smaller choice."""
    best = cover(uses)
    choices = [best, *([name] for name in uses if [name] != best)]
    return tuple(
        f'pveum role modify {quote(role)} --privs "{" ".join(choice)}" --append 1' for choice in choices if choice
    )
