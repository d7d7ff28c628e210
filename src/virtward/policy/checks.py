"""The elementary checks: privileges on a path, a machine or its pool, a bridge, ACL changes.

Rule: with `noerr` a refusal is False, otherwise Forbidden with upstream's words; an unknown privilege is an
Error either way. Source: pve-access-control 9.1.1 (RPCEnvironment), as observed.
"""

from collections.abc import Sequence

from ..errors import Error, Forbidden
from .evaluate import privileges
from .model import Policy

MODIFIERS = {"storage": "Datastore.Allocate", "vms": "VM.Allocate", "pool": "Pool.Allocate"}
"""Section -> the privilege that, besides Permissions.Modify, allows changing ACL entries strictly below it."""


def _bit(policy: Policy, privilege: str) -> int:
    bit = policy.release.bits.get(privilege)
    if bit is None:
        raise Error(f"invalid privilege '{privilege}'")
    return bit


def check(policy: Policy, subject: str, path: str | None, wanted: Sequence[str], noerr: bool = False) -> bool:
    """Whether the subject holds every privilege on the path; the refusal names the first that is missing."""
    held = privileges(policy, subject, path)
    for privilege in wanted:
        if not held & _bit(policy, privilege):
            if noerr:
                return False
            raise Forbidden(f"{path or ''}, {privilege}")
    return True


def check_any(policy: Policy, subject: str, path: str | None, wanted: Sequence[str], noerr: bool = False) -> bool:
    """Whether the subject holds at least one of the privileges on the path; none wanted is none held."""
    held = privileges(policy, subject, path)
    if any(held & _bit(policy, privilege) for privilege in wanted):
        return True
    if noerr:
        return False
    raise Forbidden(f"{path or ''}, {'|'.join(wanted)}")


def check_vm(
    policy: Policy,
    subject: str,
    vmid: str,
    pool: str | None,
    wanted: Sequence[str],
    *,
    any: bool = False,
    noerr: bool = False,
) -> bool:
    """Whether the privileges are held on the pool, if one is given, or else on the machine."""
    test = check_any if any else check
    if pool and test(policy, subject, f"/pool/{pool}", wanted, True):
        return True
    return test(policy, subject, f"/vms/{vmid}", wanted, noerr)


def check_bridge(
    policy: Policy, subject: str, zone: str, bridge: str, wanted: Sequence[str], noerr: bool = False
) -> bool:
    """Whether any of the privileges is held on a bridge, or on one of its VLANs that has entries of its own."""
    path = f"/sdn/zones/{zone}/{bridge}"
    if check_any(policy, subject, path, wanted, True):
        return True
    below = (p for p in policy.acl_paths if p.rpartition("/")[0] == path)
    if any(check_any(policy, subject, vlan, wanted, True) for vlan in below):
        return True
    return check_any(policy, subject, path, wanted, noerr)


def modifiers(path: str) -> tuple[str, ...]:
    """The privileges any of which allows changing ACL entries on a path."""
    section, _, rest = path.removeprefix("/").partition("/")
    if rest and path.startswith("/") and section in MODIFIERS:
        return ("Permissions.Modify", MODIFIERS[section])
    return ("Permissions.Modify",)


def check_modify_permissions(policy: Policy, subject: str, path: str | None, noerr: bool = False) -> bool:
    """Whether the subject may change ACL entries on a path (no path: `Permissions.Modify` on `/access`)."""
    if not path:
        return check(policy, subject, "/access", ("Permissions.Modify",), noerr)
    return check_any(policy, subject, path, modifiers(path), noerr)
