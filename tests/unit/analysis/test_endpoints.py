"""What can a subject do, call by call: the verdicts, what they depend on, and brute force beside them."""

import re
from collections.abc import Iterator
from itertools import product
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.properties.configurations import files
from virtward.analysis.endpoints import ALLOWED, DENIED, DEPENDS, Reach, endpoints
from virtward.analysis.endpoints_formula import (
    All,
    Among,
    Any,
    Formula,
    Said,
    among,
    both,
    either,
    negated,
)
from virtward.analysis.endpoints_formula import given as narrowed
from virtward.analysis.endpoints_terms import Terms
from virtward.analysis.question import about_call, answer
from virtward.policy.model import Policy
from virtward.policy.requirement import Holds, Requirement, decide, parse_gate
from virtward.policy.requirement import parse as parse_tree
from virtward.policy.usercfg import parse
from virtward.rules.loader import load
from virtward.rules.model import Rule, Tree

RULES = load("9")
QEMU = "/nodes/{node}/qemu/{vmid}"

SITE = b"""\
user:alice@pve:1:0::::::
user:bob@pve:1:0::::::
user:carl@pve:1:0::::::
user:dora@pve:1:0::::::
token:alice@pve!ci:0:1::
token:alice@pve!all:0:0::
group:ops:bob@pve,dora@pve::
pool:web::100,101,102:local:
pool:web/front::105::
pool:db::300::
role:Oper:VM.Audit,VM.PowerMgmt,VM.Config.CPU:
acl:1:/vms:alice@pve:PVEVMAdmin:
acl:1:/vms/105:alice@pve:NoAccess:
acl:1:/vms/100:alice@pve!ci:PVEVMUser:
acl:1:/vms/105:alice@pve!ci:PVEVMUser:
acl:1:/pool/web:@ops:PVEVMUser:
acl:1:/vms/200:bob@pve:Oper:
acl:1:/sdn/zones/z1:bob@pve:PVESDNUser:
acl:1:/sdn/zones/z1/v2:bob@pve:NoAccess:
acl:1:/access/groups/ops:bob@pve:PVEUserAdmin:
acl:1:/access/realm/pve:bob@pve:PVEUserAdmin:
acl:1:/:carl@pve:Administrator:
"""
POLICY = parse(SITE).policy


def reach(subject: str, method: str, path: str, policy: Policy = POLICY) -> Reach:
    return next(r for r in endpoints(policy, subject, RULES) if (r.method, r.path) == (method, path))


# What the answer says


def test_every_call_of_the_release_is_judged_in_url_order() -> None:
    found = endpoints(POLICY, "bob@pve", RULES)
    assert [(r.method, r.path) for r in found] == [(rule.method, rule.path) for rule in RULES.rules]
    assert len(found) == 649


def test_root_may_everything() -> None:
    assert {(r.verdict, r.on) for r in endpoints(POLICY, "root@pam", RULES)} == {(ALLOWED, ())}


@pytest.mark.parametrize("subject", ["bob@pve", "carl@pve", "alice@pve!ci"])
def test_a_call_without_a_rule_is_roots_alone(subject: str) -> None:
    closed = {(rule.method, rule.path) for rule in RULES.rules if rule.requires is None}
    found = endpoints(POLICY, subject, RULES)
    assert closed and {r.verdict for r in found if (r.method, r.path) in closed} == {DENIED}


def test_an_administrator_is_only_kept_from_what_is_roots() -> None:
    for found in endpoints(POLICY, "carl@pve", RULES):
        assert found.verdict != DEPENDS or all("root@pam" in line or "itself" in line for line in found.on), found


