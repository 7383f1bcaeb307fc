"""The watch over a forecast of daily prices."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from tests.data.prices.price_files import make_price_project, make_prices

from zelo.data.prices.table import coming, rows_of
from zelo.decisions.policy import make_policy
from zelo.ledger.records import PredictionRecord, new_id
from zelo.ledger.store import Ledger
from zelo.monitoring.day_words import ALARMS_OF_DAYS, DAYS
from zelo.monitoring.page import render_page
from zelo.monitoring.realised import Counts, realise
from zelo.monitoring.series import SeriesReport, is_watched, watch_series
from zelo.monitoring.series_words import ALARMS
from zelo.monitoring.text import render
from zelo.monitoring.watch import read_window, watch
from zelo.monitoring.weekly import weekly_of
from zelo.monitoring.words import PORTUGUESE
from zelo.registry.bundle import Bundle

from .fakes import NoModel
from .weekly_fakes import Watched

PROJECT = make_price_project()
PRICES = make_prices(130, first="2022-01-03")
NEWEST = PRICES["date"].iloc[-1].date()
NOW = datetime.combine(NEWEST, datetime.min.time(), UTC) + timedelta(days=1, hours=6)


class Desk:
    """Forecasts of prices, each the last price again, as serving records them."""

    def __init__(self, ledger: Ledger, bundle: Bundle) -> None:
        self.ledger, self.bundle = ledger, bundle

    def forecast(self, prices: pd.DataFrame) -> PredictionRecord:
        """Of the day after the newest of the prices."""
        (row,) = coming(prices, PROJECT).to_pylist()
        history = [row[lag] for lag in PROJECT.lags][::-1]
        said = history[-1]
        record = PredictionRecord(
            id=new_id(),
            project=PROJECT.name,
            version="7",
            at=datetime.combine(row["date"], datetime.min.time(), UTC),
            inputs={"date": row["date"].isoformat(), "last_prices": history},
            decision={"prediction": said, "lower": said * 0.97, "upper": said * 1.03, "horizon": 1},
            score=said,
            entity=row["date"].isoformat(),
        )
        self.ledger.record_predictions([record])
        return record

    def realise(self, prices: pd.DataFrame = PRICES) -> Counts:
        return realise(self.ledger, PROJECT, rows_of(prices, PROJECT).to_pandas(), NOW)

    def outcomes(self, record: PredictionRecord) -> list[Any]:
        return [outcome.value for outcome in self.ledger.outcomes(record.id)]

    def report(self, prices: pd.DataFrame = PRICES, now: datetime = NOW) -> SeriesReport:
        table = weekly_of(rows_of(prices, PROJECT).to_pandas(), PROJECT, "2022-07-04-0123456789ab")
        until = date(2022, 3, 31)
        return watch_series(self.ledger, self.bundle, "7", table, trained_until=until, now=now)


@pytest.fixture
def desk(watched: Watched, ledger: Ledger, tmp_path: Path) -> Desk:
    folder = tmp_path / "days"
    folder.mkdir()
    for path in watched.bundle.path.glob("*.json"):
        (folder / path.name).write_bytes(path.read_bytes())
    rows_of(PRICES[:100], PROJECT).to_pandas()[list(PROJECT.inputs)].to_parquet(folder / "reference.parquet")
    manifest = {"synthetic": True, "snapshot": "0" * 64}
    return Desk(ledger, Bundle(folder, "0" * 64, PROJECT, make_policy(PROJECT), manifest, NoModel()))


def test_prices_are_watched() -> None:
    assert is_watched(PROJECT)
    assert not is_watched(make_price_project(prices=None))


def test_a_day_that_came_tells_the_forecast_of_it(desk: Desk) -> None:
    record, to_come = desk.forecast(PRICES[:-1]), desk.forecast(PRICES)

    assert desk.realise() == Counts(recorded=1, corrected=0, unchanged=0)
    assert desk.outcomes(record) == [PRICES["close"].iloc[-1]]
    assert desk.ledger.outcomes(record.id)[0].observed_at == NOW - timedelta(hours=6)
    assert desk.outcomes(to_come) == []
    assert desk.realise() == Counts(0, 0, 1)


def test_a_forecast_of_a_holiday_is_judged_by_the_next_day_with_trade(desk: Desk) -> None:
    record = desk.forecast(PRICES[:100])
    closed = PRICES.drop(index=100)

    assert desk.realise(closed).recorded == 1
    assert desk.outcomes(record) == [PRICES["close"][101]]


def test_after_a_split_the_truth_is_told_on_the_scale_of_the_forecast(desk: Desk) -> None:
    early, late = desk.forecast(PRICES[:100]), desk.forecast(PRICES[:-1])
    desk.realise(PRICES[:110])
    halved = PRICES.assign(close=PRICES["close"] / 2)

    assert desk.realise(halved) == Counts(recorded=1, corrected=0, unchanged=1)
    assert desk.outcomes(early) == [PRICES["close"][100]]
    assert desk.outcomes(late) == [pytest.approx(PRICES["close"].iloc[-1])]
    # The watch judges both as they were made, and not against prices of half the size.
    window = desk.report(halved).windows[-1].accuracy
    assert window.rows == 2
    assert window.found["mape"].value == pytest.approx(
        np.mean([abs(PRICES["close"][place] / PRICES["close"][place - 1] - 1) for place in (100, 129)]),
        rel=0.05,
    )


def test_a_late_correction_is_no_new_scale(desk: Desk) -> None:
    record = desk.forecast(PRICES[:-1])
    desk.realise()
    corrected = PRICES.copy()
    corrected.loc[[128, 129], "close"] *= 1.01

    assert desk.realise(corrected) == Counts(0, 1, 0)
    assert desk.outcomes(record)[0] == corrected["close"].iloc[-1]


def test_a_report_counts_in_days(desk: Desk) -> None:
    for days in range(60, 131):
        desk.forecast(PRICES[:days])
    desk.realise()

    report = desk.report()

    assert [window.weeks for window in report.windows] == [21, 63, 252]
    assert [window.accuracy.rows for window in report.windows] == [21, 63, 70]
    quarter = report.quarter.accuracy
    # Persistence forecasts, and is the naive forecast.
    assert quarter.found["mae"].value == quarter.naive["mae"].value
    assert quarter.found["coverage"].value is not None
    assert report.weeks_since == (NOW.date() - date(2022, 3, 31)).days
    assert report.weeks[-1].realised is None
    assert report.weeks[-1].week == date(2022, 7, 4)
    assert report.arrivals.newest_week == NEWEST
    assert report.arrivals.tables == ()
    assert [feature.field for feature in report.features] == ["close_lag_1 / close_lag_2 - 1"]
    assert abs(report.features[0].shift or 0) < 1
    (may,) = (month for month in report.months if month.month == date(2022, 5, 1))
    in_may = PRICES[PRICES["date"].dt.month == 5]
    assert may.realised == pytest.approx(in_may["close"].mean())


@pytest.mark.parametrize(("days", "alarms"), [(0, []), (4, []), (9, ["data_stale"])])
def test_a_week_without_prices_is_an_alarm(desk: Desk, days: int, alarms: list[str]) -> None:
    desk.ledger.record_event(PROJECT.name, "data", "cron", "", {})
    desk.ledger.record_event(PROJECT.name, "forecast", "cron", "", {})

    found = desk.report(now=NOW + timedelta(days=days))

    assert [alarm.code for alarm in found.arrivals.alarms()] == alarms
    assert found.jobs[0].latest == 4


@pytest.mark.parametrize("language", ["pt-BR", "en"])
def test_no_word_of_weeks_is_said_of_days(desk: Desk, language: Literal["pt-BR", "en"]) -> None:
    for days in range(100, 131):
        desk.forecast(PRICES[:days])
    desk.realise()
    report = desk.report(now=NOW + timedelta(days=9))
    project = PROJECT.model_copy(update={"language": language})
    console = Console(width=100, file=io.StringIO())
    window = read_window(desk.ledger, project.name, "7", since=NOW - timedelta(days=30), until=NOW)

    console.print(render(watch(window, desk.bundle, now=NOW), project, report))
    page = render_page(report, project, [])

    for text in (console.file.getvalue(), page.partition("<body")[2]):
        assert not {"semana", "semanas", "week", "weeks"} & set(text.lower().replace(",", " ").split())
    assert ("dia mais novo" if language == "pt-BR" else "newest day") in console.file.getvalue()


def test_every_phrase_of_days_has_its_portuguese_and_every_alarm_its_place() -> None:
    assert set(DAYS.values()) <= set(PORTUGUESE)
    assert {
        language: set(alarms) <= set(ALARMS[language]) for language, alarms in ALARMS_OF_DAYS.items()
    } == {
        "pt-BR": True,
        "en": True,
    }
