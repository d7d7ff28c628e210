"""Each kind of query, answered by the engine's public functions in the vectors' own shapes."""

import base64
import hmac
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from virtward.errors import Error, Invalid, ProgramError
from virtward.policy import checks, listing, paths
from virtward.policy.evaluate import privileges, roles
from virtward.policy.fields import decode_text, encode_text, number, split_list
from virtward.policy.logon import check_token, check_user
from virtward.policy.model import Policy
from virtward.policy.names import FORMATS, check_privilege
from virtward.policy.privileges import DEFAULT, SHIFT, names
from virtward.policy.requirement import decide, groups_with, holds, parse, parse_gate
from virtward.policy.usercfg import Parsed, render
from virtward.policy.usercfg import parse as read

SKIPPED = {"api": "whole calls come with the server"}
Query = dict[str, Any]


class Case:
    """One case: its configuration, parsed afresh for every query."""

    def __init__(self, content: Query) -> None:
        self.content = content

    @cached_property
    def parsed(self) -> Parsed:
        """The engine's reading of the configuration."""
        if "config_b64" in self.content:
            return read(base64.b64decode(self.content["config_b64"]))
        return read(self.content.get("config", "").encode("utf-8", "surrogatepass"))

    @property
    def policy(self) -> Policy:
        """The snapshot."""
        return self.parsed.policy


def flags(mask: int) -> dict[str, int]:
    """A mask as the vectors write it: privilege -> propagates."""
    return {name: 1 if mask >> SHIFT & DEFAULT.bits[name] else 0 for name in names(mask)}


def outcome(call: Callable[[], object]) -> Query:
    """`{"ok": ...}` or `{"error": ...}` of a check."""
    try:
        return {"ok": bool(call())}
    except Error as error:
        return {"error": error_object(error)}


def error_object(error: Error) -> Query:
    """An error as the vectors write it."""
    if isinstance(error, ProgramError):
        return {"msg": error.message, "internal": True}
    found: Query = {"msg": error.message + "\n"}
    if error.status != 500:
        found["code"] = error.status
    if isinstance(error, Invalid):
        found["errors"] = error.errors
    return found


def dump(case: Case) -> Query:
    """Everything a parse found, in the shape of the vectors' `dump`."""
    policy = case.policy
    found = {
        "users": {user: _dump_user(policy, user) for user in policy.users},
        "groups": {
            name: {"users": sorted(group.members), "comment": group.comment}
            for name, group in policy.groups.items()
        },
        "pools": {
            name: {
                "vms": sorted(pool.vms),
                "storage": sorted(pool.storages),
                "pools": list(policy.subpools.get(name, ())),
                "comment": pool.comment,
                "parent": pool.parent,
            }
            for name, pool in policy.pools.items()
        },
        "vms": {
            path.removeprefix("/vms/"): pools[0]
            for path, pools in policy.pools_of.items()
            if path.startswith("/vms/")
        },
        "roles": {r.id: names(r.mask) for r in policy.roles.values() if r.id not in DEFAULT.roles},
        "changed_special_roles": {
            r.id: names(r.mask) for r in policy.roles.values() if DEFAULT.roles.get(r.id, r.mask) != r.mask
        },
        "acl": _dump_acl(policy),
        "acl_paths": list(policy.acl_paths) if policy.acl else [],
    }
    return {"warnings": [d.warning for d in case.parsed.diagnostics], "dump": _tidy(found)}


def _kept(**values: Any) -> Query:
    return {name: value for name, value in values.items() if value not in ("", None, [], {})}


def _dump_user(policy: Policy, userid: str) -> Query:
    user = policy.users[userid]
    groups = [group[1:] for group in policy.groups_of.get(userid, ())]
    return {
        "enable": int(user.enable),
        "expire": number(user.expire),
        "firstname": user.firstname,
        "lastname": user.lastname,
        "comment": user.comment,
        "email": user.email,
        "keys": user.keys,
        "groups": sorted(group for group in groups if (userid, group) not in policy.unrecorded),
        "tokens": {
            token.sub: {
                "privsep": int(token.privsep),
                "expire": number(token.expire),
                **_kept(comment=token.comment),
            }
            for token in policy.tokens_of(userid)
        },
    }


