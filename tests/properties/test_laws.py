"""Laws that hold for every policy, whatever it says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.configurations import (
    ASKED,
    MEMBERS,
    PATHS,
    POOLS,
    SUBJECTS,
    TOKENS,
    UNKNOWN_USERS,
    USERS,
    Sections,
    all_lines,
    dirty_files,
    files,
    sections,
    text,
)
from tests.properties.reading import content
from virtward.policy.evaluate import deciding, privileges, roles
from virtward.policy.model import NO_ACCESS, Policy
from virtward.policy.privileges import SHIFT
from virtward.policy.usercfg import parse, render


def nothing_but_noaccess(policy: Policy) -> int:
    """The mask of privileges that NoAccess itself has: none, unless the file adds some (Q7)."""
    mask = policy.roles[NO_ACCESS].mask
    return mask | mask << SHIFT


@settings(max_examples=60)
@given(files() | dirty_files())
def test_a_token_never_holds_what_its_user_does_not(data: bytes) -> None:
    policy = parse(data).policy
    for token in policy.tokens.values():
        if token.user != "root@pam":
            for path in (*ASKED, None):
                mask = privileges(policy, token.id, path)
                assert mask & ~privileges(policy, token.user, path) == 0, (token.id, path)


@settings(max_examples=60)
@given(files())
def test_where_noaccess_decides_nothing_but_its_own_privileges_is_held(data: bytes) -> None:
    policy = parse(data).policy
    for subject in (*USERS, *UNKNOWN_USERS, *TOKENS):
        token = policy.tokens.get(subject)
        decider = token.user if token and not token.privsep else subject
        for path in ASKED:
            denied = any(entry.role == NO_ACCESS for entry in deciding(policy, decider, path))
            if denied and decider != "root@pam":
                assert privileges(policy, subject, path) & ~nothing_but_noaccess(policy) == 0, (subject, path)
                assert set(roles(policy, subject, path) or ()) <= {NO_ACCESS}, (subject, path)


@settings(max_examples=40)
@given(files(), st.sampled_from((*USERS, *TOKENS)), st.sampled_from(PATHS), st.sampled_from(("0", "1")))
def test_noaccess_on_a_path_takes_everything_there(data: bytes, subject: str, path: str, flag: str) -> None:
    policy = parse(data + f"acl:{flag}:{path}:{subject}:NoAccess\n".encode()).policy
    token = policy.tokens.get(subject)
    if token is None or token.privsep:
        assert privileges(policy, subject, path) & ~nothing_but_noaccess(policy) == 0


@settings(max_examples=40)
@given(files(), st.sampled_from(USERS), st.sampled_from(POOLS), st.sampled_from(("0", "1")))
def test_noaccess_on_a_pool_takes_everything_on_its_members(data: bytes, user: str, pool: str, flag: str) -> None:
    policy = parse(data + f"acl:{flag}:/pool/{pool}:{user}:NoAccess\n".encode()).policy
    for path, pools in policy.pools_of.items():
        if pool in pools:
            assert privileges(policy, user, path) & ~nothing_but_noaccess(policy) == 0, path


@settings(max_examples=40)
@given(files())
def test_what_comes_from_a_pool_does_not_propagate(data: bytes) -> None:
    with_pools = parse(data).policy
    without = parse(b"".join(line for line in data.splitlines(True) if not line.startswith(b"pool:"))).policy
    for subject in SUBJECTS:
        for path in MEMBERS:
            propagated = privileges(with_pools, subject, path) >> SHIFT
            assert propagated & ~(privileges(without, subject, path) >> SHIFT) == 0, (subject, path)


def settled(found: Sections) -> Sections:
    """Without lines of which the order would matter: machines in two pools, flags of one entry that differ."""
    pools, vms = [], set[str]()
    for line in found["pool"]:
        kind, name, comment, members, storages, _ = line.split(":")
        new = [vmid for vmid in members.split(",") if vmid and vmid not in vms]
        vms.update(new)
        pools.append(":".join((kind, name, comment, ",".join(new), storages, "")))
    entries: dict[tuple[str, ...], str] = {}
    for line in found["acl"]:
        _, flag, path, subjects, names, _ = line.split(":")
        node = "/" + "/".join(part for part in path.split("/") if part not in ("", "0"))
        for subject in subjects.split(","):
            for role in names.split(","):
                entries.setdefault((node, subject, role), flag)
    acl = [f"acl:{flag}:{path}:{subject}:{role}:" for (path, subject, role), flag in entries.items()]
    return {**found, "pool": pools, "acl": acl}


@settings(max_examples=40)
@given(sections(twice=False).map(settled), st.data())
def test_the_order_of_lines_does_not_matter(found: Sections, data: st.DataObject) -> None:
    # A token's line needs its user's above it, an ACL line the roles and tokens it names; all else may mix.
    role, group, pool = data.draw(st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 2)))
    ranks = {"user": 0, "token": 1, "acl": 2, "role": role, "group": group, "pool": pool}
    lines = data.draw(st.permutations(all_lines(found)))
    policy = parse(text(all_lines(found))).policy
    other = parse(text(sorted(lines, key=lambda line: ranks[line.partition(":")[0]]))).policy
    assert content(other) == content(policy)
    assert render(other) == render(policy)
    for subject in SUBJECTS:
        for path in ASKED:
            assert privileges(other, subject, path) == privileges(policy, subject, path), (subject, path)
