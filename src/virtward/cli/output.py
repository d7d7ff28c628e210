"""Answers on their way out: as JSON or YAML for programs, as lines or a table for people.

Rule: what is printed doesn't depend on anything but the answer, the format and the terminal. JSON and YAML carry
the same text as the table, escapes included (`text.escape`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TextIO, TypeAlias

from .shell import Call, Shell
from .text import Line, Style, columns, escape

Data: TypeAlias = "str | int | bool | Sequence[Data] | Mapping[str, Data] | None"
Record = Mapping[str, Data]
Lines = Callable[[Style], Iterable[Line]]

_WIDTH = 100  # of lines, where no terminal says another
_ROWS_DRAWN = 1_000  # more rows than this come as plain columns: drawing measures every cell


def format_of(call: Call) -> str:
    """`table`, `text`, `json` or `yaml`: as asked, otherwise a table on a terminal and text elsewhere."""
    return call.text("output") or ("table" if call.shell.stdout.isatty() else "text")


def style_of(call: Call) -> Style:
    """How lines look on this call's standard output."""
    out = call.shell.stdout
    environ = call.shell.environ
    plain = format_of(call) == "text" or not out.isatty()
    colour = not plain and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return Style(colour, _can_encode(out, "\u2713\u2717\u251c\u2500\u2514\u2502"), _width(call))


def _width(call: Call) -> int:
    if format_of(call) == "text" or not call.shell.stdout.isatty():
        return _WIDTH
    from shutil import get_terminal_size

    return max(40, get_terminal_size((_WIDTH, 24)).columns)


def _can_encode(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def emit(call: Call, data: Data, lines: Lines) -> None:
    """Prints an answer: `data` for programs, `lines` for people."""
    match format_of(call):
        case "json":
            call.shell.stdout.write(_json(data, call.shell.stdout))
        case "yaml":
            call.shell.stdout.write(_yaml(data, call.shell.stdout))
        case _:
            style = style_of(call)
            for line in lines(style):
                call.shell.stdout.write(style.render(line) + "\n")


def emit_list(call: Call, variant: str, records: Sequence[Record]) -> None:
    """Prints a list: as objects for programs, as a table of the variant's titled fields for people."""
    if format_of(call) in ("json", "yaml"):
        return emit(call, records, lambda _: ())
    from .answers import ANSWERS

    shown = [field for field in ANSWERS[call.command.name][variant] if field.title]
    titles = [field.title for field in shown]
    table = format_of(call) == "table" and len(records) <= _ROWS_DRAWN
    rows = [[cell(record[field.key], ", " if table else ",") for field in shown] for record in records]
    if table:
        from .table import draw

        lines = draw(titles, rows, style_of(call))
    else:
        lines = columns(titles, rows) if rows else iter(())
    call.shell.stdout.writelines(f"{line}\n" for line in lines)


def cell(value: Data, comma: str = ",") -> str:
    """A value as people read it in a table; a list's items are parted by `comma`, texts by semicolons."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case int():
            return str(value) if value else ""
        case Mapping():
            return str(value.get("says", ""))
        case _:
            texts = [cell(item) for item in value]
            return ("; " if any(" " in text for text in texts) else comma).join(texts)


def note(shell: Shell, text: str) -> None:
    """Tells people something beside the answer, on standard error."""
    shell.stderr.write(f"virtward: note: {escape(text)}\n")


def _json(data: Data, stream: TextIO) -> str:
    import json

    return json.dumps(_clean(data), indent=2, ensure_ascii=not _is_utf8(stream)) + "\n"


def _yaml(data: Data, stream: TextIO) -> str:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(
        _clean(data), Dumper=dumper, sort_keys=False, allow_unicode=_is_utf8(stream), width=10_000
    )
    return text


def _is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") == "utf8"


def _clean(data: Data) -> Data:
    match data:
        case str():
            return escape(data)
        case None | bool() | int():
            return data
        case Mapping():
            return {escape(key): _clean(value) for key, value in data.items()}
        case _:
            return [_clean(item) for item in data]
