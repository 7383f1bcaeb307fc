"""A CSV that somebody exported: its encoding, delimiter and header are found, its rows staged in blocks."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from zelo.data.contract import clipped
from zelo.data.pipeline.encoding import BLOCK, scan
from zelo.data.pipeline.faults import WHOLE_ROW, Fault
from zelo.data.pipeline.headers import LOOKED_AT, Header, find_header
from zelo.data.pipeline.staging import Staging, unusable
from zelo.data.reading import DELIMITERS, delimiter_of
from zelo.errors import PipelineError
from zelo.spec.pipeline import RawTable

SAMPLE_CHARACTERS = 1 << 20
MOST_RAGGED = 100
"""Rows with too many cells or too few are told one by one, but no more of a file than these."""


@dataclass(frozen=True)
class _Layout:
    encoding: str
    delimiter: str
    header: Header


def stage_csv(path: Path, table: RawTable, staging: Staging) -> str:
    """Stage every row of the file, in memory that does not grow with it.

    Returns:
        The encoding that was found.

    Raises:
        PipelineError: the file cannot be used; ``faults`` says where.
        OSError: the staging cannot be written.
    """
    layout = _layout(path, table, staging.file)
    header = layout.header
    places = {name: str(found[0]) for name, found in header.places.items()}
    passed: list[int] = []
    ragged: list[Fault] = []

    def pass_over(row: pyarrow.csv.InvalidRow) -> str:
        passed.append(row.number)
        if row.number > header.number and row.text.strip():
            ragged.append(_ragged(row, staging.file, layout.delimiter))
        return "skip" if len(ragged) < MOST_RAGGED else "error"

    last = 0
    try:
        for block in _blocks(path, layout, sorted(places.values()), pass_over, staging.file):
            # Rows that were passed over have their number too.
            numbers = np.arange(last + 1, last + 1 + block.num_rows + len(passed), dtype=np.int64)
            numbers = numbers[~np.isin(numbers, passed)][: block.num_rows]
            last = numbers[-1] if numbers.size else last
            above = int(np.searchsorted(numbers, header.number, side="right"))
            texts = {name: block.column(place).slice(above) for name, place in places.items()}
            staging.add(texts, pa.array(numbers[above:]))
    except PipelineError:
        if not ragged:
            raise
    if ragged:
        raise PipelineError("rows with more or fewer cells than the header", faults=ragged)
    return layout.encoding


def _layout(path: Path, table: RawTable, file: str) -> _Layout:
    try:
        scanned = scan(path, file)
        with path.open(encoding=scanned.encoding, newline="") as stream:
            sample = stream.read(SAMPLE_CHARACTERS)
        if not sample.strip("\ufeff \t\r\n"):
            raise unusable(file, f"{path.stat().st_size} bytes and no text", "a header and rows")
        delimiter, header = _delimited(sample, table, file)
        if faults := list(header.faults(table, file)):
            raise PipelineError("the header cannot be used", faults=faults)
        if scanned.may_be_open:
            _refuse_open_quote(path, scanned.encoding, delimiter, file)
    except (OSError, UnicodeError) as error:
        raise _unreadable(error, file) from error
    return _Layout(scanned.encoding, delimiter, header)


def _delimited(sample: str, table: RawTable, file: str) -> tuple[str, Header]:
    """The delimiter under which the table's columns appear, and their header."""
    headers = {}
    for delimiter in DELIMITERS:
        rows = _rows(io.StringIO(sample, newline=""), delimiter)
        headers[delimiter] = find_header(islice(rows, LOOKED_AT), table)
    known = {delimiter: len(header.places) if header else 0 for delimiter, header in headers.items()}
    delimiter = max(DELIMITERS, key=known.__getitem__) if any(known.values()) else delimiter_of(sample)
    header = headers[delimiter]
    if header is None:
        raise unusable(file, f"{LOOKED_AT} empty rows at the top", "a header and rows")
    return delimiter, header


def _rows(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(max(csv.field_size_limit(), SAMPLE_CHARACTERS))
    return csv.reader(lines, delimiter=delimiter)


def _refuse_open_quote(path: Path, encoding: str, delimiter: str, file: str) -> None:
    """A quote that is never closed swallows every row below it: pyarrow takes them for one cell."""
    end, number, row = ["the end"], 0, [""]
    with path.open(encoding=encoding, newline="") as stream:
        rows = _rows(chain(stream, end), delimiter)
        try:
            for number, row in enumerate(rows, start=1):  # noqa: B007
                pass
        except csv.Error:
            # A cell that is longer than the csv module takes.
            number += 1
    if row != end:
        found, expected = "a quote that is opened and not closed", "a quote at each end of a cell"
        raise unusable(file, found, expected, row=str(number))


def _blocks(
    path: Path,
    layout: _Layout,
    columns: Sequence[str],
    pass_over: Callable[[pyarrow.csv.InvalidRow], str],
    file: str,
) -> Iterator[pa.RecordBatch]:
    names = [str(place) for place in range(len(layout.header.cells))]
    try:
        yield from pyarrow.csv.open_csv(
            path,
            # Without threads the rows that are passed over are numbered; an empty line counts as a row.
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False, column_names=names, block_size=BLOCK, encoding=layout.encoding
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=layout.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=pass_over,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                include_columns=columns,
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except (pa.ArrowInvalid, OSError, UnicodeError) as error:
        raise _unreadable(error, file) from error


def _ragged(row: pyarrow.csv.InvalidRow, file: str, delimiter: str) -> Fault:
    found = f"{row.actual_columns} cells: {clipped(row.text)}"
    expected = (
        f"{row.expected_columns} cells, as in the header; a cell with {delimiter!r} in it stands in quotes"
    )
    return Fault(file, "", str(row.number), WHOLE_ROW, found, expected)


def _unreadable(error: Exception, file: str) -> PipelineError:
    found = getattr(error, "strerror", None) or str(error).splitlines()[0]
    return unusable(file, found, "a whole CSV; look for a quote that is opened and not closed")
