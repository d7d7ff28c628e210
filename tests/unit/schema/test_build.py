"""The script that builds the data: what it keeps, what it refuses, and that it says when the data is stale."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools import build_schema
from virtward.schema.combinations import CPU_FLAGS

FLAGS = {"type": "string", "optional": 1, "list_sep": ";", "item_pattern": f"[+-]({'|'.join(CPU_FLAGS)})"}


def reference(folder: Path, **params: Any) -> Path:
    """A reference of two calls, one of them covered."""
    formats = {
        "pve-vm-cpu-conf": {"cputype": {"type": "string", "default_key": 1}, "flags": FLAGS},
        "ps:net~2": {
            "model": {"type": "string", "default_key": 1},
            "macaddr": {"type": "string", "optional": 1},
            "virtio": {"alias": "macaddr", "keyAlias": "model"},
        },
        "same": {"same_as": {"$fmt": "ps:net~2"}},
        "unused": {"a": {"type": "string"}},
    }
    endpoints = [
        {"method": "POST", "path": "/pools", "params": params, "perm": None, "params_open": 1},
        {"method": "GET", "path": "/cluster/ha", "params": {}, "perm": None},
    ]
    schema = {"meta": {"source": "a test"}, "formats": formats, "endpoints": endpoints}
    (folder / "pve-api.json").write_text(json.dumps(schema), encoding="utf-8")
    dynamic = {"qemu": {"max_index": {"net": 31}}}
    (folder / "dynamic-permissions.json").write_text(json.dumps(dynamic), encoding="utf-8")
    return folder


def built(folder: Path, **params: Any) -> Any:
    """The data made from it."""
    return json.loads(build_schema.build(reference(folder, **params)))


def test_keeps_the_covered_calls_and_the_formats_they_use(tmp_path: Path) -> None:
    data = built(tmp_path, cpu={"type": "string", "format": "pve-vm-cpu-conf"})
    assert [(call["method"], call["path"]) for call in data["endpoints"]] == [("GET", "/"), ("POST", "/pools")]
    assert data["endpoints"][1]["open"] == 1
    assert list(data["formats"]) == ["pve-vm-cpu-conf"]


def test_keeps_facts_in_one_form(tmp_path: Path) -> None:
    data = built(
        tmp_path,
        **{
            "net[n]": {"type": "string", "format": {"$fmt": "same"}, "optional": 1},
            "flag": {"type": "boolean", "default": "yes"},
            "size": {"type": "integer", "default": "32", "enum": ["16", "32"]},
            "lost": {"type": "string", "enum": None, "default_dynamic": "at run time"},
            "tags": {"type": "string", "pattern": r"(?i:[a-z0-9_][a-z0-9_\-\+\.]*)"},
            "words": {"type": "array", "items": {"type": "string"}},
        },
    )
    assert data["endpoints"][1]["params"] == {
        "flag": {"type": "boolean", "default": 1},
        "lost": {"type": "string"},
        "net[n]": {"type": "string", "optional": 1, "format": "same", "last": 31},
        "size": {"type": "integer", "enum": ["16", "32"], "default": 32},
        "tags": {"type": "string", "pattern": r"(?:[a-zA-Z0-9_][a-zA-Z0-9_\-\+\.]*)"},
        "words": {"type": "array", "items": {"type": "string"}},
    }
    assert data["formats"]["same"]["virtio"] == {"alias": "macaddr", "names": "model"}


@pytest.mark.parametrize("facts", [{"type": "string", "something": "new"}, {"type": "boolean", "default": "maybe"}])
def test_refuses_what_it_cannot_carry_over(tmp_path: Path, facts: Any, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.json"
    assert build_schema.main([str(reference(tmp_path, p=facts))], target) == 2
    assert not target.exists()
    assert "build_schema: " in capsys.readouterr().err


def test_refuses_another_list_of_cpu_flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_schema, "CPU_FLAGS", ("aes",))
    with pytest.raises(build_schema.Problem):
        built(tmp_path, cpu={"type": "string", "format": "pve-vm-cpu-conf"})


def test_says_whether_the_data_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, target = str(reference(tmp_path)), tmp_path / "out.json"
    assert build_schema.main([folder, "--check"], target) == 1
    assert not target.exists()
    assert build_schema.main([folder], target) == 0
    assert build_schema.main([folder, "--check"], target) == 0
    assert capsys.readouterr().out == "stale: out.json\nwritten: out.json\nup to date\n"


def test_a_missing_reference_is_an_error(tmp_path: Path) -> None:
    assert build_schema.main([str(tmp_path / "nowhere")], tmp_path / "out.json") == 2
