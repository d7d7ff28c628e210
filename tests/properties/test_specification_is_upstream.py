"""The executable specification gives the verdicts recorded from upstream: the engine's judge is judged too."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.run import cases, text
from tests.spec import evaluate as spec
from tests.spec.policy import Policy, read

VECTORS = Path(__file__).parent.parent / "vectors"
FLAGS: dict[object, set[bool]] = {0: {False}, 1: {True}, "*": {False, True}}

Answers = dict[str, spec.Flags | None]


def policy(case: dict[str, Any]) -> Policy:
    if "config_b64" in case:
        return read(base64.b64decode(case["config_b64"]))
    return read(case.get("config", "").encode())


def recorded(query: dict[str, Any], case: dict[str, Any]) -> list[Answers]:
    """The accepted answers to a query: path -> what is held."""
    sets = case["rolesets" if query["kind"] == "roles" else "privsets"]

    def held(found: Any) -> spec.Flags | None:
        if found == "Administrator":
            found = {"Administrator": 1}
        return None if found is None else {name: FLAGS[flag] for name, flag in found.items()}

    accepted = query.get("expected_any_of", [query.get("expected")])
    return [{path: held(sets[index]) for path, index in each.items()} for each in accepted]


def specified(query: dict[str, Any], found: Policy) -> Answers:
    who = query["authid"]
    match query["kind"]:
        case "roles":
            return {path: spec.roles(found, who, path) for path in query["paths"]}
        case "permissions":
            return {path: spec.privileges(found, who, path) for path in query["paths"]}
        case _:
            return dict(spec.effective(found, who))


@pytest.mark.conformance
def test_the_specification_gives_every_recorded_verdict() -> None:
    asked = 0
    for path in sorted(VECTORS.glob("*.json")):
        for case in cases(path):
            queries = [q for q in case["queries"] if q["kind"] in ("roles", "permissions", "effective")]
            found = policy(case)
            for query in map(text, queries):
                assert specified(query, found) in recorded(query, case), (path.name, query)
                asked += 1
    assert asked > 1000
