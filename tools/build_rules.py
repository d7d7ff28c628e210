"""Build the rules of Proxmox VE (src/virtward/rules/data) from a folder of reference facts.

    tools/build_rules.py REFERENCE_DIR           write the data files
    tools/build_rules.py REFERENCE_DIR --check   say whether they are up to date; exit 1 if not

The reference holds the API schemas of both releases and a summary of what upstream checks in code, part of it
in prose; `rules_wording.toml` beside this file says which structured check each piece of prose stands for.
The result depends on nothing else, and each endpoint is one line, so that a new upstream release shows as a
readable diff.
"""

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

Facts: TypeAlias = dict[str, Any]  # a JSON object of the reference; its files' `meta` explain the keys
Tree: TypeAlias = list[Any]

RELEASES = ("8.4", "9")
SCHEMAS = {"8.4": "pve-api-8.4.json", "9": "pve-api.json"}
METHODS = ("GET", "POST", "PUT", "DELETE")
ENUM_CHARACTERS = 120
TREE_FORMS = {"perm", "and", "or", "userid-group", "userid-param", "perm-modify"}

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "src" / "virtward" / "rules" / "data"
WORDING = HERE / "rules_wording.toml"


class Problem(Exception):
    """The reference contradicts itself or says something this script can't carry over."""


@dataclass(frozen=True)
class Reference:
    """The folder's files, read."""

    schemas: dict[str, Facts]
    dynamic: Facts
    agent: Facts
    monitor: Facts
    later: list[str]
    privileges: dict[str, frozenset[str]]
    wording: Facts

    @classmethod
    def read(cls, folder: Path, wording: Path = WORDING) -> "Reference":
        """Read the files that are used; `wording` is the translation table."""

        def load(name: str) -> Facts:
            facts: Facts = json.loads((folder / name).read_text(encoding="utf-8"))
            return facts

        known = load("privileges.json")["privileges"]
        return cls(
            schemas={release: load(SCHEMAS[release]) for release in RELEASES},
            dynamic=load("dynamic-permissions.json"),
            agent=load("guest-agent.json"),
            monitor=load("hmp.json"),
            later=load("api-diff-8-9.json")["in_sources_after_9.1.3_schema"]["endpoints"],
            privileges={
                release: frozenset(name for name, facts in known.items() if facts[f"in_{release}"])
                for release in RELEASES
            },
            wording=tomllib.loads(wording.read_text(encoding="utf-8")),
        )

    def endpoints(self, release: str) -> dict[tuple[str, str], Facts]:
        """The release's endpoints by method and path."""
        return {(facts["method"], facts["path"]): facts for facts in self.schemas[release]["endpoints"]}

    def code(self, key: tuple[str, str]) -> Facts | None:
        """What is known of an endpoint beyond its schema."""
        entries: list[Facts] = self.dynamic["endpoints"]
        return next((facts for facts in entries if (facts["method"], facts["path"]) == key), None)


@dataclass
class Extra:
    """What one endpoint has beyond its declared gate."""

    checks: list[Facts] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)
    filter_tree: Tree | None = None
    notes: list[str] = field(default_factory=list)


# Reading trees and conditions


def is_tree(value: object) -> bool:
    """Whether the value is a permission tree and no prose, at any depth."""
    if not isinstance(value, list) or not value or value[0] not in TREE_FORMS:
        return False
    return value[0] not in ("and", "or") or all(is_tree(child) for child in value[1:])


def leaves(tree: Tree) -> Iterator[Tree]:
    """The tree's forms that hold no others."""
    if tree[0] in ("and", "or"):
        for child in tree[1:]:
            yield from leaves(child)
    else:
        yield tree


def privileges(tree: Tree) -> set[str]:
    """Every privilege the tree names."""
    return {name for leaf in leaves(tree) if leaf[0] == "perm" for name in leaf[2]}


def placeholders(tree: Tree) -> list[str]:
    """The names in braces in the tree's paths, each once, in order."""
    paths = " ".join(leaf[1] for leaf in leaves(tree) if isinstance(leaf[1], str))
    return list(dict.fromkeys(re.findall(r"{([^}]*)}", paths)))


def rename(tree: Tree, old: str, new: str) -> Tree:
    """The tree with a placeholder renamed."""
    renamed: Tree = json.loads(json.dumps(tree).replace("{" + old + "}", "{" + new + "}"))
    return renamed


