"""What the sections of a report on a terminal are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from zelo.monitoring.words import Words

BARS = " ▁▂▃▄▅▆▇█"


def section(title: str) -> RenderableType:
    """A heading with a line above it."""
    return below(Text(title, style="bold underline"))


def below(part: RenderableType) -> Padding:
    """The part, with an empty line above it."""
    return Padding(part, (1, 0, 0, 0))


def table_of(words: Words, *, left: Sequence[str] = (), right: Sequence[str] = ()) -> Table:
    """An empty table with columns for texts, then for numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0, 0, 1), expand=True)
    for name in left:
        table.add_column(words(name), overflow="fold")
    for name in right:
        table.add_column(words(name), justify="right", no_wrap=True)
    return table


def add_row(table: Table, *cells: str | Text) -> None:
    """A row of the table."""
    # Names and categories come from people's data: a bracket in one is no markup, an escape no colour.
    table.add_row(*(cell if isinstance(cell, Text) else Text(printable(cell)) for cell in cells))


def printable(text: str) -> str:
    """The text without signs that a terminal would obey."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def bars_of(counts: Sequence[int]) -> str:
    """A bar a count, the highest one as high as a line."""
    highest = max(counts, default=0)
    # A period with few of them still shows the lowest bar: only an empty one is blank.
    return "".join(BARS[-(-8 * count // highest)] if highest else BARS[0] for count in counts)


def moment(at: datetime) -> str:
    """A time in UTC, to the minute."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
