from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.prices.price_files import make_price_project

from zelo.monitoring.pace import DAILY, WEEKLY, Pace, pace_of

from .weekly_fakes import PIPELINE, make_watched_project

DAYS = st.dates(date(2000, 1, 1), date(2060, 1, 1))
SUNDAYS = make_watched_project(pipeline={**PIPELINE, "weeks": {**PIPELINE["weeks"], "starts": "sunday"}})


def test_a_project_has_the_pace_of_its_data() -> None:
    assert pace_of(make_watched_project()) == WEEKLY
    assert pace_of(make_price_project()) == DAILY
    assert pace_of(SUNDAYS).row_of(date(2022, 6, 18)) == date(2022, 6, 12)


@pytest.mark.parametrize(
    ("pace", "day", "row", "following", "end"),
    [
        (WEEKLY, date(2022, 6, 16), date(2022, 6, 13), date(2022, 6, 20), datetime(2022, 6, 20, tzinfo=UTC)),
        (DAILY, date(2022, 6, 16), date(2022, 6, 16), date(2022, 6, 17), datetime(2022, 6, 17, tzinfo=UTC)),
        (DAILY, date(2022, 6, 17), date(2022, 6, 17), date(2022, 6, 20), datetime(2022, 6, 18, tzinfo=UTC)),
        (DAILY, date(2022, 6, 19), date(2022, 6, 17), date(2022, 6, 20), datetime(2022, 6, 18, tzinfo=UTC)),
    ],
)
def test_the_row_of_a_day_the_next_one_and_its_end(
    pace: Pace, day: date, row: date, following: date, end: datetime
) -> None:
    assert pace.row_of(day) == row
    assert pace.after(row, 1) == following
    assert pace.end(row) == end


@given(day=DAYS, rows=st.integers(0, 300), pace=st.sampled_from([WEEKLY, DAILY, pace_of(SUNDAYS)]))
def test_rows_between_are_those_that_come_after(day: date, rows: int, pace: Pace) -> None:
    first = pace.row_of(day)
    last = pace.after(first, rows)
    found = list(pace.between(first, last))
    assert len(found) == rows + 1
    assert found[-1] == last
    assert all(pace.row_of(row) == row for row in found)
