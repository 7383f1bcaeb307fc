from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.weeks import HISTORY, HORIZON, make_weekly_project

from zelo.decisions.policy import make_policy
from zelo.errors import DataError, LedgerError, RequestError
from zelo.features.columns import Columns
from zelo.ledger.store import Ledger
from zelo.registry.bundle import Bundle
from zelo.registry.traffic import Traffic
from zelo.serving.coming import forecast_coming
from zelo.serving.scoring import scores_of
from zelo.serving.service import Service

from .fakes import START, Clock, Registry

PROJECT = make_weekly_project()
WIDTHS = (5.0, 7.0, None)
BODY = {"annual_sin": 0.5, "flown_lag_1": 30, "last_effort": [10.0] * (HISTORY - 2) + [20.0, 40.0]}


class MeanOfTwo:
    """The mean of the last two values, and 100 times the calendar's input."""

    runtime = "onnx"

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        said = (columns["effort_lag_1"] + columns["effort_lag_2"]) / 2 + 100 * columns["annual_sin"]
        return said[:, None]


@pytest.fixture
def weekly(ledger: Ledger) -> Service:
    policy = make_policy(PROJECT, half_width=WIDTHS[0], half_widths=WIDTHS)
    loaded = Bundle(Path("bundles/0"), "0" * 64, PROJECT, policy, {"runtime": "onnx"}, MeanOfTwo())
    return Service(Registry("4", loaded), ledger, now=Clock())


@pytest.fixture
def coming() -> pd.DataFrame:
    rows = [
        {"date": pd.Timestamp("2026-11-23"), "annual_sin": 0.0, "flown_lag_1": 30.0, "effort": np.nan},
        {"date": pd.Timestamp("2026-11-30"), "annual_sin": 0.1, "flown_lag_1": np.nan, "effort": np.nan},
        {"date": pd.Timestamp("2026-12-07"), "annual_sin": 0.2, "flown_lag_1": np.nan, "effort": np.nan},
    ]
    frame = pd.DataFrame(rows)
    history = {f"effort_lag_{place}": [40.0, np.nan, np.nan] for place in range(1, HISTORY + 1)}
    return frame.assign(**history).assign(effort_lag_2=[20.0, 40.0, np.nan])


def test_the_coming_weeks_are_forecast_one_from_the_other(
    weekly: Service, coming: pd.DataFrame, tmp_path: Path
) -> None:
    found = forecast_coming(weekly, coming, tmp_path / "out" / "forecast.csv")
    assert found.days == ("2026-11-23", "2026-11-30", "2026-12-07")
    assert [answer["prediction"] for answer in found.answers] == [30.0, 45.0, 57.5]
    assert [answer["horizon"] for answer in found.answers] == [1, 2, 3]
    with found.output.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["date"], row["horizon"], row["prediction"]) for row in rows][1] == (
        "2026-11-30",
        "2",
        "45.0",
    )
    assert (rows[1]["lower"], rows[1]["upper"]) == ("38.0", "52.0")
    assert (rows[2]["lower"], rows[2]["upper"]) == ("", "")
    assert "score" not in rows[0]


def test_each_forecast_is_recorded_with_what_it_was_made_of(
    weekly: Service, ledger: Ledger, coming: pd.DataFrame, tmp_path: Path
) -> None:
    found = forecast_coming(weekly, coming, tmp_path / "forecast.csv")
    records = ledger.predictions("repairs", order="oldest")
    assert [record.entity for record in records] == list(found.days)
    second = records[1]
    assert second.inputs["last_effort"][-2:] == [40.0, 30.0]
    assert len(second.inputs["last_effort"]) == HISTORY
    assert (second.inputs["annual_sin"], second.inputs["flown_lag_1"]) == (0.1, 30.0)
    again = scores_of(weekly.model, [record.inputs for record in records])[:, 0].tolist()
    assert again == [answer["prediction"] for answer in found.answers]


def test_a_request_brings_the_history_as_a_list(weekly: Service, ledger: Ledger) -> None:
    (answers,) = weekly.predict([weekly.ask_row(json.dumps({**BODY, "date": "2026-11-23"}).encode())])
    assert isinstance(answers, list)
    assert (answers[0]["prediction"], answers[0]["lower"], answers[0]["upper"]) == (80.0, 75.0, 85.0)
    assert "horizon" not in answers[0]
    (record,) = ledger.predictions("repairs")
    assert record.inputs["last_effort"] == BODY["last_effort"]
    assert record.entity == "2026-11-23"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda body: {**body, "last_effort": [1.0] * 7}, "a list of 7 values"),
        (lambda body: {**body, "last_effort": [1.0] * 9}, "a list of 9 values"),
        (lambda body: {**body, "last_effort": 3}, "3"),
        (lambda body: {name: value for name, value in body.items() if name != "last_effort"}, "nothing"),
    ],
)
def test_a_history_of_another_shape_is_refused(
    weekly: Service, change: Callable[[dict[str, Any]], dict[str, Any]], found: str
) -> None:
    with pytest.raises(RequestError) as caught:
        weekly.ask_row(json.dumps(change(BODY)).encode())
    (error,) = caught.value.errors
    assert (error.field, error.found) == ("last_effort", found)
    assert error.expected == "a list of exactly 8 numbers, the oldest first"


