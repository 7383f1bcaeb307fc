from __future__ import annotations

from datetime import date

import pytest

from zelo.monitoring.accuracy import Accuracy, Measure

from .weekly_fakes import NEWEST, WEEK, Watched


def set_truth(watched: Watched, values: dict[date, float]) -> None:
    days = watched.frame["date"].dt.date
    for week, value in values.items():
        watched.frame.loc[days == week, "effort"] = value


def values(found: Accuracy) -> dict[str, float | None]:
    return {name: measure.value for name, measure in found.found.items()}


def test_four_weeks_by_hand(watched: Watched) -> None:
    weeks = watched.last(4)
    set_truth(watched, dict(zip(weeks, (100.0, 200.0, 50.0, 80.0), strict=True)))
    # A season before each of them.
    set_truth(watched, {week - 4 * WEEK: 90.0 for week in weeks})
    for week, value in zip(weeks, (110.0, 190.0, 50.0, 100.0), strict=True):
        watched.say(week, value)

    window = watched.report().windows[0]

    assert (window.weeks, window.accuracy.rows, window.accuracy.own) == (4, 4, 4)
    # Errors 10, -10, 0 and 20; the last is beyond its interval of 10.
    assert values(window.accuracy) == pytest.approx(
        {"mae": 10.0, "rmse": 150.0**0.5, "mape": (0.1 + 0.05 + 0.0 + 0.25) / 4, "coverage": 0.75}
    )
    # The naive's are 10, 110, 40 and 10.
    assert window.accuracy.naive["mae"].value == pytest.approx(42.5)
    assert window.accuracy.naive["mape"].value == pytest.approx((0.1 + 0.55 + 0.8 + 0.125) / 4)
    # Clopper and Pearson's bounds of 3 in 4, from their table.
    assert window.accuracy.found["coverage"].low == pytest.approx(0.1941, abs=1e-4)
    assert window.accuracy.found["coverage"].high == pytest.approx(0.9937, abs=1e-4)
    assert window.accuracy.found["mae"].low is None


def test_windows_end_with_the_newest_realised_week_and_count_only_what_was_forecast(watched: Watched) -> None:
    watched.forecast(watched.last(20)[:-2], version="5")
    watched.forecast(watched.last(2))

    windows = watched.report().windows

    told = [(window.weeks, window.accuracy.rows, window.accuracy.own) for window in windows]
    assert told == [(4, 4, 2), (13, 13, 2), (52, 20, 2)]
    assert values(windows[1].accuracy) == pytest.approx(
        {**values(windows[1].accuracy), "mae": 4.0, "rmse": 4.0, "coverage": 1.0}
    )


def test_bounds_come_with_fifty_weeks(watched: Watched) -> None:
    watched.forecast(watched.last(50))

    quarter, year = watched.report().windows[1:]

    assert quarter.accuracy.found["mae"].low is None
    assert year.accuracy.rows == 50
    assert year.accuracy.found["mae"].low == pytest.approx(4.0)
    assert year.accuracy.found["mape"].low < year.accuracy.found["mape"].value


def test_each_horizon_stands_beside_the_bundles_figures_of_it(watched: Watched) -> None:
    watched.forecast(watched.last(10))

    horizons = watched.report().horizons

    assert [horizon.horizon for horizon in horizons] == [1, 2, 3]
    assert [horizon.accuracy.rows for horizon in horizons] == [10, 9, 8]
    assert [horizon.accuracy.found["mae"].value for horizon in horizons] == pytest.approx([4.0, 5.0, 6.0])
    assert [horizon.accuracy.test["mae"].value for horizon in horizons] == [6.0, 7.0, 8.0]
    assert [horizon.accuracy.out_of_fold["mae"].value for horizon in horizons] == [5.0, 6.0, 7.0]
    assert horizons[0].accuracy.test["coverage"] == Measure(0.9, pytest.approx(0.81), pytest.approx(0.99))


def test_a_horizon_that_the_bundle_does_not_know_has_no_figures_of_it(watched: Watched) -> None:
    path = watched.bundle.path / "horizons.json"
    path.write_text('{"out_of_fold": [], "test": []}', encoding="utf-8")

    assert watched.report().horizons[0].accuracy.test["mae"] == Measure(None)


def test_months_by_hand(watched: Watched) -> None:
    # May 2022 has five Mondays; that of the 9th was not forecast. June has two that came.
    weeks = [week for week in watched.last(7) if week != date(2022, 5, 9)]
    set_truth(watched, dict(zip(weeks, (10.0, 20.0, 30.0, 40.0, 50.0, 60.0), strict=True)))
    for week, value in zip(weeks, (12.0, 20.0, 27.0, 41.0, 50.0, 50.0), strict=True):
        watched.say(week, value)

    may, june = watched.report().months

    assert (may.month, may.weeks, may.realised, may.forecast) == (date(2022, 5, 1), 4, 100.0, 100.0)
    assert may.found["mae"].value == pytest.approx(1.5)
    assert may.found["rmse"].value == pytest.approx((14 / 4) ** 0.5)
    assert may.found["mape"].value == pytest.approx((0.2 + 0.0 + 0.1 + 0.025) / 4)
    assert (june.month, june.weeks, june.realised, june.forecast) == (date(2022, 6, 1), 2, 110.0, 100.0)
    assert june.found["mae"].value == pytest.approx(5.0)


def test_nothing_forecast_is_told_as_nothing(watched: Watched) -> None:
    report = watched.report()

    assert [window.accuracy.rows for window in report.windows] == [0, 0, 0]
    assert values(report.windows[0].accuracy) == dict.fromkeys(("mae", "rmse", "mape", "coverage"))
    assert report.months == ()


def test_a_truth_of_zero_has_no_percentage(watched: Watched) -> None:
    set_truth(watched, {NEWEST: 0.0})
    watched.say(NEWEST, 5.0)

    found = values(watched.report().windows[0].accuracy)

    assert (found["mae"], found["mape"]) == (5.0, None)
