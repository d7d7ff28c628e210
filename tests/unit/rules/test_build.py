"""The script that builds the data, on a reference made for the test."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from tools import build_rules

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

AUDIT: Json = {"check": ["perm", "/vms/{vmid}", ["VM.Audit"]]}
PING = "/nodes/{node}/qemu/{vmid}/agent/ping"


def endpoint(method: str, path: str, *params: str, perm: Json = None) -> dict[str, Json]:
    """An endpoint of a schema; a parameter whose name ends with `?` is optional."""
    declared: dict[str, Json] = {
        name.rstrip("?"): {"type": "string", **({"optional": 1} if name.endswith("?") else {})} for name in params
    }
    return {"method": method, "path": path, "name": "x", "params": declared, "perm": perm, "allowtoken": 1}


def schema(monitor: str, *more: dict[str, Json]) -> Json:
    """A schema with the endpoints that the script looks for; `monitor` is the privilege of the guest agent."""
    endpoints: list[Json] = [
        endpoint("POST", "/nodes/{node}/qemu", "node", "vmid", "cores?", "archive?", perm={"user": "all"}),
        endpoint("PUT", "/nodes/{node}/qemu/{vmid}/config", "node", "vmid", "cores?", "digest?", perm=AUDIT),
        endpoint("POST", "/nodes/{node}/lxc", "node", "vmid", "cores?", "restore?", perm={"user": "all"}),
        endpoint("PUT", "/nodes/{node}/lxc/{vmid}/config", "node", "vmid", "cores?", "delete?", perm=AUDIT),
        endpoint("POST", PING, "node", "vmid", perm={"check": ["perm", "/vms/{vmid}", [monitor]]}),
        *more,
    ]
    return {"meta": {"source": "a schema"}, "endpoints": endpoints}


def guest(**more: Json) -> Json:
    return {
        "config_option_privileges": {"cores": "VM.Config.CPU"},
        "default_for_unlisted_option": "root (500)",
        "value_rules": {
            "cpu-model": {
                "need_9.1.14+": ["perm", "/mapping/cpu/{name}", ["Mapping.Use"]],
                "need_before": ["perm", "/nodes", ["Sys.Audit"]],
            }
        },
        **more,
    }


def write_reference(folder: Path, rules: list[Json], *extra: dict[str, Json]) -> Path:
    """A reference folder; `rules` are what the code of POST /nodes/{node}/qemu checks."""
    code: list[Json] = [{"method": "POST", "path": "/nodes/{node}/qemu", "gate": {"user": "all"}, "rules": rules}]
    files: Mapping[str, Json] = {
        "pve-api-8.4.json": schema("VM.Monitor"),
        "pve-api.json": schema("VM.GuestAgent.Audit", *extra),
        "dynamic-permissions.json": {
            "meta": {"release": "code of a release"},
            "qemu": guest(**{"options_added_since_8.4": []}),
            "lxc": guest(),
            "endpoints": code,
        },
        "guest-agent.json": {
            "meta": {"source": "agent"},
            "commands": {
                "ping": {
                    "http": "POST",
                    "path": PING,
                    "check": ["perm", "/vms/{vmid}", ["VM.GuestAgent.Audit"]],
                    "check_8.4": ["perm", "/vms/{vmid}", ["VM.Monitor"]],
                }
            },
        },
        "hmp.json": {
            "meta": {"source": "monitor"},
            "by_level": {"none": ["info"]},
            "rule_8.4": {"read_only": "^info or ^help", "else": ["perm", "/", ["Sys.Modify"]]},
        },
        "api-diff-8-9.json": {"in_sources_after_9.1.3_schema": {"endpoints": ["GET /later"]}},
        "privileges.json": {
            "privileges": {
                "VM.Replicate": {"in_8.4": False, "in_9": True},
                "VM.Audit": {"in_8.4": True, "in_9": True},
            }
        },
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def checks(folder: Path, release: str) -> list[dict[str, Json]]:
    """The checks that the built data has for POST /nodes/{node}/qemu."""
    data = json.loads(build_rules.build(folder)[f"api-{release}.json"])
    found = next(e for e in data["endpoints"] if (e["method"], e["path"]) == ("POST", "/nodes/{node}/qemu"))
    listed: list[dict[str, Json]] = found.get("checks", [])
    return listed


def test_building_twice_gives_the_same_text(tmp_path: Path) -> None:
    folder = write_reference(tmp_path, [])
    first, second = build_rules.build(folder), build_rules.build(folder)
    assert first == second
    assert first.keys() == {"api-8.4.json", "api-9.json"}
    assert all(text.endswith("\n]\n}\n") for text in first.values())


def test_each_endpoint_is_a_line_in_url_order(tmp_path: Path) -> None:
    folder = write_reference(
        tmp_path, [], endpoint("GET", "/access"), endpoint("GET", "/nodes/{node}/qemu", "node")
    )
    lines = build_rules.build(folder)["api-9.json"].splitlines()
    paths = [json.loads(line.rstrip(","))["path"] for line in lines if line.startswith('{"method"')]
    assert paths[0] == "/access"
    assert paths == sorted(paths, key=lambda path: path.split("/"))
    assert len(paths) == 7


def test_known_prose_becomes_a_structured_check(tmp_path: Path) -> None:
    folder = write_reference(tmp_path, [{"if": "archive given", "need": "volume_access(...)"}])
    (check,) = checks(folder, "9")
    assert check["when"] == ["given", "archive"]
    assert check["need"] == {"rule": "volume-access", "volume": "archive", "vmid": "vmid", "type": "backup"}


def test_unknown_prose_is_kept_and_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_reference(tmp_path, [{"if": "the moon is full", "need": "courage"}])
    (check,) = checks(folder, "9")
    assert check["when"] == ["depends", "the moon is full"]
    assert check["need"] == {"depends": "courage"}
    assert "the moon is full" in capsys.readouterr().err


def test_checks_of_9_stay_out_of_8_4(tmp_path: Path) -> None:
    audit: Json = ["perm", "/vms/{vmid}", ["VM.Audit"]]
    rules: list[Json] = [
        {"if": "something", "need": ["perm", "/vms/{vmid}", ["VM.Replicate"]]},
        {"if": "something else", "need": audit, "since": "qemu-server 9.1.8 (2026-04)"},
        {"if": "anything", "need": audit},
    ]
    folder = write_reference(tmp_path, rules)
    assert len(checks(folder, "9")) == 3
    assert [check["label"] for check in checks(folder, "8.4")] == ["anything"]


def test_condition_on_a_parameter_that_does_not_exist_stops_the_build(tmp_path: Path) -> None:
    rules: list[Json] = [{"if": "storage given", "need": ["perm", "/storage/{storage}", ["VM.Audit"]]}]
    with pytest.raises(build_rules.Problem, match="storage"):
        build_rules.build(write_reference(tmp_path, rules))


def test_control_parameters_are_told_from_options(tmp_path: Path) -> None:
    data = json.loads(build_rules.build(write_reference(tmp_path, []))["api-9.json"])
    assert data["options"]["qemu"]["control"] == {
        "create": ["archive", "node", "vmid"],
        "update": ["digest", "node", "vmid"],
    }
    assert data["options"]["lxc"]["control"] == {
        "create": ["node", "restore", "unprivileged", "vmid"],
        "update": ["delete", "node", "vmid"],
    }


def test_contradiction_about_the_guest_agent_stops_the_build(tmp_path: Path) -> None:
    folder = write_reference(tmp_path, [])
    (folder / "pve-api.json").write_text(json.dumps(schema("VM.Audit")))
    with pytest.raises(build_rules.Problem, match="ping"):
        build_rules.build(folder)


def test_check_tells_fresh_from_stale_and_writes_nothing(tmp_path: Path) -> None:
    folder, target = write_reference(tmp_path, []), tmp_path / "data"
    target.mkdir()
    assert build_rules.main([str(folder), "--check"], target) == 1
    assert list(target.iterdir()) == []
    assert build_rules.main([str(folder)], target) == 0
    assert build_rules.main([str(folder), "--check"], target) == 0
    (target / "api-9.json").write_text("{}\n")
    assert build_rules.main([str(folder), "--check"], target) == 1


def test_folder_without_a_reference_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_rules.main([str(tmp_path)], tmp_path) == 2
    assert "privileges.json" in capsys.readouterr().err


def test_shipped_data_has_the_layout_the_script_writes() -> None:
    for release in build_rules.RELEASES:
        text = (build_rules.TARGET / f"api-{release}.json").read_text(encoding="utf-8")
        data = json.loads(text)
        records = [build_rules.compact(record) for record in data["endpoints"]]
        head = [
            f"{build_rules.compact(key)}:{build_rules.compact(data[key])}" for key in data if key != "endpoints"
        ]
        rest = '"endpoints":[\n' + ",\n".join(records) + "\n]"
        assert text == "{\n" + ",\n".join([*head, rest]) + "\n}\n"