def condition_params(when: Tree, *, needed: bool = False) -> set[str]:
    """The parameters a condition looks at; with `needed` only those without which it can't be true."""
    match when[0]:
        case "always" | "depends":
            return set()
        case "not":
            return set() if needed else condition_params(when[1])
        case "any" if needed:
            return set()
        case "all" | "any":
            return set().union(*(condition_params(part, needed=needed) for part in when[1:]))
        case _:
            return {when[1]}


def check_params(check: Facts) -> set[str]:
    """Every parameter of the call that the check looks at."""
    names = condition_params(check["when"])
    names |= {check["each"][0]} if "each" in check else set()
    return names | {bind[1] for bind in check.get("bind", {}).values()}


# Translating the checks that upstream makes in code


def listed(value: Any) -> list[Any]:
    """The value, as a list if it is none."""
    return value if isinstance(value, list) else [value]


def wording_for(ref: Reference, rule: Facts, endpoint: Facts) -> Facts | None:
    """The first translation that applies to a rule of the reference."""
    for entry in ref.wording["rule"]:
        if rule["if"] not in listed(entry["if"]):
            continue
        if "need" in entry and rule["need"] not in listed(entry["need"]):
            continue
        if "path" in entry and endpoint["path"] not in listed(entry["path"]):
            continue
        if "when" in entry and not is_tree(rule["need"]):
            continue
        found: Facts = entry
        return found
    return None


def fill_in(ref: Reference, check: Facts) -> Facts:
    """The check with the placeholders of the reference named as the loader wants them."""
    if not isinstance(check["need"], list):
        return check
    for name in placeholders(check["need"]):
        entry = ref.wording["placeholder"].get(name)
        if entry is None:
            continue
        check["need"] = rename(check["need"], name, entry["name"])
        if check["label"] == "always" and "label" in entry:
            check["label"] = entry["label"]
        if "each" in entry:
            check.setdefault("each", entry["each"])
        for key in ("bind", "open"):
            if key in entry:
                check[key] = {**check.get(key, {}), entry["name"]: entry[key]}
    return check


def translate(ref: Reference, rule: Facts, endpoint: Facts, extra: Extra) -> None:
    """Add what a rule of the reference stands for to `extra`."""
    entry = wording_for(ref, rule, endpoint)
    since = {"since": rule["since"]} if "since" in rule else {}
    if entry is None:
        print(f"prose kept: {endpoint['method']} {endpoint['path']}: {rule['if']}", file=sys.stderr)
        need = rule["need"] if is_tree(rule["need"]) else {"depends": str(rule["need"])}
        extra.checks.append({"label": rule["if"], "when": ["depends", rule["if"]], "need": need, **since})
        return
    extra.notes += [entry["note"]] if "note" in entry else []
    extra.filters += [entry["filter"]] if "filter" in entry else []
    if "when" in entry:
        check = {"label": entry.get("label", rule["if"]), "when": entry["when"], "need": rule["need"]}
        check |= {key: entry[key] for key in ("each", "bind", "open") if key in entry} | since
        extra.checks.append(fill_in(ref, check))
    for template in entry.get("checks", ()):
        extra.checks.append(fill_in(ref, {**since, **json.loads(json.dumps(template))}))


def remarks(ref: Reference, release: str, texts: list[str]) -> str:
    """The texts that hold for the release, joined."""
    table = {entry["text"]: entry["in"] for entry in ref.wording.get("remark", ())}
    kept = [table.get(text, {}).get(release, text) for text in texts]
    return "; ".join(dict.fromkeys(text for text in kept if text))


def filter_of(source: object, release: str, extra: Extra) -> None:
    """Add a listing's filter: prose, a tree, or one of either per kind of row."""
    if is_tree(source):
        assert isinstance(source, list)
        extra.filter_tree = source
    elif isinstance(source, dict):
        for kind, need in source.items():
            if release == "9" or not kind.startswith("network"):
                extra.filters.append(f"{kind}: {tree_text(need) if is_tree(need) else need}")
    elif isinstance(source, str):
        extra.filters.append(source)


def tree_text(tree: Tree) -> str:
    """A `perm` form in words."""
    glue = " or " if "any" in tree[3:] else " and "
    return f"{glue.join(tree[2])} on {tree[1]}"


