"""Which volume a text means, and what using it takes.

Rule: content and owner are read off the names that Proxmox VE's own storage plugins give; a volume with another
name has neither, and then only `Datastore.Allocate` is sure to be enough.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .model import Demand, Tree

# Patterns stay text: `re` compiles each when it is first used, which most calls never do.
_VOLUME = r"(?s:([A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]):(.+))"
_DUMP = r"vzdump-(?:qemu|lxc|openvz)-([0-9]+)-."
_SNAPSHOT = r"(?:vm|ct)/([0-9]+)/"
_IMAGE = r"(?:vm|base|basevol|subvol)-([0-9]+)-."
_IMAGE_FOLDER = r"(?:[0-9]+/[^/]+/)?([0-9]+)/[^/]+"
_CONTENT = r"(?s:(iso|vztmpl|import|snippets|backup)/(.+))"

READABLE = frozenset({"iso", "vztmpl", "import"})


class Volume(NamedTuple):
    """A volume id taken apart; `content` and `owner` are empty where the name doesn't tell them."""

    store: str
    name: str
    content: str
    owner: str


def parse(text: str, store: str = "") -> Volume | None:
    """The volume that `STORE:NAME` (or just `NAME`, of `store`) means; None for a path."""
    found = re.fullmatch(_VOLUME, text)
    if found is None and (not store or not text or text.startswith("/")):
        return None
    where, name = (found[1], found[2]) if found else (store, text)
    return Volume(where, name, *_kind(name))


def _kind(name: str) -> tuple[str, str]:
    """Content type and owner, as the name tells them."""
    content = re.fullmatch(_CONTENT, name)
    if content is not None:
        owner = (re.match(_DUMP, content[2]) or re.match(_SNAPSHOT, content[2])) if content[1] == "backup" else None
        return content[1], owner[1] if owner else ""
    image = re.match(_IMAGE, name.rpartition("/")[2]) or re.fullmatch(_IMAGE_FOLDER, name)
    return ("images", image[1]) if image else ("", "")


def access(label: str, text: str, vmid: str = "", store: str = "") -> Iterator[Demand]:
    """What using a volume takes, for guest `vmid` if given."""
    volume = parse(text, store)
    if volume is None:
        yield Demand(label, "root", {})
        return
    if vmid and volume.owner == vmid and volume.content not in READABLE:
        return
    params = {"storage": volume.store, "owner": volume.owner}
    if volume.content:
        yield Demand(label, _access_tree(volume), params)
    else:
        depends = f"the content type and owner of volume {volume.store}:{volume.name}"
        yield Demand(label, _allocate(), params, certain=False, depends=depends)


def _access_tree(volume: Volume) -> Tree:
    """The tree for a volume whose content is known and that isn't the guest's own."""
    if volume.content in READABLE:
        return ["perm", "/storage/{storage}", [*_PRIVILEGES["any"]], "any", 1]
    if not volume.owner or volume.content not in ("backup", "images"):
        return _allocate()
    on_storage, on_owner = _PRIVILEGES[volume.content]
    shared: Tree = ["and", ["perm", "/storage/{storage}", [on_storage]], ["perm", "/vms/{owner}", [on_owner]]]
    return ["or", _allocate(), shared]


_PRIVILEGES = {
    "any": ("Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.Audit"),
    "backup": ("Datastore.AllocateSpace", "VM.Backup"),
    "images": ("Datastore.Audit", "VM.Config.Disk"),
}


def _allocate() -> Tree:
    return ["perm", "/storage/{storage}", ["Datastore.Allocate"]]


def allocate_space(label: str, store: str) -> Demand:
    """What a new volume on a storage takes."""
    return Demand(label, ["perm", "/storage/{storage}", ["Datastore.AllocateSpace"]], {"storage": store})


def space_of(label: str, what: str) -> Demand:
    """Space on the storage of a volume that only the guest's configuration names."""
    pattern: Tree = ["perm", "/storage/{storage}", ["Datastore.AllocateSpace"]]
    return Demand(label, None, {}, certain=False, depends=f"the storage of {what}", pattern=pattern)


def removal(label: str, text: str, store: str) -> Iterator[Demand]:
    """What removing a volume takes: less for a guest's backup than for anything else."""
    volume = parse(text, store)
    if volume is None:
        yield Demand(label, "root", {})
        return
    params = {"storage": volume.store, "owner": volume.owner}
    if volume.content == "backup" and volume.owner:
        space: Tree = ["perm", "/storage/{storage}", ["Datastore.AllocateSpace"]]
        yield Demand(label, ["and", space, ["perm", "/vms/{owner}", ["VM.Backup"]]], params)
    elif volume.content:
        yield Demand(label, _allocate(), params)
    else:
        depends = f"whether {volume.store}:{volume.name} is a guest's backup"
        yield Demand(label, None, params, certain=False, depends=depends, pattern=_allocate())