CASES: list[tuple[str, str, str, str, tuple[str, ...]]] = [
    # For some machines.
    ("bob@pve", "GET", f"{QEMU}/config", DEPENDS, ("vmid: 100, 101, 102, 105, 200",)),
    ("alice@pve", "GET", f"{QEMU}/config", DEPENDS, ("vmid: all but 105",)),
    ("alice@pve!ci", "GET", f"{QEMU}/config", DEPENDS, ("vmid: 100",)),
    ("alice@pve!all", "GET", f"{QEMU}/config", DEPENDS, ("vmid: all but 105",)),
    ("dora@pve", "POST", f"{QEMU}/snapshot", DENIED, ()),
    ("bob@pve", "GET", "/cluster/replication/{id}", DEPENDS, ("guest: 100, 101, 102, 105, 200",)),
    # Zones and their networks.
    ("bob@pve", "GET", "/nodes/{node}/sdn/zones/{zone}/content", DEPENDS, ("zone: z1",)),
    ("bob@pve", "GET", "/cluster/sdn/vnets/{vnet}", DEPENDS, ("zone/vnet: z1/* (but not z1/v2)",)),
    ("dora@pve", "GET", "/cluster/sdn/vnets/{vnet}", DENIED, ()),
    # Users.
    ("dora@pve", "GET", "/access/users/{userid}/token", DEPENDS, ("userid: itself",)),
    ("bob@pve", "GET", "/access/users/{userid}/token", DEPENDS, ("userid: itself or userid in group: ops",)),
    ("bob@pve", "POST", "/access/users", DEPENDS, ("realm of userid: pve", "groups: ops")),
    ("alice@pve!ci", "GET", "/access/users/{userid}/token", DENIED, ()),
    ("dora@pve", "PUT", "/access/password", DEPENDS, ("userid: itself",)),
    ("alice@pve!all", "PUT", "/access/password", DENIED, ("API tokens are refused",)),
    # ACL entries.
    (
        "alice@pve",
        "PUT",
        "/access/acl",
        DEPENDS,
        ("path: /vms/* (but not /vms/105)", "delegating roles: Permissions.Modify on {path}"),
    ),
    ("bob@pve", "PUT", "/access/acl", DENIED, ()),
    ("carl@pve", "PUT", "/access/acl", ALLOWED, ()),
    # Open to everybody.
    ("dora@pve", "GET", "/access/domains", ALLOWED, ("open to everybody, without logging on",)),
    # Checks in code: those that pass disappear; where one of several arises anyway, the call is denied.
    (
        "bob@pve",
        "POST",
        "/cluster/bulk-action/guest/start",
        DEPENDS,
        ("vms given: only vms: 100, 101, 102, 105, 200", "vms not given: VM.PowerMgmt on /"),
    ),
    ("bob@pve", "POST", "/cluster/bulk-action/guest/migrate", DENIED, ()),
    ("carl@pve", "POST", "/cluster/bulk-action/guest/migrate", ALLOWED, ()),
    ("bob@pve", "POST", "/nodes/{node}/vzdump", DENIED, ()),
    ("dora@pve", "DELETE", "/nodes/{node}/storage/{storage}/content/{volume}", DENIED, ()),
    (
        "dora@pve",
        "DELETE",
        "/nodes/{node}/tasks/{upid}",
        DEPENDS,
        ("a task that isn't the caller's own: Sys.Modify on /nodes/{node}",),
    ),
    # What is kept for root@pam within a call doesn't count, and is said.
    ("carl@pve", "POST", f"{QEMU}/status/reset", ALLOWED, ("reserved for root@pam: skiplock",)),
]


@pytest.mark.parametrize(("subject", "method", "path", "verdict", "on"), CASES)
def test_the_verdict_and_what_it_depends_on(
    subject: str, method: str, path: str, verdict: str, on: tuple[str, ...]
) -> None:
    assert reach(subject, method, path)[2:] == (verdict, on)


def test_a_conditional_check_that_would_fail_is_named_with_what_it_asks() -> None:
    found = reach("bob@pve", "POST", f"{QEMU}/status/suspend")
    assert found.verdict == DEPENDS
    assert "todisk=1: VM.Config.Disk on /vms/{vmid}" in found.on
    assert "statestorage given: Datastore.AllocateSpace on /storage/{statestorage}" in found.on


