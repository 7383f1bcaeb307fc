"""A forecast's life from raw files to its truth: data, train, promote, predict, a week later, monitor."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.homes import Home, answered, environment, zelo

# Each step is a whole command on real files.
pytestmark = pytest.mark.slow

FIRST = date(2022, 1, 3)
WEEKS = 110
PROJECT = """
name: workshop
title: Horas da oficina
language: pt-BR
task: {kind: regression, target: HH, unit: h, missing: left_out}
pipeline:
  tables:
    orders:
      files: orders/*.csv
      date: day
      columns:
        day: {type: date, names: [Data]}
        order: {type: name, names: [OS]}
        effort: {type: hours, names: [Horas]}
      unique: [order]
  weeks:
    columns: {HH: {of: orders.effort, above: 0}}
    gaps: {fill: 1}
forecast: {history: 12, season: 12, horizon: 3, lags: [1, 2], means: [4, 12]}
data:
  sources: {train: weekly.parquet}
  fields:
    date: {type: date, use: metadata}
    annual_sin: {type: number, min: -1, max: 1}
split: {by: time, column: date, test: 0.2}
candidates: [ridge, {lightgbm: {n_estimators: 20}}]
select: {primary: mae, report: [mase, rmse], folds: 4}
serving: {entity: date}
gates: {latency_ms: 500}
"""


def hours(weeks: int) -> np.ndarray:
    """Weekly hours that drift slowly: the last values say much of the next."""
    chance = np.random.default_rng(5)
    level = np.cumsum(chance.normal(0, 3, WEEKS + 20))
    return (200 + level + chance.normal(0, 4, WEEKS + 20))[:weeks].round(1)


def write_orders(folder: Path, weeks: int) -> None:
    """A file a year, two orders a week, hours with a comma; the third week has no order."""
    folder.mkdir(parents=True, exist_ok=True)
    lines: dict[int, list[str]] = {}
    for week, effort in enumerate(hours(weeks)):
        if week == 2:
            continue
        for part, share in enumerate((0.25, 0.75)):
            day = FIRST + timedelta(days=7 * week + 3 * part + 3 * (week == weeks - 1))
            text = f"{effort * share:.3f}".replace(".", ",")
            lines.setdefault(day.year, []).append(f"{day:%d/%m/%Y};{week}-{part};{text}")
    for year, rows in lines.items():
        (folder / f"{year}.csv").write_text("\n".join(["Data;OS;Horas", *rows]) + "\n", encoding="latin-1")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("workshop"), "workshop")
    home.folder.mkdir(parents=True)
    home.spec.write_text(PROJECT, encoding="utf-8")
    write_orders(home.folder / "data" / "raw" / "orders", WEEKS)
    with environment(home.root):
        answered("train", "workshop")
        answered("promote", "workshop", "--accept", "G02", "--accept", "G07", "--reason", "a test")
        yield home


def test_a_week_of_a_forecast(workshop: Home, tmp_path: Path) -> None:
    output = tmp_path / "forecast.csv"
    said = answered("predict", "workshop", "--output", output, "--json").json
    first = FIRST + timedelta(days=7 * WEEKS)
    weeks = [(first + timedelta(days=7 * ahead)).isoformat() for ahead in range(3)]
    assert [one["week"] for one in said["forecasts"]] == weeks
    assert said["synthetic"] is False
    with output.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["date"] for row in rows] == weeks
    assert all(float(row["lower"]) < float(row["prediction"]) < float(row["upper"]) for row in rows)

    write_orders(workshop.folder / "data" / "raw" / "orders", WEEKS + 2)
    notes = answered("data", "workshop", "--json").json["notes"]
    assert "forecasts that have met what came: 2" in notes
    assert not any("met" in note for note in answered("data", "workshop", "--json").json["notes"])
    with workshop.workspace.ledger() as ledger:
        judged = ledger.judged("workshop")
        kinds = {event.kind for event in ledger.events("workshop")}
    came = hours(WEEKS + 2)[WEEKS:]
    assert [row.prediction.entity for row in judged] == weeks[:2]
    assert [row.outcome.value for row in judged] == pytest.approx(came.tolist(), abs=0.01)
    assert {"data", "forecast", "promotion"} <= kinds

    again = answered("predict", "workshop", "--json").json
    assert again["first"] == weeks[2]
    assert Path(again["output"]).name == f"forecast-{weeks[2]}.csv"


def test_a_fault_in_the_raw_files_stops_the_forecast(workshop: Home) -> None:
    bad = workshop.folder / "data" / "raw" / "orders" / "2030.csv"
    bad.write_text("Data;OS;Horas\n01/02/2030;x;muitas\n", encoding="utf-8")
    try:
        ran = zelo("predict", "workshop", "--json")
    finally:
        bad.unlink()
    assert ran.status == 2
    (fault,) = ran.json["faults"]
    assert (fault["file"], fault["row"], fault["column"]) == ("orders/2030.csv", "2", "effort")
    with workshop.workspace.ledger() as ledger:
        (last, *_) = ledger.events("workshop", kind="data")
    assert last.payload["status"] == "failed"


def test_the_watch_tells_of_what_came(workshop: Home, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    ran = zelo("monitor", "workshop", "--page", page)
    # The weeks are of years ago: the data are stale, and that is an alarm.
    assert ran.status == 1
    assert "Previsto e realizado" in ran.out
    assert "<script src" not in page.read_text(encoding="utf-8")


def test_a_promotion_is_told_in_words(workshop: Home) -> None:
    assert "o modelo 1" in answered("history", "workshop").out


def test_a_project_of_rows_needs_a_file(workshop: Home) -> None:
    other = workshop.root / "projects" / "rows"
    other.mkdir(exist_ok=True)
    text = (
        PROJECT[: PROJECT.index("pipeline:")]
        + "data:\n  sources: {train: rows.csv}\n  fields: {x: {type: number}}\n"
    )
    text += "split: {by: random}\ncandidates: [ridge]\nselect: {primary: mae}\n"
    (other / "project.yaml").write_text(text.replace("name: workshop", "name: rows"), encoding="utf-8")
    ran = zelo("predict", "rows")
    assert ran.status == 2
    assert "--input" in ran.err
