"""The package data: complete, well-formed, small."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from virtward.errors import Invalid
from virtward.policy.privileges import RELEASES as POLICY_RELEASES
from virtward.rules.conditions import holds
from virtward.rules.demands import _NAMED
from virtward.rules.loader import RELEASES, Rules, load
from virtward.rules.model import Check, Named, Rule, Tree, When
from virtward.rules.options import _VALUE_RULES

PRIVILEGE = re.compile(r"[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+)+")
CODE_CHECKED = (Path(__file__).parent / "code_checked.txt").read_text().splitlines()
METHODS = ("GET", "POST", "PUT", "DELETE")


@pytest.fixture(params=RELEASES)
def rules(request: pytest.FixtureRequest) -> Rules:
    return load(request.param)


def trees(rule: Rule) -> Iterator[Tree]:
    if rule.requires and "check" in rule.requires:
        yield rule.requires["check"]
    if rule.filter_tree:
        yield rule.filter_tree
    yield from (check.need for check in rule.checks if isinstance(check.need, list))


def assert_known(tree: object) -> None:
    """Only forms and options that upstream's evaluator knows, each with its arguments."""
    match tree:
        case ["and" | "or", *parts]:
            assert parts
            for part in parts:
                assert_known(part)
        case ["perm", str(path), [*names], *options]:
            assert path.startswith("/") or path == "{path}"
            assert all(PRIVILEGE.fullmatch(str(name)) for name in names)
            pairs = dict(zip(options[::2], options[1::2], strict=True))
            assert pairs.keys() <= {"any", "require_param"}
        case ["userid-group", [*names], *options]:
            assert all(PRIVILEGE.fullmatch(str(name)) for name in names)
            assert options in ([], ["groups_param", "create"], ["groups_param", "update"])
        case ["userid-param", name]:
            assert name in ("self", "Realm.AllocateUser")
        case ["perm-modify", str()]:
            pass
        case _:
            pytest.fail(f"unknown form: {tree}")


def every_check(rules: Rules) -> Iterator[tuple[Rule, Check]]:
    return ((rule, check) for rule in rules.rules for check in rule.checks)


def test_releases_are_those_of_the_policy() -> None:
    assert set(RELEASES) == set(POLICY_RELEASES)


def test_every_endpoint_of_both_releases_is_there() -> None:
    assert (len(load("9").rules), len(load("8.4").rules)) == (649, 605)
    assert (len({r.path for r in load("9").rules}), len({r.path for r in load("8.4").rules})) == (431, 398)


def test_rules_are_in_url_order_and_unique(rules: Rules) -> None:
    keys = [(rule.path.split("/"), METHODS.index(rule.method)) for rule in rules.rules]
    assert keys == sorted(keys)
    assert len({(rule.method, rule.path) for rule in rules.rules}) == len(rules.rules)


def test_every_gate_is_of_a_known_shape(rules: Rules) -> None:
    for rule in rules.rules:
        if rule.requires is not None:
            assert rule.requires.keys() <= {"user", "check"} and rule.requires
            assert rule.requires.get("user", "all") in ("all", "world")


def test_every_tree_has_only_known_forms(rules: Rules) -> None:
    for rule in rules.rules:
        for tree in trees(rule):
            assert_known(tree)


def test_calls_that_only_root_may_make_have_no_gate() -> None:
    only_root = [rule for rule in load("9").rules if rule.requires is None]
    assert len(only_root) == 15
    wipe = load("9").get("PUT", "/nodes/{node}/disks/wipedisk")
    assert wipe in only_root


@pytest.mark.parametrize("call", CODE_CHECKED)
def test_nothing_that_upstream_checks_in_code_is_dropped(call: str) -> None:
    rule = load("9").get(*call.split(" "))
    assert rule is not None
    said = (rule.checks, rule.root_params, rule.filter, rule.filter_tree, rule.note, not rule.allow_token)
    assert any(said)


def test_every_condition_can_be_evaluated(rules: Rules) -> None:
    for _, check in every_check(rules):
        assert holds(check.when, {}, None) is not None
        assert holds(check.when, dict.fromkeys(looked_at(check.when), "1"), "a@pve") is not None


def test_conditions_look_only_at_declared_parameters(rules: Rules) -> None:
    for rule, check in every_check(rules):
        names = {*looked_at(check.when), *check.each[:1], *(how[1] for how in check.bind.values())}
        assert names <= rule.params.keys(), (rule.method, rule.path, check.label)


