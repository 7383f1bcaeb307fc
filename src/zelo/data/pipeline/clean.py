"""The second stage: cells get their types, rows that are not asked for go, and each row stands once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from zelo.data.contract import ROW
from zelo.data.pipeline.engine import Engine
from zelo.data.pipeline.faults import FILE, SHEET
from zelo.data.pipeline.parsing import meaning, typed
from zelo.data.rules import as_written
from zelo.spec.pipeline import RawColumn, RawTable

PLACE = (FILE, SHEET, ROW)
WRONG, KEY = "wrong__", "key__"
# Of these many cells have the same text, so that each text is read once.
_REPEATED = ("date", "hours")
MOST_VALUES = 10
"""Of those left out, that are told."""
_EXPECTED = {
    "date": "a day written as 31/12/2024 or 2024-12-31",
    "hours": "hours written as 1:30, 1,5 or 1.5",
    "number": "a number written as 1,5 or 1.5",
    "integer": "a whole number",
    "name": "a name",
    "text": "a text",
}


@dataclass(frozen=True)
class Cleaned:
    """A raw table made clean.

    ``good`` has the columns of the table's spec (date, float64, int64 or string) and where each row came
    from (``file__``, ``sheet__``, ``row__``). ``read`` rows were staged; ``chosen`` passed ``where``, of
    which ``duplicates`` are not among the good ones. ``faults`` has a row a cell at fault: file, sheet, row,
    column, found (NULL for nothing), expected; reading it costs as much as cleaning did.
    """

    good: ibis.Table
    faults: ibis.Table
    read: int
    chosen: int
    duplicates: int
    faulty: bool


def clean(staged: ibis.Table, table: RawTable, engine: Engine) -> Cleaned:
    """Clean a staged table (each column as text, and where the row came from).

    Of rows that are alike in ``unique``, or in every column, the first by file, sheet and row stays.
    """
    cells, unique = _cells(staged, table, engine), table.unique or tuple(table.columns)
    # Hashes are small enough to count all of them; only rows that share one are looked at as they are.
    key = ibis.struct({name: cells[name] for name in unique}).hash()
    wrong = ibis.or_(*_verdicts(cells, table))
    rows = engine.kept(cells.select(*table.columns, *PLACE, **{KEY: key, WRONG: wrong}))
    later = engine.kept(_later(rows, unique, engine))
    counts = rows.aggregate(chosen=rows.count(), wrong=rows[WRONG].sum())
    [found] = engine.to_arrow(counts).to_pylist()
    return Cleaned(
        good=rows.filter(~rows[WRONG]).drop(WRONG, KEY).anti_join(later, PLACE),
        faults=ibis.union(*_faults(cells, table)),
        read=engine.count(staged),
        chosen=found["chosen"],
        duplicates=engine.count(later),
        faulty=bool(found["wrong"]),
    )


def left_out(staged: ibis.Table, table: RawTable, engine: Engine) -> dict[str, dict[str, int]]:
    """Rows that ``where`` leaves out, by column and its most frequent values: a spelling that nobody listed
    is among them."""
    found = {}
    for name, values in table.where.items():
        texts = staged.group_by(**{as_written(name): staged[name]}).aggregate(rows=staged.count())
        meanings = texts.mutate(**{name: typed(texts[as_written(name)], table.columns[name])})
        going = meanings.filter(~_chosen(meanings, name, table.columns[name], values))
        counts = going.group_by(name).aggregate(rows=going.rows.sum())
        listed = engine.to_arrow(counts.order_by(ibis.desc("rows"), name).limit(MOST_VALUES)).to_pylist()
        found[name] = {str(row[name]): int(row["rows"]) for row in listed}
    return found


def _cells(staged: ibis.Table, table: RawTable, engine: Engine) -> ibis.Table:
    """Each column twice, as it was written and typed, without the rows that ``where`` leaves out."""
    cells = staged.rename({as_written(name): name for name in table.columns})
    # Rows that go, go before the rest of them is read.
    for name in dict.fromkeys((*table.where, *table.columns)):
        column, text = table.columns[name], as_written(name)
        if column.type in _REPEATED or name in table.where:
            texts = staged.select(**{text: staged[name]}).distinct()
            meanings = engine.kept(texts.mutate(**{name: typed(texts[text], column)}))
            if name in table.where:
                meanings = meanings.filter(_chosen(meanings, name, column, table.where[name]))
            same = cells[text].identical_to(meanings[text])
            cells = cells.inner_join(meanings, same).drop(f"{text}_right")
        else:
            cells = cells.mutate(**{name: typed(cells[text], column)})
    return cells


def _chosen(cells: ibis.Table, name: str, column: RawColumn, values: Sequence[str]) -> ir.BooleanValue:
    wanted = cells[name].isin([meaning(value, column) for value in values])
    # A cell at fault might have been one of them.
    return wanted.fill_null(False) | _wrong(cells, name, column)


def _verdicts(cells: ibis.Table, table: RawTable) -> Iterator[ir.BooleanValue]:
    return (_wrong(cells, name, column) for name, column in table.columns.items())


def _wrong(cells: ibis.Table, name: str, column: RawColumn) -> ir.BooleanValue:
    cell = cells[name]
    unfit = cell.isnull()
    if column.min is not None:
        unfit |= cell < column.min
    if column.max is not None:
        unfit |= cell > column.max
    if column.missing == "refused":
        return unfit
    # A name without a letter, such as a dash, is nothing.
    return (cell if column.type == "name" else cells[as_written(name)]).notnull() & unfit


def _later(rows: ibis.Table, names: Sequence[str], engine: Engine) -> ibis.Table:
    """Where the rows are that say again what one before them says."""
    shared = engine.kept(rows.group_by(KEY).having(rows.count() > 1).aggregate())
    nth = ibis.row_number().over(group_by=names, order_by=PLACE)
    return rows.semi_join(shared, KEY).mutate(nth=nth).filter(ibis._.nth > 0).select(*PLACE)


def _faults(cells: ibis.Table, table: RawTable) -> Iterator[ibis.Table]:
    for name, column in table.columns.items():
        yield cells.filter(_wrong(cells, name, column)).select(
            file=FILE,
            sheet=SHEET,
            row=ROW,
            column=ibis.literal(name),
            found=as_written(name),
            expected=ibis.literal(_in_words(column)),
        )


def _in_words(column: RawColumn) -> str:
    words = _EXPECTED[column.type]
    if column.min is not None and column.max is not None:
        return f"{words}, from {column.min:g} to {column.max:g}"
    if column.min is not None:
        return f"{words}, of at least {column.min:g}"
    return words if column.max is None else f"{words}, of at most {column.max:g}"
