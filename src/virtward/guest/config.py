"""The configuration of a machine: its options as text, immutable.

Rule: texts are upstream's, one way of writing each. What comes from a caller goes through `parse` or
`with_options`; what was read off a domain is taken as it is, since an adopted machine may have what no caller
may set.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from ..errors import Invalid
from ..schema.value import Value
from . import checks, disks, options, texts
from .disks import Drive

_LAST_UNUSED = 255
_STARS = "**********"


@dataclass(frozen=True, slots=True, eq=False)
class Config(Mapping[str, str]):
    """Option -> text, in the order of their names."""

    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", MappingProxyType(dict(sorted(self.texts.items()))))

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)

    def __hash__(self) -> int:
        return hash(tuple(self.texts.items()))

    @classmethod
    def parse(cls, given: Mapping[str, Value]) -> "Config":
        """The configuration of a new machine; raises Invalid for every option that is wrong."""
        return cls().with_options(given)

    def with_options(self, given: Mapping[str, Value], delete: Iterable[str] = (), *, vmid: str = "") -> "Config":
        """The configuration with these options set, as text or as what `schema` made of them, and those removed.

        An option that isn't there may be removed. With `vmid`, volumes of that machine which lose their drive
        become `unused0` and so on, and a device that goes leaves the boot order. Raises Invalid for every option
        that is wrong in itself, or with the others because of this change.
        """
        removed, changed = removals(given, delete), normalised(given)
        merged = {name: text for name, text in self.texts.items() if name not in removed} | changed
        if vmid:
            merged = _with_unused(self.texts, merged, vmid)
        merged = _without_boot_of(removed, merged)
        self._check(merged, changed)
        return Config(merged)

    def with_internal(self, **notes: str) -> "Config":
        """The configuration with options that only the server writes: `meta`, `lock`, `unused0` ... taken as is."""
        return Config({**self.texts, **notes})

    def _check(self, merged: Mapping[str, str], changed: Mapping[str, str]) -> None:
        """Raises Invalid for what doesn't go together now, and went together before."""
        before = checks.problems(self.texts)
        wrong = {name: text for name, text in checks.problems(merged).items() if before.get(name) != text}
        wrong |= {n: "paths of the host can't be used" for n, t in changed.items() if self._names_path(n, t)}
        if wrong:
            raise Invalid(wrong)

    def _names_path(self, name: str, text: str) -> bool:
        """Whether a drive is given a path of the host that it hasn't already."""
        if not disks.is_slot(name):
            return False
        file = disks.drive(name, text).file
        return file.startswith("/") and not (
            name in self.texts and disks.drive(name, self.texts[name]).file == file
        )

    @property
    def text(self) -> str:
        """All of it as one text, a line per option; the description as comments, as in upstream's files."""
        lines = [f"#{line}" for line in self.texts.get("description", "").splitlines()]
        lines += [f"{name}: {text}" for name, text in self.texts.items() if name != "description"]
        return "".join(f"{line}\n" for line in lines)

    @property
    def digest(self) -> str:
        """SHA-1 of the text, 40 hexadecimal digits; changes with every option."""
        whole = "".join(f"{name}\0{text}\0" for name, text in self.texts.items())
        return hashlib.sha1(whole.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()

    @property
    def drives(self) -> tuple[Drive, ...]:
        """Every drive, those that are unused left out."""
        return tuple(disks.drive(name, text) for name, text in self.texts.items() if disks.is_slot(name))

    @property
    def unused(self) -> Mapping[str, str]:
        """`unused0` ... -> volume id."""
        return {
            name: texts.parts(name, text).get("file", "")
            for name, text in self.texts.items()
            if options.index(name)[0] == "unused"
        }

    @property
    def volumes(self) -> Mapping[str, str]:
        """Slot -> id of the volume there, unused ones and CD-ROMs included."""
        used = {drive.slot: drive.volid for drive in self.drives if drive.volid is not None}
        return {**used, **self.unused}


def normalised(given: Mapping[str, Value]) -> dict[str, str]:
    """Options as callers give them, in upstream's way of writing; those without a text are left out.

    Raises Invalid for every one that is wrong.
    """
    return texts.checked({name: value for name, value in _renamed(given).items() if not _is_removal(name, value)})


def _is_removal(name: str, value: Value) -> bool:
    # PVE: an empty text removes the option.
    return value in ("", []) and options.find(name) is not None


def removals(given: Mapping[str, Value], delete: Iterable[str]) -> list[str]:
    """The options to remove: those named, and those given without a text. Unsupported ones aren't there anyway.

    Raises Invalid for a name that upstream doesn't know, and for one that is set as well.
    """
    removed = ["ide2" if name == "cdrom" else name for name in dict.fromkeys(delete)]
    for name in removed:
        row = options.find(name)
        if (row is None and options.param(name) is None) or (row is not None and row.internal):
            raise Invalid({"delete": f"unknown option '{name}'"})
        if name in given or (name == "ide2" and "cdrom" in given):
            raise Invalid({"delete": f"you can't use '-{name}' and '-delete {name}' at the same time"})
    return removed + [name for name, value in _renamed(given).items() if _is_removal(name, value)]


def _renamed(given: Mapping[str, Value]) -> dict[str, Value]:
    """`cdrom` is another name of `ide2`, as a CD-ROM."""
    if "cdrom" not in given:
        return dict(given)
    if "ide2" in given:
        raise Invalid({"cdrom": "option 'cdrom' is an alias of 'ide2', which is given too"})
    text = texts.plain_text("ide2", given["cdrom"])
    named = text if not text or "media=" in text else f"{text},media=cdrom"
    return {**{name: value for name, value in given.items() if name != "cdrom"}, "ide2": named}


def _with_unused(before: Mapping[str, str], after: dict[str, str], vmid: str) -> dict[str, str]:
    """The options, with an `unused` for each of the machine's own disks that no drive has, and for no other."""
    used = {drive.volid for drive in Config(after).drives}
    noted = {
        n: text for n, text in after.items() if n not in Config(after).unused or Config(after).unused[n] not in used
    }
    lost = [
        drive.volid
        for drive in Config(before).drives
        if drive.volid is not None and not drive.cdrom and not drive.cloud_init and drive.volid not in used
    ]
    for volid in dict.fromkeys(lost):
        free = next((n for n in range(_LAST_UNUSED + 1) if f"unused{n}" not in noted), None)
        if disks.owner(volid) == vmid and free is not None and volid not in noted.values():
            noted[f"unused{free}"] = volid
    return noted


def _without_boot_of(removed: Sequence[str], after: dict[str, str]) -> dict[str, str]:
    """The options, with devices that were removed gone from the boot order."""
    order = texts.parts("boot", after["boot"]).get("order") if "boot" in after else None
    if order is None or not removed:
        return after
    left = [device for device in order.split(";") if device not in removed]
    if left:
        return {**after, "boot": texts.joined("boot", {"order": ";".join(left)})}
    return {name: text for name, text in after.items() if name != "boot"}


def shown(config: Mapping[str, str]) -> dict[str, str]:
    """The options as callers get to see them: a password is stars."""
    return {**config, "cipassword": _STARS} if "cipassword" in config else dict(config)


def pending(active: Mapping[str, str], config: Mapping[str, str]) -> list[dict[str, str | int]]:
    """The rows of upstream's `GET pending`: what runs (`value`), and what will be (`pending`, or `delete` 1).

    A password is stars, whether it changes or not.
    """
    rows: list[dict[str, str | int]] = []
    for name in sorted({*active, *config}):
        row: dict[str, str | int] = {"key": name}
        if name in active:
            row["value"] = shown(active)[name]
        if name not in config:
            row["delete"] = 1
        elif config[name] != active.get(name):
            row["pending"] = shown(config)[name]
        rows.append(row)
    return rows