def _dump_acl(policy: Policy) -> list[list[Any]]:
    rows = [[e.path, e.kind, e.name, e.role, int(e.propagate)] for e in policy.entries()]
    order = {"user": 0, "group": 1, "token": 2}
    return sorted(rows, key=lambda row: (paths.sort_key(row[0]), order[row[1]], row[2].encode(), row[3]))


def ask_write(case: Case, _: Query) -> Query:
    """The canonical text, and what reading it again gives."""
    written = render(case.policy)
    again = read(written)
    text = written.decode("utf-8", "surrogateescape")
    second = render(again.policy).decode("utf-8", "surrogateescape")
    return {
        "text": text,
        "again_warnings": [d.warning for d in again.diagnostics],
        "again_text": "same" if second == text else second,
    }


def ask_roles(case: Case, query: Query) -> Query:
    """Path -> role map, `Administrator` for root, null for a token that isn't there."""
    if query["authid"] == "root@pam":
        return {path: "Administrator" for path in query["paths"]}
    token = case.policy.tokens.get(query["authid"])
    if token is not None and token.user == "root@pam" and not token.privsep:
        return {path: "Administrator" for path in query["paths"]}
    found = {path: roles(case.policy, query["authid"], path) for path in query["paths"]}
    return {
        path: None if value is None else {role: int(flag) for role, flag in value.items()}
        for path, value in found.items()
    }


def ask_vm(case: Case, query: Query) -> Query:
    """`check_vm_perm`: with noerr upstream returns nothing where the pool granted."""
    found = outcome(
        lambda: checks.check_vm(
            case.policy,
            query["authid"],
            query["vmid"],
            query["pool"],
            query["privs"],
            any=bool(query["any"]),
            noerr=bool(query["noerr"]),
        )
    )
    if "error" in found or not query["noerr"]:
        return found
    if not found["ok"]:
        return {"returned": "undef"}
    test = checks.check_any if query["any"] else checks.check
    pool = query["pool"]
    by_pool = pool and test(case.policy, query["authid"], f"/pool/{pool}", query["privs"], True)
    return {"returned": "empty" if by_pool else "true"}


def ask_verify_token(case: Case, query: Query) -> Query:
    """The token id, or the error of the log-on."""
    stored = query["stored"]

    def fits(tokenid: str, secret: str) -> bool:
        return hmac.compare_digest(stored.get(tokenid, "").encode(), secret.encode())

    try:
        return {"authid": check_token(case.policy, query["token"], case.content["now"], fits)}
    except Error as error:
        return {"error": error_object(error)}


def ask_filter_groups(case: Case, query: Query) -> Query:
    """The groups on which privileges are held, and their members."""
    groups = groups_with(case.policy, query["authid"], query["privs"], every=not query["any"])
    members = {user for group in groups for user in case.policy.groups[group].members}
    return {"groups": sorted(groups), "members": sorted(members)}


def ask_api_check(case: Case, query: Query) -> Query:
    """An expression, evaluated with or without noerr."""
    warnings: list[str] = []
    requirement = parse(query["check"])
    found = outcome(
        lambda: holds(
            requirement,
            query["authid"],
            query["params"],
            case.policy,
            noerr=bool(query["noerr"]),
            warnings=warnings,
        )
    )
    return found | ({"warnings": warnings} if warnings else {})


def ask_api_gate(case: Case, query: Query) -> Query:
    """The gate of a call."""
    decision = decide(parse_gate(query["permissions"]), query["authid"], query["params"], case.policy)
    found: Query = {"allowed": decision.allowed}
    if decision.error is None:
        found["returned"] = decision.held
    else:
        found["error"] = error_object(decision.error)
    return found | ({"warnings": list(decision.warnings)} if decision.warnings else {})


def _noerr(query: Query, call: Callable[[], object]) -> Query:
    found = outcome(call)
    return {"ok": False} if query["noerr"] and "error" in found else found


def _verify(query: Query) -> list[Query]:
    def one(value: str) -> bool:
        if query["format"] == "priv":
            check_privilege(value, DEFAULT)
        else:
            FORMATS[query["format"]](value)
        return True

    return [outcome(partial(one, value)) for value in query["values"]]


