"""One value or one call, parsed, in words."""

from collections.abc import Mapping

from tests.unit.schema.formats import ALL
from virtward.errors import Error, Invalid
from virtward.schema.load import load
from virtward.schema.params import Param
from virtward.schema.parse import parse_all
from virtward.schema.propstring import PropertyString, read
from virtward.schema.value import Value


def value_of(param: Param, raw: object) -> Value:
    """The value of one raw value."""
    return parse_all({"p": param}, {"p": raw}, ALL)["p"]


def error_of(param: Param, raw: object) -> str:
    """What is wrong with one raw value."""
    found = errors({"p": param}, p=raw)
    assert found.keys() == {"p"}, found
    return found["p"]


def errors(params: Mapping[str, Param], **raw: object) -> dict[str, str]:
    """What is wrong with a call; empty if nothing is."""
    try:
        parse_all(params, {name.replace("__", "-"): value for name, value in raw.items()}, ALL)
    except Invalid as error:
        return error.errors
    return {}


def config(**raw: object) -> dict[str, Value]:
    """The values of a change of a machine's configuration."""
    return parse_all(load().params("PUT", "/nodes/{node}/qemu/{vmid}/config"), on_machine(raw), ALL)


def config_errors(**raw: object) -> dict[str, str]:
    """What is wrong with a change of a machine's configuration."""
    return errors(load().params("PUT", "/nodes/{node}/qemu/{vmid}/config"), **on_machine(raw))


def on_machine(raw: Mapping[str, object]) -> dict[str, object]:
    """The parameters with those of the path."""
    return {"node": "n1", "vmid": "100", **raw}


def form(name: str) -> PropertyString:
    """A property string of a machine's configuration."""
    found = load().params("PUT", "/nodes/{node}/qemu/{vmid}/config").find(name)
    assert isinstance(found, PropertyString)
    return found


def keys(name: str, text: str) -> dict[str, Value]:
    """The values of a property string."""
    return read(text, form(name), ALL)


def keys_error(name: str, text: str) -> str:
    """What is wrong with a property string."""
    try:
        read(text, form(name), ALL, name)
    except Error as error:
        return error.message
    raise AssertionError(f"{name}={text} is right")
