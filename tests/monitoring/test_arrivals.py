from __future__ import annotations

from datetime import date, timedelta

import pytest

from zelo.monitoring.alarms import Alarm
from zelo.monitoring.arrivals import Arrivals, count_arrivals

from .weekly_fakes import NEWEST, NOW, WEEK, Watched


def counted(watched: Watched, **rows: list[int]) -> Arrivals:
    """The arrivals where the last weeks of a table have these rows; the others have 40 and 70."""
    for table, counts in rows.items():
        watched.frame.loc[watched.frame.index[-len(counts) :], f"rows_{table}"] = counts
    return count_arrivals(watched.weekly, watched.project, NOW)


def test_the_newest_week_and_the_thirteen_before_it(watched: Watched) -> None:
    found = counted(watched, log=list(range(40, 54)))

    log, flights = found.tables
    assert (log.table, flights.table) == ("log", "flights")
    assert [week.rows for week in log.weeks] == list(range(40, 54))
    assert [week.week for week in log.weeks] == watched.last(14)
    # The median of 40 to 52.
    assert log.weeks[-1].usual == 46.0
    assert {week.rows for week in flights.weeks} == {70}
    assert found.newest_week == NEWEST
    # From Sunday's midnight to Tuesday's noon.
    assert found.days == 1.5
    assert found.alarms() == ()


@pytest.mark.parametrize(("rows", "dropped"), [(20, False), (19, True), (0, True)])
def test_fewer_than_half_of_the_usual_is_a_drop(watched: Watched, rows: int, dropped: bool) -> None:
    found = counted(watched, log=[rows])

    assert found.tables[0].weeks[-1].dropped is dropped
    alarm = Alarm("rows_dropped", "log", on=NEWEST, found=rows, expected=40.0)
    assert found.alarms() == ((alarm,) if dropped else ())


@pytest.mark.parametrize(("usual", "rows", "dropped"), [(4, 0, False), (5, 0, True), (5, 1, False)])
def test_of_few_rows_chance_takes_half(watched: Watched, usual: int, rows: int, dropped: bool) -> None:
    # Poisson: 0 of 4 has a chance of 1.8 %, 0 of 5 of 0.7 %, 1 or less of 5 of 4 %.
    found = counted(watched, log=[usual] * 13 + [rows])

    assert found.tables[0].weeks[-1].dropped is dropped


def test_an_alarm_ends_after_four_weeks(watched: Watched) -> None:
    assert [alarm.on for alarm in counted(watched, flights=[3, 70, 70, 70]).alarms()] == [NEWEST - 3 * WEEK]
    later = counted(watched, flights=[3, 70, 70, 70, 70])
    assert later.alarms() == ()
    assert [week.dropped for week in later.tables[1].weeks[-5:]] == [True, False, False, False, False]


def test_few_weeks_are_not_judged(watched: Watched) -> None:
    watched.frame = watched.frame.tail(13)
    log = counted(watched, log=[0]).tables[0]

    assert len(log.weeks) == 13
    assert {(week.usual, week.dropped) for week in log.weeks} == {(None, False)}


@pytest.mark.parametrize(("days", "alarms"), [(14, 0), (15, 1)])
def test_data_that_no_longer_come(watched: Watched, days: int, alarms: int) -> None:
    ended = NOW.replace(day=20, hour=0)

    found = count_arrivals(watched.weekly, watched.project, ended + timedelta(days=days))

    assert [alarm.code for alarm in found.alarms()] == ["data_stale"] * alarms
    for alarm in found.alarms():
        assert (alarm.on, alarm.found, alarm.expected) == (date(2022, 6, 13), 15.0, 14)


def test_a_data_set_without_counts_and_none_at_all(watched: Watched) -> None:
    watched.frame = watched.frame.drop(columns="rows_log")
    log, flights = counted(watched).tables
    assert (log.weeks, len(flights.weeks)) == ((), 14)

    nothing = count_arrivals(None, watched.project, NOW)
    assert (nothing.newest_week, nothing.days, nothing.alarms()) == (None, None, ())
    assert [table.table for table in nothing.tables] == ["log", "flights"]
