"""A weekly forecast at work: a bundle without a model, a data set, and a ledger that fills with forecasts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from tests.weeks import HISTORY, HORIZON, make_weekly_project, make_weekly_table

from zelo.decisions.policy import make_policy
from zelo.ledger.records import PredictionRecord, new_id
from zelo.ledger.store import Ledger
from zelo.monitoring.realised import Counts, realise
from zelo.monitoring.series import SeriesReport, watch_series
from zelo.monitoring.weekly import Weekly, weekly_of
from zelo.registry.bundle import Bundle
from zelo.spec.project import Project

from .fakes import NoModel

VERSION = "7"
WEEK = timedelta(days=7)
NEWEST = date(2022, 6, 13)
NOW = datetime(2022, 6, 21, 12, tzinfo=UTC)
"""The Tuesday after the newest week has ended."""
HALF_WIDTH = 10.0
PIPELINE: dict[str, Any] = {
    "tables": {
        name: {
            "files": f"{name}/*.csv",
            "date": "date",
            "columns": {"date": {"type": "date"}, "hours": {"type": "hours"}},
        }
        for name in ("log", "flights")
    },
    "weeks": {
        "columns": {"effort": {"of": "log.hours"}, "flown": {"of": "flights.hours"}},
        "lags": {"flown": [1]},
    },
}


def make_watched_project(**changes: Any) -> Project:
    return make_weekly_project(**{"pipeline": PIPELINE, **changes})


def make_data_set(weeks: int = 120) -> pd.DataFrame:
    """A weekly table as the pipeline writes it: 40 rows of the log and 70 flights a week."""
    table = make_weekly_table(weeks).drop(columns="row__")
    return table.assign(flown=200.0, filled=0, rows_log=40, rows_flights=70)


def make_watched_bundle(folder: Path, project: Project, table: pd.DataFrame) -> Bundle:
    folder.mkdir()
    table[list(project.inputs)].to_parquet(folder / "reference.parquet")
    figures = {name: {"value": 5.0, "low": 4.0, "high": 6.0} for name in project.select.metrics}
    tested = [_figures(horizon, mae=5.0 + horizon) for horizon in range(1, HORIZON + 1)]
    rolled = [_figures(horizon, mae=4.0 + horizon) for horizon in range(1, HORIZON + 1)]
    files = {
        "metrics": figures,
        "baseline": {"field": "effort_lag_4", "scale": 8.0, "scores": None, "predicted": None},
        "horizons": {"out_of_fold": rolled, "test": tested},
        "test_scores": [[100.0]] * 30,
    }
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    policy = make_policy(project, half_width=HALF_WIDTH, half_widths=(HALF_WIDTH,) * HORIZON)
    return Bundle(folder, "0" * 64, project, policy, {"synthetic": True, "snapshot": "0" * 64}, NoModel())


def _figures(horizon: int, *, mae: float) -> dict[str, Any]:
    values = {"mae": mae, "rmse": 1.2 * mae, "mape": 0.05, "coverage": 0.9}
    bounded = {
        name: {"value": value, "low": 0.9 * value, "high": 1.1 * value} for name, value in values.items()
    }
    return {"horizon": horizon, "rows": 30, "half_width": HALF_WIDTH, "metrics": bounded, "against": {}}


class Clock:
    """The ledger's clock, which a test sets."""

    def __init__(self) -> None:
        self.time = datetime(2022, 6, 21, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


class Watched:
    """A project on its data set; forecasts are written as serving does."""

    def __init__(
        self, ledger: Ledger, clock: Clock, folder: Path, project: Project, frame: pd.DataFrame
    ) -> None:
        self.ledger, self.clock, self.project, self.frame = ledger, clock, project, frame
        self.bundle = make_watched_bundle(folder / "bundle", project, frame.head(90))

    @property
    def weekly(self) -> Weekly:
        return weekly_of(self.frame, self.project, "2022-06-21-0123456789ab")

    @property
    def truth(self) -> dict[date, float]:
        return self.weekly.realised(self.project)

    def last(self, weeks: int) -> list[date]:
        """The newest weeks of the data set, which ends with that of 2022-06-13."""
        return [NEWEST - place * WEEK for place in reversed(range(weeks))]

    def say(self, week: date, value: float, *, horizon: int = 1, **changes: Any) -> PredictionRecord:
        """Record one forecast, made on the first day of the next week that had not come."""
        truth = self.truth
        made_at = datetime.combine(week - (horizon - 1) * WEEK, time(6), UTC)
        before = [truth.get(week - place * WEEK, 90.0) for place in range(HISTORY, 0, -1)]
        inputs = {"date": week.isoformat(), "annual_sin": 0.1, "flown_lag_1": 200.0}
        facts: dict[str, Any] = {
            "id": new_id(),
            "project": self.project.name,
            "version": VERSION,
            "at": made_at,
            "inputs": inputs | {self.project.history_name: before},
            "decision": {
                "prediction": value,
                "lower": value - HALF_WIDTH,
                "upper": value + HALF_WIDTH,
                "horizon": horizon,
            },
            "score": value,
            "entity": week.isoformat(),
        }
        record = PredictionRecord(**facts | changes)
        self.ledger.record_predictions([record])
        return record

    def forecast(self, origins: Sequence[date], **changes: Any) -> list[PredictionRecord]:
        """A run at each origin: 4 above what came, and one more for each week farther ahead."""
        truth = self.truth
        return [
            self.say(week, truth.get(week, 100.0) + 3.0 + horizon, horizon=horizon, **changes)
            for origin in origins
            for horizon in range(1, HORIZON + 1)
            for week in [origin + (horizon - 1) * WEEK]
        ]

    def run(self, kind: str, **payload: Any) -> None:
        """A job left its event, now by the ledger's clock."""
        self.ledger.record_event(self.project.name, kind, "cron", "", payload)

    def realise(self) -> Counts:
        return realise(self.ledger, self.project, self.frame, NOW)

    def report(self, **changes: Any) -> SeriesReport:
        given: dict[str, Any] = {"weekly": self.weekly, "trained_until": date(2022, 1, 3), "now": NOW}
        given |= changes
        return watch_series(self.ledger, self.bundle, VERSION, given.pop("weekly"), **given)
