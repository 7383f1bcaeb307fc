from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.data.pipeline.staged import good, project, raw_table

from zelo.data.pipeline.engine import Engine, open_engine
from zelo.data.pipeline.weekly import coming, days, past, warm_up, weekly
from zelo.spec.pipeline import RawTable
from zelo.spec.project import Project

MONDAY = dt.date(2024, 1, 1)
EVENTS = raw_table({"HH": {"type": "hours"}})
USE = raw_table({"hours": {"type": "hours"}, "cycles": {"type": "integer"}, "tail": {"type": "name"}})
WORK = {"HH": {"of": "events.HH"}}
Rows = Sequence[Mapping[str, Any]]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_engine("duckdb", tmp_path_factory.mktemp("work")) as opened:
        yield opened


def day(number: int) -> dt.date:
    return MONDAY + dt.timedelta(number)


def by_day(values: Mapping[int, float | None]) -> Rows:
    """Events of a day, the first Monday being day 0."""
    return [{"date": day(number), "HH": value} for number, value in values.items()]


def by_week(values: Sequence[float | None]) -> Rows:
    """An event on the Sunday of each week; none where there is no value."""
    return by_day({7 * week + 6: value for week, value in enumerate(values) if value is not None})


def made(
    engine: Engine, spec: Project, rows: Mapping[str, Rows]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The weekly data set and the coming weeks."""
    assert spec.pipeline is not None
    tables = {name: good(engine, table, rows[name]) for name, table in spec.pipeline.tables.items()}
    weeks = weekly(tables, spec, engine)
    return tuple(engine.to_arrow(part(weeks, spec)).to_pylist() for part in (past, coming))


def work_alone(engine: Engine, rows: Rows, table: RawTable = EVENTS, **weeks: Any) -> list[dict[str, Any]]:
    spec = project({"events": table}, {"columns": WORK, **weeks}, missing="left_out")
    return made(engine, spec, {"events": rows})[0]


def column(rows: Rows, name: str) -> list[Any]:
    return [row[name] for row in rows]


class TestWeek:
    def test_begins_on_monday_and_holds_what_its_days_sum_to(self, engine: Engine) -> None:
        weeks = work_alone(engine, by_day({0: 1.0, 6: 2.0, 7: 4.0, 13: 8.0}))
        assert column(weeks, "date") == [day(0), day(7)]
        assert column(weeks, "HH") == [3.0, 12.0]

    def test_or_on_sunday(self, engine: Engine) -> None:
        weeks = work_alone(engine, by_day({-1: 1.0, 5: 2.0, 6: 4.0, 12: 8.0}), starts="sunday")
        assert column(weeks, "date") == [day(-1), day(6)]
        assert column(weeks, "HH") == [3.0, 12.0]

    def test_knows_the_calendar(self, engine: Engine) -> None:
        for week in work_alone(engine, by_week([1.0] * 60)):
            angle = 2 * math.pi * (week["date"].timetuple().tm_yday - 1) / 365.25
            assert week["annual_sin"] == pytest.approx(math.sin(angle), abs=1e-12)
            assert week["annual_cos"] == pytest.approx(math.cos(angle), abs=1e-12)
            assert week["month"] == week["date"].month

    def test_before_1970_is_a_week_too(self, engine: Engine) -> None:
        rows = [{"date": dt.date(1969, 12, number), "HH": 1.0} for number in range(1, 15)]
        assert column(work_alone(engine, rows), "date") == [dt.date(1969, 12, 1), dt.date(1969, 12, 8)]

    def test_sum_is_the_same_in_every_order(self, engine: Engine) -> None:
        draw = random.Random(1)
        values = [draw.uniform(0, 10) for _ in range(3000)]
        rows = [{"date": day(place % 7), "HH": value} for place, value in enumerate(values)]
        [[one], [other]] = [work_alone(engine, part) for part in (rows, rows[::-1])]
        assert one["HH"] == other["HH"]
        assert one["HH"] == pytest.approx(math.fsum(values), rel=1e-10)

    def test_sum_of_decimals_is_exact(self, engine: Engine) -> None:
        [week] = work_alone(engine, [{"date": day(6), "HH": value} for value in [0.1] * 10 + [-0.3]])
        assert week["HH"] == 0.7

    def test_aggregates(self, engine: Engine) -> None:
        columns = {
            **WORK,
            "total": {"of": "use.cycles"},
            "mean": {"of": "use.hours", "by": "mean"},
            "most": {"of": "use.hours", "by": "max"},
            "acft": {"of": "use.tail", "by": "distinct"},
        }
        use = [
            {"date": day(0), "hours": 1.0, "cycles": 2, "tail": "A"},
            {"date": day(1), "hours": 4.0, "cycles": 3, "tail": "B"},
            {"date": day(6), "hours": None, "cycles": None, "tail": "A"},
        ]
        spec = project({"events": EVENTS, "use": USE}, {"columns": columns})
        [week], _ = made(engine, spec, {"events": by_week([1.0]), "use": use})
        assert {name: week[name] for name in columns} == {
            "HH": 1.0,
            "total": 5,
            "mean": 2.5,
            "most": 4.0,
            "acft": 2,
        }
        assert isinstance(week["total"], int)


class TestSpine:
    """Which weeks there are: those that all tables share, as far as they are complete."""

    @pytest.mark.parametrize(
        ("events", "use", "first", "last"),
        [
            pytest.param((0, 27), (0, 27), 0, 3, id="both to a Sunday"),
            pytest.param((0, 27), (0, 26), 0, 2, id="one ends on a Saturday, and none goes on"),
            pytest.param((0, 26), (0, 28), 0, 3, id="one ends on a Saturday, and the other goes on"),
            pytest.param((0, 30), (0, 30), 0, 3, id="the fifth week has begun"),
            pytest.param((9, 27), (0, 27), 1, 3, id="one begins later"),
            pytest.param((0, 27), (0, 13), 0, 1, id="one ends earlier"),
        ],
    )
    def test_runs_from_first_to_last(
        self, engine: Engine, events: tuple[int, int], use: tuple[int, int], first: int, last: int
    ) -> None:
        spec = project(
            {"events": EVENTS, "use": USE},
            {"columns": {**WORK, "hours": {"of": "use.hours"}}, "gaps": "zero"},
        )
        rows = {
            "events": by_day(dict.fromkeys(range(events[0], events[1] + 1), 1.0)),
            "use": [{"date": day(number), "hours": 1.0} for number in range(use[0], use[1] + 1)],
        }
        weeks, ahead = made(engine, spec, rows)
        assert column(weeks, "date") == [day(7 * week) for week in range(first, last + 1)]
        assert column(ahead, "date") == [day(7 * (last + 1))]

    def test_a_row_of_a_weekly_table_is_a_complete_week(self, engine: Engine) -> None:
        table = raw_table({"HH": {"type": "hours"}}, period="week")
        weeks = work_alone(engine, by_day({0: 1.0, 7: 2.0}), table)
        assert column(weeks, "HH") == [1.0, 2.0]

    def test_tables_without_a_week_in_common_have_none(self, engine: Engine) -> None:
        spec = project({"events": EVENTS, "use": USE}, {"columns": {**WORK, "hours": {"of": "use.hours"}}})
        rows = {"events": by_day({0: 1.0, 13: 1.0}), "use": [{"date": day(70), "hours": 1.0}]}
        assert made(engine, spec, rows) == ([], [])


class TestGaps:
    def test_zero(self, engine: Engine) -> None:
        weeks = work_alone(engine, by_week([1.0, None, None, 4.0]), gaps="zero")
        assert column(weeks, "HH") == [1.0, 0.0, 0.0, 4.0]
        assert column(weeks, "filled") == [0, 0, 0, 0]

    def test_refused_stay_open(self, engine: Engine) -> None:
        assert column(work_alone(engine, by_week([1.0, None, 4.0])), "HH") == [1.0, None, 4.0]

    def test_filled_target_is_empty_and_the_past_of_later_weeks(self, engine: Engine) -> None:
        values = [8.0, 1.0, 2.0, 3.0, 6.0, None, None, 4.0]
        weeks = work_alone(engine, by_week(values), gaps={"fill": 2}, lags={"HH": [1]})
        assert column(weeks, "HH") == values[1:]
        # (1 + 2 + 3 + 6) / 4, and then (2 + 3 + 6 + 3) / 4
        assert column(weeks, "HH_lag_1") == [8.0, 1.0, 2.0, 3.0, 6.0, 3.0, 3.5]
        assert column(weeks, "filled") == [0, 0, 0, 0, 1, 1, 0]

    def test_one_table_filled_leaves_the_others(self, engine: Engine) -> None:
        columns = {**WORK, "cycles": {"of": "use.cycles"}}
        spec = project(
            {"events": EVENTS, "use": USE}, {"columns": columns, "gaps": {"fill": 1}}, missing="left_out"
        )
        use = [{"date": day(7 * week + 6), "cycles": cycles} for week, cycles in ((0, 1), (1, 2), (3, 4))]
        weeks, _ = made(engine, spec, {"events": by_week([1.0, 2.0, 3.0, 4.0]), "use": use})
        assert column(weeks, "HH") == [1.0, 2.0, 3.0, 4.0]
        assert column(weeks, "cycles") == [1, 2, 2, 4]
        assert column(weeks, "filled") == [0, 0, 1, 0]

    def test_of_a_target_that_is_filled_too_long_has_no_past(self, engine: Engine) -> None:
        weeks = work_alone(engine, by_week([2.0, None, None, 4.0]), gaps={"fill": 1}, lags={"HH": [1]})
        assert column(weeks, "HH_lag_1") == [2.0, 2.0, None]


class TestPast:
    def test_several_weeks_are_summed_with_the_own_one(self, engine: Engine) -> None:
        columns = {
            **WORK,
            "sum_3": {"of": "events.HH", "weeks": 3},
            "mean_3": {"of": "events.HH", "weeks": 3, "by": "mean"},
            "max_3": {"of": "events.HH", "weeks": 3, "by": "max"},
        }
        spec = project({"events": EVENTS}, {"columns": columns})
        weeks, _ = made(engine, spec, {"events": by_week([9.0, 1.0, 5.0, 3.0])})
        assert column(weeks, "date") == [day(14), day(21)]
        assert column(weeks, "sum_3") == [15.0, 9.0]
        assert column(weeks, "mean_3") == [5.0, 3.0]
        assert column(weeks, "max_3") == [9.0, 5.0]

    def test_lags_and_means_leave_the_own_week_out(self, engine: Engine) -> None:
        rows = by_week([1.0, 2.0, 4.0, 8.0, 16.0])
        weeks = work_alone(engine, rows, lags={"HH": [1, 3]}, means={"HH": [2]})
        assert column(weeks, "date") == [day(21), day(28)]
        assert column(weeks, "HH_lag_1") == [4.0, 8.0]
        assert column(weeks, "HH_lag_3") == [1.0, 2.0]
        assert column(weeks, "HH_mean_2") == [3.0, 6.0]

    def test_history_of_a_forecast_and_the_weeks_to_come(self, engine: Engine) -> None:
        forecast = {"history": 3, "season": 2, "horizon": 2}
        weeks = {
            "columns": {**WORK, "hours": {"of": "use.hours"}},
            "lags": {"hours": [1, 2]},
            "means": {"hours": [2]},
        }
        spec = project({"events": EVENTS, "use": USE}, weeks, forecast=forecast)
        use = [{"date": day(7 * week + 6), "hours": 10.0 * week} for week in range(5)]
        # What is known of a week that is not over is not used.
        rows = {"events": [*by_week([1.0, 2.0, 3.0, 4.0, 5.0]), *by_day({35: 99.0})], "use": use}
        found, ahead = made(engine, spec, rows)
        assert warm_up(spec) == 3
        assert [[row[f"HH_lag_{lag}"] for lag in (1, 2, 3)] for row in found] == [[3, 2, 1], [4, 3, 2]]
        assert column(ahead, "date") == [day(35), day(42)]
        assert [[row[f"HH_lag_{lag}"] for lag in (1, 2, 3)] for row in ahead] == [[5, 4, 3], [None, 5, 4]]
        assert [(row["HH"], row["hours"], row["filled"]) for row in ahead] == [(None, None, 0)] * 2
        assert [(row["hours_lag_1"], row["hours_lag_2"], row["hours_mean_2"]) for row in ahead] == [
            (40.0, 30.0, 35.0),
            (None, 40.0, None),
        ]

    @pytest.mark.slow  # Hypothesis, and each example is two runs of the stage.
    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(data=st.data())
    def test_never_sees_the_future(self, engine: Engine, data: st.DataObject) -> None:
        hours = st.floats(0, 1000) | st.none()
        values = data.draw(st.lists(hours, min_size=8, max_size=16))
        cut = data.draw(st.integers(1, len(values) - 1))
        other = [*values[:cut], *data.draw(st.lists(hours, min_size=1, max_size=8))]
        columns = {**WORK, "recent": {"of": "events.HH", "weeks": 2}}
        spec = project(
            {"events": EVENTS},
            {
                "columns": columns,
                "gaps": data.draw(st.sampled_from(["zero", "refused", {"fill": 2}])),
                "lags": {"HH": [1, 2], "recent": [1]},
                "means": {"HH": [2], "recent": [2]},
            },
            forecast={"history": 2, "season": 2},
            missing="left_out",
        )
        # The series begins with a week that both have.
        one, two = (
            {
                row["date"]: row
                for part in made(engine, spec, {"events": by_week([1.0, *series])})
                for row in part
            }
            for series in (values, other)
        )
        for date in one.keys() & two.keys():
            if date <= day(7 * cut):
                before, after = one[date], two[date]
                # A week after the last rows is to come, and has nothing of its own yet.
                coming = None in (before["rows_events"], after["rows_events"])
                own = {*columns, "filled", "rows_events"} if coming or date == day(7 * cut) else set()
                same = before.keys() - own
                assert {name: before[name] for name in same} == {name: after[name] for name in same}


class TestDays:
    def test_have_a_row_a_day_and_fleet(self, engine: Engine) -> None:
        use = raw_table({**USE.model_dump()["columns"], "fleet": {"type": "name"}})
        spec = project(
            {"events": EVENTS, "use": use},
            {"columns": WORK},
            days={
                "by": ["fleet"],
                "columns": {"h": {"of": "use.hours"}, "acft": {"of": "use.tail", "by": "distinct"}},
            },
        )
        assert spec.pipeline is not None
        rows = [
            {"date": day(1), "fleet": "B", "tail": "X", "hours": 1.0},
            {"date": day(0), "fleet": "B", "tail": "X", "hours": 2.0},
            {"date": day(0), "fleet": "B", "tail": "Y", "hours": 4.0},
            {"date": day(0), "fleet": "A", "tail": "Z", "hours": None},
        ]
        found = engine.to_arrow(days({"use": good(engine, use, rows)}, spec.pipeline)).to_pylist()
        assert found == [
            {"date": day(0), "fleet": "A", "h": None, "acft": 1},
            {"date": day(0), "fleet": "B", "h": 6.0, "acft": 2},
            {"date": day(1), "fleet": "B", "h": 1.0, "acft": 1},
        ]

    def test_of_two_tables_stand_side_by_side(self, engine: Engine) -> None:
        columns = {**WORK, "cycles": {"of": "use.cycles"}}
        spec = project({"events": EVENTS, "use": USE}, {"columns": WORK}, days={"columns": columns})
        assert spec.pipeline is not None
        tables = {
            "events": good(engine, EVENTS, by_day({0: 1.0, 1: 2.0})),
            "use": good(engine, USE, [{"date": day(1), "cycles": 3}, {"date": day(2), "cycles": 4}]),
        }
        found = engine.to_arrow(days(tables, spec.pipeline)).to_pylist()
        assert [tuple(row.values()) for row in found] == [
            (day(0), 1.0, None),
            (day(1), 2.0, 3),
            (day(2), None, 4),
        ]
