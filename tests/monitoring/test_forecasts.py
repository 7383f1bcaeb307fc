from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta

import numpy as np
import pytest

from zelo.monitoring.forecasts import by_week, told

from .weekly_fakes import HALF_WIDTH, NEWEST, NOW, WEEK, Watched


def test_a_week_is_told_by_its_nearest_forecast(watched: Watched) -> None:
    watched.forecast([NEWEST - 2 * WEEK, NEWEST - WEEK])

    weeks = {week.week: week for week in by_week(told(watched.ledger, watched.project, watched.weekly, NOW))}

    newest = watched.truth[NEWEST]
    assert asdict(weeks[NEWEST]) == {
        "week": NEWEST,
        "realised": newest,
        "forecast": newest + 5.0,
        "lower": newest + 5.0 - HALF_WIDTH,
        "upper": newest + 5.0 + HALF_WIDTH,
        "horizon": 2,
        "version": "7",
        "error": pytest.approx(5.0),
        "within": True,
    }
    assert weeks[NEWEST - WEEK].horizon == 1
    assert (weeks[NEWEST + WEEK].realised, weeks[NEWEST + WEEK].horizon) == (None, 3)
    assert weeks[NEWEST - 3 * WEEK].forecast is None
    assert weeks[NEWEST - 3 * WEEK].realised == watched.truth[NEWEST - 3 * WEEK]


def test_of_forecasts_alike_in_week_and_horizon_the_last_made_counts(watched: Watched) -> None:
    late = watched.say(NEWEST, 1.0)
    watched.say(NEWEST, 2.0, at=late.at - timedelta(hours=1))

    assert by_week(told(watched.ledger, watched.project, watched.weekly, NOW))[-1].forecast == 1.0


def test_a_row_without_a_horizon_is_no_forecast(watched: Watched) -> None:
    watched.say(NEWEST, 1.0, decision={"prediction": 1.0})

    assert by_week(told(watched.ledger, watched.project, watched.weekly, NOW))[-1].forecast is None


def test_an_end_of_the_interval_holds_and_beyond_it_does_not(watched: Watched) -> None:
    newest = watched.truth[NEWEST]
    for week, off in ((NEWEST, HALF_WIDTH), (NEWEST - WEEK, HALF_WIDTH + 0.01)):
        watched.frame.loc[watched.frame["date"].dt.date == week, "effort"] = newest
        watched.say(week, newest + off)
    watched.say(NEWEST - 2 * WEEK, 50.0, decision={"prediction": 50.0, "horizon": 1})

    weeks = by_week(told(watched.ledger, watched.project, watched.weekly, NOW))

    assert [week.within for week in weeks[-3:]] == [None, False, True]


def test_a_year_of_whole_months_and_the_weeks_to_come(watched: Watched) -> None:
    found = told(watched.ledger, watched.project, watched.weekly, NOW)

    # The first Monday from the first day of June a year before.
    assert found.weeks[0] == date(2021, 6, 7)
    # Tuesday the 21st is in the week of the 20th, and three weeks are forecast.
    assert found.weeks[-1] == date(2022, 6, 20) + 3 * WEEK
    assert found.newest == NEWEST


def test_what_the_data_set_lacks_the_ledger_knows(watched: Watched) -> None:
    watched.forecast([NEWEST])
    watched.realise()
    truth = watched.truth[NEWEST]
    watched.frame.loc[watched.frame.index[-1], "effort"] = np.nan

    assert told(watched.ledger, watched.project, watched.weekly, NOW).realised[NEWEST] == truth
    assert told(watched.ledger, watched.project, None, NOW).realised == {NEWEST: truth}


def test_the_naive_forecast_is_the_last_season_that_was_known(watched: Watched) -> None:
    watched.forecast([NEWEST])
    forecasts = told(watched.ledger, watched.project, watched.weekly, NOW).forecasts

    assert forecasts[NEWEST][1].naive == watched.truth[NEWEST - 4 * WEEK]
    assert forecasts[NEWEST + 2 * WEEK][3].naive == watched.truth[NEWEST - 2 * WEEK]

    # Five weeks ahead the value of four weeks before is a forecast itself, and that of eight is not.
    watched.say(NEWEST - WEEK, 1.0, horizon=5)
    forecasts = told(watched.ledger, watched.project, watched.weekly, NOW).forecasts
    assert forecasts[NEWEST - WEEK][5].naive == watched.truth[NEWEST - 9 * WEEK]

    watched.say(NEWEST - WEEK, 1.0, horizon=9)
    forecasts = told(watched.ledger, watched.project, watched.weekly, NOW).forecasts
    assert forecasts[NEWEST - WEEK][9].naive is None


def test_weeks_that_begin_on_sundays(watched: Watched) -> None:
    assert watched.project.pipeline is not None
    weeks = watched.project.pipeline.weeks.model_copy(update={"starts": "sunday"})
    pipeline = watched.project.pipeline.model_copy(update={"weeks": weeks})
    project = watched.project.model_copy(update={"pipeline": pipeline})

    assert told(watched.ledger, project, None, NOW).weeks[-1] == date(2022, 6, 19) + 3 * WEEK
