"""The vectors' API calls that change the policy, as the edits they come down to.

Only what the core answers is here: the gate, then the edit. Routing, schema validation and the lists that calls
return belong to the server, so calls that end in stage `route` or `validation` and all GETs are left to it.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from tests.conformance.kinds import error_object, matches
from virtward.errors import Error, Invalid
from virtward.policy import edit
from virtward.policy.fields import split_list
from virtward.policy.model import Policy, Token, User
from virtward.policy.requirement import decide, parse_gate
from virtward.rules.loader import Rules, load

Query = dict[str, Any]
Params = dict[str, str]


def covered(query: Query) -> bool:
    """Whether the core alone can answer this call."""
    expected = query.get("expected", {})
    found = find(query)
    return (
        found is not None
        and found[0] in EDITS
        and expected.get("stage") in ("permission", "execution", "done")
        and query["authid"] is not None
    )


def rules() -> Rules:
    """What the calls require."""
    return load("9")


def find(query: Query) -> tuple[tuple[str, str], Params] | None:
    """(method, path template) and all parameters of a call."""
    match = rules().find(query["method"], query["uri"])
    if match is None:
        return None
    return (match.rule.method, match.rule.path), {**query["params"], **match.params}


def outcome(query: Query, policy: Policy, domains: str = "") -> tuple[str, Policy | Error]:
    """(stage, the policy afterwards or the error) of a covered call; `domains` is the text of `domains.cfg`."""
    key, params = find(query) or (("", ""), {})
    match = rules().find(query["method"], query["uri"])
    assert match is not None
    decision = decide(parse_gate(match.rule.requires), query["authid"], params, policy)
    if decision.error is not None:
        return "permission", decision.error
    try:
        return "done", EDITS[key](policy, params, query | {"domains": domains})
    except Error as error:
        return "execution", error


def same_error(expected: Query, error: Error) -> bool:
    """Whether an error is the expected one: itself, or as text behind upstream's prefix for a failed change."""
    if matches(expected, error_object(error)):
        return True
    wrapped = [m.rstrip("\n") for m in expected.get("msg_any_of", [expected.get("msg", "")])]
    return expected.get("code") is None and any(m.endswith(f"failed: {_text(error)}") for m in wrapped)


def _text(error: Error) -> str:
    if isinstance(error, Invalid):
        details = "".join(f"{name}: {message}\n" for name, message in error.errors.items())
        return f"{error.status} {error.message}\n{details}".rstrip("\n")
    return error.message


def same_change(expected: Query, before: bytes, after: bytes) -> bool:
    """Whether a written file differs from the canonical one as the vector says."""
    change = expected.get("config_after")
    if change is None or change == {"unchanged": True}:
        return before == after
    return bool(hashlib.sha256(after).hexdigest() == change["sha256"])


def _user(params: Params, base: User) -> User:
    names = {"firstname", "lastname", "email", "comment", "keys"} & params.keys()
    changes: Query = {name: params[name] for name in names}
    if "enable" in params:
        changes["enable"] = params["enable"] == "1"
    if "expire" in params:
        changes["expire"] = int(params["expire"])
    return base._replace(**changes)


def _groups(params: Params) -> list[str] | None:
    return split_list(params["groups"]) if "groups" in params else None


def _add_user(policy: Policy, params: Params, query: Query) -> Policy:
    realm = params["userid"].rpartition("@")[2]
    section = re.search(rf"^\w+: {re.escape(realm)}\n((?:\t.*\n?)*)", query["domains"], re.MULTILINE)
    ignore_case = section is not None and "case-sensitive 0" in section[1]
    user = _user(params, User(params["userid"]))
    return edit.add_user(policy, user, _groups(params) or (), ignore_case=ignore_case)


def _modify_user(policy: Policy, params: Params, _: Query) -> Policy:
    user = _user(params, policy.user(params["userid"]))
    return edit.modify_user(policy, user, _groups(params), append=params.get("append") == "1")