def _codec(query: Query) -> Query:
    raw = [
        decode_text(base64.b64decode(each).decode("utf-8", "surrogateescape"))
        for each in query.get("decode_b64", [])
    ]
    return {
        "encode": [encode_text(each) for each in query.get("encode", [])],
        "decode": [decode_text(each) for each in query.get("decode", [])],
        "decode_b64": raw,
    }


KINDS: dict[str, Callable[[Case, Query], Any]] = {
    "parse": lambda case, q: dump(case),
    "write": ask_write,
    "roles": ask_roles,
    "permissions": lambda case, q: {p: flags(privileges(case.policy, q["authid"], p)) for p in q["paths"]},
    "effective": lambda case, q: {p: flags(m) for p, m in listing.effective(case.policy, q["authid"]).items()},
    "capabilities": lambda case, q: listing.capabilities(case.policy, q["authid"]),
    "check": lambda case, q: outcome(
        lambda: checks.check(case.policy, q["authid"], q["path"], q["privs"], bool(q["noerr"]))
    ),
    "check_any": lambda case, q: outcome(
        lambda: checks.check_any(case.policy, q["authid"], q["path"], q["privs"], bool(q["noerr"]))
    ),
    "check_perm_modify": lambda case, q: outcome(
        lambda: checks.check_modify_permissions(case.policy, q["authid"], q["path"], bool(q["noerr"]))
    ),
    "check_vm_perm": ask_vm,
    "check_sdn_bridge": lambda case, q: outcome(
        lambda: checks.check_bridge(case.policy, q["authid"], q["zone"], q["bridge"], q["privs"], bool(q["noerr"]))
    ),
    "user_enabled": lambda case, q: _noerr(q, lambda: check_user(case.policy, q["userid"], case.content["now"])),
    "user_exists": lambda case, q: _noerr(q, lambda: case.policy.user(q["userid"])),
    "token_exists": lambda case, q: _noerr(q, lambda: case.policy.token(q["userid"], q["tokenid"])),
    "verify_token": ask_verify_token,
    "pool_exists": lambda case, q: _noerr(q, lambda: case.policy.pool(q["pool"])),
    "is_group_member": lambda case, q: {
        "ok": q["group"] in case.policy.groups and q["userid"] in case.policy.groups[q["group"]].members
    },
    "filter_groups": ask_filter_groups,
    "api_check": ask_api_check,
    "api_gate": ask_api_gate,
    "normalize_path": lambda case, q: [paths.normalise(value) for value in q["values"]],
    "check_path": lambda case, q: [paths.valid(value) for value in q["values"]],
    "verify": lambda case, q: _verify(q),
    "split_list": lambda case, q: [split_list(value) for value in q["values"]],
    "text_codec": lambda case, q: _codec(q),
    "template": lambda case, q: [paths.fill(template, params) for template, params in q["values"]],
}


SHARED = {"roles": "rolesets", "permissions": "privsets", "effective": "privsets"}


def resolve(kind: str, expected: Any, content: Query) -> Any:
    """An expectation with references to the case's shared maps resolved, and empty fields left out."""
    if kind in SHARED:
        shared = content.get(SHARED[kind], [])
        return {path: shared[index] for path, index in expected.items()}
    if kind == "parse":
        return expected | {"dump": _tidy(expected["dump"])}
    return expected


def _tidy(found: Query) -> Query:
    """A dump without its empty parts: the vectors leave most of them out, but not all."""
    records = {
        section: {name: _kept(**fields) for name, fields in found.get(section, {}).items()}
        for section in ("users", "groups", "pools")
    }
    return _kept(**found) | records


def matches(expected: Any, got: Any) -> bool:
    """Whether an answer is the expected one; `*` stands for 0 or 1, `msg_any_of` for one of several texts."""
    if isinstance(expected, dict) and isinstance(got, dict):
        if "msg_any_of" in expected:
            rest = {key: value for key, value in expected.items() if key != "msg_any_of"}
            message = got.get("msg")
            return message in expected["msg_any_of"] and matches(rest | {"msg": message}, got)
        return expected.keys() == got.keys() and all(matches(expected[key], got[key]) for key in expected)
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(map(matches, expected, got))
    if expected == "*":
        return got in (0, 1)
    return bool(expected == got) and type(expected) is type(got)
