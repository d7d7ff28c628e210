"""Every list is what asking one by one gives."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.properties.configurations import (
    MEMBERS,
    ODD,
    PATHS,
    PRIVILEGES,
    STORAGES,
    SUBJECTS,
    USERS,
    VMIDS,
    crowded_files,
    dirty_files,
    files,
)
from tests.properties.reading import agree, flags
from tests.spec import evaluate as spec
from tests.spec.policy import owner, read
from virtward.analysis.what import what_can
from virtward.analysis.who import who_can
from virtward.policy.evaluate import privileges
from virtward.policy.listing import effective, machines, storages
from virtward.policy.privileges import BITS, mask_of
from virtward.policy.requirement import (
    AllOf,
    AnyOf,
    Authenticated,
    Holds,
    ModifiesPermissions,
    OverRealm,
    OverUser,
    Requirement,
    RootOnly,
    Self,
    TicketOnly,
    World,
    decide,
)
from virtward.policy.usercfg import parse

wanted_privileges = st.lists(st.sampled_from(PRIVILEGES), min_size=1, max_size=2, unique=True).map(tuple)
parameters = st.fixed_dictionaries(
    {},
    optional={
        "vmid": st.sampled_from((*VMIDS, "103")),
        "path": st.sampled_from((*PATHS, "a b")),
        "userid": st.sampled_from((*USERS, "nobody@pve", "malformed")),
        "groups": st.sampled_from(("", "ops", "ops,dev", "void")),
    },
)
_leaves: SearchStrategy[Requirement] = st.one_of(
    st.builds(
        Holds,
        st.sampled_from(("/", "/vms/{vmid}", "/pool/p/q", "/storage/local", "/access/groups/ops")),
        wanted_privileges,
        st.booleans(),
        st.sampled_from((None, "vmid")),
    ),
    st.builds(OverUser, wanted_privileges, st.sampled_from((None, "update", "create"))),
    st.just(Self()),
    st.just(OverRealm()),
    st.builds(ModifiesPermissions, st.sampled_from(("{path}", "/vms/{vmid}"))),
)
_trees = st.recursive(
    _leaves,
    lambda terms: st.builds(
        lambda kind, below: kind(tuple(below)), st.sampled_from((AllOf, AnyOf)), st.lists(terms, max_size=3)
    ),
    max_leaves=4,
)
requirements = _trees | st.sampled_from((World(), Authenticated(), RootOnly(), TicketOnly("/access/ticket")))


@settings(max_examples=50)
@given(files() | dirty_files(ODD))
def test_effective_permissions_are_what_asking_path_by_path_gives(data: bytes) -> None:
    policy, specified = parse(data).policy, read(data)
    for subject in SUBJECTS:
        found = effective(policy, subject)
        expected = spec.effective(specified, subject)
        assert found.keys() == expected.keys(), subject
        for path, mask in found.items():
            assert agree(flags(mask), expected[path]), (subject, path)


@settings(max_examples=30)
@given(files(), st.sampled_from(("/", "/vms", "/vms/100", "/pool/p")))
def test_what_a_subject_can_do_below_a_path_is_part_of_its_effective_permissions(data: bytes, under: str) -> None:
    policy = parse(data).policy
    for subject in SUBJECTS:
        expected = {
            path: flags(mask)
            for path, mask in effective(policy, subject).items()
            if (path + "/").startswith(under.rstrip("/") + "/")
        }
        assert {held.path: held.privileges for held in what_can(policy, subject, under)} == expected


# Rare enough to be given: an entry on a machine that takes away what its pool's other machines have.
OWN_ENTRY_IN_A_POOL = (
    b"user:ann@pve:1:\npool:p::100,101:\n"
    b"acl:1:/:ann@pve:Administrator:\nacl:1:/pool/p:ann@pve:PVEAuditor:\nacl:1:/vms/100:ann@pve:PVEAuditor:\n"
)


@settings(max_examples=100)
@example(OWN_ENTRY_IN_A_POOL, ("VM.Audit",), True)
@given(crowded_files() | files(), wanted_privileges, st.booleans())
def test_listed_machines_and_storages_are_those_a_check_lets_through(
    data: bytes, wanted: tuple[str, ...], lists_first: bool
) -> None:
    policy = parse(data).policy
    masks = [mask_of(wanted), *(BITS[privilege] for privilege in PRIVILEGES)]
    sections = (
        ("vms", frozenset((*VMIDS, "103", "99")), machines),
        ("storage", frozenset((*STORAGES, "no")), storages),
    )
    for subject in SUBJECTS:
        for section, ids, listed in sections:
            if lists_first:
                listed(policy, subject, masks[0], ids)
            held = {name: privileges(policy, subject, f"/{section}/{name}") for name in ids}
            for mask in masks:
                expected = {name for name in ids if held[name] & mask == mask}
                assert listed(policy, subject, mask, ids) == expected, (subject, section, mask)


@settings(max_examples=60)
@given(files(), wanted_privileges, st.booleans(), st.sampled_from((*PATHS, *MEMBERS, *MEMBERS)))
def test_who_can_names_exactly_the_holders(data: bytes, wanted: tuple[str, ...], any_: bool, path: str) -> None:
    policy, specified = parse(data).policy, read(data)
    test = any if any_ else all

    def enough(held: spec.Flags) -> bool:
        return test(privilege in held for privilege in wanted)

    everybody = specified.users | set(specified.tokens)
    able = {who for who in everybody if enough(spec.privileges(specified, who, path))}
    separated = {token for token, separate in specified.tokens.items() if separate}
    cut_off = {
        token
        for token in separated - able
        if owner(token) != "root@pam" and enough(spec.by_roles(specified, token, path))
    }
    found = who_can(Holds(path, wanted, any_), {}, policy, now=0)
    assert {holder.subject for holder in found if not holder.cut_off} == able
    assert {holder.subject for holder in found if holder.cut_off} == cut_off
    for holder in found:
        assert holder.via or holder.subject.split("!")[0] == "root@pam", holder


@settings(max_examples=100)
@given(files(), requirements, parameters)
def test_who_can_make_a_call_are_those_whom_the_decision_lets_pass(
    data: bytes, requirement: Requirement, params: dict[str, str]
) -> None:
    policy = parse(data).policy
    expected = [
        who for who in sorted({*policy.users, *policy.tokens}) if decide(requirement, who, params, policy).allowed
    ]
    found = who_can(requirement, params, policy, now=0)
    assert [holder.subject for holder in found if not holder.cut_off] == expected
