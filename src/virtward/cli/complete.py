"""What fits at the cursor: commands, options, subjects, privileges, paths, API paths, parameters.

Rule: completion never fails and never says anything beside its candidates; where it doesn't know, there are none.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from ..policy.model import Policy
from ..policy.names import bytewise
from ..policy.privileges import RELEASES
from ..policy.usercfg import parse
from .asking import METHODS
from .commands import COMMANDS
from .parser import Words, find, options_of, positionals_of, split
from .rows import Argument, Command
from .shell import Call, Shell
from .source import file_of, read

_MOST = 1_000  # candidates printed at most


def run(argv: Sequence[str], shell: Shell) -> int:
    """Prints what fits, one candidate per line. `argv` is `--` and the words, the last one being unfinished."""
    words = list(argv[1:] if argv[:1] == ["--"] else argv) or [""]
    try:
        found = sorted({*_Cursor(words, shell).candidates()}, key=bytewise)
    except Exception:
        return 0
    # A name with anything but plain characters can't be typed as it is shown: it isn't offered.
    shown = [each for each in found if each.isprintable()][:_MOST]
    shell.stdout.writelines(f"{each}\n" for each in shown)
    return 0


class _Cursor:
    """The words before the cursor and the one at it."""

    def __init__(self, words: Sequence[str], shell: Shell) -> None:
        *self.before, self.word = words
        self.shell = shell

    @cached_property
    def words(self) -> Words:
        """The finished words, taken apart."""
        return split(self.before)

    @cached_property
    def row(self) -> Command | None:
        """The command, if one is named."""
        return find(self.words.command) if self.words.command else None

    def option(self, name: str) -> str | None:
        """The value of an option of every command that is given already."""
        for option in self.words.options:
            spelling, _, value = option.word.partition("=")
            if spelling in (f"--{name}", "-o" if name == "output" else ""):
                return option.value if option.value is not None else value
        return None

    @cached_property
    def policy(self) -> Policy:
        """The policy that the finished words name; raises if it can't be read."""
        row = self.row or COMMANDS[0]
        call = Call(row, {"policy": self.option("policy")}, self.shell)
        return parse(read(call, file_of(call)), RELEASES[self.release]).policy

    @property
    def release(self) -> str:
        """The release that the finished words name."""
        named = self.option("release") or ""
        return named if named in RELEASES else "9"

    def candidates(self) -> Iterable[str]:
        """Whatever fits."""
        if "--" not in self.before:
            valued = self._valued()
            if valued is not None:
                argument, prefix, word = valued
                return [prefix + each for each in self._values(argument, word)]
            if self.word.startswith("-"):
                spellings = (s for each in options_of(self.row) for s in (each.long, each.short) if s)
                return _starting(spellings, self.word)
        if self.row is None:
            return _starting((row.name for row in COMMANDS if not row.hidden), self.word)
        expected = positionals_of(self.row)
        number = len(self.words.others)
        if number >= len(expected) and not (expected and expected[-1].many):
            return []
        return self._values(expected[min(number, len(expected) - 1)], self.word)

    def _valued(self) -> tuple[Argument, str, str] | None:
        """The option whose value is at the cursor, what stands before the value in the word, and the value."""
        known = [each for each in options_of(self.row) if each.metavar]
        for each in known:
            if self.word.startswith(f"{each.long}="):
                return each, f"{each.long}=", self.word.partition("=")[2]
            if self.before and self.before[-1] in (each.long, each.short) and self.words.options[-1].value is None:
                return each, "", self.word
        return None

    def _values(self, argument: Argument, word: str) -> Iterable[str]:
        if argument.choices:
            return _starting(argument.choices, word)
        kinds: Mapping[str, Callable[[str], Iterable[str]]] = {
            "file": _files,
            "subject": lambda word: _starting((*self.policy.users, *self.policy.tokens), word),
            "what": self._what,
            "path": self._path,
            "acl-path": self._acl_path,
            "parameter": self._parameter,
        }
        kind = kinds.get(argument.completes)
        return kind(word) if kind else []

    def _asked(self) -> list[str]:
        """The finished words of the question: without the subject, for a command that has one."""
        others = self.words.others
        row = self.row
        return others[1:] if row and row.arguments and row.arguments[0].name == "subject" else others

    def _what(self, word: str) -> Iterable[str]:
        last = max(word.rfind(","), word.rfind("|")) + 1
        names = _starting(RELEASES[self.release].bits, word[last:])
        return [word[:last] + name for name in names] + (_starting(METHODS, word) if word else [*METHODS])

    def _path(self, word: str) -> Iterable[str]:
        what = self._asked()[0]
        return self._api_path(what.upper(), word) if what.upper() in METHODS else self._acl_path(word)

    def _acl_path(self, word: str) -> Iterable[str]:
        pools = (f"/pool/{pool}" for pool in self.policy.pools)
        groups = (f"/access/groups/{group}" for group in self.policy.groups)
        known = (*_SECTIONS, *self.policy.acl_paths, *self.policy.pools_of, *pools, *groups)
        return _segments((path for path in known if path.startswith(word)), word)

    def _api_path(self, method: str, word: str) -> Iterable[str]:
        from ..rules.loader import load

        *done, _ = word.split("/")[1:] if word.startswith("/") else [""]
        templates = (rule.path for rule in load(self.release).rules if rule.method == method)
        return _segments(self._filled(templates, done, word), word)

    def _filled(self, templates: Iterable[str], done: list[str], word: str) -> Iterator[str]:
        """The paths of templates, with the segments that are typed already and what the policy knows."""
        for template in templates:
            segments = template.split("/")[1:]
            pairs = zip(done, segments, strict=False)
            if len(segments) > len(done) and all(_fits(typed, here) for typed, here in pairs):
                head = "/".join(["", *done])
                rest = segments[len(done) + 1 :]
                for value in self._segment(segments[len(done)]):
                    path = "/".join([head, value, *rest])
                    if path.startswith(word):
                        yield path

    def _segment(self, segment: str) -> Iterable[str]:
        policy = self.policy if segment.startswith("{") else None
        if policy is None:
            return [segment]
        known: Mapping[str, Callable[[], Iterable[str]]] = {
            "{userid}": lambda: policy.users,
            "{groupid}": lambda: policy.groups,
            "{roleid}": lambda: policy.roles,
            "{poolid}": lambda: policy.pools,
            "{vmid}": lambda: _named(policy, "/vms/"),
            "{storage}": lambda: _named(policy, "/storage/"),
            "{node}": lambda: _named(policy, "/nodes/"),
        }
        return known[segment]() if segment in known else []

    def _parameter(self, word: str) -> Iterable[str]:
        from ..rules.loader import load

        method, url, *given = self._asked()
        found = load(self.release).find(method, url)
        if found is None:
            return []
        name, equals, value = word.partition("=")
        if equals:
            param = found.rule.param(name)
            return [f"{name}={each}" for each in _starting(param.enum if param else (), value)]
        known = {each.partition("=")[0] for each in given} | {*found.params}
        names = (each.replace("[n]", "0") for each in found.rule.params)
        return [f"{each}=" for each in _starting(names, word) if each not in known]