def test_options_are_summed_up_by_what_they_take() -> None:
    found = reach("bob@pve", "PUT", f"{QEMU}/config")
    assert found.on[0] == "vmid: 100, 101, 102, 105, 200"
    assert "options cores, cpu, cpulimit, cpuunits and 5 more: only vmid: 200" in found.on
    assert any(line.startswith("options allow-ksm, balloon, memory") for line in found.on)
    administrator = reach("carl@pve", "PUT", f"{QEMU}/config")
    assert administrator.verdict == ALLOWED
    assert administrator.on[0].startswith("reserved for root@pam: skiplock, ")


def test_monitor_commands_are_told_apart() -> None:
    auditor = parse(b"user:a@pve:1:0::::::\nacl:1:/:a@pve:PVEAuditor:\n").policy
    found = reach("a@pve", "POST", f"{QEMU}/monitor", auditor)
    assert found.verdict == DEPENDS
    assert found.on[0] == "commands other than ?, help, info: Sys.Modify on /"
    assert reach("carl@pve", "POST", f"{QEMU}/monitor").verdict == ALLOWED


def test_a_listing_says_that_it_is_filtered() -> None:
    found = reach("dora@pve", "GET", "/cluster/resources")
    assert found.verdict == ALLOWED
    assert found.on and found.on[0].startswith("the answer is filtered: ")


def test_many_ids_are_counted_instead_of_listed() -> None:
    vmids = ",".join(str(n) for n in range(100, 1334))
    text = f"user:a@pve:1:0::::::\npool:p::{vmids}::\nacl:1:/pool/p:a@pve:PVEVMUser:\n"
    (line,) = reach("a@pve", "GET", f"{QEMU}/config", parse(text.encode()).policy).on
    assert line == f"vmid: {', '.join(str(n) for n in range(100, 110))} and 1,224 more"


def test_the_rules_of_the_older_release_are_judged_too() -> None:
    from virtward.policy.privileges import RELEASES

    policy = parse(b"user:a@pve:1:0::::::\nacl:1:/vms:a@pve:PVEVMAdmin:\n", RELEASES["8.4"]).policy
    found = {(r.method, r.path): r for r in endpoints(policy, "a@pve", load("8.4"))}
    assert len(found) == 605
    assert found["POST", f"{QEMU}/agent/exec"].verdict == ALLOWED
    assert found["POST", f"{QEMU}/monitor"].on == ("commands other than help, info: Sys.Modify on /",)


# Brute force

POLICIES = files().map(lambda text: parse(text).policy)
SUBJECTS = st.sampled_from(["ann@pve", "bob@pam", "ann@pve!t1", "ann@pve!t1@pam", "root@pam!t1", "ghost@pve"])
ELSEWHERE = "9999"


def placeholders(requirement: Requirement) -> set[str]:
    return set(re.findall(r"\{([^}]+)\}", repr(requirement)))


def about_machines_only() -> list[Rule]:
    found = []
    for rule in RULES.rules:
        gate = parse_gate(rule.requires)
        if (
            not rule.checks
            and "Holds" in repr(gate)
            and placeholders(gate) <= {"vmid"}
            and "User" not in repr(gate)
        ):
            found.append(rule)
    return found


MACHINE_RULES = about_machines_only()


def machines(policy: Policy) -> set[str]:
    named = {path.split("/")[2] for path in policy.acl_paths if path.startswith("/vms/")}
    return {*named, *policy.members["vms"], ELSEWHERE}


@settings(max_examples=25, deadline=None)
@given(policy=POLICIES, subject=SUBJECTS)
def test_calls_about_machines_are_judged_as_by_asking_about_each(policy: Policy, subject: str) -> None:
    verdicts = {(r.method, r.path): r.verdict for r in endpoints(policy, subject, RULES)}
    assert len(MACHINE_RULES) > 200
    known = machines(policy)
    answers: dict[Requirement, str] = {}
    for rule in MACHINE_RULES:
        gate = parse_gate(rule.requires)
        if gate not in answers:
            said = {decide(gate, subject, {"vmid": vmid}, policy).allowed for vmid in known}
            answers[gate] = DEPENDS if len(said) == 2 else ALLOWED if said == {True} else DENIED
        wanted = answers[gate] if rule.allow_token or "!" not in subject else DENIED
        assert verdicts[rule.method, rule.path] == wanted, rule


