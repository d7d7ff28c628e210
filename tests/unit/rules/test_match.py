"""Which endpoint a URL means, and what is suggested for one that means none."""

import pytest

from virtward.rules.loader import Rules, load
from virtward.rules.match import build, find, split

RULES = load("9")


def test_path_variables_become_parameters() -> None:
    found = RULES.find("PUT", "/nodes/n1/qemu/100/config")
    assert found is not None
    assert found.rule.path == "/nodes/{node}/qemu/{vmid}/config"
    assert found.params == {"node": "n1", "vmid": "100"}


@pytest.mark.parametrize(
    "url",
    [
        "/nodes/n1/qemu",
        "nodes/n1/qemu",
        "/api2/json/nodes/n1/qemu",
        "/api2/extjs/nodes/n1/qemu",
        "/api2/json//nodes/n1//qemu/",
        "https://pve.example.org:8006/api2/json/nodes/n1/qemu",
        "/nodes/n%31/qemu",
        "/nodes%2Fn1/qemu",
    ],
)
def test_spelling_of_a_url_does_not_matter(url: str) -> None:
    found = RULES.find("get", url)
    assert found is not None
    assert (found.rule.path, found.params) == ("/nodes/{node}/qemu", {"node": "n1"})


def test_query_becomes_parameters_but_the_path_wins() -> None:
    found = RULES.find("GET", "/access/users/a%40pve?full=1&userid=b@pve&comment=x+y%2B&")
    assert found is not None
    assert found.params == {"userid": "a@pve", "full": "1", "comment": "x y+"}


def test_literal_segment_wins_over_a_variable() -> None:
    trie = build([("GET", "/a/{x}", False), ("GET", "/a/b", False), ("GET", "/a/{x}/c", False)])
    assert find(trie, "GET", ("a", "b")) == (1, {})
    assert find(trie, "GET", ("a", "z")) == (0, {"x": "z"})


def test_variable_is_tried_where_the_literal_leads_nowhere() -> None:
    trie = build([("GET", "/a/b", False), ("GET", "/a/{x}/c", False)])
    assert find(trie, "GET", ("a", "b", "c")) == (1, {"x": "b"})


@pytest.mark.parametrize("volume", ["iso/x.iso", "iso%2Fx.iso", "local:iso/x.iso"])
def test_volume_takes_the_rest_of_the_path(volume: str) -> None:
    found = RULES.find("DELETE", f"/nodes/n1/storage/local/content/{volume}")
    assert found is not None
    assert found.rule.path == "/nodes/{node}/storage/{storage}/content/{volume}"
    assert found.params["volume"] == volume.replace("%2F", "/")


def test_cidr_takes_the_rest_of_the_path() -> None:
    found = RULES.find("PUT", "/nodes/n1/lxc/100/firewall/ipset/inner/10.0.0.0/24")
    assert found is not None
    assert found.params == {"node": "n1", "vmid": "100", "name": "inner", "cidr": "10.0.0.0/24"}


def test_root_is_found_but_not_listed() -> None:
    found = RULES.find("GET", "/api2/json/")
    assert found is not None
    assert found.rule.requires == {"user": "all"}
    assert found.rule not in RULES.rules


def test_every_rule_is_found_by_its_own_template() -> None:
    for rules in (RULES, load("8.4")):
        for rule in rules.rules:
            assert rules.get(rule.method, rule.path) == rule


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/nodes/n1/qemu/100/agent/ping"),
        ("PATCH", "/nodes/n1/qemu"),
        ("GET", "/nonsense"),
        ("GET", "/nodes/n1/qemu/100/config/x"),
        ("GET", "/api2/xml/version"),
        ("GET", "/vms/100"),
    ],
)
def test_unknown_call_is_none(method: str, url: str) -> None:
    assert RULES.find(method, url) is None


def test_method_of_a_known_path_is_suggested() -> None:
    assert RULES.suggest("GET", "/api2/json/nodes/n1/qemu/100/agent/ping") == (
        "POST /nodes/n1/qemu/100/agent/ping",
    )


def test_path_with_a_typing_error_is_suggested_as_it_should_be() -> None:
    assert RULES.suggest("PUT", "/nodes/n1/qemu/100/confg")[0] == "PUT /nodes/n1/qemu/100/config"
    assert RULES.suggest("post", "/nodes/n1/qmu/100/status/start")[0] == "POST /nodes/n1/qemu/100/status/start"


def test_suggestion_has_a_method_that_the_path_has() -> None:
    assert "POST /cluster/bulk-action/guest/start" in RULES.suggest("GET", "/cluster/bulk-action/guest/strt")


def test_nothing_is_suggested_for_something_quite_different() -> None:
    assert RULES.suggest("GET", "/zzzzzzzzzzzzzzzz") == ()


def test_url_is_taken_apart_like_a_browser_does() -> None:
    assert split("http://h/api2/json/a%2Fb?x=1;y=%20#top") == (("a", "b"), {"x": "1", "y": " "})


def test_endpoints_from_elsewhere_keep_the_checks_that_only_code_knows() -> None:
    described: Rules = Rules.from_endpoints(
        "9",
        [
            {"method": "PUT", "path": "/pools", "name": "update_pool", "requires": {"user": "all"}},
            {"method": "GET", "path": "/brand/new", "name": "new", "requires": None},
            {
                "method": "PUT",
                "path": "/nodes/{node}/storage/{storage}/content/{volume}",
                "name": "updateattributes",
                "requires": {"user": "all"},
                "params": {"notes": "string?"},
            },
        ],
        load("9"),
        sources=("a host",),
    )
    pools, new, volume = described.rules
    known = load("9").get("PUT", "/pools")
    assert known is not None
    assert (pools.requires, pools.checks) == ({"user": "all"}, known.checks)
    assert (new.requires, new.checks) == (None, ())
    assert described.find("PUT", "/nodes/n/storage/s/content/iso/x") is not None
    assert volume.checks and volume.params.keys() == {"notes"}
    assert described.sources == ("a host",)
