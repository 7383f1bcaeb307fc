"""The report of :mod:`zelo.monitoring.watch` from an export of the ledger, of ten million rows as of ten.

DuckDB counts, and hands over numbers a part at a time; no table of all rows is ever in memory. Counts, shares
and drift are of every row. What needs rows (outcomes, and the words of a text) is measured on a sample,
drawn by the random end of the predictions' ids, where there are more than :data:`MOST_OUTCOMES`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from zelo.errors import DataError
from zelo.features.columns import columns_from_frame
from zelo.ledger.exported import INPUT, input_columns
from zelo.ledger.records import Judged, Outcome, PredictionRecord
from zelo.monitoring.bundled import read_table
from zelo.monitoring.counted import counted_categories, counted_numbers
from zelo.monitoring.drift import SCORE, Drift, DriftTable, tested_scores
from zelo.monitoring.quality import Quality
from zelo.monitoring.volume import (
    Count,
    MissingValues,
    PeriodCount,
    Volume,
    counts_by_name,
    period_of,
    period_starts,
)
from zelo.monitoring.watch import PARTIAL_TRUTH, SAMPLED, Report, Window, watch
from zelo.registry.bundle import Bundle
from zelo.spec.project import Project
from zelo.stats.binned import Cells

MOST_OUTCOMES = 20_000
MOST_TEXTS = 20_000
_ROWS_AT_ONCE = 250_000
_MEMORY = "1GB"
_TAIL = "substr(id, 29)"
_LABELS = ("prediction", "risk_level", "lower", "upper", "horizon", "abstain")


def watch_export(path: Path, bundle: Bundle, version: str, *, now: datetime) -> Report:
    """Measure an export from its first prediction to its last.

    Args:
        path: a Parquet file of :func:`zelo.ledger.exported.export_predictions`, or a folder of such files.
        bundle: of ``version``.
        version: quality and drift are about it alone, volume about all.
        now: when the report is made, with a time zone.

    Raises:
        BundleError: a file of the bundle is missing or damaged.
        DataError: there is no such export, it holds no prediction, or it cannot be read.
    """
    with _explained(path), duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = 'UTC'; SET memory_limit = '{_MEMORY}'")
        export = _Export(connection, bundle.project, version)
        source = path / "*.parquet" if path.is_dir() else path
        connection.read_parquet(str(source)).create_view("export")
        return export.report(bundle, path, now)


@dataclass
class _Export:
    connection: duckdb.DuckDBPyConnection
    project: Project
    version: str

    def report(self, bundle: Bundle, path: Path, now: datetime) -> Report:
        first, last = self._one('SELECT min("at"), max("at") FROM export')
        if first is None:
            raise DataError("the export holds no prediction", where=str(path), expected="at least one row")
        # The last prediction lies before the end.
        since, until = _utc(first), _utc(last) + timedelta(microseconds=1)
        rows, known = self._one(f"SELECT count(*), count(outcome) {self._own}")
        texts = self._rows(MOST_TEXTS, rows, "") if self.project.texts else []
        judged = self._rows(MOST_OUTCOMES, known, "AND outcome IS NOT NULL")
        window = Window(
            version=self.version,
            since=since,
            until=until,
            records=(),
            served=[row.prediction for row in texts],
            judged=judged,
        )
        report = watch(window, bundle, now=now)
        quality = self._counted(report.quality, rows, known)
        notes = {
            PARTIAL_TRUTH: 0 < known < rows,
            SAMPLED: known > MOST_OUTCOMES or (bool(self.project.texts) and rows > MOST_TEXTS),
        }
        kept = [note for note in report.notes if note not in notes]
        return replace(
            report,
            notes=(*kept, *(note for note, holds in notes.items() if holds)),
            volume=self._volume(since, until),
            quality=quality,
            drift=self._drift(report.drift, bundle, rows),
        )

    @property
    def _own(self) -> str:
        """The version's own rows, of a forecast one row ahead."""
        return f"FROM export WHERE version = {_text(self.version)} AND coalesce(horizon, 1) = 1"

    def _one(self, query: str) -> Any:
        (found,) = self.connection.execute(query).fetchall()
        return found

    def _counts(self, column: str, source: str = "FROM export") -> dict[Any, int]:
        query = f"SELECT {column} AS name, count(*) {source} GROUP BY name"
        return dict(self.connection.execute(query).fetchall())

    def _volume(self, since: datetime, until: datetime) -> Volume:
        project, period = self.project, period_of(until - since)
        moments = self._counts(f"date_trunc('{period}', \"at\")")
        starts = {_utc(start): rows for start, rows in moments.items()}
        rows = sum(starts.values())
        versions = self._counts("version")
        fields = list(project.inputs)
        values = ", ".join(f"count({_input(name)})" for name in fields)
        present = self._one(f"SELECT {values} FROM export")  # noqa: S608
        missing = [MissingValues(name, 1 - found / rows) for name, found in zip(fields, present, strict=True)]
        return Volume(
            rows=rows,
            first=since,
            last=until - timedelta(microseconds=1),
            period=period,
            periods=tuple(
                PeriodCount(start, starts.get(start, 0)) for start in period_starts(since, until, period)
            ),
            by_version=counts_by_name(versions, sorted(versions, key=lambda name: (len(name), name))),
            by_class=self._named("prediction", [str(label) for label in project.classes]),
            by_band=self._named("risk_level", [band.label for band in project.decision.bands]),
            missing=tuple(missing),
        )

    def _named(self, column: str, expected: list[str]) -> tuple[Count, ...]:
        if not expected:
            return ()
        counts = self._counts(column)
        return counts_by_name({name: rows for name, rows in counts.items() if name is not None}, expected)

    def _drift(self, table: DriftTable, bundle: Bundle, rows: int) -> DriftTable:
        """The table of a sample, with every row that can be counted replaced by that of all rows."""
        reference = columns_from_frame(self.project, read_table(bundle, "reference.parquet"))
        numbers = {
            entry.field: Cells.of(tested_scores(bundle) if entry.kind == "score" else reference[entry.field])
            for entry in table.fields
            if entry.kind in ("number", "score")
        }
        current = {name: Cells(cells.edges) for name, cells in numbers.items()}
        self._fill(current)

        def whole(entry: Drift) -> Drift:
            if entry.field in numbers:
                return counted_numbers(entry, numbers[entry.field], current[entry.field])
            if entry.kind == "text":
                return entry
            counts = self._counts(f"coalesce({_input(entry.field)}, '')", self._own)
            return counted_categories(entry, reference[entry.field], counts)

        return replace(table, rows=rows, fields=tuple(map(whole, table.fields)))

    def _fill(self, current: dict[str, Cells]) -> None:
        columns = [name if name == SCORE else _input(name) for name in current]
        query = f"SELECT {', '.join(columns)} {self._own}"
        for batch in self.connection.sql(query).to_arrow_reader(_ROWS_AT_ONCE):
            for column, cells in zip(batch.columns, current.values(), strict=True):
                # A missing number is NaN.
                cells.add(column.to_numpy(zero_copy_only=False))

    def _counted(self, quality: Quality, rows: int, known: int) -> Quality:
        """The quality of a sample, with the counts of all rows."""
        usable = known - quality.unusable if known <= MOST_OUTCOMES else known
        return replace(quality, predictions=rows, share=usable / rows if rows else None)

    def _rows(self, most: int, of: int, where: str) -> list[Judged]:
        """At most about ``most`` of the version's rows, in order of time."""
        if of > most:
            where += f" AND {_TAIL} < '{int(16**8 * most / of):08x}'"
        fields = input_columns(self.project)
        inputs = ", ".join(f"{_input(name)} AS {_quoted(INPUT + name)}" for name in fields)
        query = f'SELECT id, score, entity, {", ".join(_LABELS)}, outcome, epoch_us("at") AS moment, '
        query += f'epoch_us(observed_at) AS observed, {inputs} {self._own} {where} ORDER BY "at", id'
        table = self.connection.sql(query).to_arrow_table()
        return [self._judged(row) for row in table.to_pylist()]

    def _judged(self, row: dict[str, Any]) -> Judged:
        labels = {str(label): label for label in self.project.classes}
        said = {name: row[name] for name in _LABELS if row[name] is not None}
        if labels and "prediction" in said:
            said["prediction"] = labels.get(said["prediction"], said["prediction"])
        at = _moment(row["moment"])
        fields = input_columns(self.project)
        record = PredictionRecord(
            id=row["id"],
            project=self.project.name,
            version=self.version,
            at=at,
            inputs={name: row[INPUT + name] for name in fields},
            decision=said,
            score=row["score"],
            entity=row["entity"],
        )
        observed = at if row["observed"] is None else _moment(row["observed"])
        return Judged(record, Outcome(row["id"], self._value(row["outcome"], labels), observed, observed))

    def _value(self, text: str | None, labels: dict[str, Any]) -> Any:
        if text is None or labels:
            return labels.get(text or "", text)
        try:
            return float(json.loads(text))
        except (ValueError, TypeError):
            return text


def _input(name: str) -> str:
    return _quoted(INPUT + name)


def _quoted(name: str) -> str:
    """A column, as SQL names it; names of the contract hold no quotation marks."""
    return f'"{name}"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise DataError(
            "the export cannot be read",
            where=str(path),
            found=str(error).splitlines()[0],
            expected="a Parquet file, or a folder of them, that zelo export wrote for this project",
            hint="write it again: zelo export",
        ) from error
