"""Reading a source's file into a table of text, so that what was written can be shown as it was written."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import ibis
import numpy as np
import openpyxl  # type: ignore[import-untyped]
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from zelo.data.contract import ROW, BadRow, clipped, close_match
from zelo.errors import ContractError, SourceError
from zelo.spec.project import Source

DELIMITERS = (",", ";", "\t", "|")
KINDS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz", ".parquet", ".xlsx")
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
SAMPLE_CHARACTERS = 1 << 20
LARGEST_BLOCK = (1 << 31) - 1
# Unicode's White_Space, which is what a request's texts are freed of.
_SPACES = (
    "".join(map(chr, (*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029)))
    + "\u202f\u205f\u3000"
)


def read_table(path: Path, source: Source) -> ibis.Table:
    """Read a file: columns of text, trimmed, empty cells as NULL, and ``row__`` (1-based data row, int64).

    Rows that fail ``source.where`` are left out; ``row__`` still counts them. A column name that occurs
    more than once, whatever its case, gets its place among them: ``price (1)``, ``Price (2)``.

    Raises:
        SourceError: the file cannot be read, or holds no row.
        ContractError: rows have more or fewer cells than the header; each is named.
    """
    texts, rows = read_texts(path, source)
    arrow = pa.table({ROW: pa.array(rows, pa.int64()), **{name: texts[name] for name in texts.column_names}})
    table = _in_duckdb(arrow)
    trimmed = {}
    for name in texts.column_names:
        text = _trim(table[name], _SPACES).nullif("")
        trimmed[name] = text.isin(source.nulls).ifelse(ibis.null("string"), text) if source.nulls else text
    table = table.select(ROW, **trimmed)
    return _kept(table, source, path) if source.where else table


def read_texts(path: Path, source: Source) -> tuple[pa.Table, np.ndarray]:
    """The cells as they are written, and the 1-based number of each row. Raises as :func:`read_table`."""
    name = path.name.lower()
    if path.is_dir():
        raise SourceError(
            "a folder is in the place of a file",
            where=str(path),
            found="a folder",
            expected="a file",
            hint="name the file inside it",
        )
    try:
        if name.endswith(".parquet"):
            texts, rows = _from_parquet(path, source)
        elif name.endswith(".xlsx"):
            texts, rows = _from_excel(path, source)
        elif name.endswith(KINDS):
            texts, rows = _from_csv(path, source)
        else:
            raise SourceError(
                "the file is of a kind that cannot be read",
                where=str(path),
                found=path.suffix or "no suffix",
                expected=f"one of {', '.join(KINDS)}",
                hint="save it as CSV in UTF-8",
            )
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(
            "the file cannot be read",
            where=str(path),
            found=f"{type(error).__name__}: {getattr(error, 'strerror', None) or error}",
            expected="a whole file that may be read",
            hint="look at its name and permissions; if they are right, copy it again: it may be cut short",
        ) from error
    if texts.num_rows == 0:
        raise SourceError(
            "the file holds no rows",
            where=str(path),
            found=f"a header of {texts.num_columns} column(s) and nothing below it",
            expected="at least one row of data",
            hint="export the data again",
        )
    return texts, rows


def _in_duckdb(arrow: pa.Table) -> ibis.Table:
    # A connection of its own: Ibis's shared one outlives its tables, and is no place for two threads.
    connection = ibis.duckdb.connect()
    with warnings.catch_warnings():
        # Ibis 12 calls a method that DuckDB 2 has renamed.
        warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
        return connection.create_table("rows", arrow, temp=True)


@ibis.udf.scalar.builtin(name="trim", signature=(("string", "string"), "string"))  # type: ignore[untyped-decorator]
def _trim(text: str, characters: str) -> object:
    """DuckDB's trim, which by itself takes the plain space alone."""


def raw_bytes(path: Path) -> bytes:
    """The bytes of a file, plain or gzip."""
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.name.lower().endswith(".gz") else raw


def decoded(path: Path, encoding: str) -> str:
    """The text of a file, plain or gzip, without its byte order mark.

    Raises:
        SourceError: a byte is not valid in the encoding, or is no text; its position and line are named.
    """
    raw = raw_bytes(path)
    try:
        text = raw.decode(encoding).removeprefix("\ufeff")
    except LookupError as error:
        raise SourceError(
            "the encoding is unknown",
            where=str(path),
            found=encoding,
            expected="an encoding that Python knows, such as utf-8, latin-1, cp1252",
            hint="mend 'encoding' of the source",
        ) from error
    except UnicodeDecodeError as error:
        other = "utf-16" if raw.startswith(UTF_16_MARKS) else "latin-1"
        line = raw.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"the file is not {encoding}",
            where=f"{path}:{line}",
            found=f"byte 0x{raw[error.start]:02x} at position {error.start} (line {line})",
            expected=f"text in {encoding}",
            hint=f"set encoding: {other} on the source, or save the file as UTF-8",
        ) from error
    if (place := text.find("\0")) >= 0:
        line = text.count("\n", 0, place) + 1
        raise SourceError(
            "the file holds a NUL character",
            where=f"{path}:{line}",
            found=f"NUL at character {place} (line {line})",
            expected=f"plain text in {encoding}",
            hint="set encoding: utf-16 on the source if it is that; otherwise export the data again",
        )
    return text


