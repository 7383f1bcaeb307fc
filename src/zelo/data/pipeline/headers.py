"""Finding a table's columns in the header that somebody typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from zelo.data.contract import clipped, close_match
from zelo.data.pipeline.faults import Fault
from zelo.spec.pipeline import RawTable

LOOKED_AT = 20
"""Rows in which a header is looked for: a title may stand above it."""


@dataclass(frozen=True)
class Header:
    """The row that names the columns: its 1-based number, its cells, and where each known column stands."""

    number: int
    cells: tuple[str, ...]
    places: dict[str, tuple[int, ...]]

    def is_of(self, table: RawTable) -> bool:
        """Whether at least half of the columns that the table needs are there."""
        needed = set(_needed(table))
        return 2 * len(needed & set(self.places)) >= len(needed)

    def faults(self, table: RawTable, file: str, sheet: str = "") -> Iterator[Fault]:
        """Columns that are missing, and those that stand there more than once."""
        row = str(self.number)
        spare = [cell for place, cell in enumerate(self.cells) if cell and not self._taken(place)]
        for name in _needed(table):
            if name not in self.places:
                found = clipped(", ".join(cell for cell in self.cells if cell))
                yield Fault(file, sheet, row, name, f"columns {found}", _expected(name, table, spare))
        for name, places in self.places.items():
            if len(places) > 1:
                found = " and ".join(f"{self.cells[place]!r} (column {place + 1})" for place in places)
                yield Fault(file, sheet, row, name, found, f"one column for {name}")

    def _taken(self, place: int) -> bool:
        return any(place in places for places in self.places.values())


def find_header(rows: Iterable[Sequence[str | None]], table: RawTable) -> Header | None:
    """The row, of the first ones, that names the most columns of the table; ``None`` where all are blank."""
    known = {folded(alias): name for name, column in table.columns.items() for alias in (name, *column.names)}
    best: Header | None = None
    for number, row in enumerate(rows, start=1):
        cells = tuple((cell or "").strip() for cell in row)
        if not any(cells):
            continue
        places: dict[str, tuple[int, ...]] = {}
        for place, cell in enumerate(cells):
            if (name := known.get(folded(cell))) is not None:
                places[name] = (*places.get(name, ()), place)
        if best is None or len(places) > len(best.places):
            best = Header(number, cells, places)
    return best


def folded(header: str) -> str:
    """A header without case, accents, spaces and punctuation."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", header).casefold() if letter.isalnum())


def _needed(table: RawTable) -> list[str]:
    return [
        name
        for name, column in table.columns.items()
        if column.missing == "refused" or name == table.date or name in table.where
    ]


def _expected(name: str, table: RawTable, spare: Sequence[str]) -> str:
    names = (name, *table.columns[name].names)
    hint = next((close for alias in names if (close := close_match(alias, spare))), "")
    return f"a column {' or '.join(repr(alias) for alias in names)}" + (f"; {hint}" if hint else "")
