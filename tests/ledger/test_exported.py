"""The ledger as Parquet: every row once, typed by the contract, with its latest outcome."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from zelo.errors import DataError
from zelo.ledger.exported import export_predictions, input_columns
from zelo.ledger.records import OutcomeRecord, PredictionRecord, new_id
from zelo.ledger.store import Ledger
from zelo.spec.loading import parse_project
from zelo.spec.project import Project

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=1)
PROJECT = parse_project("""
name: pumps
title: Pumps
task: {kind: binary, target: failed}
data:
  key: id
  sources: {train: pumps.csv}
  fields:
    age: {type: integer, min: 0}
    load: {type: number, missing: allowed}
    site: {type: category}
    team: {type: category, use: metadata}
    day: {type: date, use: metadata}
candidates: [prior]
select: {primary: f1}
""")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


def answer(ledger: Ledger, count: int, *, project: str = "pumps", at: datetime | None = None) -> list[str]:
    records = [
        PredictionRecord(
            id=new_id(),
            project=project,
            version="2",
            # Several share a moment: a page must not lose, or repeat, any of them.
            at=at or START + timedelta(minutes=place // 4),
            inputs={"age": place, "load": None if place % 3 else 1.5, "site": "São João", "team": "A"},
            decision={"prediction": place % 2, "risk_level": "Alto", "words": [{"word": "x", "weight": 1}]},
            score=place / count,
            entity=f"p{place}",
        )
        for place in range(count)
    ]
    ledger.record_predictions(records)
    return [record.id for record in records]


@pytest.mark.parametrize("at_once", [3, 7, 1000])
def test_every_row_once(ledger: Ledger, tmp_path: Path, at_once: int) -> None:
    ids = answer(ledger, 21)
    answer(ledger, 2, project="others")
    answer(ledger, 2, at=END)
    told = [OutcomeRecord(value, END, prediction_id=ids[0]) for value in (1, 0)]
    for one in told:
        ledger.record_outcomes("pumps", [one])
    seen: list[tuple[int, int]] = []

    path = tmp_path / "new" / "day.parquet"
    rows = export_predictions(
        ledger,
        PROJECT,
        path,
        since=START,
        until=END,
        rows_at_once=at_once,
        progress=lambda done, total: seen.append((done, total)),
    )

    table = pq.read_table(path).to_pylist()
    assert rows == len(table) == 21
    assert [row["id"] for row in table] == ids
    assert seen[-1] == (21, 21)
    first = table[0]
    assert (first["outcome"], first["observed_at"]) == ("0", END)
    assert table[1]["outcome"] is None
    assert (first["prediction"], first["risk_level"], first["version"]) == ("0", "Alto", "2")
    assert first["at"] == START
    assert (first["in.age"], first["in.load"], first["in.site"]) == (0.0, 1.5, "São João")
    assert table[1]["in.load"] is None
    assert (first["in.team"], "in.day" in first) == ("A", False)


def test_nothing_to_export_is_a_file_without_rows(ledger: Ledger, tmp_path: Path) -> None:
    assert export_predictions(ledger, PROJECT, tmp_path / "day.parquet", since=START, until=END) == 0
    assert pq.read_table(tmp_path / "day.parquet").num_rows == 0


def test_a_history_becomes_lags(ledger: Ledger, tmp_path: Path) -> None:
    document = {
        "name": "flow",
        "title": "Flow",
        "task": {"kind": "regression", "target": "flow"},
        "forecast": {"history": 3, "season": 1, "request": "last"},
        "data": {"sources": {"train": "f.csv"}, "fields": {"day": {"type": "date", "use": "metadata"}}},
        "split": {"by": "time", "column": "day"},
        "candidates": ["persistence"],
        "select": {"primary": "mae"},
    }
    project = Project.model_validate(document)
    record = PredictionRecord(new_id(), "flow", "1", START, {"last": [1, 2.5, 4]}, {"prediction": 4.0}, 4.0)
    ledger.record_predictions([record])
    ledger.record_outcomes("flow", [OutcomeRecord(4.25, END, prediction_id=record.id)])

    export_predictions(ledger, project, tmp_path / "f.parquet", since=START, until=END)

    (row,) = pq.read_table(tmp_path / "f.parquet").to_pylist()
    assert [row[f"in.{name}"] for name in input_columns(project)] == [4.0, 2.5, 1.0]
    assert row["outcome"] == "4.25"


def test_a_place_that_cannot_be_written(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "day.parquet").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        export_predictions(ledger, PROJECT, tmp_path / "day.parquet", since=START, until=END)
    assert [path.name for path in tmp_path.glob(".day*")] == []