@pytest.mark.parametrize(
    ("history", "found"),
    [
        ([1.0] * 7 + ["2"], {"last_effort[7]": '"2"'}),
        ([True] * 8, {f"last_effort[{n}]": "true" for n in range(8)}),
    ],
)
def test_what_is_no_number_of_the_history_is_named_by_its_place(
    weekly: Service, history: list[Any], found: dict[str, str]
) -> None:
    with pytest.raises(RequestError) as caught:
        weekly.ask_row(json.dumps({**BODY, "last_effort": history}).encode())
    assert {error.field: error.found for error in caught.value.errors} == found
    assert {error.expected for error in caught.value.errors} == {"a number"}


def test_a_lag_is_no_field_of_a_request(weekly: Service) -> None:
    with pytest.raises(RequestError) as caught:
        weekly.ask_row(json.dumps({**BODY, "effort_lag_1": 3}).encode())
    assert caught.value.errors[0].field == "effort_lag_1"


def test_too_few_weeks_or_inputs_are_refused(weekly: Service, coming: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"2 row\(s\) to come"):
        forecast_coming(weekly, coming.head(HORIZON - 1), tmp_path / "forecast.csv")
    with pytest.raises(DataError, match="no value of flown_lag_1"):
        forecast_coming(weekly, coming.drop(columns="flown_lag_1"), tmp_path / "forecast.csv")
    assert not list(tmp_path.glob("*.csv"))


def test_what_cannot_be_recorded_is_not_written(
    weekly: Service, ledger: Ledger, coming: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise LedgerError("the ledger is locked")

    monkeypatch.setattr(ledger, "record_predictions", refuse)
    with pytest.raises(LedgerError):
        forecast_coming(weekly, coming, tmp_path / "forecast.csv")
    assert not list(tmp_path.glob("*.csv"))


class Doubled(MeanOfTwo):
    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        return 2 * super().scores(columns)


class Broken(MeanOfTwo):
    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        found = super().scores(columns)
        return np.where(found == 45.0, np.nan, found)


class Beside:
    """The registry says that version 5 has a part of the traffic."""

    def __init__(self, share: int, predictor: Any) -> None:
        self._share = share
        self._predictor = predictor

    def champion(self) -> str:
        return "4"

    def traffic(self) -> Traffic:
        return Traffic(
            mode="split",
            version="5",
            bundle="1",
            share=self._share,
            started=START,
            since=START,
            actor="Ana",
            reason="",
        )

    def load(self, _: Traffic) -> Bundle:
        policy = make_policy(PROJECT, half_width=WIDTHS[0], half_widths=WIDTHS)
        return Bundle(Path("bundles/1"), "1" * 64, PROJECT, policy, {"runtime": "onnx"}, self._predictor)


@pytest.mark.parametrize(
    ("share", "predictor", "version", "told", "kept"),
    [
        (0, Doubled(), "4", [30.0, 45.0, 57.5], [60.0, 120.0, 220.0]),
        (100, Doubled(), "5", [60.0, 120.0, 220.0], [30.0, 45.0, 57.5]),
        (100, Broken(), "4", [30.0, 45.0, 57.5], []),
    ],
    ids=["the champion", "the other", "the other fails"],
)
def test_a_forecast_is_of_one_version_from_its_first_week_to_its_last(
    weekly: Service,
    ledger: Ledger,
    coming: pd.DataFrame,
    tmp_path: Path,
    share: int,
    predictor: Any,
    version: str,
    told: list[float],
    kept: list[float],
) -> None:
    service = Service(Registry("4", weekly.model.bundle), ledger, Beside(share, predictor), now=Clock())
    found = forecast_coming(service, coming, tmp_path / "forecast.csv")
    assert [answer["prediction"] for answer in found.answers] == told
    assert {answer["model_version"] for answer in found.answers} == {version}
    assert found.version == version
    records = ledger.predictions("repairs", order="oldest")
    assert {record.variant for record in records} == {"champion" if version == "4" else "challenger"}
    # What each was made of are the answering version's own forecasts.
    assert records[1].inputs["last_effort"][-1] == told[0]
    ledger.settle()
    with ledger.reading() as connection:
        shadows = connection.exec_driver_sql("select score from shadows order by rowid").scalars().all()
    assert shadows == kept