_SECTIONS = (
    "/",
    "/access",
    "/access/groups",
    "/access/realm",
    "/mapping",
    "/nodes",
    "/pool",
    "/sdn",
    "/storage",
    "/vms",
)


def _fits(typed: str, segment: str) -> bool:
    """Whether a typed segment is that of a template."""
    return typed == segment or (segment.startswith("{") and typed != "")


def _named(policy: Policy, prefix: str) -> Iterator[str]:
    """The ids that the policy knows below a path."""
    for path in (*policy.acl_paths, *policy.pools_of):
        if path.startswith(prefix):
            yield path[len(prefix) :].partition("/")[0]


def _starting(names: Iterable[str], word: str) -> list[str]:
    return [name for name in names if name.startswith(word)]


def _segments(paths: Iterable[str], word: str) -> set[str]:
    """The paths up to the next segment after the word; with a slash at the end where there is more below."""
    found: set[str] = set()
    start = word.rfind("/") + 1
    for path in paths:
        end = path.find("/", start)
        found.add(path if end < 0 or path == "/" else path[: end + 1])
    return found


def _files(word: str) -> Iterator[str]:
    start = word.rpartition("/")[2]
    shown = word[: len(word) - len(start)]
    with os.scandir(shown or ".") as entries:
        for entry in entries:
            if entry.name.startswith(start) and (start or not entry.name.startswith(".")):
                yield f"{shown}{entry.name}{'/' if entry.is_dir() else ''}"
