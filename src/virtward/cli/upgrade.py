"""`upgrade-check`: what the step to the next release breaks, and the repair."""

from collections.abc import Iterator, Sequence

from ..analysis.upgrade import Finding, Holder, Loss, Report, upgrade_check
from ..errors import Error
from .output import Data, Record, emit
from .shell import Call
from .source import file_of, read
from .text import Line, Span, Style, counted, listed, wrap

_TONES = {"error": "bad", "warning": "unsure", "notice": "dim"}
_SHOWN = 8  # holders of one finding that people are shown


def run(call: Call) -> int:
    """1 if rights are lost or change, 0 for notices alone."""
    old, new = call.text("old") or "8.4", call.text("new") or "9"
    if old == new:
        raise Error(f"--from and --to are both {old}: there is nothing between them to check")
    report = upgrade_check(read(call, file_of(call)), old, new)
    emit(call, _data(report), lambda style: _lines(report, style))
    return 1 if any(each.severity != "notice" for each in report.findings) else 0


def _data(report: Report) -> Record:
    return {
        "from": report.old,
        "to": report.new,
        "upstream": report.upstream,
        "findings": [_finding(each) for each in report.findings],
    }


def _finding(found: Finding) -> Data:
    return {
        "code": found.code,
        "severity": found.severity,
        "title": found.title,
        "subject": found.subject,
        "line": found.line,
        "holders": [_holder(each) for each in found.holders],
        "losses": [
            {
                "holders": [_holder(each) for each in loss.holders],
                "calls": list(loss.calls),
                "left_to_root": list(loss.root),
            }
            for loss in found.losses
        ],
        "restored_by": {privilege: list(calls) for privilege, calls in found.uses},
        "advice": found.advice,
        "commands": list(found.commands),
    }


def _holder(each: Holder) -> Data:
    return {
        "subject": each.subject,
        "path": each.path,
        "role": each.role,
        "through": each.via,
        "line": each.line,
    }


def _lines(report: Report, style: Style) -> Iterator[Line]:
    yield [f"from Proxmox VE {report.old} to {report.new}; its own checker says: {report.upstream}"]
    for found in report.findings:
        yield []
        where = f"line {found.line}: " if found.line else ""
        yield [Span(found.severity, _TONES[found.severity]), f": {where}{found.title} [{found.code}]"]
        yield from _held(found.holders)
        for loss in found.losses:
            yield from _lost(loss, found, style)
        for text in wrap(found.advice, style.width - 4) if found.advice else ():
            yield ["    ", text]
        if found.uses:
            yield ["    each new privilege brings back:"]
            yield from _uses(found, style)
        for command in found.commands:
            yield ["      ", Span(command, "name")]
    if not report.findings:
        yield ["nothing to do"]


def _held(holders: Sequence[Holder]) -> Iterator[Line]:
    for each in holders[:_SHOWN]:
        through = f" through {each.via}" if each.via else ""
        yield [f"    {each.subject} on {each.path}{through}, {each.role} (line {each.line})"]
    if len(holders) > _SHOWN:
        yield [f"    and {len(holders) - _SHOWN} more (all of them with -o json)"]


def _lost(loss: Loss, found: Finding, style: Style) -> Iterator[Line]:
    whole = len(loss.holders) == len(found.holders)
    who = "they lose" if whole else f"{listed((each.subject for each in loss.holders), 3)} lose"
    for calls, says in ((loss.calls, "can be restored"), (loss.root, "are left to root@pam")):
        if calls:
            text = f"{who} {counted(len(calls), 'call')} that {says}: {listed(calls, 12)}"
            for line in wrap(text, style.width - 4):
                yield ["    ", Span(line, "bad")]


def _uses(found: Finding, style: Style) -> Iterator[Line]:
    for privilege, calls in found.uses:
        for number, line in enumerate(wrap(f"{privilege}: {listed(calls, 5)}", style.width - 6)):
            yield ["      " if not number else "        ", line]
