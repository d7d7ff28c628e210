"""The package data: complete, well-formed, small, and the same as the rules' calls."""

import re
import time
from collections.abc import Iterator
from importlib.resources import files

import pytest

from tests.unit.schema.formats import ALL
from virtward.errors import Error, Invalid, ProgramError
from virtward.rules.loader import load as load_rules
from virtward.schema.formats import check
from virtward.schema.load import load
from virtward.schema.params import Param, Params
from virtward.schema.propstring import PropertyString
from virtward.schema.types import Array, Boolean, Integer, ListOf, Number, Scalar
from virtward.schema.value import Scope

SCHEMAS = load()

# Formats of the firewall's parameters, which nothing serves yet; a value that has one of them is refused.
UNDEFINED = {
    "pve-fw-addr-spec",
    "pve-fw-dport-spec",
    "pve-fw-icmp-type-spec",
    "pve-fw-protocol-spec",
    "pve-fw-sport-spec",
}

SERVED = {
    "/version",
    "/access/ticket",
    "/access/vncticket",
    "/access/users/{userid}/token/{tokenid}",
    "/access/acl",
    "/access/tfa",
    "/access/permissions",
    "/access/password",
    "/access/domains/{realm}",
    "/pools",
    "/pools/{poolid}",
    "/storage/{storage}",
    "/cluster",
    "/cluster/resources",
    "/cluster/nextid",
    "/cluster/status",
    "/cluster/tasks",
    "/cluster/log",
    "/cluster/options",
    "/nodes",
    "/nodes/{node}",
    "/nodes/{node}/status",
    "/nodes/{node}/version",
    "/nodes/{node}/time",
    "/nodes/{node}/tasks/{upid}/log",
    "/nodes/{node}/network/{iface}",
    "/nodes/{node}/storage/{storage}/content/{volume}",
    "/nodes/{node}/qemu",
    "/nodes/{node}/storage/{storage}/upload",
    "/nodes/{node}/qemu/{vmid}/config",
    "/nodes/{node}/qemu/{vmid}/status/start",
    "/nodes/{node}/qemu/{vmid}/resize",
    "/nodes/{node}/qemu/{vmid}/feature",
    "/nodes/{node}/qemu/{vmid}/rrddata",
}


def params() -> Iterator[tuple[str, Param]]:
    """Every parameter there is, those inside others included."""
    for method, path in SCHEMAS.calls:
        yield from within(f"{method} {path}", SCHEMAS.params(method, path))


def within(where: str, found: Params) -> Iterator[tuple[str, Param]]:
    for name, param in found.items():
        yield f"{where} {name}", param
        if isinstance(param, PropertyString):
            yield from within(f"{where} {name}", param.keys)
        if isinstance(param, Array):
            yield f"{where} {name}[]", param.items


def test_the_data_is_small() -> None:
    data = files("virtward.schema") / "data" / "params-9.json"
    assert len(data.read_bytes()) < 300_000


def test_there_are_no_other_releases() -> None:
    with pytest.raises(Invalid):
        load("8.4")


def test_every_call_of_the_server_is_there() -> None:
    assert SERVED - {path for _, path in SCHEMAS.calls} == set()
    assert len(SCHEMAS.calls) > 190


def test_calls_and_names_are_those_of_the_rules() -> None:
    rules = load_rules("9")
    for method, path in SCHEMAS.calls:
        rule = rules.get(method, path)
        assert rule is not None, path
        found = SCHEMAS.params(method, path)
        later = {"regenerate"} if "tokenid" in path and method == "PUT" else set()
        assert found.keys() - later == rule.params.keys() - later
        assert {n for n in found if found[n].optional} - later == {
            n for n, param in rule.params.items() if param.optional
        } - later
        assert found.open == rule.open_params


def test_what_a_path_names_is_mandatory() -> None:
    for method, path in SCHEMAS.calls:
        missing = set(re.findall(r"{([^}]*)}", path)) - set(SCHEMAS.params(method, path).required)
        # PVE: the position of a firewall rule and the storage of a volume are declared optional.
        assert missing <= {"pos", "storage"}, path


