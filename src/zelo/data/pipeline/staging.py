"""Raw cells on their way to a table: text, trimmed, with the place that each row came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from zelo.data.contract import ROW
from zelo.data.pipeline.faults import FILE, SHEET, WHOLE_FILE, WHOLE_ROW, Fault
from zelo.errors import PipelineError


class Staging:
    """A Parquet file of one raw file's rows: the table's columns as text, a missing cell as null.

    Beside them ``file__`` (the file's name below the raw data), ``sheet__`` (empty for a CSV) and ``row__``
    (int64, 1-based, as a spreadsheet counts). Rows without any cell of the table are left out.
    """

    def __init__(self, path: Path, file: str, columns: Iterable[str]) -> None:
        self.file = file
        self.rows = 0
        self._columns = tuple(columns)
        names = (*self._columns, FILE, SHEET)
        self._schema = pa.schema([*((name, pa.string()) for name in names), (ROW, pa.int64())])
        # Row numbers are all different: a dictionary of them is time lost.
        self._writer = pyarrow.parquet.ParquetWriter(path, self._schema, use_dictionary=list(names))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def add(self, texts: Mapping[str, pa.Array], rows: pa.Array, sheet: str = "") -> None:
        """Write rows; ``rows`` are their numbers. A column that ``texts`` lacks is null.

        Raises:
            OSError: the disk refuses them.
        """
        size = len(rows)
        cells = [
            _trimmed(texts[name]) if name in texts else pa.nulls(size, pa.string()) for name in self._columns
        ]
        batch = pa.record_batch(
            [*cells, pa.repeat(self.file, size), pa.repeat(sheet, size), rows], schema=self._schema
        )
        # A block without an empty row, which is nearly every one, is not copied.
        if all(cell.null_count for cell in cells):
            batch = batch.filter(pa.array(np.logical_or.reduce([cell.is_valid() for cell in cells])))
        if batch.num_rows:
            self._writer.write_batch(batch)
            self.rows += batch.num_rows


def unusable(file: str, found: str, expected: str, *, sheet: str = "", row: str = "") -> PipelineError:
    """What is raised of a file, or a row of it, that cannot be read into cells."""
    column = WHOLE_ROW if row else WHOLE_FILE
    fault = Fault(file, sheet, row, column, found, expected)
    return PipelineError("the file cannot be used", where=file, faults=[fault])


def _trimmed(cells: pa.Array) -> pa.Array:
    cells = pc.utf8_trim_whitespace(cells)
    if pc.min(pc.binary_length(cells)).as_py() != 0:
        return cells
    return pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)
