"""The table of commands: words, options, examples, exit codes, answers.

Rule: everything there is to know about a command stands in its row, and every option is declared once, here.
Rows without `run` code of their own import it when they are called.
"""

from .rows import Argument, Command
from .shell import Call

FORMATS = ("table", "text", "json", "yaml")
RELEASES = ("8.4", "9")
NOUNS = ("users", "groups", "roles", "tokens", "pools", "acl", "privileges")
SHELLS = ("bash", "zsh", "fish")

POLICY = Argument(
    "policy",
    "the user.cfg to read, '-' for standard input (default: /etc/pve/user.cfg where it exists)",
    metavar="FILE",
    long="--policy",
    completes="file",
)
OUTPUT = Argument(
    "output",
    "how to print the answer: table, text, json or yaml (default: table on a terminal, text elsewhere)",
    metavar="FORMAT",
    long="--output",
    short="-o",
    choices=FORMATS,
)
RELEASE = Argument(
    "release",
    "whose privileges, built-in roles and API calls count: 8.4 or 9 (default: 9)",
    metavar="RELEASE",
    long="--release",
    choices=RELEASES,
)
GLOBAL = (POLICY, OUTPUT, RELEASE)
"""The options of every command."""

SUBJECT = Argument("subject", "a user (alice@pve) or an API token (ci@pve!deploy)", "SUBJECT", completes="subject")
WHAT = Argument("what", "a privilege, several as A,B (all) or 'A|B' (any), or a method", "WHAT", completes="what")
PATH = Argument("path", "an ACL path (/vms/100), or the path of an API call", "PATH", completes="path")
ARGUMENTS = Argument(
    "arguments", "the call's parameters", "NAME=VALUE", optional=True, many=True, completes="parameter"
)
QUESTION = (
    "A question is a privilege on a path, or an API call with its parameters: `PUT /nodes/n1/qemu/100/config"
    " cores=4`. API paths may be written with or without /api2/json."
)
ANSWER_EXITS = (
    (0, "yes"),
    (1, "no, or it depends on what the file doesn't say"),
    (2, "the question or the file can't be understood"),
)
EXITS = ((0, "answered"), (2, "the question or the file can't be understood"))


def _can(call: Call) -> int:
    from .can import run

    return run(call)


def _why(call: Call) -> int:
    from .why import run

    return run(call)


def _who(call: Call) -> int:
    from .who import run

    return run(call)


def _what(call: Call) -> int:
    from .what import run

    return run(call)


def _show(call: Call) -> int:
    from .show import run

    return run(call)


def _fmt(call: Call) -> int:
    from .fmt import run

    return run(call)


def _check(call: Call) -> int:
    from .check import run

    return run(call)


def _upgrade(call: Call) -> int:
    from .upgrade import run

    return run(call)


def _completion(call: Call) -> int:
    from .completion import run

    return run(call)


CAN = Command(
    "can",
    "may this subject do it? yes or no",
    f"Answers yes or no. {QUESTION}",
    ("SUBJECT PRIVILEGE PATH", "SUBJECT METHOD API-PATH [NAME=VALUE ...]"),
    (
        SUBJECT,
        WHAT,
        PATH,
        ARGUMENTS,
        Argument("quiet", "print nothing: the exit code is the answer", long="--quiet", short="-q"),
    ),
    (
        ("can alice@pve VM.PowerMgmt /vms/100", "one privilege"),
        ("can alice@pve 'VM.Config.CPU|VM.Config.Memory' /vms/100", "any of several; with ',' all of them"),
        ("can 'ci@pve!deploy' POST /nodes/n1/qemu/100/status/start", "an API call, by a token"),
        ("can -q alice@pve VM.Console /vms/100 && echo yes", "in a script"),
    ),
    ANSWER_EXITS,
    _can,
)

WHY = Command(
    "why",
    "why may it, or why not, and how to grant it",
    "Explains an answer: the rule with the verdict of each of its terms, the entries that decide and those that are"
    " cut off, all that is missing, and the ways to grant it, least extra power first."
    f" {QUESTION} A refusal can be pasted instead, as one word in quotes.",
    ("SUBJECT PRIVILEGE PATH", "SUBJECT METHOD API-PATH [NAME=VALUE ...]", "SUBJECT 'ERROR TEXT'"),
    (SUBJECT, WHAT, PATH._replace(optional=True), ARGUMENTS),
    (
        ("why alice@pve VM.Config.Disk /vms/100", "a privilege on a path"),
        ("why alice@pve PUT /nodes/n1/qemu/100/config cores=4 net0=virtio,bridge=vmbr0", "a call"),
        ('why alice@pve "403 Permission check failed (/vms/100, VM.Config.Disk)"', "a pasted error"),
    ),
    ANSWER_EXITS,
    _why,
)

