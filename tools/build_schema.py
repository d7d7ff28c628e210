"""Build the parameters of Proxmox VE's calls (src/virtward/schema/data) from a folder of reference facts.

    tools/build_schema.py REFERENCE_DIR           write the data file
    tools/build_schema.py REFERENCE_DIR --check   say whether it is up to date; exit 1 if not

Facts only: types, formats, limits, patterns, choices, fixed defaults, companions. The result depends on nothing
else, and each call is one line, so that a new upstream release shows as a readable diff.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any, TypeAlias

from virtward.schema.combinations import ANY_CPU_FLAGS, CPU_FLAGS

Facts: TypeAlias = dict[str, Any]  # a JSON object of the reference; its files' `meta` explain the keys

METHODS = ("GET", "POST", "PUT", "DELETE")
CALLS = re.compile(
    r"/(version|access|pools|storage)(/.*)?"
    r"|/cluster(/(resources|nextid|status|tasks|log|options)(/.*)?)?"
    r"|/nodes(/{node}(/(status|version|time|tasks|network|storage|qemu)(/.*)?)?)?"
)
KEPT = (
    *("type", "optional", "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "enum"),
    *("default", "default_key", "requires", "items"),
)
LEFT_OUT = {"default_dynamic", "list_sep", "item_pattern", "forbidden_in_vm_config"}

# Patterns that mean the same and are easier to match or to describe: no search that explodes, no inline flags.
SAME = {
    r"(?:(?:[._]|__|[-]*)[a-z\d]+)*": r"(?:(?:[._]|__|-+)[a-z\d]+)*",
    r"(?i:[a-z0-9_][a-z0-9_\-\+\.]*)": r"(?:[a-zA-Z0-9_][a-zA-Z0-9_\-\+\.]*)",
}
# What upstream's code takes and its published schema doesn't have yet.
LATER: dict[tuple[str, str], Facts] = {
    ("PUT", "/access/users/{userid}/token/{tokenid}"): {
        "regenerate": {"type": "boolean", "optional": 1, "default": 0},
    },
}
FLAGS = {"0": 0, "1": 1, "no": 0, "yes": 1, "false": 0, "true": 1}

TARGET = Path(__file__).resolve().parent.parent / "src" / "virtward" / "schema" / "data" / "params-9.json"


class Problem(Exception):
    """The reference says something this script can't carry over."""


def format_name(facts: Facts) -> str:
    """The name of a format, whether registered upstream or only a form of its own."""
    form = facts["format"]
    name: str = form["$fmt"] if isinstance(form, dict) else form
    return name


def default_of(facts: Facts) -> str | int | float | None:
    """The fixed default, of the parameter's type."""
    default: str | int | float | None = facts.get("default")
    match facts["type"]:
        case "boolean" if default is not None:
            return FLAGS[str(default)]
        case "integer" if default is not None:
            return int(default)
    return default


def param(facts: Facts, last: int | None = None) -> Facts:
    """A parameter as the data file has it."""
    if "alias" in facts:
        names = {"names": facts["keyAlias"]} if "keyAlias" in facts else {}
        return {"alias": facts["alias"]} | names
    unknown = facts.keys() - set(KEPT) - LEFT_OUT
    if unknown:
        raise Problem(f"unknown keys {sorted(unknown)} in {facts}")
    kept = {name: facts[name] for name in KEPT if name in facts}
    for old, new in SAME.items():
        if "pattern" in kept:
            kept["pattern"] = kept["pattern"].replace(old, new)
    if "format" in kept:
        kept["format"] = format_name(facts)
    if "items" in kept:
        kept["items"] = param(facts["items"])
    if "item_pattern" in facts:
        kept["pattern"] = cpu_flags(facts)
    kept |= {"default": default_of(facts), "last": last}
    return {name: value for name, value in kept.items() if value is not None}


def cpu_flags(facts: Facts) -> str:
    """The pattern of CPU flags; which of them are allowed is the whole property string's rule."""
    if facts["item_pattern"] != f"[+-]({'|'.join(CPU_FLAGS)})" or facts["list_sep"] != ";":
        raise Problem(f"the list of CPU flags has changed: {facts['item_pattern']}")
    return ANY_CPU_FLAGS


def keys_of(formats: Facts, name: str) -> Facts:
    """The keys of a property string."""
    facts = formats[name]
    if "same_as" in facts:
        return keys_of(formats, format_name({"format": facts["same_as"]}))
    return {key: param(facts[key]) for key in sorted(facts)}


def last_index(limits: Facts, name: str) -> int | None:
    """The highest index of a parameter written `name[n]`."""
    if not name.endswith("[n]"):
        return None
    limit: int = limits[name.removesuffix("[n]")]
    return limit


def call(facts: Facts, limits: Facts) -> Facts:
    """A call as the data file has it."""
    params = facts["params"] | LATER.get((facts["method"], facts["path"]), {})
    record: Facts = {
        "method": facts["method"],
        "path": facts["path"],
        "params": {name: param(params[name], last_index(limits, name)) for name in sorted(params)},
    }
    return record | ({"open": 1} if facts.get("params_open") else {})


def order(facts: Facts) -> tuple[list[str], int]:
    """Sort key: by URL, then by method."""
    return facts["path"].split("/"), METHODS.index(facts["method"])


def used_formats(schema: Facts, calls: list[Facts]) -> Facts:
    """The property strings that the calls use."""
    names = {item.get("format", "") for facts in calls for item in facts["params"].values()}
    return {name: keys_of(schema["formats"], name) for name in sorted(names & schema["formats"].keys())}


def compact(value: object) -> str:
    """JSON without blanks, keys in the given order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def build(folder: Path) -> str:
    """The data file's text."""
    schema: Facts = json.loads((folder / "pve-api.json").read_text(encoding="utf-8"))
    dynamic: Facts = json.loads((folder / "dynamic-permissions.json").read_text(encoding="utf-8"))
    limits = dynamic["qemu"]["max_index"]
    facts = sorted((one for one in schema["endpoints"] if CALLS.fullmatch(one["path"])), key=order)
    calls = [{"method": "GET", "path": "/", "params": {}}, *(call(one, limits) for one in facts)]
    formats = [f"{compact(name)}:{compact(keys)}" for name, keys in used_formats(schema, calls).items()]
    return (
        f'{{\n"release":"9",\n"source":{compact(schema["meta"]["source"])},\n'
        + '"formats":{\n' + ",\n".join(formats) + "\n},\n"
        + '"endpoints":[\n' + ",\n".join(map(compact, calls)) + "\n]\n}\n"
    )  # fmt: skip


def main(arguments: list[str] | None = None, target: Path = TARGET) -> int:
    """Write the file, or with --check compare it; 1 if stale, 2 if the reference can't be used."""
    parser = argparse.ArgumentParser(description="Build src/virtward/schema/data from a folder of reference facts.")
    parser.add_argument("reference", type=Path, metavar="REFERENCE_DIR")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file would change")
    options = parser.parse_args(arguments)
    try:
        text = build(options.reference)
    except (OSError, KeyError, Problem, json.JSONDecodeError) as error:
        print(f"build_schema: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    stale = not target.exists() or target.read_text(encoding="utf-8") != text
    if stale and not options.check:
        target.write_text(text, encoding="utf-8")
    print(f"{'stale' if options.check else 'written'}: {target.name}" if stale else "up to date")
    return int(options.check and stale)


if __name__ == "__main__":
    sys.exit(main())
