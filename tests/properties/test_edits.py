"""An edit changes what it says and keeps all else, views included."""

from dataclasses import replace

from hypothesis import given, settings

from tests.properties.changes import Edit, edits, sequences
from tests.properties.configurations import ASKED, STORAGES, SUBJECTS, VMIDS, all_lines, sections, text
from tests.properties.reading import content
from tests.spec.policy import is_token, owner
from virtward.policy.evaluate import privileges
from virtward.policy.listing import effective, machines, storages
from virtward.policy.model import Policy
from virtward.policy.privileges import BITS
from virtward.policy.usercfg import parse, render

configurations = sections(twice=False).map(all_lines).map(text)

Verdicts = dict[tuple[str, str], int]


def verdicts(policy: Policy) -> Verdicts:
    return {(subject, path): privileges(policy, subject, path) for subject in SUBJECTS for path in ASKED}


def lists(policy: Policy) -> list[frozenset[str]]:
    """Listed machines and storages, which views remember."""
    wanted = BITS["VM.Audit"]
    return [
        listed(policy, subject, wanted, frozenset(ids))
        for subject in SUBJECTS
        for listed, ids in ((machines, VMIDS), (storages, STORAGES))
    ]


@settings(max_examples=60)
@given(configurations, sequences)
def test_after_edits_verdicts_are_those_of_a_snapshot_that_remembers_nothing(
    data: bytes, changes: list[Edit]
) -> None:
    policy = parse(data).policy
    for change in changes:
        verdicts(policy)
        lists(policy)
        policy = change.tried(policy)
        forgetful = replace(policy)
        assert verdicts(policy) == verdicts(forgetful), change
        assert lists(policy) == lists(replace(policy)), change
        for subject in SUBJECTS:
            assert effective(policy, subject) == effective(forgetful, subject), (change, subject)


@settings(max_examples=60)
@given(configurations, sequences)
def test_after_edits_verdicts_and_file_are_those_of_a_server_that_reads_its_file_before_each(
    data: bytes, changes: list[Edit]
) -> None:
    stored = render(parse(render(parse(data).policy)).policy)
    policy = parse(stored).policy
    for change in changes:
        verdicts(policy)
        after, reread = change.outcome(policy), change.outcome(parse(stored).policy)
        assert (after is None) == (reread is None), change
        if after is not None and reread is not None:
            policy, stored = after, render(reread)
            assert render(policy) == stored, change
        assert verdicts(policy) == verdicts(parse(stored).policy), change


@settings(max_examples=40)
@given(configurations, edits)
def test_an_edit_leaves_the_snapshot_it_starts_from_as_it_was(data: bytes, change: Edit) -> None:
    policy = parse(data).policy
    before = content(policy), verdicts(policy), lists(policy)
    change.tried(policy)
    assert (content(policy), verdicts(policy), lists(policy)) == before
    assert content(policy) == content(parse(data).policy)


@settings(max_examples=80)
@given(configurations, edits)
def test_an_edit_makes_only_those_it_touches_compile_again(data: bytes, change: Edit) -> None:
    old = parse(data).policy
    verdicts(old)
    touched = change.touches(old)
    new = change.tried(old)
    if new is old:
        return
    for subject in SUBJECTS:
        user = owner(subject) if is_token(subject) else subject
        view = new.views.get(subject)
        if touched & {subject, user}:
            # Nothing is said about a token that isn't there.
            assert view is not old.views[subject] or subject not in {*old.users, *old.tokens}, (change, subject)
        elif new.pools_of is old.pools_of:
            assert view is old.views[subject], (change, subject)
        else:
            assert view is not None, (change, subject)
            assert view.nodes is old.views[subject].nodes, (change, subject)
