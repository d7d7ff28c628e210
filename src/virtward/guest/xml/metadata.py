"""The notes that a domain carries for us: its vmid, and what options say beyond what its XML tells.

    <virtward:machine xmlns:virtward="https://virtward.dev/xmlns/1" vmid="100">
      <virtward:option name="onboot">1</virtward:option>
      <virtward:option name="scsi0.backup">0</virtward:option>
      <virtward:option name="localtime" described="1" absent="yes"/>
      <virtward:device slot="scsi0" key="sdz"/>
    </virtward:machine>

Rule: a note holds one fact, and only where the XML alone would tell it otherwise: `described` is what it told then.
Once it tells something else, somebody changed the machine behind our back, and the note counts no longer.
Whoever may read the domain's XML can read them; a password is there as its crypt(3) hash, as in upstream's files.
"""

from collections.abc import Iterator, Mapping

from ..texts import Facts
from .elements import Element, drop, ensure, local_name, make, own

TAG = own("machine")

# libvirt replaces `q35` by the name of its newest version, and `pc` likewise.
_UNVERSIONED = {"pc": "pc-i440fx-", "q35": "pc-q35-"}
# While a machine runs, its XML tells what the balloon leaves and what the emulator made of the processor.
_DRIFTING = frozenset({"balloon", "cpu.cputype", "cpu.flags"})
_ALWAYS = frozenset({"machine.type", *_DRIFTING})


def vmid(root: Element) -> str | None:
    """The machine's number; None if the domain isn't ours."""
    found = _machine(root)
    return None if found is None else found.get("vmid")


def plain(root: Element) -> Element | None:
    """A copy of the notes without their namespace; None if there are none."""
    found = _machine(root)
    if found is None:
        return None
    copied = make("machine", vmid=found.get("vmid", ""))
    for note in found.iterchildren("{*}*"):
        copied.append(make(local_name(note), note.text, **{str(name): str(text) for name, text in note.items()}))
    return copied


def hints(root: Element) -> dict[str, str]:
    """Slot -> target or MAC address, for devices that don't tell their slot themselves."""
    found = _machine(root)
    devices = [] if found is None else found.findall(own("device"))
    return {device.get("slot", ""): device.get("key", "") for device in devices}


def overlaid(root: Element, described: Facts) -> dict[str, str]:
    """All facts: those that the XML tells, corrected by the notes."""
    facts, runs = dict(described), root.get("id") is not None
    for name, was, text in _notes(root):
        if not _same(name, was, described.get(name)) and not (runs and name in _DRIFTING):
            continue
        facts.pop(name, None)
        if text is not None:
            facts[name] = text
    return facts


def write(root: Element, vmid: str, described: Facts, facts: Facts, hints: Mapping[str, str]) -> None:
    """Notes what `facts` say otherwise than `described`, which is what the XML tells."""
    drop(root, f"metadata/{TAG}")
    notes = make(TAG, vmid=vmid)
    for name in sorted({*described, *facts, *_DRIFTING}):
        if name in _ALWAYS or (facts.get(name) != described.get(name) and not _is_measured(name, described)):
            notes.append(_note(name, described.get(name), facts.get(name)))
    for slot, key in sorted(hints.items()):
        notes.append(make(own("device"), slot=slot, key=key))
    ensure(root, "metadata").append(notes)


def _is_measured(name: str, described: Facts) -> bool:
    """Whether a fact is the volume's own, which nobody's word changes."""
    return name.endswith(".size") and name in described


def _note(name: str, described: str | None, text: str | None) -> Element:
    note = make(own("option"), text, name=name)
    if described is not None:
        note.set("described", described)
    if text is None:
        note.set("absent", "yes")
    return note


def _notes(root: Element) -> Iterator[tuple[str, str | None, str | None]]:
    """Fact, what the XML told of it then, and what it is."""
    found = _machine(root)
    for note in [] if found is None else found.findall(own("option")):
        yield note.get("name", ""), note.get("described"), None if note.get("absent") else note.text or ""


def _same(name: str, was: str | None, now: str | None) -> bool:
    """Whether the XML tells of a fact what it told when it was noted."""
    if name == "machine.type" and was in _UNVERSIONED and now is not None:
        return now == was or now.startswith(_UNVERSIONED[was])
    return was == now


def _machine(root: Element) -> Element | None:
    return root.find(f"metadata/{TAG}")
