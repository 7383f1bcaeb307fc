"""A workbook that somebody keeps by hand: every sheet with the table's header is staged."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl  # type: ignore[import-untyped]
import pyarrow as pa
from openpyxl.utils.datetime import to_excel  # type: ignore[import-untyped]

from zelo.data.pipeline.faults import Fault
from zelo.data.pipeline.headers import LOOKED_AT, Header, find_header
from zelo.data.pipeline.staging import Staging, unusable
from zelo.errors import PipelineError
from zelo.spec.pipeline import RawTable

BLOCK_ROWS = 20_000
OLE_MARK = b"\xd0\xcf\x11\xe0"
Row = Sequence[Any]


def stage_excel(path: Path, table: RawTable, staging: Staging) -> dict[str, int | None]:
    """Stage the rows of every sheet that has the table's header.

    Returns:
        Each sheet with its number of rows; ``None`` for one that is something else.

    Raises:
        PipelineError: the file cannot be used; ``faults`` says where.
        OSError: the staging cannot be written.
    """
    found: dict[str, int | None] = {}
    faults: list[Fault] = []
    nearest: tuple[str, Header] | None = None
    # openpyxl warns of styles and extensions that it leaves out, on which no cell's value depends.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
        with closing(_opened(path, staging.file)) as book:
            for sheet in book.worksheets:
                rows = _rows(sheet, staging.file)
                top = list(islice(rows, LOOKED_AT))
                header = find_header((_texts(row) for row in top), table)
                if header is None or not header.is_of(table):
                    found[sheet.title] = None
                    if header and (nearest is None or len(header.places) > len(nearest[1].places)):
                        nearest = sheet.title, header
                    continue
                found[sheet.title], before = 0, staging.rows
                if wrong := list(header.faults(table, staging.file, sheet.title)):
                    faults += wrong
                    continue
                _stage(chain(top[header.number :], rows), header, table, staging, sheet.title)
                found[sheet.title] = staging.rows - before
    if nearest and all(rows is None for rows in found.values()):
        faults += nearest[1].faults(table, staging.file, nearest[0])
    if faults:
        raise PipelineError("the workbook cannot be used", faults=faults)
    if all(rows is None for rows in found.values()):
        raise unusable(staging.file, "no sheet with a cell in it", "a sheet with a header and rows")
    return found


def _opened(path: Path, file: str) -> openpyxl.Workbook:
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except OSError as error:
        raise _damaged(error, file) from error
    except Exception as error:
        with path.open("rb") as stream:
            old = stream.read(len(OLE_MARK)) == OLE_MARK
        if old:
            found = "an old .xls, or a workbook with a password"
            raise unusable(
                file, found, "an .xlsx without a password: open it in Excel and save it so"
            ) from error
        raise _damaged(error, file) from error


def _rows(sheet: Any, file: str) -> Iterator[Row]:
    # What a workbook says of its own size is not always true.
    sheet.reset_dimensions()
    try:
        yield from sheet.iter_rows(values_only=True)
    except Exception as error:
        raise _damaged(error, file, sheet.title) from error


def _damaged(error: Exception, file: str, sheet: str = "") -> PipelineError:
    """Over a damaged file openpyxl raises whatever the damage leads to."""
    found = f"no whole workbook ({type(error).__name__}: {error})"
    expected = "an .xlsx that Excel opens: copy it again, or open it there and save it anew"
    return unusable(file, found, expected, sheet=sheet)


def _stage(rows: Iterable[Row], header: Header, table: RawTable, staging: Staging, sheet: str) -> None:
    first = header.number + 1
    rows = iter(rows)
    while block := list(islice(rows, BLOCK_ROWS)):
        texts = {
            name: pa.array(
                [
                    _text(row[place], as_hours=table.columns[name].type == "hours")
                    if place < len(row)
                    else None
                    for row in block
                ],
                pa.string(),
            )
            for name, (place, *_) in header.places.items()
        }
        numbers = np.arange(first, first + len(block), dtype=np.int64)
        staging.add(texts, pa.array(numbers), sheet)
        first += len(block)


def _texts(row: Row) -> list[str | None]:
    return [_text(cell) for cell in row]


def _text(cell: Any, *, as_hours: bool = False) -> str | None:
    """The cell as somebody would have typed it: 1:30, 2024-05-31, 0.25, true."""
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        text = repr(cell)
        # A fourth decimal, so that 1.234 is not read as 1234 where thousands may be marked.
        return f"{text}0" if text[-4:-3] == "." else text
    if isinstance(cell, dt.timedelta):
        return _hours(cell)
    if isinstance(cell, dt.time):
        return _hours(dt.timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second))
    if isinstance(cell, dt.datetime):
        if as_hours and cell.year <= 1900:
            # 25:30 in a cell that shows hours of a day is the second day of Excel's time at half past one.
            return _hours(dt.timedelta(days=to_excel(cell)))
        return cell.isoformat(sep=" ", timespec="seconds")
    return str(cell)


def _hours(length: dt.timedelta) -> str:
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    sign = "-" if minutes < 0 else ""
    hours, minutes = divmod(abs(minutes), 60)
    return f"{sign}{hours}:{minutes:02d}" + (f":{seconds:02d}" if seconds else "")
