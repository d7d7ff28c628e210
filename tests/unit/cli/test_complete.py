from pathlib import Path

import pytest

from tests.unit.cli.process import virtward
from virtward.cli.commands import COMMANDS

SAMPLE = Path(__file__).parents[3] / "examples" / "user.cfg"


def offers(line: str, policy: Path | str = SAMPLE) -> list[str]:
    """What is offered at the end of a line; `@` stands for the option that names the sample."""
    words = line.replace("@@", f"--policy {policy}").split(" ")
    done = virtward("__complete", "--", *words, policy=None)
    assert (done.code, done.err) == (0, "")
    return done.out.splitlines()


def test_commands_are_offered_first() -> None:
    assert offers("") == sorted(row.name for row in COMMANDS)
    assert offers("wh") == ["what-can", "who-can", "why"]
    assert offers("@@ wh") == ["what-can", "who-can", "why"]


def test_options_are_those_of_the_command() -> None:
    assert offers("what-can --") == ["--endpoints", "--help", "--output", "--policy", "--release", "--under"]
    assert "--quiet" in offers("can -")
    assert offers("show -o ") == ["json", "table", "text", "yaml"]
    assert offers("show --output=j") == ["--output=json"]
    assert offers("--release ") == ["8.4", "9"]


def test_subjects_come_from_the_file() -> None:
    assert offers("@@ can a") == ["alice@pve"]
    assert offers("can @@ ci") == ["ci@pve", "ci@pve!deploy", "ci@pve!report"]
    assert offers("who-can @@ ali") == []


def test_privileges_and_methods() -> None:
    assert offers("can alice@pve VM.Snap") == ["VM.Snapshot", "VM.Snapshot.Rollback"]
    assert offers("can alice@pve VM.Audit,VM.Mi") == ["VM.Audit,VM.Migrate"]
    assert offers("can --release 8.4 alice@pve VM.Mo") == ["VM.Monitor"]
    assert offers("who-can P") == ["POST", "PUT", "Permissions.Modify", "Pool.Allocate", "Pool.Audit"]


def test_paths_go_segment_by_segment() -> None:
    assert offers("can @@ alice@pve VM.Audit /p") == ["/pool", "/pool/"]
    assert offers("can @@ alice@pve VM.Audit /pool/w") == ["/pool/web", "/pool/web/"]
    assert offers("what-can @@ alice@pve --under /vms/11") == ["/vms/110", "/vms/111"]


def test_api_paths_are_filled_from_the_file() -> None:
    assert offers("can @@ alice@pve GET /nodes/n1/qemu/11") == [
        "/nodes/n1/qemu/110",
        "/nodes/n1/qemu/110/",
        "/nodes/n1/qemu/111",
        "/nodes/n1/qemu/111/",
    ]
    assert offers("who-can @@ PUT /nodes/n1/qemu/110/conf") == ["/nodes/n1/qemu/110/config"]
    assert offers("who-can @@ DELETE /access/users/fr") == ["/access/users/frank@pve", "/access/users/frank@pve/"]


def test_parameters_and_their_values() -> None:
    line = "can @@ alice@pve PUT /nodes/n1/qemu/110/config"
    assert offers(f"{line} co") == ["cores="]
    assert offers(f"{line} cores=4 co") == []
    assert offers(f"{line} bios=") == ["bios=ovmf", "bios=seabios"]


def test_nouns_shells_and_files(tmp_path: Path) -> None:
    assert offers("show p") == ["pools", "privileges"]
    assert offers("completion ") == ["bash", "fish", "zsh"]
    (tmp_path / "user.cfg").touch()
    (tmp_path / "under").mkdir()
    assert offers(f"check --policy {tmp_path}/u") == [f"{tmp_path}/under/", f"{tmp_path}/user.cfg"]


@pytest.mark.parametrize(
    "line", ["nosuch x", "can --policy /no/such a", "show users x", "can @@ alice@pve GET /x/y ", "-- "]
)
def test_where_nothing_fits_nothing_is_said(line: str) -> None:
    assert offers(line) in ([], sorted(row.name for row in COMMANDS))


def test_hostile_names_are_not_offered(tmp_path: Path) -> None:
    path = tmp_path / "user.cfg"
    path.write_bytes(b"user:ev\x1bil@pve:1:0::::::\nuser:ev\xffil@pve:1:0::::::\nuser:even@pve:1:0::::::\n")
    assert offers("can @@ ev", path) == ["even@pve"]
