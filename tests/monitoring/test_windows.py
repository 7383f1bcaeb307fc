from __future__ import annotations

from datetime import UTC, datetime, timedelta

from zelo.monitoring.windows import last_windows, periods

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def test_weeks_begin_on_monday_in_utc_and_empty_ones_are_left_out() -> None:
    late = datetime(2026, 3, 8, 23, 30, tzinfo=UTC).astimezone()
    times = [MONDAY, late, MONDAY + timedelta(days=7), MONDAY + timedelta(days=30)]

    found = periods(times)

    assert [window.since for window in found] == [MONDAY + timedelta(days=days) for days in (0, 7, 28)]
    assert [window.rows.tolist() for window in found] == [[0, 1], [2], [3]]
    assert {(window.kind, window.until - window.since) for window in found} == {("week", timedelta(days=7))}


def test_more_than_a_quarter_is_told_by_months() -> None:
    times = [
        datetime(2025, 12, 31, tzinfo=UTC),
        datetime(2026, 2, 1, tzinfo=UTC),
        MONDAY + timedelta(days=60),
    ]

    found = periods(times)

    assert [(window.kind, window.since.month, window.until.month) for window in found] == [
        ("month", 12, 1),
        ("month", 2, 3),
        ("month", 5, 6),
    ]


def test_the_last_rows_are_told_where_there_are_more() -> None:
    times = [MONDAY + timedelta(minutes=place) for place in range(501)]

    hundred, five_hundred = last_windows(times)

    assert (len(hundred.rows), len(five_hundred.rows)) == (100, 500)
    assert (five_hundred.since, five_hundred.until) == (times[1], times[-1])
    assert last_windows(times[:100]) == ()


def test_no_rows_have_no_windows() -> None:
    assert periods([]) == last_windows([]) == ()
