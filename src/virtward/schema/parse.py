"""Parsing a call's parameters: raw values in, typed values out, or every error at once."""

from collections.abc import Mapping

from ..errors import Invalid
from .params import Param, Params
from .value import Formats, Scope, Value


def parse_all(
    params: Mapping[str, Param],
    raw: Mapping[str, object],
    formats: Formats,
    *,
    with_defaults: bool = False,
) -> dict[str, Value]:
    """The values of what was given, by name, and with `with_defaults` the fixed defaults of what wasn't.

    A raw None is a name without a value. Raises Invalid with upstream's words for every name that is unknown,
    missing or wrong; a format that isn't in `formats` makes its value wrong.
    """
    schema = params if isinstance(params, Params) else Params(params)
    errors: dict[str, str] = {}
    values = schema.check(raw, Scope("", formats, errors))
    if errors:
        raise Invalid(dict(sorted(errors.items())))
    return {**schema.defaults(), **values} if with_defaults else values
