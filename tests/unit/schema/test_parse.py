"""A call's parameters together: all errors at once, unknown and missing ones, companions, indexes, defaults."""

import pytest

from tests.unit.schema.calls import config, config_errors, errors
from tests.unit.schema.formats import ALL
from virtward.errors import Invalid
from virtward.schema.load import load
from virtward.schema.params import MISSING, UNDEFINED, Params
from virtward.schema.parse import parse_all
from virtward.schema.types import Boolean, Integer, String

USER = {
    "userid": String(format="pve-userid", max_length=64),
    "enable": Boolean(optional=True, default=True),
    "expire": Integer(optional=True, minimum=0),
    "append": Boolean(optional=True, requires="groups"),
    "groups": String(optional=True, format="pve-groupid-list"),
}


def test_values_come_typed_and_without_defaults() -> None:
    assert parse_all(USER, {"userid": "a@pve", "expire": "5"}, ALL) == {"userid": "a@pve", "expire": 5}


def test_defaults_are_filled_in_when_asked_for() -> None:
    assert parse_all(USER, {"userid": "a@pve"}, ALL, with_defaults=True) == {"userid": "a@pve", "enable": True}
    given = parse_all(USER, {"userid": "a@pve", "enable": "0"}, ALL, with_defaults=True)
    assert given == {"userid": "a@pve", "enable": False}


def test_every_error_is_found_at_once() -> None:
    assert errors(USER, userid="bad", enable="x", expire="-1", append="1", extra="1") == {
        "enable": "type check ('boolean') failed - got 'x'",
        "expire": "value must have a minimum value of 0",
        "extra": UNDEFINED,
        "groups": "missing property required by 'append'",
        "userid": "invalid format - value 'bad' does not look like a valid user name\n",
    }


def test_errors_come_in_the_order_of_their_names() -> None:
    with pytest.raises(Invalid) as caught:
        parse_all(USER, {"zz": "1", "enable": "x", "aa": "1"}, ALL)
    assert list(caught.value.errors) == ["aa", "enable", "userid", "zz"]


def test_what_is_mandatory_may_be_empty_but_not_missing() -> None:
    assert errors(USER) == {"userid": MISSING}
    assert errors(USER, userid=None) == {"userid": MISSING}
    assert parse_all({"p": String()}, {"p": ""}, ALL) == {"p": ""}


def test_a_name_without_a_value_counts_as_not_given() -> None:
    assert parse_all(USER, {"userid": "a@pve", "expire": None}, ALL) == {"userid": "a@pve"}


def test_a_name_without_a_value_still_has_to_be_known_and_accompanied() -> None:
    assert errors(USER, userid="a@pve", append=None, extra=None) == {
        "extra": UNDEFINED,
        "groups": "missing property required by 'append'",
    }


def test_two_errors_in_one_place_are_joined_as_upstream_joins_them() -> None:
    params = {"a": String(), "b": String(optional=True, requires="a")}
    assert errors(params, b="1") == {"a": f"{MISSING}\\nmissing property required by 'b'"}


def test_an_open_schema_lets_unknown_names_through() -> None:
    params = Params({"n": Integer()}, open=True)
    raw = {"n": "1", "x": 5, "y": ["a", 1.5, False], "z": True, "none": None}
    assert parse_all(params, raw, ALL) == {"n": 1, "x": "5", "y": ["a", "1.5", False], "z": True}
    assert errors(params, n="1", x={"a": "b"}, y=["a", ["b"]]) == {
        "x": "type check ('string') failed - got HASH",
        "y": "type check ('string') failed - got ARRAY",
    }


def test_indexed_names_stand_for_each_index_up_to_the_last() -> None:
    params = {"net[n]": Integer(optional=True, last=31)}
    assert parse_all(params, {"net0": "1", "net31": "2"}, ALL) == {"net0": 1, "net31": 2}
    for name in ("net", "net[n]", "net32", "net00", "net01", "net-1", "net1x", "Net1", "net123456", "xnet1"):
        assert errors(params, **{name: "1"}) == {name: UNDEFINED}


def test_an_index_without_a_last_one_is_bounded_by_its_digits() -> None:
    assert parse_all({"x[n]": String(optional=True)}, {"x99999": "a"}, ALL) == {"x99999": "a"}
    assert errors({"x[n]": String(optional=True)}, x100000="a") == {"x100000": UNDEFINED}


def test_a_machine_configuration_is_checked_whole() -> None:
    values = config(cores="4", net0="virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1", onboot="1", cpulimit="1.5")
    assert values == {
        "node": "n1",
        "vmid": 100,
        "cores": 4,
        "net0": {"model": "virtio", "macaddr": "BC:24:11:00:00:01", "bridge": "vmbr0", "firewall": True},
        "onboot": True,
        "cpulimit": 1.5,
    }
    assert config_errors(cores="0", scsi31="local:8", net0="bridge=vmbr0", scsi0="local-lvm", force="1") == {
        "cores": "value must have a minimum value of 1",
        "delete": "missing property required by 'force'",
        "net0": "invalid format - format error\nnet0.model: property is missing and it is not optional\n",
        "scsi0": "invalid format - format error\n"
        "scsi0.file: invalid format - unable to parse volume ID 'local-lvm'\n\n",
        "scsi31": UNDEFINED,
    }


def test_repeated_names_make_arrays_and_lists() -> None:
    exec_ = load().params("POST", "/nodes/{node}/qemu/{vmid}/agent/exec")
    raw = {"node": "n1", "vmid": "100", "command": ["ls", "-l"]}
    assert parse_all(exec_, raw, ALL)["command"] == ["ls", "-l"]
    assert parse_all(exec_, {**raw, "command": "ls"}, ALL)["command"] == ["ls"]
    acl = load().params("PUT", "/access/acl")
    values = parse_all(acl, {"path": "/", "roles": ["PVEAdmin", "NoAccess"], "users": "a@pve;b@pve"}, ALL)
    assert (values["roles"], values["users"]) == (["PVEAdmin", "NoAccess"], ["a@pve", "b@pve"])
    assert errors(acl, path=["/", "/vms"], roles="PVEAdmin") == {"path": "type check ('string') failed - got ARRAY"}
