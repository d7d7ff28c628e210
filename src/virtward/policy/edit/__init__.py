"""Pure edits: Policy -> Policy, with Proxmox VE's own validation and words.

Rule: an edit either gives a new snapshot or raises and changes nothing. A new snapshot shares every index and
every compiled view the edit didn't touch. Source: pve-access-control 9.1.1 and pve-manager's pool API, as observed.
"""

from .acl import acl_path, modify_acl, remove_entry, set_entry
from .groups import add_group, delete_group, modify_group
from .pools import add_pool, delete_pool, modify_pool
from .roles import RESERVED, add_role, delete_role, modify_role, reserved
from .tokens import add_token, delete_token, modify_token
from .users import add_user, delete_user, modify_user

__all__ = [
    "RESERVED",
    "acl_path",
    "add_group",
    "add_pool",
    "add_role",
    "add_token",
    "add_user",
    "delete_group",
    "delete_pool",
    "delete_role",
    "delete_token",
    "delete_user",
    "modify_acl",
    "modify_group",
    "modify_pool",
    "modify_role",
    "modify_token",
    "modify_user",
    "remove_entry",
    "reserved",
    "set_entry",
]
