from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from zelo.ledger.records import OutcomeRecord
from zelo.monitoring.realised import Counts, realise

from .weekly_fakes import NEWEST, NOW, PIPELINE, WEEK, Watched, make_data_set, make_watched_project


def test_every_forecast_of_a_week_that_came_gets_its_truth(watched: Watched) -> None:
    records = watched.forecast([NEWEST - WEEK])

    assert watched.realise() == Counts(recorded=2, corrected=0, unchanged=0)

    first, second, to_come = (watched.ledger.outcomes(record.id) for record in records)
    assert [outcome.value for outcome in first] == [watched.truth[NEWEST - WEEK]]
    assert [outcome.value for outcome in second] == [watched.truth[NEWEST]]
    assert first[0].observed_at == datetime(2022, 6, 13, tzinfo=UTC)
    assert to_come == []


def test_what_somebody_posted_about_a_week_gets_its_truth_too(watched: Watched) -> None:
    posted = watched.say(NEWEST, 100.0, decision={"prediction": 100.0})
    nameless = watched.say(NEWEST, 100.0, entity=None)
    other = watched.say(NEWEST, 100.0, project="other")

    assert watched.realise().recorded == 1
    assert len(watched.ledger.outcomes(posted.id)) == 1
    assert watched.ledger.outcomes(nameless.id) == watched.ledger.outcomes(other.id) == []


def test_the_same_data_again_change_nothing_and_a_corrected_value_is_recorded_anew(watched: Watched) -> None:
    (record, *_) = watched.forecast([NEWEST])
    watched.realise()

    assert watched.realise() == Counts(0, 0, 1)

    newest = watched.frame.index[-1]
    # Another order of summing.
    watched.frame.loc[newest, "effort"] *= 1 + 1e-14
    assert watched.realise() == Counts(0, 0, 1)

    watched.frame.loc[newest, "effort"] = 55.5
    assert watched.realise() == Counts(recorded=0, corrected=1, unchanged=0)
    values = [outcome.value for outcome in watched.ledger.outcomes(record.id)]
    assert values[0] == 55.5
    assert len(values) == 2


def test_a_filled_week_has_no_truth(watched: Watched) -> None:
    watched.forecast([NEWEST])
    watched.frame.loc[watched.frame.index[-1], "effort"] = np.nan

    assert watched.realise() == Counts(0, 0, 0)


def test_a_week_that_has_not_ended_is_observed_now(watched: Watched) -> None:
    (record, *_) = watched.forecast([NEWEST])
    early = datetime(2022, 6, 17, tzinfo=UTC)

    realise(watched.ledger, watched.project, watched.frame, early)

    assert watched.ledger.outcomes(record.id)[0].observed_at == early


def test_an_outcome_that_is_no_number_is_corrected(watched: Watched) -> None:
    (record, *_) = watched.forecast([NEWEST])
    told = OutcomeRecord("unknown", NOW, prediction_id=record.id)
    watched.ledger.record_outcomes(watched.project.name, [told])

    assert watched.realise() == Counts(0, 1, 0)


def test_the_data_sets_own_names_and_dates(watched: Watched) -> None:
    task = {"kind": "regression", "target": "effort", "column": "HH", "unit": "h"}
    columns = {"HH": {"of": "log.hours"}, "flown": {"of": "flights.hours"}}
    weeks = {**PIPELINE["weeks"], "columns": columns}
    project = make_watched_project(task=task, pipeline={**PIPELINE, "weeks": weeks})
    frame = make_data_set().rename(columns={"effort": "HH"})
    frame["date"] = [day.date() for day in frame["date"]]
    (record, *_) = watched.forecast([NEWEST])

    assert realise(watched.ledger, project, frame, NOW).recorded == 1
    assert watched.ledger.outcomes(record.id)[0].value == frame["HH"].iloc[-1]
    assert frame["date"].iloc[-1] == date(2022, 6, 13)
