"""What a machine gets that is nowhere else: MAC addresses, its UUID, its generation id.

Rule: random bytes are asked of the caller: `random(n)` gives `n` of them.
"""

import uuid
from collections.abc import Callable, Mapping

from ..schema.value import Value
from . import boot, options, texts
from .config import Config
from .crypt import hashed, is_hashed

Random = Callable[[int], bytes]

_PREFIX = "BC:24:11"
_MANY = 100


def mac(random: Random) -> str:
    """A MAC address with upstream's prefix, in upper case."""
    return ":".join([_PREFIX, *(f"{byte:02X}" for byte in random(3))])


def identity(random: Random) -> str:
    """A random UUID."""
    return str(uuid.UUID(bytes=random(16), version=4))


def with_hash(given: Mapping[str, Value], random: Random) -> dict[str, Value]:
    """Options as a caller gives them, a password in them replaced by its hash: nothing else may be kept."""
    password = given.get("cipassword")
    if not isinstance(password, str) or not password or is_hashed(password):
        return dict(given)
    return {**given, "cipassword": hashed(password, random)}


def with_macs(config: Mapping[str, str], random: Random) -> Config:
    """The configuration with a MAC address for each network interface that has none."""
    found = {name: texts.parts(name, text) for name, text in config.items() if options.index(name)[0] == "net"}
    taken = {keys["macaddr"].upper() for keys in found.values() if "macaddr" in keys}
    given: dict[str, str] = {}
    for name, keys in found.items():
        if "macaddr" not in keys:
            address = next((new for new in (mac(random) for _ in range(_MANY)) if new not in taken), mac(random))
            taken.add(address)
            given[name] = texts.joined(name, {**keys, "macaddr": address})
    return Config({**config, **given})


def completed(config: Mapping[str, str], random: Random, *, ctime: int) -> Config:
    """The configuration of a new machine with all that upstream adds: addresses, ids, boot order, `meta`.

    `ctime` is when it was made, in Unix seconds.
    """
    whole = dict(with_macs(config, random))
    smbios = texts.parts("smbios1", whole["smbios1"]) if "smbios1" in whole else {}
    whole["smbios1"] = texts.joined("smbios1", {"uuid": identity(random), **smbios})
    if whole.get("vmgenid", "1") == "1":
        whole["vmgenid"] = identity(random)
    order = boot.default(whole)
    if "boot" not in whole and "bootdisk" not in whole and order is not None:
        whole["boot"] = order
    whole["meta"] = f"ctime={ctime}"
    return Config(whole)
