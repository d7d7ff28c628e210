"""Drives: what the text of a drive asks for, and how volumes are named.

Rule: a volume's owner is read off its name, as `rules.volumes` does, and a name is given by this module alone;
a volume id that isn't the one this module makes of the volume's name is no volume id.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ..errors import Error, NotThere
from ..rules.volumes import parse as parse_volume
from ..schema.sizes import size_in_bytes, size_text
from . import options, texts

BUSES = ("scsi", "virtio", "sata", "ide")
_KEPT = {"efidisk0": "efivars", "tpmstate0": "tpmstate"}
_NEW = re.compile(r"(?:([^/:\s]+):)?([0-9]+(?:\.[0-9]+)?)")
_CLOUD_INIT = re.compile(r"(?:([^/:\s]+):)?cloudinit|([^/:\s]+):(?:[0-9]+/)?vm-[0-9]+-cloudinit(?:\.raw)?")
_IMAGE = re.compile(r"(?:vm|base)-([1-9][0-9]{2,8})-\S+\.[A-Za-z0-9]+")
_GIB = 1024**3
_FORMATS = ("raw", "qcow2")


@dataclass(frozen=True, slots=True)
class NewVolume:
    """Allocate a volume: `size` bytes on `storage`, or as large as `source`, whose content it takes."""

    storage: str
    size: int
    format: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Existing:
    """Use a volume that exists."""

    volid: str

    @property
    def storage(self) -> str:
        """The storage it is on."""
        return self.volid.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Empty:
    """A CD-ROM drive without a medium."""


@dataclass(frozen=True, slots=True)
class CloudInit:
    """The CD-ROM with the cloud-init data, made anew from the options, on `storage`."""

    storage: str


@dataclass(frozen=True, slots=True)
class Kept:
    """State that the hypervisor keeps beside the machine: UEFI variables, TPM. Takes no volume."""

    storage: str


@dataclass(frozen=True, slots=True)
class HostPath:
    """A path of the host, as adopted machines may have; no caller may name one."""

    path: str


Medium: TypeAlias = NewVolume | Existing | Empty | CloudInit | Kept | HostPath


@dataclass(frozen=True, slots=True)
class Drive:
    """A drive that a configuration has. `size` is bytes, None if the text doesn't tell."""

    slot: str
    file: str
    cdrom: bool
    size: int | None

    @property
    def cloud_init(self) -> bool:
        """Whether it holds the cloud-init data."""
        return _CLOUD_INIT.fullmatch(self.file) is not None

    @property
    def volid(self) -> str | None:
        """The volume behind it; None without one, and for state that the hypervisor keeps."""
        return None if self.file == "none" or self.file.startswith("/") or self.slot in _KEPT else self.file


def is_slot(name: str) -> bool:
    """Whether an option is a drive: `scsi0`, `ide2`, `efidisk0` ..."""
    return name in _KEPT or (options.index(name)[0] in BUSES and options.index(name)[1] >= 0)


def is_kept(name: str) -> bool:
    """Whether it is state that the hypervisor keeps, so that no volume belongs to it."""
    return name in _KEPT


def asks_for_volume(file: str) -> bool:
    """Whether a drive's file is the syntax for a new volume, `STORAGE:SIZE`."""
    return _NEW.fullmatch(file) is not None


def drive(slot: str, text: str) -> Drive:
    """The drive that a text stands for."""
    keys = texts.parts(slot, text)
    size = keys.get("size")
    return Drive(slot, keys.get("file", ""), keys.get("media") == "cdrom", size_in_bytes(size) if size else None)


def medium(slot: str, text: str, storage: str = "") -> Medium:
    """What a drive's text asks for; `storage` is where a new volume goes whose text doesn't say it.

    Raises Error for a text that no drive can have.
    """
    keys = texts.parts(slot, text)
    file, cdrom = keys.get("file", ""), keys.get("media") == "cdrom"
    source = keys.get("import-from")
    cloud_init = _CLOUD_INIT.fullmatch(file)
    new = None if cdrom else _NEW.fullmatch(file)
    if cloud_init is not None:
        return CloudInit(_storage(slot, cloud_init[1] or cloud_init[2] or storage))
    if file.startswith("/"):
        return HostPath(file)
    if slot in _KEPT:
        return Kept(_storage(slot, (new[1] or storage) if new else file.partition(":")[0]))
    if new is not None:
        return _new(slot, _storage(slot, new[1] or storage), new[2], keys)
    if source is not None:
        raise Error(f"{slot}: import-from needs a new volume: STORAGE:0")
    if file == "none":
        if not cdrom:
            raise Error(f"{slot}: only a CD-ROM drive can be empty: none,media=cdrom")
        return Empty()
    return Existing(file)


