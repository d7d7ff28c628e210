"""Laws: nothing but Invalid ever comes out of parsing, and what is written reads to the same."""

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.schema.formats import ALL
from tests.unit.schema.values import TEXT, any_call, property_string, right_call
from virtward.errors import Error, Invalid
from virtward.schema.formats import check
from virtward.schema.load import load
from virtward.schema.params import Params
from virtward.schema.parse import parse_all
from virtward.schema.propstring import PropertyString, read, write
from virtward.schema.value import Value

LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SCHEMAS = load()
FORMS = [SCHEMAS.property_string(name) for name in SCHEMAS.formats]

# Nobody defines the formats of the firewall's parameters yet.
PARAMS = [SCHEMAS.params(*call) for call in SCHEMAS.calls if "/firewall" not in call[1]]
RIGHT_CALLS = st.sampled_from(PARAMS).flatmap(lambda params: st.tuples(st.just(params), right_call(params)))
CALLS = st.sampled_from(PARAMS).flatmap(lambda params: st.tuples(st.just(params), any_call(params)))
STRINGS = st.sampled_from(FORMS).flatmap(lambda form: st.tuples(st.just(form), property_string(form)))


@LAW
@given(RIGHT_CALLS)
def test_what_a_schema_allows_is_taken(call: tuple[Params, Mapping[str, object]]) -> None:
    params, raw = call
    assert parse_all(params, raw, ALL).keys() == raw.keys()


@LAW
@given(CALLS, st.booleans())
def test_parsing_raises_nothing_but_invalid(call: tuple[Params, Mapping[str, object]], defaults: bool) -> None:
    params, raw = call
    try:
        values = parse_all(params, raw, ALL, with_defaults=defaults)
    except Invalid as error:
        assert error.errors
        assert all(text and isinstance(text, str) for text in error.errors.values())
        return
    assert None not in values.values()
    assert values.keys() >= {name for name in params.required}
    assert defaults or values.keys() <= raw.keys()


@LAW
@given(CALLS)
def test_parsing_is_the_same_every_time_and_in_every_order(call: tuple[Params, Mapping[str, object]]) -> None:
    params, raw = call
    backwards = dict(reversed(list(raw.items())))
    assert outcome(params, raw) == outcome(params, backwards)


def outcome(params: Params, raw: Mapping[str, object]) -> object:
    try:
        return repr(sorted(parse_all(params, raw, ALL).items()))
    except Invalid as error:
        return list(error.errors.items())


@LAW
@given(st.sampled_from(sorted(ALL)), st.sampled_from(["", "-list", "-opt"]), TEXT)
def test_formats_raise_nothing_but_errors(name: str, suffix: str, text: str) -> None:
    try:
        check(name + suffix, text, ALL)
    except Error as error:
        assert error.message


@LAW
@given(STRINGS, st.lists(TEXT, max_size=2))
def test_what_was_read_is_written_and_reads_to_the_same(case: tuple[PropertyString, str], more: list[str]) -> None:
    form, text = case
    try:
        values = read(",".join([text, *more]), form, ALL)
    except Error:
        assert more
        return
    assert read(write(values, form), form, ALL) == values


NET = SCHEMAS.property_string("ps:net~2")
DRIVE = SCHEMAS.property_string("ps:scsi")
WORDS = st.from_regex(r"[a-z0-9._-]{1,12}", fullmatch=True)
MACS = st.integers(0, 2**40 - 1).map(lambda n: "02:" + ":".join(f"{n:010x}"[i : i + 2] for i in range(0, 10, 2)))


@LAW
@given(
    st.fixed_dictionaries(
        {"model": st.sampled_from(["virtio", "e1000", "vmxnet3", "ne2k_pci"])},
        optional={
            "macaddr": MACS,
            "bridge": WORDS,
            "firewall": st.booleans(),
            "tag": st.integers(1, 4094),
            "rate": st.floats(0, 1000),
            "trunks": st.just("2;5-7"),
        },
    )
)
def test_a_network_device_is_written_and_read(values: Mapping[str, Value]) -> None:
    assert read(write(values, NET), NET, ALL) == values


@LAW
@given(
    st.fixed_dictionaries(
        {"file": st.one_of(WORDS.map(lambda word: f"local:{word}"), st.just("local:a=b"), st.just("none"))},
        optional={
            "size": st.integers(0, 2**50).map(lambda kib: f"{kib}K"),
            "ssd": st.booleans(),
            "cache": st.sampled_from(["none", "writeback"]),
            "iops_rd": st.integers(0, 10**6),
            "mbps": st.floats(0, 1e6, allow_subnormal=False),
        },
    )
)
def test_a_drive_is_written_and_read(values: Mapping[str, Value]) -> None:
    assert read(write(values, DRIVE), DRIVE, ALL) == values
