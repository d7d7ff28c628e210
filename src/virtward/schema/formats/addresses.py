"""Formats of the network: addresses, networks, names, interfaces."""

import re
from collections.abc import Mapping
from ipaddress import AddressValueError, IPv6Address, ip_network

from ...errors import Error
from ..value import Check
from .matching import fitting, matching

_OCTET = r"(?:25[0-5]|(?:2[0-4]|1[0-9]|[1-9])?[0-9])"
_V4 = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9\-]*[a-zA-Z0-9])?"
_DNS_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
_PREFIX = re.compile(r"([^/]*)/([0-9]{1,9})")
_ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9\-_]+")
_HOST = r"(?:[^\W_]|[.\-])+"
_HOST_AND_PORT = re.compile(rf"{_HOST}(?::\d+)?")
_BRACKETS = re.compile(r"\[([^\[\]]+)\](?::\d+)?")
_VLANS = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?$")
_LOCAL_PART = r"[\w+\-~]+(?:\.[\w+\-~]+)*"
_LONGEST_V6 = 45

_MASKS = frozenset(
    ".".join(str((0xFFFFFFFF << 32 - bits) >> shift & 255) for shift in (24, 16, 8, 0)) for bits in range(33)
)


def is_v4(text: str) -> bool:
    """Whether this is a dotted IPv4 address."""
    return _V4.fullmatch(text) is not None


def is_v6(text: str) -> bool:
    """Whether this is an IPv6 address without a zone."""
    if "%" in text or len(text) > _LONGEST_V6:
        return False
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def is_ip(text: str) -> bool:
    """Whether this is an address of either kind."""
    return is_v4(text) or is_v6(text)


def is_dns_name(text: str) -> bool:
    """Whether this is a host name, with or without domains."""
    return _DNS_NAME.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Whether this is an address or a host name."""
    return is_ip(text) or is_dns_name(text)


def is_v4_network(text: str) -> bool:
    """Whether this is an IPv4 address with a prefix of at least 8 bits."""
    match = _PREFIX.fullmatch(text)
    return match is not None and 8 <= int(match[2]) <= 32 and is_v4(match[1])


def is_v6_network(text: str) -> bool:
    """Whether this is an IPv6 address with a prefix of at least 8 bits."""
    match = _PREFIX.fullmatch(text)
    return match is not None and 8 <= int(match[2]) <= 128 and is_v6(match[1])


def is_network(text: str) -> bool:
    """Whether this is a network of either kind."""
    return is_v4_network(text) or is_v6_network(text)


def is_host_and_port(text: str) -> bool:
    """Whether this is a host or an address, with or without a port: `h:1`, `[::1]:1`, `::1.1`."""
    brackets = _BRACKETS.fullmatch(text)
    if brackets:
        return re.fullmatch(_HOST, brackets[1]) is not None or is_v6(brackets[1])
    address, _, port = text.rpartition(".")
    return _HOST_AND_PORT.fullmatch(text) is not None or is_v6(text) or (port.isdigit() and is_v6(address))


def _check_ip_or_cidr(text: str) -> None:
    text = text.removesuffix("\n")
    address, slash, bits = text.partition("/")
    if not is_ip(address) or (slash and not re.fullmatch("[0-9]{1,9}", bits)):
        raise Error("value does not look like a valid IP address or CIDR network")
    try:
        ip_network(text)
    except ValueError as error:
        raise Error(f"Invalid prefix {text}") from error


def _check_ip_cidr_or_alias(text: str) -> None:
    if not _ALIAS.fullmatch(text.removesuffix("\n")):
        _check_ip_or_cidr(text)


def _check_vlans(text: str) -> None:
    match = _VLANS.match(text)
    if match is None:
        raise Error(f"invalid VLAN configuration '{text}'")
    tags = [tag for tag in match.groups() if tag is not None]
    for tag in tags:
        if not 2 <= int(tag) <= 4094:
            raise Error(f"invalid VLAN tag '{tag}'")
    if len(tags) == 2 and int(tags[0]) >= int(tags[1]):
        raise Error(f"VLAN range must go from lower to higher tag '{text}'")


FORMATS: Mapping[str, Check] = {
    "ipv4": fitting(is_v4, "value does not look like a valid IPv4 address"),
    "ipv6": fitting(is_v6, "value does not look like a valid IPv6 address"),
    "ip": fitting(is_ip, "value does not look like a valid IP address"),
    "ipv4mask": fitting(_MASKS.__contains__, "value does not look like a valid IP netmask"),
    "CIDRv4": fitting(is_v4_network, "value does not look like a valid IPv4 CIDR network"),
    "CIDRv6": fitting(is_v6_network, "value does not look like a valid IPv6 CIDR network"),
    "CIDR": fitting(is_network, "value does not look like a valid CIDR network"),
    "IPorCIDR": _check_ip_or_cidr,
    "IPorCIDRorAlias": _check_ip_cidr_or_alias,
    "pve-ipv4-config": fitting(
        lambda text: text in ("dhcp", "manual") or is_v4_network(text),
        "value does not look like a valid ipv4 network configuration",
    ),
    "pve-ipv6-config": fitting(
        lambda text: text in ("auto", "dhcp", "manual") or is_v6_network(text),
        "value does not look like a valid ipv6 network configuration",
    ),
    "dns-name": fitting(is_dns_name, "value does not look like a valid DNS name"),
    "address": fitting(is_address, "value does not look like a valid address: {}"),
    "email": matching(
        rf"{_LOCAL_PART}@[a-zA-Z0-9\-]+(?:\.[a-zA-Z0-9\-]+)*", "value does not look like a valid email address"
    ),
    "mac-addr": matching(
        r"[a-fA-F0-9][02468aceACE](?::[a-fA-F0-9]{2}){5}",
        "value does not look like a valid unicast MAC address",
    ),
    "mac-prefix": matching(
        r"[a-fA-F0-9][02468aceACE](?::[a-fA-F0-9]{2}){0,2}(?::[a-fA-F0-9]?)?",
        "value is not a valid unicast MAC address prefix",
    ),
    "pve-node": matching(_LABEL, "value does not look like a valid node name"),
    "pve-iface": matching(r"[a-zA-Z][a-zA-Z0-9_]{1,20}(?:[:.]\d+)?", "invalid network interface name '{}'"),
    "pve-bridge-id": matching(r"[-_.\w]+", "invalid bridge ID '{}'"),
    "pve-vlan-id-or-range": _check_vlans,
    "ldap-simple-attr": matching(r"[a-zA-Z0-9]+", "value '{}' does not look like a simple ldap attribute name"),
}
"""Format name -> check."""
