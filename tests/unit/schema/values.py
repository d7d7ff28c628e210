"""Strategies: raw values that a parameter takes, calls that are right, and text that is anything."""

import re
from collections.abc import Mapping

from hypothesis import strategies as st

from tests.unit.schema.examples import RIGHT
from virtward.schema.params import Param, Params
from virtward.schema.propstring import PropertyString
from virtward.schema.types import Array, Boolean, ListOf, Number, Scalar

# Text of any kind, and text that is nearly right: pieces that the schemas' values are made of.
PIECES = st.sampled_from(
    [
        *(
            ",",
            ";",
            "=",
            ":",
            "/",
            ".",
            "-",
            "+",
            "\n",
            "\0",
            " ",
            "\u2003",
            "\u0665",
            "\udc80",
            "%",
            "[",
            "]",
            "@",
        ),
        *("virtio", "bridge", "vmbr0", "local", "8G", "order", "scsi0", "net0", "model", "on", "1", "0", "100"),
        *("BC:24:11:00:00:01", "10.0.0.1", "::1", "host", "enabled", "file", "size", "iso", "a@pve", "PVEAdmin"),
    ]
)
TEXT = st.one_of(st.text(max_size=20), st.lists(PIECES, max_size=12).map("".join))
JSON: st.SearchStrategy[object] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)


ANY = st.characters()
WITHIN = st.characters(codec="ascii", min_codepoint=33, max_codepoint=126, exclude_characters=",")


def takes(param: Param) -> st.SearchStrategy[object]:
    """Raw values that a parameter takes."""
    match param:
        case Boolean():
            return st.sampled_from(["0", "1", 0, 1, True, False])
        case Array():
            return st.lists(takes(param.items), max_size=3)
        case ListOf():
            items = st.lists(st.sampled_from(RIGHT[param.item]), max_size=1 if param.max_length else 3)
            return st.one_of(items, items.map(", ".join), items.map(";".join))
        case _:
            return text(param)


def text(param: Param, characters: st.SearchStrategy[str] = ANY) -> st.SearchStrategy[str]:
    """Texts that a parameter takes, be it one of a call or a key of a property string."""
    match param:
        case PropertyString():
            return property_string(param)
        case ListOf():
            return st.lists(st.sampled_from(RIGHT[param.item]), min_size=1, max_size=3).map(";".join)
        case Scalar(choices=(_, *_)):
            return st.sampled_from(param.choices)
        case Number():
            first = int(param.minimum or 0)
            last = first + 10**6 if param.maximum is None else int(param.maximum)
            return st.integers(100 if param.format else first, last).map(str)
        case Scalar():
            return _plain_text(param, characters)
        case _:
            return st.sampled_from(["0", "1"])


def _plain_text(param: Scalar, characters: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    least, most = param.min_length or 0, param.max_length or 10**6
    if param.format:
        right = RIGHT[param.format.removesuffix("-opt")]
        found = [text for text in right if not param.pattern or re.search(f"^{param.pattern}$", text)]
        return st.sampled_from([text for text in found if least <= len(text) <= most])
    if param.pattern:
        pattern = re.compile(param.pattern, re.ASCII)
        return st.from_regex(pattern, fullmatch=True, alphabet=characters).map(lambda text: text[:most])
    return st.text(characters, min_size=max(least, 1), max_size=min(most, 20))


RULED = {
    "pve-vm-cpu-conf": ["host", "x86-64-v2,hidden=1", "cputype=host,flags=+aes;-pcid"],
    "prune-backups": ["keep-all=1", "keep-last=3,keep-daily=1", "keep-all=1,keep-last=0"],
}


@st.composite
def property_string(draw: st.DrawFn, form: PropertyString) -> str:
    """Texts of a property string, right ones."""
    if form.rule is not None:
        return draw(st.sampled_from(RULED[form.name]))
    parts = []
    for name in draw(names(form.keys)):
        value = draw(text(form.keys[name], WITHIN).filter(lambda text: text.strip() == text != ""))
        other = [alias for alias, found in form.aliases.items() if found.target == name and not found.names]
        bare = name == form.default_key and "=" not in value and draw(st.booleans())
        parts.append(value if bare else f"{draw(st.sampled_from([name, *other]))}={value}")
    return ",".join(draw(st.permutations(parts))) if parts else ""


@st.composite
def names(draw: st.DrawFn, params: Params) -> list[str]:
    """Names that can be given together: all that are mandatory, a few others, and their companions."""
    found = set(params.required)
    if params:
        found |= set(draw(st.lists(st.sampled_from(sorted(params)), max_size=4)))
    while missing := {params[name].requires for name in found} - found - {""}:
        found |= missing
    return sorted(found)


@st.composite
def right_call(draw: st.DrawFn, params: Params) -> dict[str, object]:
    """Raw parameters that a call takes."""
    found = draw(names(params))
    return {name.replace("[n]", "0"): draw(takes(params[name])) for name in found}


@st.composite
def any_call(draw: st.DrawFn, params: Params) -> dict[str, object]:
    """Raw parameters of which some are right, some wrong, some missing and some unknown."""
    raw = draw(right_call(params))
    known = st.sampled_from(sorted(raw)) if raw else TEXT
    wrong: Mapping[str, object] = draw(st.dictionaries(st.one_of(known, TEXT), st.one_of(TEXT, JSON), max_size=2))
    left_out = draw(st.sets(known, max_size=1))
    return {name: value for name, value in {**raw, **wrong}.items() if name not in left_out}
