"""The ledger's predictions as Parquet: a column a field, each row with its latest outcome.

Texts of JSON are read by DuckDB, many at a time; a part of the ledger is a short transaction of its own, so
that a long export holds nobody up.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from zelo.errors import DataError
from zelo.ledger.schema import outcomes, predictions
from zelo.ledger.store import Ledger
from zelo.spec.project import Column, Project

if TYPE_CHECKING:
    import pyarrow as pa

INPUT = "in."
"""Before a field's name: no field can be taken for a column of the ledger's own."""
ROWS_AT_ONCE = 250_000
_RAW = ("id", "version", "variant", "entity", "at", "score", "inputs", "decision", "outcome", "observed_at")
_SAID = {
    "prediction": "VARCHAR",
    "risk_level": "VARCHAR",
    "lower": "DOUBLE",
    "upper": "DOUBLE",
    "horizon": "BIGINT",
    "abstain": "BOOLEAN",
}
"""What an export keeps of a decision, and how."""


def export_predictions(
    ledger: Ledger,
    project: Project,
    path: Path,
    *,
    since: datetime,
    until: datetime,
    rows_at_once: int = ROWS_AT_ONCE,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Write the predictions from ``since`` on and before ``until``; the file appears when it is whole.

    Columns: id, version, variant, entity, at (UTC, microseconds), score, those of the decision, outcome (as
    text; null where it is not known), observed_at, and ``in.<field>`` a field: numbers as DOUBLE, all others
    as text. A number written as no number is null.

    Returns:
        How many rows were written.

    Raises:
        DataError: the file cannot be written.
        LedgerError: the ledger cannot be read.
    """
    import duckdb
    import pyarrow.parquet as pq

    total, done = ledger.count(project.name, since=since, until=until), 0
    query = _query(project)
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            writer = None
            for part in _parts(ledger, project, since, until, rows_at_once):
                connection.register("part", part)
                table = connection.sql(query).to_arrow_table()
                writer = writer or pq.ParquetWriter(temporary, table.schema, compression="zstd")
                writer.write_table(table)
                done += len(table)
                progress(done, total)
            assert writer is not None
            writer.close()
        os.replace(temporary, path)
    except OSError as error:
        raise DataError(
            "the export cannot be written",
            where=str(path),
            found=error.strerror or type(error).__name__,
            expected="room on the disk and leave to write",
            hint="free some space, or choose another place with --output",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return done


def input_columns(project: Project) -> dict[str, Column]:
    """The fields that an export has a column of: those that a request may bring, and a forecast's lags."""
    dates = {name for name, field in project.data.fields.items() if field.type == "date"}
    return {
        name: field for name, field in project.fields.items() if field.use == "input" or name not in dates
    }


def _parts(
    ledger: Ledger, project: Project, since: datetime, until: datetime, rows: int
) -> Iterator[pa.Table]:
    """The rows in order of time, as raw as the database has them; one part at the least."""
    after, first = (since, ""), True
    while True:
        with ledger.reading_answers() as connection:
            found = connection.execute(_page(project.name, after, until, rows)).all()
        if found or first:
            yield _arrow(found)
        if len(found) < rows:
            return
        first = False
        after = (_moment(found[-1].at), found[-1].id)


def _page(
    project: str, after: tuple[datetime, str], until: datetime, rows: int
) -> sa.Select[tuple[Any, ...]]:
    newer = outcomes.alias("newer")
    newer_exists = sa.exists().where(
        newer.c.prediction_id == outcomes.c.prediction_id,
        sa.tuple_(newer.c.recorded_at, newer.c.id) > sa.tuple_(outcomes.c.recorded_at, outcomes.c.id),
    )
    joined = sa.and_(outcomes.c.prediction_id == predictions.c.id, ~newer_exists.correlate(outcomes))
    at, observed = (
        sa.type_coerce(column, sa.BigInteger) for column in (predictions.c.at, outcomes.c.observed_at)
    )
    inputs, decision, value = (
        sa.cast(column, sa.Text)
        for column in (predictions.c.inputs, predictions.c.decision, outcomes.c.value)
    )
    own = [predictions.c[name] for name in ("id", "version", "variant", "entity")]
    return (
        sa.select(
            *own,
            at.label("at"),
            predictions.c.score,
            inputs.label("inputs"),
            decision.label("decision"),
            value.label("outcome"),
            observed.label("observed_at"),
        )
        .select_from(predictions.outerjoin(outcomes, joined))
        .where(
            predictions.c.project == project,
            sa.tuple_(predictions.c.at, predictions.c.id) > after,
            predictions.c.at < until,
        )
        .order_by(predictions.c.at, predictions.c.id)
        .limit(rows)
    )


def _moment(microseconds: int) -> datetime:
    moment: datetime = predictions.c.at.type.process_result_value(microseconds, None)  # type: ignore[attr-defined]
    return moment


def _arrow(found: Sequence[Any]) -> pa.Table:
    import pyarrow as pa

    texts = [name for name in _RAW if name not in ("at", "score", "observed_at")]
    moment = pa.timestamp("us", tz="UTC")
    types = {**dict.fromkeys(texts, pa.string()), "score": pa.float64()}
    columns = list(zip(*found, strict=True)) or [()] * len(_RAW)
    return pa.table(
        {
            name: pa.array(values, types.get(name, pa.int64())).cast(types.get(name, moment))
            for name, values in zip(_RAW, columns, strict=True)
        }
    )


def _query(project: Project) -> str:
    """From texts of JSON to typed columns: each text is read once."""
    history = project.history_name if project.forecast else None
    fields = input_columns(project)
    shape = {
        name: "DOUBLE" if field.is_numeric else "VARCHAR"
        for name, field in fields.items()
        if name not in project.lags
    }
    picked = [f"s.{_name(name)} AS {_name(INPUT + name)}" for name in shape]
    length = len(project.lags)
    # The oldest value comes first in a list, and the newest is the first lag.
    picked += [
        f"s.{_name(str(history))}[{length - place}] AS {_name(INPUT + name)}"
        for place, name in enumerate(project.lags)
    ]
    structure = json.dumps({**shape, **({history: ["DOUBLE"]} if history else {})}, ensure_ascii=False)
    said = [f"d.{_name(name)} AS {_name(name)}" for name in _SAID]
    own = [_name(name) for name in ("id", "version", "variant", "entity", "at", "score")]
    columns = ", ".join([*own, *said, "outcome ->> '$' AS outcome", "observed_at", *picked])
    return (
        f"SELECT {columns} FROM (SELECT *, from_json(inputs, '{structure}') AS s, "  # noqa: S608
        f"from_json(decision, '{json.dumps(_SAID)}') AS d FROM part)"
    )


def _name(name: str) -> str:
    """A column, as SQL names it; names of the contract hold no quotation marks."""
    return f'"{name}"'