def looked_at(when: When) -> Iterator[str]:
    if when.kind not in ("always", "depends") and when.args:
        yield when.args[0]
    for part in when.parts:
        yield from looked_at(part)


def test_every_name_in_a_tree_is_a_parameter_or_derived_or_said_to_be_open(rules: Rules) -> None:
    # PVE: this gate names {realm}, which isn't a parameter of the call; the check then reads `-`.
    quirk = "/cluster/jobs/realm-sync/{id}"
    for rule, check in every_check(rules):
        known = {*rule.params, *check.each[1:2], *check.bind, *check.open}
        names = set(re.findall(r"{([^}]*)}", str(check.need) if isinstance(check.need, list) else ""))
        assert names <= known or rule.path == quirk, (rule.method, rule.path, check.label)


def test_every_named_need_and_value_rule_is_implemented(rules: Rules) -> None:
    named = {check.need.rule for _, check in every_check(rules) if isinstance(check.need, Named)}
    assert named == _NAMED.keys()
    options = [*rules.options("qemu").names.values(), *rules.options("lxc").names.values()]
    assert {option.value for option in options if option.value} == _VALUE_RULES.keys()


def test_later_packages_show_only_in_9() -> None:
    assert not [check for _, check in every_check(load("8.4")) if check.since]
    assert {check.label for _, check in every_check(load("9")) if check.since} >= {"ha-managed=1", "start=1"}


def test_8_4_never_names_a_privilege_of_9() -> None:
    text = json.dumps([tree for rule in load("8.4").rules for tree in trees(rule)])
    assert "GuestAgent" not in text and "VM.Replicate" not in text
    assert "VM.Monitor" in text


def test_replication_is_gated_by_storage_in_8_4_and_checked_in_code_in_9() -> None:
    old = load("8.4").get("POST", "/cluster/replication")
    new = load("9").get("POST", "/cluster/replication")
    assert old and new
    assert (old.requires, old.checks) == ({"check": ["perm", "/storage", ["Datastore.Allocate"]]}, ())
    assert new.requires == {"user": "all"}
    assert [check.need for check in new.checks] == [["perm", "/vms/{guest}", ["VM.Replicate"]]]


def test_parameters_keep_type_format_choices_and_whether_they_are_optional() -> None:
    config = load("9").get("PUT", "/nodes/{node}/qemu/{vmid}/config")
    assert config is not None
    assert config.params["vmid"] == (False, "integer", "pve-vmid", (), False)
    assert config.params["net[n]"].indexed and config.param("net12") is config.params["net[n]"]
    assert config.param("citype") == (True, "string", "", ("configdrive2", "nocloud", "opennebula"), False)
    assert config.param("nonsense7") is None


def test_tokens_are_refused_where_upstream_refuses_them(rules: Rules) -> None:
    refused = {(rule.method, rule.path) for rule in rules.rules if not rule.allow_token}
    assert ("POST", "/access/ticket") in refused and ("PUT", "/access/password") in refused
    assert all(path.startswith("/access/") for _, path in refused)


def test_each_release_says_where_it_comes_from(rules: Rules) -> None:
    assert any("pve-docs" in source for source in rules.sources)
    assert any("qemu-server" in source for source in rules.sources)


def test_data_is_small_and_ends_with_a_newline() -> None:
    folder = files("virtward.rules") / "data"
    texts = [(folder / f"api-{release}.json").read_text(encoding="utf-8") for release in RELEASES]
    assert sum(map(len, texts)) < 600_000
    assert all(text.endswith("}\n") for text in texts)


def test_rules_are_loaded_once() -> None:
    assert load("9") is load("9") and load() is load("9")


def test_unknown_release_is_bad_input() -> None:
    with pytest.raises(Invalid) as refused:
        load("7")
    assert "8.4 and 9" in refused.value.errors["release"]


def test_filter_that_only_9_has_is_told_only_there() -> None:
    call = ("GET", "/nodes/{node}/lxc/{vmid}/pending")
    old, new = load("8.4").get(*call), load("9").get(*call)
    assert old and new
    assert (old.filter, "env" in new.filter) == ("", True)


def test_filter_of_a_listing_is_a_tree_where_upstream_has_one() -> None:
    guests = load("9").get("GET", "/nodes/{node}/qemu")
    assert guests is not None
    assert guests.filter_tree == ["perm", "/vms/{vmid}", ["VM.Audit"]]