def extras(ref: Reference, release: str, key: tuple[str, str], endpoint: Facts) -> Extra:
    """What the endpoint has beyond its gate in the release."""
    extra = Extra()
    for entry in ref.wording.get("filter", ()):
        if entry["only"] == release and [*key] in entry["calls"]:
            extra.filters.append(entry["text"])
    facts = ref.code(key)
    if facts is None:
        return extra
    filter_of(facts.get("filter"), release, extra)
    for kind, need in facts.get("hide", {}).items():
        extra.filters.append(f"{kind}: {tree_text(need)}")
    for rule in facts.get("rules", ()):
        translate(ref, rule, endpoint, extra)
    for name in delete_root_params(ref, key, facts):
        extra.checks.append({"label": f"{name} in delete", "when": ["named", "delete", name], "need": "root"})
    extra.checks = [check for check in extra.checks if fits(ref, release, check, endpoint)]
    extra.notes += [facts["note"]] if "note" in facts else []
    return extra


def delete_root_params(ref: Reference, key: tuple[str, str], facts: Facts) -> list[str]:
    """The root-only parameters that are also refused as names in `delete`."""
    entries = ref.wording.get("delete_root_params", ())
    named = any((entry["method"], entry["path"]) == key for entry in entries)
    return list(facts.get("root_params", ())) if named else []


def fits(ref: Reference, release: str, check: Facts, endpoint: Facts) -> bool:
    """Whether upstream makes the check in that release.

    Older than 9 means: no check that came with a package of 9, none for a privilege that doesn't exist yet,
    none about a parameter that doesn't exist yet.
    """
    if check.pop("only", release) != release:
        return False
    unknown = condition_params(check["when"], needed=True) - endpoint["params"].keys()
    if release == "9":
        missing = check_params(check) - endpoint["params"].keys()
        if missing:
            raise Problem(f"{endpoint['method']} {endpoint['path']}: no parameter {sorted(missing)}")
        return True
    foreign = privileges(check["need"]) - ref.privileges[release] if is_tree(check["need"]) else set()
    return not (unknown or foreign or check.get("since", "").startswith("qemu-server 9."))


# One release's file


def param_spec(facts: Facts) -> str:
    """A parameter as `type?:format=choice|choice`: `?` for optional, the choices where they are short."""
    form = facts.get("format")
    spec: str = facts.get("type", "string") + ("?" if facts.get("optional") else "")
    spec += f":{form['$fmt'] if isinstance(form, dict) else form}" if form else ""
    choices = "|".join(str(choice) for choice in facts.get("enum") or ())
    return spec + (f"={choices}" if choices and len(choices) <= ENUM_CHARACTERS else "")


def endpoint_record(ref: Reference, release: str, key: tuple[str, str], facts: Facts) -> Facts:
    """One endpoint as the data file has it."""
    extra = extras(ref, release, key, facts)
    rooted = (ref.code(key) or {}).get("root_params", ())
    record: Facts = {"method": key[0], "path": key[1], "name": facts["name"], "requires": facts["perm"]}
    optional: Facts = {
        "params": {name: param_spec(facts["params"][name]) for name in sorted(facts["params"])},
        "refuses_tokens": not facts["allowtoken"],
        "takes_rest": any(key[1].endswith(tail) for tail in ref.wording["tails"]),
        "open_params": bool(facts.get("params_open")),
        "root_params": [name for name in rooted if name in facts["params"]],
        "checks": extra.checks,
        "filter": remarks(ref, release, extra.filters),
        "filter_tree": extra.filter_tree,
        "note": remarks(ref, release, extra.notes),
    }
    return record | {name: value for name, value in optional.items() if value}


def control_params(ref: Reference, release: str, guest: str, names: Facts) -> Facts:
    """The parameters of a guest's creation and change that are no options.

    The table of a virtual machine lists every option. That of a container doesn't: there, options are what
    creation and change have in common.
    """
    endpoints, base = ref.endpoints(release), f"/nodes/{{node}}/{guest}"
    made = set(endpoints["POST", base]["params"])
    changes = [endpoints.get((method, f"{base}/{{vmid}}/config"), {}) for method in ("POST", "PUT")]
    changed = set().union(*(facts.get("params", ()) for facts in changes))
    path = {"node", "vmid"}
    if guest == "qemu":
        return {"create": sorted(made - names.keys()), "update": sorted(changed - names.keys())}
    special = set(ref.wording["container_create_control"])
    return {"create": sorted((made - changed) | path | special), "update": sorted((changed - made) | path)}


