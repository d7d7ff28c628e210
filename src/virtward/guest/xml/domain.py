"""A domain that is being read or changed: its tree, the host's resources, and which device has which slot."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import texts
from ..resources import Resources
from ..texts import Facts
from . import metadata, slots
from .elements import Element, attribute_at, ensure


@dataclass(slots=True)
class Domain:
    """`devices` are the elements that options stand for, by option: `scsi0`, `net1`, `serial0`."""

    root: Element
    resources: Resources
    devices: dict[str, Element] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Element, resources: Resources) -> "Domain":
        """A domain with its slots, as its own notes and the order of its devices tell them."""
        return cls(root, resources, slots.assign(root, metadata.hints(root)))

    @property
    def hardware(self) -> Element:
        """The `devices` element."""
        return ensure(self.root, "devices")

    @property
    def machine(self) -> str:
        """The machine type as the domain has it."""
        return attribute_at(self.root, "os/type", "machine") or ""

    @property
    def is_q35(self) -> bool:
        """Whether it is a PCI Express machine, which has no IDE."""
        return "q35" in self.machine

    @property
    def uses_kvm(self) -> bool:
        """Whether it runs with the processor's help."""
        return self.root.get("type") == "kvm"


@dataclass(frozen=True, slots=True)
class Change:
    """What options said and shall say, as facts; `before` is None for a machine that is new."""

    vmid: str
    before: Facts | None
    after: Facts

    @property
    def is_new(self) -> bool:
        """Whether there was no machine before."""
        return self.before is None

    def touches(self, *names: str) -> bool:
        """Whether any of these options changes; everything changes for a new machine."""
        return self.before is None or any(_of(self.before, name) != _of(self.after, name) for name in names)

    def get(self, fact: str, default: str = "") -> str:
        """What a fact shall be."""
        return self.after.get(fact, default)

    def was(self, fact: str, default: str = "") -> str:
        """What a fact was."""
        return (self.before or {}).get(fact, default)

    def device(self, name: str) -> dict[str, str]:
        """What an option shall be, by key."""
        return texts.device(self.after, name)

    def devices(self, stem: str) -> list[str]:
        """The options `net0`, `net1` ... that there shall be, or were, in the order of their numbers."""
        names = {fact.partition(".")[0] for fact in (*self.after, *(self.before or {}))}
        return sorted((name for name in names if _is(stem, name)), key=lambda name: int(name[len(stem) :]))


def _is(stem: str, name: str) -> bool:
    return name.startswith(stem) and name[len(stem) :].isdecimal()


def _of(facts: Mapping[str, str], name: str) -> dict[str, str]:
    """The facts of one option."""
    return {fact: text for fact, text in facts.items() if fact == name or fact.startswith(f"{name}.")}
