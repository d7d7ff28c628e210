"""A table drawn for people, folded into the width of their terminal.

Rule: nothing is cropped. A terminal too narrow for all columns gets them plain, to be folded as it likes.
"""

from collections.abc import Iterator, Sequence
from io import StringIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .text import Style, columns, escape

_NARROWEST = 16  # what a column keeps if the terminal is narrow


def draw(titles: Sequence[str], rows: Sequence[Sequence[str]], style: Style) -> Iterator[str]:
    """The lines of the table, its cells escaped."""
    cells = [[escape(text) for text in row] for row in rows]
    least = [min(_NARROWEST, max(len(row[i]) for row in (titles, *cells))) for i in range(len(titles))]
    if sum(least) + 3 * len(least) + 2 > style.width:
        yield from columns(titles, rows)
        return
    table = Table(box=box.SIMPLE_HEAD if style.unicode else box.ASCII, header_style="bold", pad_edge=False)
    for title, width in zip(titles, least, strict=True):
        table.add_column(Text(title), overflow="fold", min_width=width)
    for row in cells:
        table.add_row(*(Text(text) for text in row))
    drawn = StringIO()
    # Width and colours are given, so that nothing is guessed from the environment.
    console = Console(
        file=drawn,
        color_system="standard" if style.colour else None,
        force_terminal=style.colour,
        width=style.width,
    )
    console.print(table)
    yield from (line.rstrip() for line in drawn.getvalue().split("\n") if line.strip())
