"""The table of privileges, and the built-in roles that follow from it, per Proxmox VE release.

Rule: a privilege is one bit, the same bit in every release, so that masks of two releases compare.
Source: pve-access-control 8.2.3 (release 8.4) and 9.1.1 (release 9).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# (privilege, levels) per category. A level says which built-in roles hold it: `root` only Administrator;
# `admin` also PVE<Category>Admin; `user` also PVE<Category>User; `audit` also PVEAuditor.
_TABLE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "VM": (
        ("VM.Allocate", "admin"),
        ("VM.Audit", "audit"),
        ("VM.Backup", "user"),
        ("VM.Clone", "admin"),
        ("VM.Config.CDROM", "user"),
        ("VM.Config.CPU", "admin"),
        ("VM.Config.Cloudinit", "user"),
        ("VM.Config.Disk", "admin"),
        ("VM.Config.HWType", "admin"),
        ("VM.Config.Memory", "admin"),
        ("VM.Config.Network", "admin"),
        ("VM.Config.Options", "admin"),
        ("VM.Console", "user"),
        ("VM.GuestAgent.Audit", "audit"),
        ("VM.GuestAgent.FileRead", "user"),
        ("VM.GuestAgent.FileSystemMgmt", "user"),
        ("VM.GuestAgent.FileWrite", "user"),
        ("VM.GuestAgent.Unrestricted", "admin"),
        ("VM.Migrate", "admin"),
        ("VM.Monitor", "admin"),
        ("VM.PowerMgmt", "user"),
        ("VM.Replicate", "admin"),
        ("VM.Snapshot", "admin"),
        ("VM.Snapshot.Rollback", "admin"),
    ),
    "Sys": (
        ("Sys.AccessNetwork", "root"),
        ("Sys.Audit", "audit"),
        ("Sys.Console", "admin"),
        ("Sys.Incoming", "root"),
        ("Sys.Modify", "root"),
        ("Sys.PowerMgmt", "root"),
        ("Sys.Syslog", "admin"),
    ),
    "Datastore": (
        ("Datastore.Allocate", "admin"),
        ("Datastore.AllocateSpace", "user"),
        ("Datastore.AllocateTemplate", "admin"),
        ("Datastore.Audit", "audit"),
    ),
    "SDN": (("SDN.Allocate", "admin"), ("SDN.Audit", "admin audit"), ("SDN.Use", "user")),
    "User": (
        ("Group.Allocate", "admin"),
        ("Realm.Allocate", "root"),
        ("Realm.AllocateUser", "admin"),
        ("User.Modify", "admin"),
    ),
    "Pool": (("Pool.Allocate", "admin"), ("Pool.Audit", "user audit")),
    "Mapping": (("Mapping.Audit", "audit"), ("Mapping.Modify", "admin"), ("Mapping.Use", "user")),
    "": (("Permissions.Modify", "root"),),
}

_ONLY_IN = {
    "VM.Monitor": "8.4",
    "VM.GuestAgent.Audit": "9",
    "VM.GuestAgent.FileRead": "9",
    "VM.GuestAgent.FileSystemMgmt": "9",
    "VM.GuestAgent.FileWrite": "9",
    "VM.GuestAgent.Unrestricted": "9",
    "VM.Replicate": "9",
}

BITS: Mapping[str, int] = {
    name: 1 << position
    for position, name in enumerate(sorted(name for rows in _TABLE.values() for name, _ in rows))
}
"""Privilege name -> its bit, over all releases."""

ALL = sum(BITS.values())
SHIFT = len(BITS)
"""A mask has two halves: bit b says "held here", bit b << SHIFT says "and below, by propagation"."""


@dataclass(frozen=True, slots=True)
class Release:
    """What one Proxmox VE release knows: its privileges and its built-in roles as masks."""

    name: str
    bits: Mapping[str, int]
    roles: Mapping[str, int]

    @property
    def everything(self) -> int:
        """All privileges of this release, both halves of the mask set."""
        held = self.roles["Administrator"]
        return held | held << SHIFT


def names(mask: int) -> list[str]:
    """The privileges held by `mask` (lower half), sorted."""
    return [name for name, bit in BITS.items() if mask & bit]


def mask_of(privileges: Iterable[str]) -> int:
    """The mask of some known privilege names; KeyError for an unknown one."""
    mask = 0
    for name in privileges:
        mask |= BITS[name]
    return mask


def _release(name: str) -> Release:
    bits = {p: bit for p, bit in BITS.items() if _ONLY_IN.get(p, name) == name}
    roles = {
        "Administrator": mask_of(bits),
        "NoAccess": 0,
        "PVETemplateUser": mask_of(("VM.Audit", "VM.Clone")),
    }
    for category, rows in _TABLE.items():
        if not category:
            continue
        known = [(p, levels) for p, levels in rows if p in bits]
        admin = mask_of(p for p, levels in known if levels != "root")
        user = mask_of(p for p, levels in known if "user" in levels or "audit" in levels)
        roles[f"PVE{category}Admin"] = admin
        if any("user" in levels for _, levels in known):
            roles[f"PVE{category}User"] = user
        audit = mask_of(p for p, levels in known if "audit" in levels)
        roles["PVEAuditor"] = roles.get("PVEAuditor", 0) | audit
        roles["PVEAdmin"] = roles.get("PVEAdmin", 0) | admin
    roles["PVEAdmin"] &= ~BITS["Mapping.Modify"]
    return Release(name, bits, dict(sorted(roles.items())))


RELEASES: Mapping[str, Release] = {name: _release(name) for name in ("8.4", "9")}
DEFAULT = RELEASES["9"]
