"""Explanations agree with verdicts, and a suggested grant does what it says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.configurations import PATHS, PRIVILEGES, SUBJECTS, files
from virtward.analysis.grant import ways
from virtward.analysis.question import about_privilege, answer
from virtward.policy.evaluate import deciding, privileges, role_set, view
from virtward.policy.model import Policy
from virtward.policy.names import ROOT
from virtward.policy.privileges import BITS, mask_of
from virtward.policy.requirement import AllOf, AnyOf, Decision, Holds, Requirement, decide, holds
from virtward.policy.trace import Trace, trace, walk
from virtward.policy.usercfg import parse

CALLERS = tuple(subject for subject in SUBJECTS if "@" in subject and " " not in subject)


def mask_of_roles(policy: Policy, roles: dict[str, bool]) -> int:
    found = 0
    for name in roles:
        found |= policy.roles[name].mask if name in policy.roles else 0
    return found


@settings(max_examples=60)
@given(files())
def test_a_trace_rests_on_the_entries_that_decide(data: bytes) -> None:
    policy = parse(data).policy
    for subject in CALLERS:
        for path in PATHS:
            found = trace(policy, subject, path)
            assert found.mask == privileges(policy, subject, path)
            for side in found.sides:
                assert role_set(side.walk.deciding) == role_set(deciding(policy, side.subject, path))
                assert mask_of_roles(policy, role_set(side.deciding)) == side.mask & sum(BITS.values())
                assert side.mask == view(policy, side.subject).unlimited(path)


@settings(max_examples=60)
@given(files())
def test_every_entry_on_the_way_decides_or_is_cut_off_with_a_cause(data: bytes) -> None:
    policy = parse(data).policy
    for subject in CALLERS:
        for path in PATHS:
            found = walk(policy, subject, path)
            named = [subject, *policy.groups_of.get(subject, ())]
            ancestors = {path[:at] or "/" for at in range(len(path) + 1) if path[at : at + 1] in ("/", "")}
            on_the_way = {
                entry for name in named for step in ancestors for entry in policy.acl.get(name, {}).get(step, ())
            }
            assert set(found.deciding) | {cut.entry for cut in found.cuts} == on_the_way
            assert not set(found.deciding) & {cut.entry for cut in found.cuts}


def lacks(found: Trace, privilege: str) -> bool:
    return not found.mask & BITS[privilege]


requirements: st.SearchStrategy[Requirement] = st.recursive(
    st.builds(
        Holds,
        st.sampled_from(PATHS),
        st.lists(st.sampled_from(PRIVILEGES), min_size=1, max_size=3, unique=True).map(tuple),
        st.booleans(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda terms: AllOf(tuple(terms))),
        st.lists(inner, min_size=1, max_size=3).map(lambda terms: AnyOf(tuple(terms))),
    ),
    max_leaves=5,
)


def granting(decision: Decision, extra: frozenset[tuple[str, str]]) -> bool:
    """Whether the requirement would hold with some pairs held besides: brute force over its terms."""

    def term(req: Requirement) -> bool:
        match req:
            case AllOf(terms):
                return all(map(term, terms))
            case AnyOf(terms):
                return any(map(term, terms))
            case Holds(path, wanted, any_):
                held = privileges(decision.policy, str(decision.subject), path)
                has = [bool(held & BITS[p]) or (p, path) in extra for p in wanted]
                return any(has) if any_ else all(has)
            case _:
                raise AssertionError(req)

    return term(decision.requirement)


@settings(max_examples=100)
@given(files(), requirements, st.sampled_from(CALLERS))
def test_what_is_missing_is_exactly_what_would_make_it_hold(
    data: bytes, requirement: Requirement, subject: str
) -> None:
    policy = parse(data).policy
    decision = decide(requirement, subject, {}, policy)
    tree = decision.explanation
    if subject == ROOT:
        assert decision.allowed
        return
    if frozenset() in tree.ways:
        assert granting(decision, frozenset())
    for way in tree.ways:
        assert granting(decision, way)
        for pair in way:
            assert not granting(decision, way - {pair})
    assert tree.ways
    assert decision.allowed == holds_quietly(decision)


def holds_quietly(decision: Decision) -> bool:
    """The verdict by upstream's own evaluation."""
    try:
        return holds(decision.requirement, str(decision.subject), {}, decision.policy, noerr=False)
    except Exception:
        return False


@settings(max_examples=40)
@given(
    files(),
    st.sampled_from(CALLERS),
    st.lists(st.sampled_from(PRIVILEGES), min_size=1, max_size=2, unique=True),
    st.sampled_from(PATHS),
)
def test_a_suggested_grant_makes_it_a_yes_and_tells_what_else_it_gives(
    data: bytes, subject: str, wanted: list[str], path: str
) -> None:
    policy = parse(data).policy
    found = answer(about_privilege(tuple(wanted), path), subject, policy)
    suggested = ways(found, policy)
    if found.verdict == "yes":
        assert suggested == []
    held = privileges(policy, subject, path)
    for way in suggested:
        assert way.commands
        assert not any((privilege, path) in way.gains for privilege in wanted)
        assert not any(held & BITS[privilege] for privilege, where in way.gains if where == path)
        assert all(held & BITS[privilege] for privilege, where in way.loses if where == path)
    known = subject in policy.users or subject in policy.tokens
    if found.verdict == "no" and known and not mask_of(wanted) & ~policy.release.everything:
        assert suggested, "some grant must be possible for a known subject"
