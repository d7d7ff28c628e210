"""Runs vector files (configuration, question, verdict) against the engine's public functions.

    python -m tests.conformance.run DIR

prints one line per failure, what was skipped, and ends with `N passed, M failed`; exit 1 if anything failed.
The format is described in `tests/vectors/FORMAT.md`. Kind `api` (whole calls) needs the server: skipped.
"""

import argparse
import base64
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conformance.kinds import KINDS, SKIPPED, Case, matches, resolve
from virtward.policy.fields import decode_text


def text(value: Any) -> Any:
    """JSON strings as the engine has them: bytes beyond UTF-8 as surrogateescape text."""
    if isinstance(value, dict) and set(value) == {"$b64"}:
        return base64.b64decode(value["$b64"]).decode("utf-8", "surrogateescape")
    if isinstance(value, dict) and set(value) == {"$codepoints"}:
        raw = b"".join(map(perl_utf8, value["$codepoints"]))
        return decode_text(raw.replace(b"%", b"%25").decode("utf-8", "surrogateescape"))
    if isinstance(value, dict):
        return {key: text(each) for key, each in value.items()}
    if isinstance(value, list):
        return [text(each) for each in value]
    return value


def perl_utf8(code: int) -> bytes:
    """A code point as Perl writes it, in up to 7 bytes: surrogates and numbers above U+10FFFF have forms too."""
    if code < 0x80:
        return bytes([code])
    size = next(n for n in range(2, 8) if code < 1 << (11 if n == 2 else 5 * n + 1))
    tail = [0x80 | code >> shift & 0x3F for shift in range(6 * (size - 2), -1, -6)]
    return bytes([0xFF << (8 - size) & 0xFF | code >> 6 * (size - 1), *tail])


def cases(path: Path) -> Iterator[dict[str, Any]]:
    """The cases of a file: one, or `{"cases": [...]}`."""
    content = json.loads(path.read_text(encoding="utf-8"))
    yield from content.get("cases", [content])


def run_case(content: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any], str, Any]]:
    """(index, query, outcome, what came instead) per query; outcome is `passed`, `failed` or `skipped`."""
    for index, query in enumerate(content["queries"]):
        kind = query["kind"]
        if kind in SKIPPED:
            yield index, query, "skipped", None
            continue
        handler = KINDS.get(kind)
        if handler is None:
            yield index, query, "failed", f"unknown kind '{kind}'"
            continue
        got = handler(Case(content), text(query))
        accepted = query.get("expected_any_of", [query.get("expected")])
        passed = any(matches(text(resolve(kind, each, content)), got) for each in accepted)
        yield index, query, "passed" if passed else "failed", got


def main(folder: Path, verbose: bool = False) -> int:
    """Runs every `*.json` of a folder; the exit code."""
    outcomes: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    files = sorted(folder.glob("*.json"))
    if not files:
        print(f"no vector files (*.json) in {folder}", file=sys.stderr)
        return 2
    for path in files:
        for content in cases(path):
            for index, query, outcome, got in run_case(content):
                outcomes[outcome] += 1
                if outcome == "skipped":
                    skipped[query["kind"]] += 1
                elif outcome == "failed":
                    print(f"{path.name}: {content.get('name')}: query {index} ({query['kind']}) failed")
                    if verbose:
                        print(f"  query: {json.dumps(query)[:2000]}\n  got:   {got!r:.2000}")
    for kind, count in skipped.items():
        print(f"skipped {count} of kind '{kind}': {SKIPPED[kind]}")
    print(f"{outcomes['passed']} passed, {outcomes['failed']} failed")
    return 1 if outcomes["failed"] else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run conformance vectors against the engine.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true", help="show query and answer of each failure")
    arguments = parser.parse_args()
    sys.exit(main(arguments.folder, arguments.verbose))