def _new(slot: str, storage: str, size: str, keys: Mapping[str, str]) -> NewVolume:
    source, form = keys.get("import-from"), keys.get("format")
    amount = int(float(size) * _GIB) if "." in size else int(size) * _GIB
    if source is not None and source.startswith("/"):
        raise Error(f"{slot}: only volumes can be imported, no paths of the host")
    if source is None and amount <= 0:
        raise Error(f"{slot}: a new volume needs a size in GiB: {storage}:8")
    if form is not None and form not in _FORMATS:
        raise Error(f"{slot}: a new volume is raw or qcow2")
    return NewVolume(storage, 0 if source else amount, form, source)


def _storage(slot: str, storage: str) -> str:
    if not storage or storage == "none":
        raise Error(f"{slot}: which storage? write STORAGE:SIZE")
    return storage


def settled(slot: str, text: str, volid: str, size: int | None = None) -> str:
    """A drive's text once its volume exists: what asked for the volume is gone, `size` bytes are noted."""
    keys = {key: value for key, value in texts.parts(slot, text).items() if key not in ("import-from", "format")}
    if size is not None:
        keys["size"] = size_text(size)
    if _CLOUD_INIT.fullmatch(keys["file"]) or _CLOUD_INIT.fullmatch(volid):
        keys["media"] = "cdrom"
    return texts.joined(slot, {**keys, "file": volid})


def kept_volid(slot: str, storage: str, vmid: str) -> str:
    """What stands for the volume of a drive whose state the hypervisor keeps."""
    return f"{storage}:vm-{vmid}-{_KEPT[slot]}"


# Names of volumes


def disk_name(vmid: str, taken: Collection[str], form: str | None) -> str:
    """The name of the next disk of a machine among volume names: `vm-100-disk-0.qcow2`.

    `form` is the ending, None on a storage whose volumes have none.
    """
    used = {name.partition(".")[0] for name in taken}
    number = next(number for number in range(len(used) + 1) if f"vm-{vmid}-disk-{number}" not in used)
    return f"vm-{vmid}-disk-{number}" + (f".{form}" if form else "")


def cloud_init_name(vmid: str, *, ending: bool = True) -> str:
    """The name of the volume with a machine's cloud-init data."""
    return f"vm-{vmid}-cloudinit" + (".raw" if ending else "")


def volume_id(storage: str, name: str) -> str:
    """The id of the volume of a name on a storage: `local:100/vm-100-disk-0.qcow2`, `local:iso/debian.iso`."""
    image = _IMAGE.fullmatch(name)
    if image is not None:
        return f"{storage}:{image[1]}/{name}"
    if name.lower().endswith(".iso"):
        return f"{storage}:iso/{name}"
    return f"{storage}:{name}"


def volume_name(volid: str) -> tuple[str, str]:
    """A volume id as (storage, name); raises NotThere unless it is exactly what `volume_id` makes of them."""
    storage, _, rest = volid.partition(":")
    name = rest.rpartition("/")[2]
    # INVARIANT: one volume has one id, so that an id never tells another owner than the volume has.
    if name and volume_id(storage, name) == volid:
        return storage, name
    raise NotThere(f"volume '{volid}' does not exist")


def owner(volid: str) -> str | None:
    """The machine that a volume belongs to, as its name tells; None if it doesn't."""
    volume = parse_volume(volid)
    return (volume.owner or None) if volume is not None else None


def content(volid: str) -> str:
    """What a volume contains, as its name tells: `images`, `iso`, or empty."""
    volume = parse_volume(volid)
    return volume.content if volume is not None else ""
