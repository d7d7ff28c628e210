"""The table of traps that `lint` looks for: code, severity, what is so, what to do.

Rule: a code is a promise and never changes its meaning; every text about a trap is here. Values are filled in
by `finding`, which makes them printable. The facts are those of `docs/semantics.md`.
"""

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from .lint_wording import shown


class Severity(Enum):
    """How far the verdict is from what the author probably meant.

    ERROR: rights go to somebody or somewhere other than the file says, or a part of it is dropped for good.
    WARNING: Proxmox VE follows the file, but hardly the intention: a line without effect, or a verdict that
    changes when something unrelated happens. NOTICE: it works as written, and means more or less than it seems.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class Finding(NamedTuple):
    """One trap. `line` is 0 where no one line has it; `subject` is the id or path concerned.

    All texts are printable: bytes of an id that aren't are shown as hexadecimal escapes.
    """

    line: int
    severity: Severity
    code: str
    subject: str
    message: str
    advice: str


class Rule(NamedTuple):
    """What is said about one kind of trap: two templates for `str.format`."""

    severity: Severity
    message: str
    advice: str


_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTICE

RULES: Mapping[str, Rule] = {
    # What only the lines show.
    "text-is-zero": Rule(
        _N,
        "The {what} of {kind} {subject} is '0', which Proxmox VE takes for no text at all: it is dropped.",
        "Write another text; nothing else is affected.",
    ),
    "number-too-large": Rule(
        _E,
        "{what} {value} of {subject} is above 2^64-1. Proxmox VE writes it as a number like 1e+20 the next time "
        "anything changes, rejects that when it reads the file again, and then {lost}.",
        "Write the number that was meant (for an expiry, 0 means never).",
    ),
    "repeated-user": Rule(
        _W,
        "User {subject} has a second line; it replaces the whole record of line {first}.",
        "Keep the line that is right and delete the other.",
    ),
    "repeated-user-drops-tokens": Rule(
        _E,
        "This line for user {subject} replaces the record before it together with its tokens: {tokens}. "
        "These tokens don't exist any more, and their ACL entries go with them.",
        "Delete one of the user's lines, or move the token lines below the last one.",
    ),
    "lines-add-up": Rule(
        _W,
        "{kind} {subject} has been defined in line {first} already. Proxmox VE adds the lines up: this one takes "
        "nothing away.",
        "Make one line of them. To remove something, remove it from every line.",
    ),
    "token-without-privsep": Rule(
        _W,
        "The line of token {subject} has no privsep field. Proxmox VE takes that for 0: the token has all rights "
        "of {owner}, and ACL entries for it mean nothing.",
        "Write 1 into the privsep field and give the token entries of its own; or 0, if all rights are meant.",
    ),
    "flag-not-boolean": Rule(
        _W,
        "The {what} field of {subject} is '{value}'. Everything but empty and 0 is true to Proxmox VE: {meaning}.",
        "Write 0 or 1.",
    ),
    "flag-missing": Rule(
        _N,
        "The {what} field of {subject} is empty, which Proxmox VE takes for 0: {meaning}.",
        "Write 0 or 1.",
    ),
    "name-is-zero": Rule(
        _E,
        "A {kind} can't be called '0' in the file, though the API lets one be created: the line is ignored, and "
        "gone with the next write; so are ACL entries that name it.",
        "Give the {kind} another name.",
    ),
    "pool-segment-zero": Rule(
        _W,
        "Pool {subject} has '0' as a part of its id. An ACL entry for /pool/{subject} is stored on {landing} "
        "instead, so nobody can be given rights on this pool alone.",
        "Move the members to a pool with another name.",
    ),
    "builtin-role-extended": Rule(
        _E,
        "{subject} is a built-in role; this line adds {privileges} to it for everybody who has it{denial}. Proxmox "
        "VE never writes the line back, yet a process that has read it keeps the addition until it is restarted.",
        "Delete the line, make a role of another name, and restart pvedaemon and pveproxy.",
    ),
    "builtin-role-repeated": Rule(
        _N,
        "{subject} is a built-in role; this line adds nothing to it and takes nothing away. It vanishes with the "
        "next write.",
        "Delete the line. For other privileges make a role of another name.",
    ),
    "zero-segment": Rule(
        _E,
        "The entry is written for {subject}, but Proxmox VE skips a segment '0' when it stores an entry: "
        "this one, {roles} for {subjects}, gives its rights on {landing}{below}. A look-up of {subject} skips "
        "nothing, and finds only what it inherits.",
        "Delete the entry, rename what is called '0', and grant on its new path.",
    ),
    "list-item-torn": Rule(
        _E,
        "Proxmox VE splits lists at the bytes 85 and A0, also inside a letter: '{subject}' becomes {pieces}, and "
        "{gets} goes to {landed}.",
        "Use user ids of ASCII letters only, and correct the line.",
    ),
    "list-item-lost": Rule(
        _W,
        "Proxmox VE splits lists at the bytes 85 and A0, also inside a letter: '{subject}' becomes {pieces}, and "
        "{gets} is lost.",
        "Use user ids of ASCII letters only, and correct the line.",
    ),
    "flag-overwritten": Rule(
        _W,
        "{role} for {who} on {subject} {flag} by this line, but line {later} says otherwise: the last one wins.",
        "Delete the line that is wrong.",
    ),
    # Entries that name what isn't there.
    "entry-for-unknown-user": Rule(
        _W,
        "There is no user {subject}, but Proxmox VE keeps its entries: {entries}. Whoever creates a user of that "
        "name, be it by a realm's synchronisation, hands out these rights.",
        "Delete the entries, or create the user if they are meant for it.",
    ),
    "entry-for-unknown-group": Rule(
        _W,
        "There is no group {subject}, but Proxmox VE keeps its entries: {entries}. The members of the next group "
        "of that name get these rights.",
        "Delete the entries, or create the group if they are meant for it.",
    ),
    "entry-for-unknown-token": Rule(
        _W,
        "Token {subject} is gone, its entries are still there: {entries}. Proxmox VE drops them when it next reads "
        "the file; until then a new token of that name gets them.",
        "Delete the entries.",
    ),
    "unknown-group-member": Rule(
        _W,
        "There is no user {subject}, but Proxmox VE keeps it as a member of {groups}. Whoever creates a user of "
        "that name, be it by a realm's synchronisation, makes it a member at once.",
        "Remove the member, or create the user.",
    ),
    "entry-on-unknown-pool": Rule(
        _W,
        "There is no pool {pool}, but entries on {subject} stay, as those of a deleted nested pool do: {entries}. "
        "They hold for the next pool of that name.",
        "Delete the entries, or create the pool.",
    ),
    "entry-on-unknown-group": Rule(
        _W,
        "There is no group {group}, but entries on {subject} stay: {entries}. They hold for the next group of that "
        "name.",
        "Delete the entries, or create the group.",
    ),
    # Entries that don't do what they say.
    "entry-for-root": Rule(
        _W,
        "root@pam has every privilege everywhere and nothing takes one away. Entries for it have no effect and "
        "vanish with the next write: {entries}.",
        "Delete the entries. To work with less, log on as another user.",
    ),
    "entry-for-unseparated-token": Rule(
        _W,
        "Token {subject} (line {at}) has privsep 0, so it has the rights of {owner}, and its own entries neither "
        "give nor limit anything: {entries}.",
        "Set privsep to 1, so that the entries count, or delete them.",
    ),
    "path-without-meaning": Rule(
        _W,
        "No call of Proxmox VE {release} looks at {subject} or below it; the entries there only show up in lists: "
        "{entries}. The API would refuse to add them.",
        "Delete the entries and grant on the path that was meant, such as /vms/100, /pool/NAME or /storage/NAME.",
    ),
    "empty-role-in-use": Rule(
        _W,
        "Role {subject} has no privileges, but where it is given it replaces every role from further up: there, "
        "it takes all rights away. It is given {entries}.",
        "Give the role privileges, delete the entries, or use NoAccess if denying is meant.",
    ),
    "reserved-role-name": Rule(
        _W,
        "Names that begin with PVE, in upper or lower case, are reserved for built-in roles: the API wouldn't let "
        "role {subject} be created, and an upgrade that brings a built-in role of that name replaces it.",
        "Make a role of another name with the same privileges and use that one.",
    ),
    "random-propagation": Rule(
        _W,
        "On {subject}, {role} comes with propagation through {lasting} and without through {passing}, for {users}. "
        "Which of the two counts there is random in every process of Proxmox VE, and with it whether they may pass "
        "the role's privileges on with propagation. Virtward takes the one without.",
        "Give both groups the same propagation.",
    ),
    "noaccess-only-here": Rule(
        _W,
        "{who} has NoAccess without propagation on {subject}, next to a role that propagates: {entries}. So "
        "nothing is allowed on {subject} itself{members}, but the role holds on every path below.",
        "Let NoAccess propagate if it is meant for what is below; otherwise give the role there, without NoAccess.",
    ),
    "entry-overruled": Rule(
        _W,
        "NoAccess wins among the roles of one path: {entry} never counts, since {who} has NoAccess there too "
        "(line {denial}).",
        "Delete the one that isn't meant.",
    ),
    "group-entry-hidden": Rule(
        _W,
        "{who}'s own entry replaces those of its groups on {subject}, it doesn't add to them. {own} hides "
        "{entries}; lost there: {privileges}.",
        "Delete the user's own entry, or give the user what it lacks as well.",
    ),
    "noaccess-hidden": Rule(
        _W,
        "{who}'s own entry replaces those of its groups on {subject}, NoAccess included. {own} hides {entries}: "
        "the group's denial doesn't hold for this user.",
        "Delete the user's own entry if the denial is meant for it too.",
    ),
    # Power.
    "full-control": Rule(
        _N,
        "This amounts to full control: {entries} gives {users} {privileges}. {why}",
        "Give this only to those who might as well be root@pam.",
    ),
    "token-with-all-rights": Rule(
        _N,
        "Token {subject} has privsep 0 and so all rights of {owner}, which amount to full control. Its secret is "
        "worth as much as that account's password, without a second factor.",
        "Set privsep to 1 and give the token only what its program needs.",
    ),
    "token-without-entries": Rule(
        _N,
        "Token {subject} has privsep 1 and no ACL entry of its own, so it may do nothing, whatever {owner} may do.",
        "Give the token entries of its own, or delete it.",
    ),
    "idle-account-keeps-tokens": Rule(
        _N,
        "{subject} has full control and is {state}, but still has tokens: {tokens}. They are refused only because "
        "their owner is; they work again as soon as somebody reactivates it.",
        "Delete the tokens of an account that isn't used.",
    ),
    "root-cannot-log-on": Rule(
        _W,
        "root@pam is {state} by this line. That takes no privilege from it, but Proxmox VE refuses its log-on and "
        "its tokens.",
        "Enable root@pam, unless another account with full control is known to work.",
    ),
}
"""Code -> severity and texts, for every trap."""


def finding(code: str, line: int, subject: str, **values: object) -> Finding:
    """The finding of a code, its texts filled in."""
    rule = RULES[code]
    texts = {name: shown(str(value)) for name, value in values.items()}
    subject = shown(subject)
    return Finding(
        line,
        rule.severity,
        code,
        subject,
        rule.message.format(subject=subject, **texts),
        rule.advice.format(subject=subject, **texts),
    )