def true_for(formula: Formula, values: dict[str, str]) -> bool:
    """Whether a formula holds where its names have these values."""
    match formula:
        case bool():
            return formula
        case Said(text):
            return bool(values.get(text.removesuffix(" given")))
        case Among(name, names, others):
            value = "/".join(values[part] for part in name.split("/"))
            return (value in names) != others
        case All(parts):
            return all(true_for(part, values) for part in parts)
        case Any(parts):
            return any(true_for(part, values) for part in parts)


CHOICES = {
    "vmid": ["100", "101", "102", ELSEWHERE],
    "newid": ["100", "102", ELSEWHERE],
    "pool": ["", "p", "p/q", "s", "else"],
    "storage": ["local", "nfs", "else"],
    "node": ["n1", "else"],
}
AUDIT: Tree = ["perm", "/vms/{vmid}", ["VM.Audit"]]
MAKE: Tree = ["perm", "/vms/{vmid}", ["VM.Allocate"]]
NODE: Tree = ["perm", "/nodes/{node}", ["Sys.Audit"]]
IN_POOL: Tree = ["perm", "/pool/{pool}", ["VM.Allocate"], "require_param", "pool"]
TREES: list[Tree] = [
    AUDIT,
    ["perm", "/vms/{vmid}", ["VM.Audit", "VM.Allocate"]],
    ["perm", "/vms/{vmid}", ["VM.Audit", "VM.Allocate"], "any", 1],
    ["perm", "/vms/{vmid}", []],
    ["perm", "/vms/{vmid}", ["No.Such"]],
    ["perm", "/storage/{storage}", ["VM.Audit"]],
    ["perm", "/pool/{pool}", ["Pool.Audit"]],
    NODE,
    ["perm", "/", ["Sys.Audit", "VM.Audit"]],
    ["or", ["perm", "/vms/{newid}", ["VM.Allocate"]], IN_POOL],
    ["and", AUDIT, ["or", NODE, MAKE]],
    ["or", ["and", AUDIT], NODE],
    ["or", MAKE, ["and", AUDIT, ["perm", "/", ["Sys.Audit"]]]],
    ["perm-modify", "/vms/{vmid}"],
    ["perm-modify", "/pool/{pool}"],
]


def calls(term: Requirement) -> Iterator[dict[str, str]]:
    names = sorted(placeholders(term))
    if isinstance(term, Holds) and term.require_param:
        names.append(term.require_param)
    for values in product(*(CHOICES[name] for name in names)):
        yield dict(zip(names, values, strict=True))


@settings(max_examples=100, deadline=None)
@given(policy=POLICIES, subject=SUBJECTS, tree=st.sampled_from(TREES))
def test_a_formula_says_for_each_call_what_decide_says(policy: Policy, subject: str, tree: Tree) -> None:
    term = parse_tree(tree)
    formula = Terms(policy, subject).formula(term, {name: name for name in CHOICES})
    for call in calls(term):
        if call.get("pool") != "" or "require_param" in str(tree):
            params = {name: value for name, value in call.items() if value}
            assert true_for(formula, call) == decide(term, subject, params, policy).allowed


BACKUPS = ["nfs:backup/vzdump-qemu-100-x.vma", "local:backup/vzdump-qemu-9999-x.vma"]
SAMPLES = {
    **CHOICES,
    "userid": ["ann@pve", "bob@pam"],
    "id": ["100-0", "9999-1"],
    "poolid": ["p", "else"],
    "path": ["/vms/100", "/nodes/n1"],
    # Not a path of the host instead of a volume, nor a dangerous monitor command: these are root@pam's.
    "volume": BACKUPS,
    "ostemplate": ["local:vztmpl/a.tar"],
    "archive": BACKUPS,
    "command": ["info status", "stop"],
    "idlist": ["scsi1", "unused0"],
}