def _token(params: Params, base: Token) -> Token:
    changes: Query = {"comment": params["comment"]} if "comment" in params else {}
    if "privsep" in params:
        changes["privsep"] = params["privsep"] == "1"
    if "expire" in params:
        changes["expire"] = int(params["expire"])
    if "delete" in params:
        for name in split_list(params["delete"]):
            if name != "comment":
                raise Invalid({"delete": f"unknown option '{name}'"})
            changes["comment"] = ""
    return base._replace(**changes)


def _modify_token(policy: Policy, params: Params, _: Query) -> Policy:
    return edit.modify_token(policy, _token(params, policy.token(params["userid"], params["tokenid"])))


def _modify_pool(policy: Policy, params: Params, query: Query) -> Policy:
    return edit.modify_pool(
        policy,
        query["authid"],
        params["poolid"],
        comment=params.get("comment"),
        vms=split_list(params.get("vms", "")),
        storages=split_list(params.get("storage", "")),
        delete=params.get("delete") == "1",
        allow_move=params.get("allow-move") == "1",
    )


def _modify_acl(policy: Policy, params: Params, query: Query) -> Policy:
    subjects = {name: split_list(params[name]) for name in ("users", "groups", "tokens") if name in params}
    if not any(params.get(name, "") not in ("", "0") for name in ("users", "groups", "tokens")):
        words = "either 'users', 'groups' or 'tokens' is required."
        raise Invalid(dict.fromkeys(("users", "groups", "tokens"), words))
    return edit.modify_acl(
        policy,
        query["authid"],
        params["path"],
        split_list(params["roles"]),
        **subjects,
        propagate=params.get("propagate", "1") == "1",
        delete=params.get("delete") == "1",
    )


EDITS: dict[tuple[str, str], Callable[[Policy, Params, Query], Policy]] = {
    ("POST", "/access/users"): _add_user,
    ("PUT", "/access/users/{userid}"): _modify_user,
    ("DELETE", "/access/users/{userid}"): lambda p, q, _: edit.delete_user(p, q["userid"]),
    ("POST", "/access/users/{userid}/token/{tokenid}"): lambda p, q, _: edit.add_token(
        p, _token(q, Token(f"{q['userid']}!{q['tokenid']}"))
    ),
    ("PUT", "/access/users/{userid}/token/{tokenid}"): _modify_token,
    ("DELETE", "/access/users/{userid}/token/{tokenid}"): lambda p, q, _: edit.delete_token(
        p, q["userid"], q["tokenid"]
    ),
    ("POST", "/access/groups"): lambda p, q, _: edit.add_group(p, q["groupid"], q.get("comment", "")),
    ("PUT", "/access/groups/{groupid}"): lambda p, q, _: edit.modify_group(p, q["groupid"], q.get("comment")),
    ("DELETE", "/access/groups/{groupid}"): lambda p, q, _: edit.delete_group(p, q["groupid"]),
    ("POST", "/access/roles"): lambda p, q, _: edit.add_role(p, q["roleid"], split_list(q.get("privs", ""))),
    ("PUT", "/access/roles/{roleid}"): lambda p, q, _: edit.modify_role(
        p, q["roleid"], split_list(q.get("privs", "")), append=q.get("append") == "1"
    ),
    ("DELETE", "/access/roles/{roleid}"): lambda p, q, _: edit.delete_role(p, q["roleid"]),
    ("POST", "/pools"): lambda p, q, _: edit.add_pool(p, q["poolid"], q.get("comment", "")),
    ("PUT", "/pools"): _modify_pool,
    ("PUT", "/pools/{poolid}"): _modify_pool,
    ("DELETE", "/pools"): lambda p, q, query: edit.delete_pool(
        p, q["poolid"], query.get("existing_vms", ()), query.get("existing_storages", ())
    ),
    ("DELETE", "/pools/{poolid}"): lambda p, q, query: edit.delete_pool(
        p, q["poolid"], query.get("existing_vms", ()), query.get("existing_storages", ())
    ),
    ("PUT", "/access/acl"): _modify_acl,
}
