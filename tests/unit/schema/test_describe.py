"""Descriptions in JSON Schema."""

import json

from virtward.schema.describe import describe, describe_all
from virtward.schema.load import load
from virtward.schema.params import Params
from virtward.schema.types import Array, Boolean, Integer, ListOf, Number, String, enum


def test_types() -> None:
    assert describe(String()) == {"type": "string"}
    assert describe(String(format="ip", pattern="a|b", min_length=1, max_length=9)) == {
        "type": "string",
        "format": "ip",
        "pattern": "^(?:a|b)$",
        "minLength": 1,
        "maxLength": 9,
    }
    assert describe(Integer(minimum=0, maximum=5, default=0)) == {
        "type": "integer",
        "minimum": 0,
        "maximum": 5,
        "default": 0,
    }
    assert describe(Number(minimum=0.5)) == {"type": "number", "minimum": 0.5}
    assert describe(Boolean(default=True)) == {"type": "integer", "enum": [0, 1], "default": 1}
    assert describe(enum("a", "b", default="a")) == {"type": "string", "enum": ["a", "b"], "default": "a"}
    assert describe(Integer(choices=("1", "2"))) == {"type": "integer", "enum": [1, 2]}
    assert describe(ListOf(item="pve-vmid", default=["a", "b"])) == {
        "type": "string",
        "format": "pve-vmid-list",
        "default": "a,b",
    }
    assert describe(Array(items=String())) == {"type": "array", "items": {"type": "string"}}


def test_a_call() -> None:
    params = {
        "node": String(format="pve-node"),
        "net[n]": String(optional=True, last=3),
        "unused[n]": String(optional=True, last=255),
        "force": Boolean(optional=True, requires="delete"),
        "delete": String(optional=True),
    }
    assert describe_all(params) == {
        "type": "object",
        "properties": {
            "node": {"type": "string", "format": "pve-node"},
            "force": {"type": "integer", "enum": [0, 1]},
            "delete": {"type": "string"},
        },
        "patternProperties": {
            "^net(?:0|1|2|3)$": {"type": "string"},
            "^unused[0-9]+$": {"type": "string"},
        },
        "required": ["node"],
        "dependentRequired": {"force": ["delete"]},
        "additionalProperties": False,
    }
    assert describe_all(Params({}, open=True)) == {
        "type": "object",
        "properties": {},
        "additionalProperties": True,
    }


def test_a_property_string_shows_its_keys() -> None:
    found = describe(load().property_string("ps:net~2"))
    assert found["type"] == "string"
    assert found["x-default-key"] == "model"
    aliases = found["x-aliases"]
    assert isinstance(aliases, dict)
    assert aliases["virtio"] == "macaddr"
    keys = found["x-keys"]
    assert isinstance(keys, dict)
    assert keys["required"] == ["model"]


def test_every_call_has_a_description_that_is_json() -> None:
    for method, path in load().calls:
        assert json.loads(json.dumps(describe_all(load().params(method, path))))["type"] == "object"