def sample(rule: Rule, random: Random) -> tuple[str, dict[str, str]]:
    """A URL of the rule and the parameters that it can't do without."""
    url = re.sub(r"\{([^}]+)\}", lambda name: random.choice(SAMPLES.get(name[1], ["zz"])), rule.path)
    needed = (name for name, param in rule.params.items() if not param.optional and f"{{{name}}}" not in rule.path)
    return url, {name: random.choice(SAMPLES.get(name, ["zz"])) for name in needed}


@settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.generate))  # shrinking takes minutes
@given(policy=POLICIES, subject=SUBJECTS, seed=st.integers(0, 99))
def test_an_ordinary_call_is_never_judged_better_or_worse_than_it_is(
    policy: Policy, subject: str, seed: int
) -> None:
    random = Random(seed)
    for found, rule in zip(endpoints(policy, subject, RULES), RULES.rules, strict=True):
        url, arguments = sample(rule, random)
        said = answer(about_call(RULES, rule.method, url, arguments), subject, policy)
        if found.verdict == ALLOWED and rule.requires != {"user": "world"}:
            assert not said.refused, (found, url, arguments)
        if found.verdict == DENIED:
            assert said.verdict != "yes", (found, url, arguments)


# The algebra

A, B = frozenset("12"), frozenset("23")
FORMULAS = st.recursive(
    st.booleans()
    | st.builds(among, st.sampled_from("vw"), st.frozensets(st.sampled_from("123"), max_size=3), st.booleans())
    | st.sampled_from([Said("x"), Said("y")]),
    lambda below: (
        st.lists(below, max_size=3).map(lambda fs: both(*fs))
        | st.lists(below, max_size=3).map(lambda fs: either(*fs))
    ),
    max_leaves=8,
)
WORLDS = [dict(zip("vwxy", values, strict=True)) for values in product("1239", "1239", ("", "1"), ("", "1"))]


def holds(formula: Formula, world: dict[str, str]) -> bool:
    match formula:
        case Said(text) if text.startswith("not: "):
            return not world[text.removeprefix("not: ")]
        case All(parts):
            return all(holds(part, world) for part in parts)
        case Any(parts):
            return any(holds(part, world) for part in parts)
        case _:
            return true_for(formula, world)


@settings(max_examples=300, deadline=None)
@given(one=FORMULAS, other=FORMULAS)
def test_formulas_combine_as_truths_do(one: Formula, other: Formula) -> None:
    for world in WORLDS:
        here, there = holds(one, world), holds(other, world)
        assert holds(both(one, other), world) == (here and there)
        assert holds(either(one, other), world) == (here or there)
        assert holds(negated(one), world) != here
        if there:
            assert holds(narrowed(one, other), world) == here


def test_formulas_of_the_same_name_become_one() -> None:
    assert both(among("v", A), among("v", B)) == among("v", "2")
    assert both(among("v", A), among("v", B, True)) == among("v", "1")
    assert either(among("v", A), among("v", "1", True)) is True
    assert both(among("v", "1"), among("v", "2")) is False


def test_what_is_known_decides_alternatives() -> None:
    assert both(among("v", "1"), either(Said("x"), among("v", A))) == among("v", "1")
    assert both(among("v", "1"), either(Said("x"), among("v", "2"))) == All((Among("v", frozenset("1")), Said("x")))


def test_answers_are_the_same_however_often_asked() -> None:
    order = [*POLICY.users, *POLICY.tokens] * 2
    Random(1).shuffle(order)
    first: dict[str, list[Reach]] = {}
    for subject in order:
        assert first.setdefault(subject, endpoints(POLICY, subject, RULES)) == endpoints(POLICY, subject, RULES)
