"""Calls recorded from Proxmox VE's own code: what its schema refuses is refused alike, nothing else is."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.unit.schema.formats import ALL
from virtward.errors import Invalid
from virtward.rules.loader import load as load_rules
from virtward.schema.load import load
from virtward.schema.parse import parse_all

VECTORS = Path(__file__).parents[2] / "vectors"
Query = dict[str, Any]


@cache
def recorded() -> tuple[tuple[Query, Query], ...]:
    """Every recorded call with what upstream did."""
    found = []
    for path in sorted(VECTORS.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        for case in content.get("cases", [content]):
            for query in case["queries"]:
                if query["kind"] == "api":
                    found += [
                        (query, expected) for expected in query.get("expected_any_of", [query.get("expected")])
                    ]
    return tuple(found)


def at(*stages: str) -> Iterator[tuple[Query, Query]]:
    """The calls that upstream ended in these stages."""
    return ((query, expected) for query, expected in recorded() if expected["stage"] in stages)


def errors(query: Query) -> Mapping[str, str]:
    """What is wrong with a call's parameters."""
    found = load_rules("9").find(query["method"], query["uri"])
    assert found is not None, query
    params = load().params(found.rule.method, found.rule.path)
    try:
        parse_all(params, {**query["params"], **found.params}, ALL)
    except Invalid as error:
        assert error.status == 400
        assert error.message == "Parameter verification failed."
        return error.errors
    return {}


def test_what_upstream_refuses_is_refused_with_its_words() -> None:
    refused = [(query, expected["error"]["errors"], errors(query)) for query, expected in at("validation")]
    assert len(refused) > 150
    assert [entry for entry in refused if entry[1] != entry[2]] == []


def test_what_upstream_lets_through_is_let_through() -> None:
    passed = [(query, errors(query)) for query, _ in at("execution", "done")]
    assert len(passed) > 1600
    assert [entry for entry in passed if entry[1]] == []


def test_the_recorded_refusals_are_of_every_common_kind() -> None:
    kinds = Counter(
        text.split(" - ")[0].split(" ('")[0].split(" '")[0]
        for _, expected in at("validation")
        for text in expected["error"]["errors"].values()
    )
    assert kinds.keys() == {
        "invalid format",
        "missing property required by",
        "type check",
        "value does not match the regex pattern",
        "value must have a minimum value of 0",
    }
