"""Staged tables and small projects, for the tests of the stages after the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import ibis
import pyarrow as pa
import pyarrow.parquet

from zelo.data.pipeline.engine import Engine
from zelo.spec.pipeline import RawTable
from zelo.spec.project import Project

Row = Mapping[str, str | int | None]
TYPES = {
    "date": pa.date32(),
    "hours": pa.float64(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "name": pa.string(),
    "text": pa.string(),
}


def staged(engine: Engine, table: RawTable, rows: Sequence[Row]) -> ibis.Table:
    """Rows of text as the first stage leaves them; where they came from is made up unless a row says it."""
    return _written(engine, dict.fromkeys(table.columns, pa.string()), rows)


def good(engine: Engine, table: RawTable, rows: Sequence[Mapping[str, Any]]) -> ibis.Table:
    """Rows as cleaning leaves them."""
    return _written(engine, {name: TYPES[column.type] for name, column in table.columns.items()}, rows)


def _written(
    engine: Engine, types: Mapping[str, pa.DataType], rows: Sequence[Mapping[str, Any]]
) -> ibis.Table:
    made = [
        {"file__": "a.csv", "sheet__": "", "row__": place, **row} for place, row in enumerate(rows, start=2)
    ]
    place = {"file__": pa.string(), "sheet__": pa.string(), "row__": pa.int64()}
    path = engine.work / f"{uuid4().hex}.parquet"
    pyarrow.parquet.write_table(pa.Table.from_pylist(made, schema=pa.schema({**types, **place})), path)
    return engine.read_parquet([path])


def raw_table(columns: Mapping[str, Any], **keys: Any) -> RawTable:
    """A table of events with a date and these columns."""
    spec = {"files": "*.csv", "date": "date", "columns": {"date": {"type": "date"}, **columns}}
    return RawTable.model_validate({**spec, **keys})


def project(tables: Mapping[str, RawTable], weeks: Mapping[str, Any], **keys: Any) -> Project:
    """A project whose target is ``HH``; ``forecast`` and ``fields`` are its other keys."""
    forecast = keys.pop("forecast", None)
    document = {
        "name": "hangar",
        "title": "Hangar",
        "task": {"kind": "regression", "target": "HH", "missing": keys.pop("missing", "refused")},
        "data": {
            "sources": {"train": "weekly.parquet"},
            "fields": keys.pop(
                "fields", {"date": {"type": "date", "use": "metadata"}, "month": {"type": "integer"}}
            ),
        },
        "pipeline": {
            "tables": {name: table.model_dump() for name, table in tables.items()},
            "weeks": dict(weeks),
            **keys,
        },
        "split": {"by": "time", "column": "date"},
        "candidates": ["prior"],
        "select": {"primary": "mae"},
    }
    if forecast:
        document["forecast"] = forecast
    return Project.model_validate(document)