def guest_options(ref: Reference, release: str, guest: str) -> Facts:
    """The table option -> privileges of one kind of guest."""
    source = ref.dynamic[guest]
    newer = source.get("options_added_since_8.4", ()) if release == "8.4" else ()
    names = {n: need for n, need in source["config_option_privileges"].items() if n not in newer}
    only = {name: need for name, need in source.get("delete_only_options", {}).items()}
    table: Facts = {
        "names": names,
        "delete_only": {n: {"all": v["all"]} if isinstance(v, dict) else v for n, v in only.items()},
        "default": source["default_for_unlisted_option"].split(" ")[0],
        "control": control_params(ref, release, guest, names),
    }
    if guest == "lxc":
        return table
    rule = source["value_rules"]["cpu-model"]
    since = {"since": "qemu-server 9.1.14 (2026-05)"} if release == "9" else {}
    table["cpu_model"] = {"need": rule["need_9.1.14+" if release == "9" else "need_before"], **since}
    return table


def monitor_levels(ref: Reference, release: str) -> Facts:
    """Which QEMU monitor commands need what beyond the gate."""
    if release == "9":
        return {"read_only": [], "levels": ref.monitor["by_level"], "unlisted": "root"}
    rule = ref.monitor["rule_8.4"]
    return {"read_only": rule["read_only"].split(" or "), "levels": {}, "unlisted": rule["else"][2][0]}


def compare_agent(ref: Reference) -> None:
    """Refuse a reference whose guest agent table and API schemas disagree."""
    for release, key in (("8.4", "check_8.4"), ("9", "check")):
        endpoints = ref.endpoints(release)
        for name, facts in ref.agent["commands"].items():
            gate = endpoints[facts["http"], facts["path"]]["perm"]
            if gate != {"check": facts[key]}:
                raise Problem(f"guest agent command {name}: {facts[key]} but the {release} schema has {gate}")


def order(key: tuple[str, str]) -> tuple[list[str], int]:
    """Sort key: by URL, then by method."""
    return key[1].split("/"), METHODS.index(key[0])


def release_text(ref: Reference, release: str) -> str:
    """The data file of a release."""
    endpoints = ref.endpoints(release)
    head: Facts = {
        "release": release,
        "sources": [
            f"API schema: {ref.schemas[release]['meta']['source']}",
            f"checks in code: {ref.dynamic['meta']['release']}",
            f"guest agent: {ref.agent['meta']['source']}",
            f"monitor: {ref.monitor['meta']['source']}",
        ],
        "later": ref.later if release == "9" else [],
        "monitor": monitor_levels(ref, release),
        "options": {guest: guest_options(ref, release, guest) for guest in ("lxc", "qemu")},
    }
    lines = [f"{compact(name)}:{compact(value)}" for name, value in head.items()]
    records = [compact(endpoint_record(ref, release, key, endpoints[key])) for key in sorted(endpoints, key=order)]
    lines.append('"endpoints":[\n' + ",\n".join(records) + "\n]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def compact(value: object) -> str:
    """JSON without blanks, keys in the given order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def build(folder: Path) -> dict[str, str]:
    """The data files' texts by name; raises Problem when the reference is inconsistent."""
    ref = Reference.read(folder)
    compare_agent(ref)
    return {f"api-{release}.json": release_text(ref, release) for release in RELEASES}


def main(arguments: list[str] | None = None, target: Path = TARGET) -> int:
    """Write the files, or with --check compare them; 1 if stale, 2 if the reference can't be used."""
    parser = argparse.ArgumentParser(description="Build src/virtward/rules/data from a folder of reference facts.")
    parser.add_argument("reference", type=Path, metavar="REFERENCE_DIR")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file would change")
    options = parser.parse_args(arguments)
    try:
        texts = build(options.reference)
    except (OSError, KeyError, Problem, json.JSONDecodeError) as error:
        print(f"build_rules: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    stale = []
    for name, text in texts.items():
        path = target / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not options.check:
                path.write_text(text, encoding="utf-8")
    verb = "stale" if options.check else "written"
    print(f"{verb}: {', '.join(stale)}" if stale else "up to date")
    return int(options.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
