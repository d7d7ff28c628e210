"""What differs between releases."""

from virtward.rules.difference import diff
from virtward.rules.loader import load

OLD, NEW = load("8.4"), load("9")
DIFFERENCE = diff(OLD, NEW)
CHANGED = {(change.new.method, change.new.path): change for change in DIFFERENCE.changed}


def test_added_and_removed_calls_are_those_of_only_one_release() -> None:
    assert [(rule.method, rule.path) for rule in DIFFERENCE.removed] == [("GET", "/nodes/{node}/scan/glusterfs")]
    assert len(DIFFERENCE.added) == 45
    assert NEW.get("POST", "/cluster/bulk-action/guest/start") in DIFFERENCE.added


def test_guest_agent_calls_change_their_gate() -> None:
    agent = [change for change in DIFFERENCE.changed if "/agent" in change.new.path]
    assert len(agent) == 26
    assert all(change.gate and not change.checks for change in agent)


def test_replication_moves_from_the_gate_into_code() -> None:
    assert (CHANGED["POST", "/cluster/replication"].gate, CHANGED["POST", "/cluster/replication"].checks) == (
        True,
        True,
    )


def test_checks_that_came_with_9_are_differences() -> None:
    for key in [
        ("POST", "/nodes/{node}/qemu"),
        ("PUT", "/nodes/{node}/qemu/{vmid}/config"),
        ("POST", "/nodes/{node}/qemu/{vmid}/monitor"),
        ("POST", "/nodes/{node}/qemu/{vmid}/snapshot/{snapname}/rollback"),
    ]:
        assert CHANGED[key].checks


def test_same_demand_written_differently_is_no_difference() -> None:
    key = ("GET", "/nodes/{node}/sdn/zones/{zone}")
    old, new = OLD.get(*key), NEW.get(*key)
    assert old and new and old.requires != new.requires
    assert key not in CHANGED


def test_release_does_not_differ_from_itself() -> None:
    assert diff(NEW, NEW) == ((), (), ())


def test_calls_a_holder_of_vm_monitor_loses_follow_from_both_releases() -> None:
    needs_it = [rule for rule in OLD.rules if "VM.Monitor" in str(rule.requires)]
    assert len(needs_it) == 27
    assert all((rule.method, rule.path) in CHANGED for rule in needs_it)
