"""The two projects of weekly effort: through the pipeline comes the truth, week by week."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from tests.homes import SHIPPED

from zelo.data.pipeline.run import Built, build
from zelo.errors import PipelineError
from zelo.spec.code import load_function
from zelo.spec.loading import load_project, parse_project
from zelo.spec.project import Project
from zelo.spec.series_rules import CALENDAR

FLEET, EXCAVATORS = load_project(SHIPPED / "man_hours"), load_project(SHIPPED / "man_hours_excavator")
both = pytest.mark.parametrize("project", [FLEET, EXCAVATORS], ids=lambda project: project.name)
START = pd.Timestamp("2023-01-02")
EFFORT = "excavator_weekly_effort_2001_2007.csv"
SCHOOL = "flight_school_down_events_2024_jan_aug.csv"


def built_of(project: Project, root: Path, raw: Path | None = None) -> Built:
    """What the pipeline makes of the generated files, or of those in ``raw``."""
    folder = SHIPPED / project.name
    if raw is not None:
        folder = root / "projects" / project.name
        shutil.copytree(raw, folder / "data" / "raw")
    return build(
        project,
        folder=folder,
        data_dir=None,
        downloads=root / "downloads",
        datasets=root / "datasets",
        engine="duckdb",
        created=dt.datetime(2026, 1, 5, tzinfo=dt.UTC),
    )


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return built_of(FLEET, tmp_path_factory.mktemp("fleet"))


def real(name: str) -> Path:
    folder = os.environ.get("ZELO_DATA_DIR")
    if not folder or not (Path(folder) / "man_hours" / name).is_file():
        pytest.skip(f"no folder of real data has {name}")
    return Path(folder) / "man_hours" / name


@pytest.fixture
def effort(tmp_path: Path) -> Path:
    """The real weeks of the excavators, in a folder of their own."""
    raw = tmp_path / "raw"
    raw.mkdir()
    shutil.copy(real(EFFORT), raw / EFFORT)
    return raw


def weeks(built: Built, name: Literal["rows", "coming"] = "rows") -> pd.DataFrame:
    assert built.dataset is not None
    return built.dataset.read(name).set_index("date")


@both
def test_what_a_model_reads_is_known_before_the_week(project: Project) -> None:
    assert project.pipeline is not None
    own = set(project.pipeline.weeks.columns)
    before = [name for name in project.inputs if name not in CALENDAR]
    assert not own & set(before)
    assert all("_lag_" in name or "_mean_" in name for name in before)
    assert {name for name, field in project.data.fields.items() if field.use == "metadata"} == (
        own - {project.task.target} | {"date"}
    )


def true_weeks(seed: int) -> pd.DataFrame:
    """The generator's truth by complete week, without what people made of it."""
    fleet = SHIPPED / "man_hours" / "fleet.py"
    flown = load_function(fleet, "utilization", "")(seed)
    found = load_function(fleet, "events", "")(flown, seed)
    found = found[found["origin"].isin(["PILOT", "CABIN"])]
    monday = START + pd.to_timedelta((flown["date"] - START).dt.days // 7 * 7, unit="D")
    by_week = flown.groupby(monday.rename("date"))
    table = by_week.agg(
        acft=("acft", "nunique"),
        sum_daily_hours=("flight_hours", "sum"),
        age_fleet=("age", "mean"),
        Cycles=("cycles", "sum"),
    )
    monday = START + pd.to_timedelta((found["date"] - START).dt.days // 7 * 7, unit="D")
    table["HH"] = found.groupby(monday)["HH"].sum()
    table["sum_uti_mensal"] = table["sum_daily_hours"].rolling(4).sum()
    return table.iloc[:156]


@pytest.mark.slow  # reads two hundred files
def test_the_weekly_table_of_the_fleet_is_the_truth_behind_the_mess(fleet: Built) -> None:
    assert fleet.synthetic
    table, truth = weeks(fleet), true_weeks(FLEET.split.seed)
    assert list(table.index) == list(truth.index[52:])
    truth = truth.loc[table.index]
    for name in ("acft", "sum_daily_hours", "age_fleet", "Cycles", "sum_uti_mensal"):
        np.testing.assert_allclose(table[name], truth[name], rtol=1e-9, err_msg=name)
    filled = table["filled"].astype(bool)
    # Of the runs of 1, 2 and 1 missing weeks the first lies in the history of the first row.
    assert filled.sum() == 3
    assert table["HH"].isna().equals(filled)
    np.testing.assert_allclose(table.loc[~filled, "HH"], truth.loc[~filled, "HH"], rtol=1e-9)
    for week, row in table[filled].iterrows():
        place = table.index.get_loc(week) + 1
        if place < len(table):
            last = [row[f"HH_lag_{before}"] for before in (1, 2, 3, 4)]
            assert table["HH_lag_1"].iloc[place] == pytest.approx(np.mean(last))
    np.testing.assert_allclose(table["acft_lag_1"].iloc[1:], table["acft"].iloc[:-1])
    assert not table[list(FLEET.inputs)].isna().any().any()


@pytest.mark.slow  # as above
def test_the_next_weeks_of_the_fleet_begin_where_the_last_one_ended(fleet: Built) -> None:
    table, coming = weeks(fleet), weeks(fleet, "coming")
    last = table.index[-1]
    assert list(coming.index) == list(pd.date_range(last + pd.Timedelta(weeks=1), periods=8, freq="7D"))
    assert coming["HH_lag_1"].iloc[0] == table["HH"].iloc[-1]
    assert not coming[list(FLEET.inputs)].iloc[0].isna().any()
    assert coming["HH"].isna().all()
    assert not coming[["annual_sin", "annual_cos"]].isna().any().any()


def test_the_real_weeks_of_the_excavators_are_summed_over_machines(effort: Path, tmp_path: Path) -> None:
    built = built_of(EXCAVATORS, tmp_path, effort)
    assert not built.synthetic
    rows = pd.read_csv(effort / EFFORT, parse_dates=["week"])
    sums = rows.groupby("week").agg(
        cost_corrective=("cost_corrective", "sum"),
        corrective_orders=("corrective_orders", "sum"),
        machines=("asset", "nunique"),
    )
    every = sums.reindex(pd.date_range("2001-07-02", "2007-07-02", freq="7D"), fill_value=0)
    table = weeks(built)
    assert list(table.index) == list(every.index[52:])
    for name in sums:
        np.testing.assert_allclose(table[name], every[name].iloc[52:], atol=1e-9, err_msg=name)
    # The week whose only machine got a credit lies in the history of the first row, and so do the weeks
    # without any order.
    first = table.iloc[0][[f"cost_corrective_lag_{place}" for place in range(1, 53)]].astype(float)
    np.testing.assert_allclose(first, every["cost_corrective"].iloc[51::-1])
    assert first.min() == pytest.approx(-79.52)
    assert (first == 0).sum() == 9


def test_a_credit_beyond_reason_stops_the_excavators_run_and_is_named(effort: Path, tmp_path: Path) -> None:
    text = (effort / EFFORT).read_text(encoding="utf-8")
    (effort / EFFORT).write_text(text.replace("-79.52,-79.52", "-79.52,-7952"), encoding="utf-8")
    with pytest.raises(PipelineError) as caught:
        built_of(EXCAVATORS, tmp_path, effort)
    (fault,) = caught.value.faults
    line = next(place for place, row in enumerate(text.splitlines(), start=1) if "-79.52" in row)
    assert (fault.file, fault.row, fault.column) == (EFFORT, str(line), "cost_corrective")
    assert "-7952" in fault.found


SCHOOL_PROJECT = """
name: flight_school
title: Hours that training aircraft are down
language: en
task: {kind: regression, target: down_hours, unit: h}
pipeline:
  tables:
    downs:
      files: "*.csv"
      date: downed
      columns:
        tail: {type: name}
        downed: {type: date}
        duration_hhmm: {type: hours, min: 0}
        downed_reason: {type: name}
      where: {downed_reason: [SQUAWK, DOWNED BY ETA]}
  weeks:
    columns:
      down_hours: {of: downs.duration_hhmm, min: 0}
      tails: {of: downs.tail, by: distinct}
    gaps: zero
    lags: {down_hours: [1], tails: [1]}
data:
  sources: {train: weekly.parquet}
  fields:
    date: {type: date, use: metadata}
    down_hours_lag_1: {type: number}
split: {by: time, column: date}
candidates: [ridge]
select: {primary: mae}
"""


@pytest.fixture
def downs() -> pd.DataFrame:
    """The real down events of 2024; those from before are aircraft that hardly ever came back."""
    rows = pd.read_csv(real(SCHOOL))
    return rows[pd.to_datetime(rows["downed"], format="%m/%d/%Y %H:%M") >= "2024-01-01"]


def test_american_dates_are_refused_and_not_read_as_brazilian_ones(
    tmp_path: Path, downs: pd.DataFrame
) -> None:
    (tmp_path / "raw").mkdir()
    downs.to_csv(tmp_path / "raw" / "downs.csv", index=False)
    with pytest.raises(PipelineError) as caught:
        built_of(parse_project(SCHOOL_PROJECT), tmp_path, tmp_path / "raw")
    faults = caught.value.faults
    assert {fault.column for fault in faults} == {"downed"}
    assert all(int(fault.found.strip("'").split("/")[1]) > 12 for fault in faults)


def test_real_down_events_become_weekly_hours(tmp_path: Path, downs: pd.DataFrame) -> None:
    days = pd.to_datetime(downs["downed"], format="%m/%d/%Y %H:%M")
    (tmp_path / "raw").mkdir()
    downs.assign(downed=days.dt.strftime("%d/%m/%Y %H:%M")).to_csv(
        tmp_path / "raw" / "downs.csv", index=False
    )
    built = built_of(parse_project(SCHOOL_PROJECT), tmp_path, tmp_path / "raw")
    kept = downs["downed_reason"].isin(["Squawk", "downed by ETA"])
    clock = downs["duration_hhmm"].str.split(":", expand=True).astype(float)
    hours = clock[0] + clock[1] / 60 + clock[2].fillna(0) / 3600
    monday = (days - pd.to_timedelta(days.dt.dayofweek, unit="D")).dt.normalize()
    sums = hours[kept].groupby(monday[kept]).sum()
    table = weeks(built)
    assert table.index.is_monotonic_increasing
    assert len(table) > 25
    np.testing.assert_allclose(table["down_hours"], sums.reindex(table.index, fill_value=0.0))
