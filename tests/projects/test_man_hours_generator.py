"""The made fleet is plausible, and its files hold the truth behind the mess that people make of it."""

from __future__ import annotations

import csv
import datetime as dt
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.homes import SHIPPED

from zelo.spec.code import load_function
from zelo.spec.loading import load_project

FOLDER = SHIPPED / "man_hours"
SEEDS = (1, 2, 3)
START, WEEKS = pd.Timestamp("2023-01-02"), 156
KEPT = ["PILOT", "CABIN"]


def truth(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was flown and what was found."""
    flown = load_function(FOLDER / "fleet.py", "utilization", "")(seed)
    return flown, load_function(FOLDER / "fleet.py", "events", "")(flown, seed)


def by_week(dates: pd.Series) -> pd.Series:
    return (dates - START).dt.days // 7


def man_hours(found: pd.DataFrame) -> pd.Series:
    """The target by complete week."""
    kept = found[found["origin"].isin(KEPT)]
    return kept.groupby(by_week(kept["date"]))["HH"].sum().iloc[:WEEKS]


@pytest.fixture(scope="module")
def drawn() -> dict[int, tuple[pd.DataFrame, pd.DataFrame]]:
    return {seed: truth(seed) for seed in SEEDS}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("man_hours")
    load_function(FOLDER / "dataset.py", "generate_files", "")(folder, SEEDS[0])
    return folder


@pytest.fixture(scope="module")
def books(files: Path) -> list[openpyxl.Workbook]:
    return [openpyxl.load_workbook(path) for path in sorted((files / "events_unscheduled").iterdir())]


@pytest.fixture(scope="module")
def rows(books: list[openpyxl.Workbook]) -> list[dict[str, Any]]:
    """Each row of each sheet, under the columns that the project knows."""
    known, found = columns_of("events"), []
    for sheet in (sheet for book in books for sheet in book.worksheets):
        head, *cells = sheet.iter_rows(values_only=True)
        names = [known.get(folded(str(cell)), str(cell)) for cell in head]
        found += [dict(zip(names, row, strict=True)) for row in cells]
    return found


def folded(header: str) -> str:
    plain = unicodedata.normalize("NFKD", header).encode("ascii", "ignore").decode()
    return "".join(filter(str.isalnum, plain.lower()))


def columns_of(table: str) -> dict[str, str]:
    """The table's columns by every header that the project knows."""
    project = load_project(FOLDER)
    assert project.pipeline is not None
    columns = project.pipeline.tables[table].columns
    return {folded(alias): name for name, column in columns.items() for alias in (name, *column.names)}


def decimal(cell: Any) -> float:
    """Hours in any of the forms in which they are written."""
    if isinstance(cell, dt.time):
        return cell.hour + cell.minute / 60
    if isinstance(cell, dt.timedelta):
        return cell.total_seconds() / 3600
    if isinstance(cell, str) and ":" in cell:
        hours, minutes = cell.split(":")
        return int(hours) + int(minutes) / 60
    return float(cell.replace(",", ".")) if isinstance(cell, str) else float(cell)


def day(cell: Any) -> dt.date:
    if isinstance(cell, dt.datetime):
        return cell.date()
    return dt.datetime.strptime(cell, "%d/%m/%Y" if "/" in cell else "%Y-%m-%d").date()


def test_the_fleet_comes_and_goes_flies_and_ages(drawn: dict[int, Any]) -> None:
    flown, _ = drawn[SEEDS[0]]
    assert (flown["date"].min(), flown["date"].max()) == (START, START + pd.Timedelta(days=7 * WEEKS + 2))
    assert flown.groupby("date")["acft"].nunique().between(18, 30).all()
    served = flown.groupby("acft")["date"].agg(["min", "max"])
    assert (sum(served["min"] > START), sum(served["max"] < flown["date"].max())) == (6, 3)
    assert set(flown["fleet"]) == {"R72", "C08", "P03"}
    # A mark that no aircraft in Brazil can have.
    assert flown["acft"].str.fullmatch(r"PR-Q[A-Z]{2}").all()
    assert not flown.duplicated(["date", "acft"]).any()
    assert flown["flight_hours"].between(0, 15).all()
    assert ((flown["flight_hours"] > 0) == (flown["cycles"] > 0)).all()
    grown = flown.groupby("acft").agg(age=("age", np.ptp), days=("date", "count"))
    np.testing.assert_allclose(grown["age"], grown["days"] / 365.25, atol=0.03)


def test_more_is_flown_in_the_holidays_and_less_on_saturdays(drawn: dict[int, Any]) -> None:
    flown = pd.concat([flown for flown, _ in drawn.values()])
    daily = flown.groupby(flown["date"].dt.month)["flight_hours"].mean()
    assert daily[[1, 7]].min() > 1.05 * daily[[4, 5, 9, 10]].max()
    of_week = flown.groupby(flown["date"].dt.dayofweek)["flight_hours"].mean()
    assert of_week[5] < 0.9 * of_week[4]


def test_events_follow_age_and_heavy_checks(drawn: dict[int, Any]) -> None:
    flown, found = (pd.concat([pair[place] for pair in drawn.values()]) for place in (0, 1))
    found = found.merge(flown[["date", "acft", "age", "check"]].drop_duplicates(["date", "acft"]))
    of_wear = {
        name: sum(group(found)) / flown.loc[group(flown), "wear"].sum()
        for name, group in {
            "before a check": lambda rows: rows["check"] > 0.15,
            "after a check": lambda rows: rows["check"] < -0.2,
            "old": lambda rows: rows["age"] > 13,
            "young": lambda rows: rows["age"] < 6,
        }.items()
    }
    assert of_wear["before a check"] > 1.3 * of_wear["after a check"]
    assert of_wear["old"] > 1.15 * of_wear["young"]


def test_the_weekly_series_is_noisy_and_has_a_memory(drawn: dict[int, Any]) -> None:
    for _, found in drawn.values():
        weekly = man_hours(found)
        assert len(weekly) == WEEKS
        assert 150 < weekly.mean() < 600
        assert 0.15 < weekly.std() / weekly.mean() < 0.45
        assert 0.3 < weekly.autocorr(1) < 0.85
        assert found["order"].is_unique
        shares = found["origin"].value_counts(normalize=True)
        assert shares["PILOT"] > shares["CABIN"] > shares["SCHEDULED"] > 0.05
        assert (found["HH"] >= 0.2).all()


@pytest.mark.slow  # two hundred small models
def test_a_plain_model_beats_the_seasonal_naive_clearly_and_the_moving_average_a_little(
    drawn: dict[int, Any],
) -> None:
    against_naive, against_mean = [], []
    for flown, found in drawn.values():
        hh = man_hours(found)
        hours = flown.groupby(by_week(flown["date"]))["flight_hours"].sum().iloc[:WEEKS]
        past = {f"lag {k}": hh.shift(k) for k in (1, 2, 3, 4)}
        past |= {f"mean {k}": hh.shift().rolling(k).mean() for k in (4, 8, 13, 52)}
        inputs = pd.DataFrame(past | {"flown": hours.shift(), "month": hours.shift().rolling(4).mean()})
        told = []
        for week in range(94, WEEKS):
            model = make_pipeline(StandardScaler(), Ridge(10.0))
            model.fit(inputs.iloc[52:week], hh.iloc[52:week])
            told.append(model.predict(inputs.iloc[[week]])[0])
        realised = hh.iloc[94:].to_numpy()
        error, naive, mean = (
            np.abs(forecast - realised).mean()
            for forecast in (
                np.array(told),
                hh.iloc[42:-52].to_numpy(),
                inputs["mean 8"].iloc[94:].to_numpy(),
            )
        )
        against_naive.append(error / naive)
        against_mean.append(error / mean)
    assert max(against_naive) < 0.85
    assert 0.7 < np.mean(against_mean) < 0.98


@pytest.mark.slow  # writes hundreds of workbooks twice
def test_a_seed_writes_the_same_bytes_everywhere(files: Path, tmp_path: Path) -> None:
    load_function(FOLDER / "dataset.py", "generate_files", "")(tmp_path, SEEDS[0])
    first, again = (
        {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (files, tmp_path)
    )
    assert first == again


@pytest.mark.slow  # writes and reads hundreds of workbooks
def test_behind_the_mess_is_the_truth(rows: list[dict[str, Any]], drawn: dict[int, Any]) -> None:
    _, found = drawn[SEEDS[0]]
    told: dict[str, tuple[dt.date, str, float]] = {}
    for row in rows:
        if row["order"] is not None:
            cells = day(row["date"]), row["acft"].strip().upper(), round(decimal(row["HH"]), 6)
            assert told.setdefault(row["order"], cells) == cells, "an order that is sent again is the same"
    sent = found[found["order"].isin(list(told))]
    expected = zip(sent["date"].dt.date, sent["acft"], sent["HH"], strict=True)
    assert dict(zip(sent["order"], expected, strict=True)) == told
    missing = sorted(set(by_week(found["date"])) - set(by_week(sent["date"])))
    runs = Counter(week - place for place, week in enumerate(missing))
    assert list(runs.values()) == [1, 2, 1]
    assert len(found[~by_week(found["date"]).isin(missing)]) == len(told)


@pytest.mark.slow  # as above
def test_events_are_written_in_every_way(rows: list[dict[str, Any]]) -> None:
    written = [row for row in rows if row["order"] is not None]
    for row_type in (float, dt.time, dt.timedelta):
        assert any(isinstance(row["HH"], row_type) for row in written), row_type
    texts = [row["HH"] for row in written if isinstance(row["HH"], str)]
    assert all(any(mark in text for text in texts) for mark in ":,.")
    dates = {type(row["date"]) for row in written}
    assert dates == {dt.datetime, str}
    assert {row["date"].hour == 0 for row in written if isinstance(row["date"], dt.datetime)} == {True, False}
    assert len({row["origin"] for row in written}) > 12
    orders = Counter(row["order"] for row in written)
    assert 0.015 < (len(written) - len(orders)) / len(written) < 0.05
    assert 0.003 < 1 - len(written) / len(rows) < 0.03


@pytest.mark.slow  # as above
def test_every_workbook_says_that_it_is_synthetic(files: Path, books: list[openpyxl.Workbook]) -> None:
    assert len(books) == WEEKS + 1 - 4
    assert {len(book.sheetnames) for book in books} == {1, 2}
    assert all("SINTÉTICOS" in book.properties.title for book in books)
    assert all("(sintético)" in title for book in books for title in book.sheetnames)
    assert "SINTÉTICOS" in (files / "LEIA-ME.txt").read_text(encoding="utf-8")


@pytest.mark.slow  # as above
def test_utilisation_is_written_in_every_way(files: Path, drawn: dict[int, Any]) -> None:
    flown, _ = drawn[SEEDS[0]]
    paths = sorted((files / "aircraft_utilization").iterdir())
    assert len(paths) == 36
    contents = [path.read_bytes() for path in paths]
    assert any(content.startswith(b"\xef\xbb\xbf") for content in contents)
    assert any(not content.isascii() and b"Matr\xc3\xadcula" in content for content in contents)
    assert any(b"Opera\xe7\xe3o" in content for content in contents)
    known, told, rows = columns_of("utilization"), {}, 0
    for content in contents:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
        lines = text.splitlines()
        head, *records = csv.reader(lines, delimiter=";" if ";" in lines[0] else ",")
        for record in records:
            row = dict(zip([known.get(folded(cell), cell) for cell in head], record, strict=True))
            if row["date"]:
                key = day(row["date"]), row["acft"].strip().upper()
                told[key] = round(decimal(row["flight_hours"]), 6)
                rows += 1
    expected = zip(flown["date"].dt.date, flown["acft"], strict=True)
    assert told == dict(zip(expected, flown["flight_hours"], strict=True))
    assert 0.01 < 1 - len(told) / rows < 0.08
