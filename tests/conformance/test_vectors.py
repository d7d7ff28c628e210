"""The recorded verdicts of Proxmox VE's own code, against the engine."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import calls
from tests.conformance.kinds import Case
from tests.conformance.run import cases, main, run_case
from virtward.errors import Error
from virtward.policy.model import Policy
from virtward.policy.usercfg import render

VECTORS = Path(__file__).parent.parent / "vectors"
FILES = sorted(VECTORS.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_engine_gives_the_recorded_verdicts(path: Path) -> None:
    for content in cases(path):
        wrong = [(index, query, got) for index, query, outcome, got in run_case(content) if outcome == "failed"]
        assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_edits_end_as_recorded(path: Path) -> None:
    for content in cases(path):
        for query in content["queries"]:
            if query["kind"] == "api" and calls.covered(query):
                policy = Case(content).policy
                stage, result = calls.outcome(query, policy, content.get("domains", ""))
                expected = query["expected"]
                assert stage == expected["stage"], query
                if isinstance(result, Policy):
                    assert calls.same_change(expected, render(policy), render(result)), query
                else:
                    assert isinstance(result, Error)
                    assert calls.same_error(expected["error"], result), query


def test_two_thousand_recorded_edits_are_covered() -> None:
    counted = [calls.covered(q) for path in FILES for c in cases(path) for q in c["queries"] if q["kind"] == "api"]
    assert counted.count(True) > 2_000


def test_runner_ends_with_counts_and_names_what_it_skips(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(VECTORS) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].endswith(" passed, 0 failed")
    assert int(lines[-1].split()[0]) > 10_000
    assert any(line.startswith("skipped ") and "'api'" in line for line in lines)


def _flip(expected: Any) -> Any:
    """An expectation with its verdict turned round."""
    if "ok" in expected:
        return {"ok": not expected["ok"]}
    return {"ok": True} if "error" in expected else expected | {"allowed": not expected["allowed"]}


@pytest.mark.parametrize("kind", ["check", "check_any", "api_gate", "check_perm_modify", "user_enabled"])
def test_a_changed_verdict_fails(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = json.loads((VECTORS / "r001000-token.json").read_text())
    changed = copy.deepcopy(content)
    query = next(q for q in changed["queries"] if q["kind"] == kind)
    query["expected"] = _flip(query["expected"])
    (tmp_path / "changed.json").write_text(json.dumps(changed))
    assert main(tmp_path) == 1
    assert capsys.readouterr().out.splitlines()[-1].endswith(" passed, 1 failed")


def test_a_changed_privilege_flag_fails(tmp_path: Path) -> None:
    content = json.loads((VECTORS / "r001000-token.json").read_text())
    shared = next(each for each in content["privsets"] if 1 in each.values())
    name = next(name for name, flag in shared.items() if flag == 1)
    shared[name] = 0
    (tmp_path / "changed.json").write_text(json.dumps(content))
    assert main(tmp_path) == 1


def test_an_unknown_kind_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = {"name": "odd", "now": 0, "config": "", "queries": [{"kind": "divination", "expected": {"ok": True}}]}
    (tmp_path / "odd.json").write_text(json.dumps({"cases": [case]}))
    assert main(tmp_path) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 1 failed"


def test_command_fails_on_a_folder_without_vectors(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.conformance.run", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=VECTORS.parent.parent, check=False)
    assert done.returncode == 2
    assert "no vector files" in done.stderr


KNOWN_KINDS = {
    "template": ([["/vms/{vmid}", {"vmid": "100"}], ["/a/{x}{y}", {"x": "0"}]], ["/vms/100", "/a/--"]),
    "normalize_path": (["/vms//100/", "0", "0/"], ["/vms/100", None, "/"]),
}


@pytest.mark.parametrize("kind", KNOWN_KINDS)
def test_rarer_kinds_are_answered(kind: str) -> None:
    values, expected = KNOWN_KINDS[kind]
    content = {"config": "", "now": 0, "queries": [{"kind": kind, "values": values, "expected": expected}]}
    assert [outcome for _, _, outcome, _ in run_case(content)] == ["passed"]