def delimiter_of(text: str) -> str:
    """The delimiter that splits most of the first rows into as many cells as the header."""

    def score(delimiter: str) -> tuple[float, int]:
        rows = list(islice(_rows(text[:SAMPLE_CHARACTERS], delimiter), 50))
        width = len(rows[0]) if rows else 0
        alike = sum(len(row) == width for row in rows if row)
        return (alike / max(len(rows), 1) if width > 1 else 0.0, width)

    return max(DELIMITERS, key=score)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _from_csv(path: Path, source: Source) -> tuple[pa.Table, np.ndarray]:
    text = decoded(path, source.encoding)
    delimiter = source.delimiter or delimiter_of(text)
    if not text.strip():
        raise SourceError(
            "the file is empty",
            where=str(path),
            found=f"{path.stat().st_size} bytes and no text",
            expected="a header and rows",
            hint="export the data again",
        )
    if len(delimiter) != 1:
        raise SourceError(
            "the delimiter is not one character",
            where=str(path),
            found=repr(delimiter),
            expected="one character, such as ; or ,",
            hint="mend 'delimiter' of the source",
        )
    header = next(row for row in _rows(text, delimiter) if row)
    names = _unique(header)
    payload = text.encode()
    ragged: list[pyarrow.csv.InvalidRow] = []

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(payload),
            # One thread keeps count of the rows; one block holds the longest cell.
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False, column_names=names, block_size=min(len(payload) + 1, LARGEST_BLOCK)
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise SourceError(
            "the file is no valid CSV",
            where=str(path),
            found=str(error),
            expected=f"rows of cells with {delimiter!r} between them",
            hint="look for a quote that is opened and not closed",
        ) from error
    if ragged:
        raise _ragged(ragged, path, delimiter)
    # The header was read as a row, so that one with line breaks in it is counted rightly.
    return table.slice(1), np.arange(1, table.num_rows)


def _ragged(ragged: Sequence[pyarrow.csv.InvalidRow], path: Path, delimiter: str) -> ContractError:
    return ContractError(
        "rows with more or fewer cells than the header",
        where=str(path),
        bad_rows=[
            BadRow(
                file=path.name,
                row=row.number - 1,
                field="(the row)",
                found=f"{row.actual_columns} cells: {clipped(row.text)}",
                expected=f"{row.expected_columns} cells, as in the header; "
                f"a cell with {delimiter!r} in it stands in quotes",
            )
            for row in ragged
        ],
    )


def _unique(header: Sequence[str]) -> list[str]:
    names = [name.strip() or f"column {place}" for place, name in enumerate(header, start=1)]
    # DuckDB does not tell "Age" from "age".
    folded = [name.casefold() for name in names]
    total, seen = Counter([ROW, *folded]), Counter[str]()
    unique = []
    for name, same in zip(names, folded, strict=True):
        seen[same] += 1
        unique.append(f"{name} ({seen[same]})" if total[same] > 1 else name)
    return unique


def _from_parquet(path: Path, source: Source) -> tuple[pa.Table, np.ndarray]:
    try:
        table = pyarrow.parquet.read_table(path)
        columns = [_as_text(table.column(place), source.decimal) for place in range(table.num_columns)]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SourceError(
            "the Parquet file cannot be read as a table of plain values",
            where=str(path),
            found=str(error).splitlines()[0],
            expected="a whole Parquet file of numbers, texts, dates and booleans",
            hint="write it again without nested columns",
        ) from error
    texts = pa.table(columns, names=_unique(table.column_names))
    return texts, np.arange(1, table.num_rows + 1)


def _as_text(column: pa.ChunkedArray, decimal: str) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not pa.types.is_floating(column.type):
        return column.cast(pa.string())
    text = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.string()), column.cast(pa.string()))
    return pc.replace_substring(text, ".", decimal) if decimal != "." else text


def _from_excel(path: Path, source: Source) -> tuple[pa.Table, np.ndarray]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise SourceError(
            "the file is no valid Excel workbook",
            where=str(path),
            found=str(error),
            expected="an .xlsx file",
            hint="open it in Excel and save it as .xlsx again",
        ) from error
    try:
        grid = list(book.worksheets[0].iter_rows(values_only=True))
    finally:
        book.close()
    header, body = (grid[0], grid[1:]) if grid else ((), [])
    width = max((place for place, cell in enumerate(header, start=1) if cell is not None), default=0)
    filled = [
        (number, row) for number, row in enumerate(body, start=1) if any(cell is not None for cell in row)
    ]
    names = _unique([_cell(cell, ".") or "" for cell in header[:width]])
    columns = [
        pa.array(
            [_cell(row[place] if place < len(row) else None, source.decimal) for _, row in filled],
            pa.string(),
        )
        for place in range(width)
    ]
    return pa.table(columns, names=names), np.array([number for number, _ in filled], dtype=np.int64)


def _cell(value: object, decimal: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(value).replace(".", decimal)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _kept(table: ibis.Table, source: Source, path: Path) -> ibis.Table:
    """The rows that have the values of ``source.where``."""
    kept = table
    for column, value in source.where.items():
        if column not in table.columns:
            raise SourceError(
                "'where' names a column that the file lacks",
                where=str(path),
                found=f"columns {', '.join(table.drop(ROW).columns)}",
                expected=f"a column {column!r}",
                hint=close_match(column, table.columns) or "mend 'where' of the source",
            )
        kept = kept.filter(kept[column] == value)
    if kept.count().execute() == 0:
        column = next(iter(source.where))
        values = table.select(column).distinct().order_by(column).limit(10).to_pyarrow()[column].to_pylist()
        raise SourceError(
            "no row has the values that 'where' asks for",
            where=str(path),
            found=f"{column}: {', '.join(map(str, values))}",
            expected=", ".join(f"{name} = {value}" for name, value in source.where.items()),
            hint="mend 'where' of the source",
        )
    return kept
