"""Named formats: what a node name, an address, a disk size is.

Rule: ids that the policy knows (users, groups, roles, pools, realms, storages, machines) aren't here, because
`policy` defines them; whoever parses passes both, see `complete`. A format in neither refuses every value.
Words are upstream's: pve-common 9.2.1, pve-storage 9.1, qemu-server 9.2, pve-cluster 9.1, as observed.
"""

from collections.abc import Mapping

from ...errors import Error
from ..value import Check, Formats, split_list
from . import addresses, guests, storages

FORMATS: Mapping[str, Check] = {**addresses.FORMATS, **guests.FORMATS, **storages.FORMATS}
"""Format name -> check."""

_IDS = {
    "pve-groupid": "groupid",
    "pve-poolid": "poolid",
    "pve-realm": "realm",
    "pve-roleid": "roleid",
    "pve-storage-id": "storageid",
    "pve-tokenid": "tokenid",
    "pve-userid": "userid",
    "pve-vmid": "vmid",
}
_PAIRS = {"storage-pair": "pve-storage-id", "bridge-pair": "pve-bridge-id"}


def complete(ids: Mapping[str, Check], privilege: Check) -> Formats:
    """All formats: those here and the policy's, which are `policy.names.FORMATS` and the check of a privilege."""
    return {**FORMATS, **{name: ids[theirs] for name, theirs in _IDS.items()}, "pve-priv": privilege}


def check(name: str, text: str, formats: Formats) -> None:
    """Raises Error unless the text has the format; `X-list` and `X-opt` follow from X."""
    base = name.removesuffix("-list").removesuffix("-opt")
    if base not in formats and base not in _PAIRS:
        raise Error(f"undefined format '{name}'")
    if name.endswith("-opt") and text in ("", "0"):
        return
    for item in split_list(text) if name.endswith("-list") else (text,):
        if base in _PAIRS:
            _check_pair(_PAIRS[base], item, formats)
        else:
            formats[base](item)


def _check_pair(name: str, pair: str, formats: Formats) -> None:
    """One entry of a map: `1`, `target`, or `source:target`."""
    if pair in ("", "0", "1"):
        return
    parts = pair.split(":")
    for part in parts if len(parts) == 2 and all(parts) else [pair]:
        try:
            check(name, part, formats)
        except Error as error:
            # PVE: the error is wrapped twice, each time with a line feed more.
            raise Error(f"entry '{pair}' contains invalid ID - {error.message}\n\n") from error
