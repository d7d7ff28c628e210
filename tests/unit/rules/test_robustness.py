"""Whatever is asked, expanding a rule answers with well-formed demands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.rules.calls import words
from virtward.rules.demands import expand
from virtward.rules.loader import Rules, load

ODD_VALUES = ("", "0", "1", "x", "/dev/sdb", "a:b,c=d;e", "none,media=cdrom", "{vmid}", "st:100/vm-100-disk-0.raw")
ODD_TEXTS = st.text("ab1:/,=;-{} ", max_size=12)
OPTIONS = (*load("9").options("qemu").names, "net[n]", "nonsense", "delete", "revert", "force", "pool", "skiplock")


@pytest.mark.parametrize("release", ["8.4", "9"])
@pytest.mark.parametrize("value", ODD_VALUES)
def test_any_value_for_every_parameter_gives_well_formed_demands(release: str, value: str) -> None:
    rules: Rules = load(release)
    for rule in rules.rules:
        params = {name.replace("[n]", "0"): value for name in rule.params}
        assert all(words(demand) for demand in expand(rule, params))
        assert all(words(demand) for demand in expand(rule, {}, "a@pve!t"))


@given(st.dictionaries(st.sampled_from(OPTIONS), ODD_TEXTS | st.sampled_from(ODD_VALUES), max_size=8))
def test_any_configuration_gives_well_formed_demands(options: dict[str, str]) -> None:
    params = {"node": "n1", "vmid": "100", **{name.replace("[n]", "0"): value for name, value in options.items()}}
    for method, url in (("PUT", "/nodes/n1/qemu/100/config"), ("POST", "/nodes/n1/qemu")):
        found = load("9").find(method, url)
        assert found is not None
        assert all(words(demand) for demand in expand(found.rule, params))