WHO = Command(
    "who-can",
    "who may do it, and through what",
    "Lists every user and token that may, with the entries it rests on. Disabled and expired accounts are marked,"
    f" and so are tokens that only their user's lost right keeps from it. {QUESTION}",
    ("PRIVILEGE PATH", "METHOD API-PATH [NAME=VALUE ...]"),
    (WHAT, PATH, ARGUMENTS),
    (
        ("who-can VM.Console /vms/100", "a privilege"),
        ("who-can 'VM.Config.Disk|VM.Allocate' /vms/100", "any of two"),
        ("who-can DELETE /nodes/n1/qemu/100", "an API call"),
    ),
    EXITS,
    _who,
    lists=True,
)

WHAT_CAN = Command(
    "what-can",
    "what may this subject do?",
    "Lists the privileges of a subject on every path where it holds any, with the entries they come from;"
    " with --endpoints, every API call with its answer.",
    ("SUBJECT [--under PATH] [--endpoints]",),
    (
        SUBJECT,
        Argument("under", "only this path and those below it", "PATH", long="--under", completes="acl-path"),
        Argument("endpoints", "list the API calls: allowed, denied, or what they depend on", long="--endpoints"),
    ),
    (
        ("what-can alice@pve", "everything"),
        ("what-can alice@pve --under /vms", "on guests"),
        ("what-can 'ci@pve!deploy' --endpoints", "every API call"),
    ),
    EXITS,
    _what,
    lists=True,
)

SHOW = Command(
    "show",
    "what the file says, as tables",
    "Lists what the file holds, each with its line; `privileges` lists those of the release and needs no file.",
    ("|".join(NOUNS),),
    (Argument("noun", "what to list", "NOUN", choices=NOUNS),),
    (
        ("show users", "users with their groups"),
        ("show acl", "every entry, one per subject and role"),
        ("show privileges --release 8.4", "the privileges of a release and the built-in roles that have them"),
    ),
    EXITS,
    _show,
    lists=True,
)

FMT = Command(
    "fmt",
    "print the file as Proxmox VE would write it",
    "Prints the canonical file. What can't be read is not in it; --write refuses to lose anything unless forced."
    " Don't write to /etc/pve/user.cfg itself while others may change it: this takes no cluster lock.",
    ("[--check | --write [--force]]",),
    (
        Argument("check", "print nothing but whether it differs; exit 1 if it does", long="--check"),
        Argument("write", "replace the file, atomically, keeping its mode", long="--write"),
        Argument("force", "with --write: even if lines or parts of lines get lost", long="--force"),
    ),
    (
        ("fmt --policy user.cfg", "print it"),
        ("fmt --check --policy user.cfg", "does it differ?"),
        ("fmt --write --policy user.cfg", "rewrite it"),
    ),
    ((0, "done, or nothing to do"), (1, "--check: it differs"), (2, "it can't be read, or --write refuses")),
    _fmt,
)

CHECK = Command(
    "check",
    "what is wrong or treacherous in the file",
    "Lists every line that isn't taken as it stands, and the traps: what is valid and yet probably not meant.",
    ("",),
    (),
    (
        ("check", "the file of this Proxmox VE host"),
        ("check --policy user.cfg", "another file"),
        ("check -o json --policy user.cfg", "for programs"),
    ),
    (
        (0, "nothing, or notices alone"),
        (1, "there are errors or warnings"),
        (2, "the file can't be read"),
    ),
    _check,
    lists=True,
)

UPGRADE = Command(
    "upgrade-check",
    "what the step from Proxmox VE 8.4 to 9 breaks, and the repair",
    "Names the roles with privileges that the new release drops, who holds them and where, the API calls each would"
    " lose, and the smallest replacement as commands; also what Proxmox VE's own checker doesn't look at.",
    ("[--from RELEASE --to RELEASE]",),
    (
        Argument("old", "the release now (default: 8.4)", "RELEASE", long="--from", choices=RELEASES),
        Argument("new", "the release afterwards (default: 9)", "RELEASE", long="--to", choices=RELEASES),
    ),
    (
        ("upgrade-check", "before the upgrade of this host"),
        ("upgrade-check --policy user.cfg -o json", "another file, for programs"),
    ),
    ((0, "nothing to do"), (1, "there are findings"), (2, "the file can't be read")),
    _upgrade,
)

COMPLETION = Command(
    "completion",
    "print the script that completes words in your shell",
    "Prints a script for bash, zsh or fish. It completes commands, options, subjects, privileges and paths.",
    ("|".join(SHELLS),),
    (Argument("shell", "your shell", "SHELL", choices=SHELLS),),
    (
        ("source <(virtward completion bash)", "in ~/.bashrc"),
        ('virtward completion zsh > "${fpath[1]}/_virtward"', "for zsh"),
        ("virtward completion fish > ~/.config/fish/completions/virtward.fish", "for fish"),
    ),
    ((0, "printed"), (2, "unknown shell")),
    _completion,
)

COMMANDS = (CAN, WHY, WHO, WHAT_CAN, SHOW, FMT, CHECK, UPGRADE, COMPLETION)
"""Every command, in the order of the help."""
