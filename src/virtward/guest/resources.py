"""What the host offers to a domain: volumes, networks, and what the emulator is.

Rule: an adapter says how ids become libvirt's names and back; nothing here or in `xml` ever makes up a path of
the host, and no caller's text becomes one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from . import disks

Kind = Literal["network", "bridge", "user"]


@dataclass(frozen=True, slots=True)
class Source:
    """A volume as libvirt knows it: the pool, its name there, and the image's format (`raw`, `qcow2`)."""

    pool: str
    volume: str
    format: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """What an interface is attached to: a libvirt network, a bridge of the host, or `user` (NAT without rights)."""

    kind: Kind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Platform:
    """The emulator. `type` is `kvm` or `qemu`; an `emulator` of "" is libvirt's choice.

    `machines` are the canonical names of `pc` and `q35`, as far as they are known. With `cpu_limits` False, the
    hypervisor can't limit CPU time (as in a user's own session).
    """

    type: Literal["kvm", "qemu"] = "kvm"
    arch: str = "x86_64"
    emulator: str = ""
    machines: Mapping[str, str] = field(default_factory=dict)
    cpu_limits: bool = True


class Resources(Protocol):
    """The host, as far as domains refer to it; answers from memory and doesn't block."""

    @property
    def platform(self) -> Platform:
        """The emulator."""
        ...

    def source(self, volid: str) -> Source:
        """Where a volume is; raises NotThere."""
        ...

    def volid(self, pool: str, volume: str) -> str | None:
        """The reverse; None for a pool that is no storage."""
        ...

    def volid_at(self, path: str) -> str | None:
        """The volume at a path of the host; None if there is none."""
        ...

    def size(self, volid: str) -> int | None:
        """The size of a volume in bytes, None if it isn't known."""
        ...

    def attachment(self, bridge: str) -> Attachment:
        """What a bridge's name means; raises NotThere, `bridge 'x' does not exist`."""
        ...

    def bridge(self, attachment: Attachment) -> str | None:
        """The reverse; None if it has no name."""
        ...


@dataclass(frozen=True, slots=True)
class ByName:
    """Resources without a host to ask: a storage is the pool, a bridge the network, of the same name.

    `sizes` are bytes by volume id, `paths` volume ids by path. What a name doesn't tell is `raw`.
    """

    platform: Platform = field(default_factory=Platform)
    sizes: Mapping[str, int] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)

    def source(self, volid: str) -> Source:
        """See Resources."""
        storage, name = disks.volume_name(volid)
        return Source(storage, name, "qcow2" if name.endswith(".qcow2") else "raw")

    def volid(self, pool: str, volume: str) -> str | None:
        """See Resources."""
        return disks.volume_id(pool, volume)

    def volid_at(self, path: str) -> str | None:
        """See Resources."""
        return self.paths.get(path)

    def size(self, volid: str) -> int | None:
        """See Resources."""
        return self.sizes.get(volid)

    def attachment(self, bridge: str) -> Attachment:
        """See Resources."""
        return Attachment("network", bridge)

    def bridge(self, attachment: Attachment) -> str | None:
        """See Resources."""
        return attachment.name or None