def test_an_unknown_call_or_property_string_is_a_fault_of_the_program() -> None:
    with pytest.raises(ProgramError):
        SCHEMAS.params("GET", "/no/such/call")
    with pytest.raises(ProgramError):
        SCHEMAS.property_string("no-such-form")


def test_the_parameters_of_a_call_are_made_once() -> None:
    assert SCHEMAS.params("GET", "/version") is SCHEMAS.params("GET", "/version")
    assert load() is SCHEMAS


def test_every_format_is_defined_but_those_of_the_firewall() -> None:
    names = {param.format for _, param in params() if isinstance(param, Scalar) and param.format}
    names |= {f"{param.item}-list" for _, param in params() if isinstance(param, ListOf)}
    missing = set()
    for name in names:
        try:
            check(name, "", ALL)
        except Error as error:
            missing |= {name} if error.message == f"undefined format '{name}'" else set()
    assert missing == UNDEFINED


def test_property_strings_name_existing_keys() -> None:
    for name in SCHEMAS.formats:
        form = SCHEMAS.property_string(name)
        assert form.default_key == "" or form.default_key in form.keys
        for alias in form.aliases.values():
            assert alias.target in form.keys
            assert alias.names == "" or alias.names in form.keys
        assert form.keys.keys() & form.aliases.keys() == set()


def test_companions_exist() -> None:
    for method, path in SCHEMAS.calls:
        found = SCHEMAS.params(method, path)
        assert {param.requires for param in found.values()} - {""} <= found.keys()
    for name in SCHEMAS.formats:
        keys = SCHEMAS.property_string(name).keys
        assert {param.requires for param in keys.values()} - {""} <= keys.keys()


def test_defaults_are_right_themselves() -> None:
    wrong = set()
    for where, param in params():
        if param.default is not None and param.parse(param.default, Scope("", ALL, {})) != param.default:
            wrong.add((where.split()[-1], param.default))
    # PVE: "all of them" and "none" are told by values that a caller can't give.
    assert wrong == {("vcpus", 0)}


def test_types_and_limits_fit() -> None:
    for where, param in params():
        if isinstance(param, Boolean):
            assert param.default in (None, True, False), where
        if isinstance(param, Integer):
            assert isinstance(param.default, int | None), where
            assert all(choice.isdigit() for choice in param.choices), where
        if isinstance(param, Number) and None not in (param.minimum, param.maximum):
            assert (param.minimum or 0) <= (param.maximum or 0), where


def test_indexed_parameters_know_their_last_index() -> None:
    last = {name: param.last for where, param in params() if (name := where.split()[-1]).endswith("[n]")}
    assert last == {
        "hostpci[n]": 15,
        "ide[n]": 3,
        "ipconfig[n]": 31,
        "net[n]": 31,
        "numa[n]": 7,
        "parallel[n]": 2,
        "sata[n]": 5,
        "scsi[n]": 30,
        "serial[n]": 3,
        "unused[n]": 255,
        "usb[n]": 13,
        "virtio[n]": 15,
        "virtiofs[n]": 9,
    }


def test_no_pattern_takes_long_to_fail() -> None:
    patterns = {param.pattern for _, param in params() if isinstance(param, Scalar) and param.pattern}
    assert len(patterns) > 40
    assert not any("(?i" in pattern for pattern in patterns)
    pieces = (
        "a",
        "1",
        "a.",
        "a;",
        "a=a,",
        "0-0;",
        "net0=1,",
        "+aes;",
        "acl;",
        "ab:cd:",
        "a/a-",
        "a_",
        "-",
        "0000:00",
    )
    started = time.perf_counter()
    for pattern in patterns:
        compiled = re.compile(f"^{pattern}$")
        for piece in pieces:
            compiled.search(piece * 60 + "\n\n")
    assert time.perf_counter() - started < 5


def test_devices_to_boot_from_are_those_that_a_machine_may_have() -> None:
    found = SCHEMAS.params("PUT", "/nodes/{node}/qemu/{vmid}/config")
    for kind in ("ide", "sata", "scsi", "virtio", "net", "usb", "hostpci"):
        last = found[f"{kind}[n]"].last
        assert last is not None
        ALL["pve-qm-bootdev"](f"{kind}{last}")
        with pytest.raises(Error):
            ALL["pve-qm-bootdev"](f"{kind}{last + 1}")
