"""The figures of every look as a table: CSV as a spreadsheet reads it, Parquet as a program does."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from zelo.errors import DataError
from zelo.ledger.store import Ledger
from zelo.monitoring.export import export_figures

from .fakes import NOW, make_project

GAUGES = [
    {"name": "zelo_model_quality", "labels": {"metric": "f2", "kind": "outcomes"}, "value": 0.7125},
    {"name": "zelo_entities", "labels": {"band": "=HYPERLINK(1)"}, "value": 1234567.0},
]


def looked(ledger: Ledger, *figures: list[dict[str, Any]]) -> None:
    for gauges in figures:
        payload = {"status": "ok", "version": "3", "gauges": gauges}
        ledger.record_event("pumps", "monitor", "Ana", "ok", payload)
    # A look of an earlier Zelo, and another project's.
    ledger.record_event("pumps", "monitor", "Ana", "ok", {"status": "ok", "version": "1"})
    ledger.record_event("others", "monitor", "Ana", "ok", {"gauges": GAUGES})


def table(path: Path, delimiter: str) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def test_csv_in_english(ledger: Ledger, tmp_path: Path) -> None:
    looked(ledger, GAUGES[:1], GAUGES)

    assert export_figures(ledger, make_project(), tmp_path / "new" / "figures.csv") == 3

    rows = table(tmp_path / "new" / "figures.csv", ",")
    assert list(rows[0]) == [
        "looked_at", "project", "version", "status", "figure", "band", "kind", "metric", "value",
    ]  # fmt: skip
    by_figure = [row for row in rows if row["figure"] == "zelo_model_quality"]
    assert [row["value"] for row in by_figure] == ["0.7125"] * 2
    assert by_figure[0]["looked_at"] == f"{NOW:%Y-%m-%d %H:%M:%S}"
    assert {(row["version"], row["status"], row["kind"], row["metric"]) for row in by_figure} == {
        ("3", "ok", "outcomes", "f2")
    }
    (entities,) = (row for row in rows if row["figure"] == "zelo_entities")
    # A spreadsheet must not run what came in a request.
    assert (entities["band"], entities["value"]) == ("'=HYPERLINK(1)", "1234567")


def test_csv_as_a_brazilian_spreadsheet_reads_it(ledger: Ledger, tmp_path: Path) -> None:
    looked(ledger, GAUGES)

    export_figures(ledger, make_project(language="pt-BR"), tmp_path / "figures.csv")

    row = next(row for row in table(tmp_path / "figures.csv", ";") if row["métrica"] == "f2")
    assert (row["medida"], row["valor"], row["situação"]) == ("zelo_model_quality", "0,7125", "ok")


def test_parquet_keeps_types(ledger: Ledger, tmp_path: Path) -> None:
    looked(ledger, GAUGES)

    export_figures(ledger, make_project(language="pt-BR"), tmp_path / "figures.parquet")

    rows = pq.read_table(tmp_path / "figures.parquet").to_pylist()
    found = {row["figure"]: row for row in rows}
    assert found["zelo_model_quality"]["value"] == 0.7125
    assert found["zelo_model_quality"]["looked_at"] == NOW
    assert found["zelo_entities"]["band"] == "=HYPERLINK(1)"


def test_without_a_look_there_are_heads_alone(ledger: Ledger, tmp_path: Path) -> None:
    assert export_figures(ledger, make_project(), tmp_path / "figures.csv") == 0
    assert table(tmp_path / "figures.csv", ",") == []


@pytest.mark.parametrize("name", ["figures.xlsx", "figures", "folder.csv"])
def test_what_cannot_be_written_is_refused(ledger: Ledger, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError) as refused:
        export_figures(ledger, make_project(), tmp_path / name)
    assert refused.value.expected == "a file that ends in .csv or .parquet"
    assert {path.name for path in tmp_path.iterdir()} >= {"folder.csv"}
    assert list(tmp_path.glob(".*part")) == []
