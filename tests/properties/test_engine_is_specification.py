"""The engine's verdicts are those of the executable specification."""

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.configurations import (
    ASKED,
    ODD,
    SUBJECTS,
    crowded_files,
    dirty_files,
    files,
    rearranged_files,
)
from tests.properties.reading import agree, flags
from tests.spec import evaluate as spec
from tests.spec.policy import Policy as Specified
from tests.spec.policy import read
from virtward.policy.evaluate import privileges, roles
from virtward.policy.model import Policy
from virtward.policy.privileges import RELEASES
from virtward.policy.usercfg import parse


def assert_same_verdicts(
    policy: Policy, specified: Specified, subjects: Iterable[str], paths: Iterable[str]
) -> None:
    for subject in subjects:
        for path in paths:
            engine = flags(privileges(policy, subject, path))
            expected = spec.privileges(specified, subject, path)
            assert agree(engine, expected), (subject, path, engine, expected)
        engine = flags(privileges(policy, subject, None))
        assert agree(engine, spec.privileges(specified, subject, None)), (subject, None)


def assert_same_roles(policy: Policy, specified: Specified, subjects: Iterable[str], paths: Iterable[str]) -> None:
    for subject in subjects:
        for path in paths:
            found = roles(policy, subject, path)
            engine = None if found is None else dict(found)
            expected = spec.roles(specified, subject, path)
            assert agree(engine, expected), (subject, path, engine, expected)


@settings(max_examples=80)
@given(files() | crowded_files(), st.integers(0, 999))
def test_privileges_are_the_specified_ones_for_every_subject_on_every_path(data: bytes, seed: int) -> None:
    # In an order that differs, because views remember what they were asked before.
    paths = Random(seed).sample(ASKED, len(ASKED))
    assert_same_verdicts(parse(data).policy, read(data), SUBJECTS, paths)


@settings(max_examples=80)
@given(files())
def test_roles_are_the_specified_ones_for_every_subject_on_every_path(data: bytes) -> None:
    assert_same_roles(parse(data).policy, read(data), SUBJECTS, ASKED)


@settings(max_examples=80)
@given(rearranged_files())
def test_verdicts_about_rearranged_files_are_the_specified_ones(data: bytes) -> None:
    assert_same_verdicts(parse(data).policy, read(data), SUBJECTS, ASKED)
    assert_same_roles(parse(data).policy, read(data), SUBJECTS, ("/mapping", "/vms/100"))


@settings(max_examples=60)
@given(dirty_files(ODD))
def test_verdicts_about_damaged_files_are_the_specified_ones(data: bytes) -> None:
    policy, specified = parse(data).policy, read(data)
    named = {subject for _, kind, subject, _ in specified.acl if kind != "group"}
    subjects = named.union(specified.users, specified.tokens, *specified.groups.values(), SUBJECTS)
    paths = {path for path, _, _, _ in specified.acl}.union(*specified.pools.values(), ("/", "/vms/100"))
    assert_same_verdicts(policy, specified, sorted(subjects), sorted(paths))
    assert_same_roles(policy, specified, sorted(subjects), sorted(paths))


@settings(max_examples=10)
@pytest.mark.parametrize("release", ["8.4", "9"])
@given(data=files())
def test_each_release_has_its_own_privileges(release: str, data: bytes) -> None:
    chosen = RELEASES[release]
    assert_same_verdicts(parse(data, chosen).policy, read(data, chosen), SUBJECTS[:8], ASKED[:12])
