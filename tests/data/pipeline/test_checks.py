from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from tests.data.pipeline.staged import Row, project, raw_table, staged

from zelo.data.pipeline import checks
from zelo.data.pipeline.checks import Faults, faults_of
from zelo.data.pipeline.clean import clean
from zelo.data.pipeline.engine import Engine, open_engine
from zelo.data.pipeline.weekly import weekly
from zelo.spec.project import Project

EVENTS = raw_table({"HH": {"type": "hours", "missing": "allowed", "min": 0}})
USE = raw_table({"hours": {"type": "hours", "missing": "allowed"}})
MONDAY = dt.date(2024, 1, 1)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_engine("duckdb", tmp_path_factory.mktemp("work")) as opened:
        yield opened


def by_week(values: Sequence[str | None], column: str = "HH") -> list[dict[str, str | int | None]]:
    """A cell on the Sunday of each week, in a file a week; "no row" where there is none."""
    return [
        {
            "date": (MONDAY + dt.timedelta(7 * week + 6)).isoformat(),
            column: value,
            "file__": f"week_{week}.csv",
            "row__": 2,
        }
        for week, value in enumerate(values)
        if value != "no row"
    ]


def checked(engine: Engine, spec: Project, rows: Mapping[str, Sequence[Row]]) -> Faults:
    assert spec.pipeline is not None
    cleaned = {
        name: clean(staged(engine, table, rows[name]), table, engine)
        for name, table in spec.pipeline.tables.items()
    }
    weeks = weekly({name: table.good for name, table in cleaned.items()}, spec, engine)
    return faults_of(cleaned, weeks, spec, engine)


def of_work(
    engine: Engine, values: Sequence[str | None], made: Mapping[str, Any] | None = None, **keys: Any
) -> list[str]:
    """The faults of weeks that are made of events alone."""
    missing = keys.pop("missing", "refused")
    spec = project(
        {"events": EVENTS}, {"columns": {"HH": {"of": "events.HH", **(made or {})}}, **keys}, missing=missing
    )
    found = checked(engine, spec, {"events": by_week(values)})
    assert found.total == len(found.found)
    return [str(fault) for fault in found.found]


def test_good_weeks_have_no_fault(engine: Engine) -> None:
    assert of_work(engine, ["1:30", "2,5", "3"], {"above": 0, "max": 3}) == []


class TestCells:
    def test_come_with_file_sheet_row_and_column(self, engine: Engine) -> None:
        spec = project({"events": EVENTS}, {"columns": {"HH": {"of": "events.HH"}}})
        bad = [
            {"date": "31/02/2024", "HH": "1", "file__": "a.xlsx", "sheet__": "Jan", "row__": 7},
            {"date": "01/02/2024", "HH": "1h75", "file__": "a.xlsx", "sheet__": "Jan", "row__": 5},
        ]
        found = checked(engine, spec, {"events": [*by_week(["1"]), *bad]})
        assert [str(fault) for fault in found.found] == [
            "a.xlsx [Jan], row 5, HH: found '1h75'; "
            "expected hours written as 1:30, 1,5 or 1.5, of at least 0",
            "a.xlsx [Jan], row 7, date: found '31/02/2024'; "
            "expected a day written as 31/12/2024 or 2024-12-31",
        ]

    def test_come_before_the_weeks_that_they_spoil(self, engine: Engine) -> None:
        [fault] = of_work(engine, ["1", "no row", "x"])
        assert fault.startswith("week_2.csv, row 2, HH: found 'x'")

    def test_that_are_missing_are_nothing(self, engine: Engine) -> None:
        spec = project({"events": EVENTS}, {"columns": {"HH": {"of": "events.HH"}}})
        [fault] = checked(engine, spec, {"events": [*by_week(["1"]), {"HH": "1"}]}).found
        assert str(fault).startswith("a.csv, row 3, date: found nothing; expected a day")

    def test_of_very_many_the_first_are_named_and_all_counted(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checks, "MOST", 10)
        spec = project({"events": EVENTS, "use": USE}, {"columns": {"HH": {"of": "events.HH"}}})
        events = [{"date": "01/02/2024", "HH": "?", "row__": row} for row in range(2, 10)]
        use = [{"date": "01/02/2024", "hours": "?", "row__": row} for row in range(2, 10)]
        found = checked(engine, spec, {"events": events, "use": use})
        assert [fault.column for fault in found.found] == ["HH"] * 8 + ["hours"] * 2
        assert found.total == 16


class TestGaps:
    def test_refused_are_named_with_the_files_around_them(self, engine: Engine) -> None:
        assert of_work(engine, ["1", "1", "no row", "1"]) == [
            "week_1.csv, week_3.csv, row 2024-01-15, HH: found no row of events in this week; "
            "expected rows in every week"
        ]

    def test_made_zero_are_none(self, engine: Engine) -> None:
        assert of_work(engine, ["1", "no row", "1"], gaps="zero") == []

    def test_filled_are_none_unless_there_are_too_many(self, engine: Engine) -> None:
        keys = {"gaps": {"fill": 1}, "missing": "left_out"}
        assert of_work(engine, ["1", "no row", "1", "no row", "1"], **keys) == []
        [fault] = of_work(engine, ["1", "no row", "no row", "1"], **keys)
        assert fault.startswith("week_0.csv, week_3.csv, row 2024-01-15, HH: found no row of events")
        assert "at most 1 missing in a row" in fault

    def test_of_either_table_count(self, engine: Engine) -> None:
        columns = {
            "HH": {"of": "events.HH"},
            "hours": {"of": "use.hours"},
            "most": {"of": "use.hours", "by": "max"},
        }
        spec = project({"events": EVENTS, "use": USE}, {"columns": columns})
        use = by_week(["1", "no row", "1"], "hours")
        found = checked(engine, spec, {"events": by_week(["1", "1", "1"]), "use": use})
        assert [(fault.row, fault.column, fault.found) for fault in found.found] == [
            ("2024-01-08", "hours, most", "no row of use in this week")
        ]


class TestWeeks:
    @pytest.mark.parametrize(
        ("made", "value", "words"),
        [
            ({"above": 0}, "0", "found 0; expected above 0"),
            ({"min": 1}, "0,5", "found 0.5; expected at least 1"),
            ({"max": 9}, "9,5", "found 9.5; expected at most 9"),
        ],
    )
    def test_out_of_range_are_named_with_their_files(
        self, engine: Engine, made: dict[str, float], value: str, words: str
    ) -> None:
        assert of_work(engine, ["2", value, "2"], made) == [f"week_1.csv, row 2024-01-08, HH: {words}"]

    def test_limits_themselves_are_in_the_range(self, engine: Engine) -> None:
        assert of_work(engine, ["2", "9"], {"min": 2, "max": 9}) == []

    def test_without_a_target_are_at_fault(self, engine: Engine) -> None:
        assert of_work(engine, ["2", None, "2"]) == [
            "week_1.csv, row 2024-01-08, HH: found nothing; expected a value that the model can read"
        ]

    def test_without_a_target_that_may_be_left_out_are_not(self, engine: Engine) -> None:
        assert of_work(engine, ["2", None, "2"], missing="left_out") == []

    def test_with_nothing_in_an_input_are_at_fault(self, engine: Engine) -> None:
        fields = {"date": {"type": "date", "use": "metadata"}, "hours_lag_1": {"type": "number"}}
        columns = {"HH": {"of": "events.HH"}, "hours": {"of": "use.hours"}}
        spec = project(
            {"events": EVENTS, "use": USE}, {"columns": columns, "lags": {"hours": [1]}}, fields=fields
        )
        rows = {"events": by_week(["1", "1", "1", "1"]), "use": by_week(["1", None, "1", "1"], "hours")}
        [fault] = checked(engine, spec, rows).found
        assert (fault.row, fault.column, fault.found) == ("2024-01-15", "hours_lag_1", "nothing")

    def test_that_are_too_few_are_told(self, engine: Engine) -> None:
        assert of_work(engine, ["1", "1"], lags={"HH": [2]}) == [
            "hangar, date: found 2 complete week(s) that all tables share; expected more than 2, the warm-up"
        ]

    def test_of_a_weekly_table_begin_on_their_first_day(self, engine: Engine) -> None:
        table = raw_table(EVENTS.model_dump()["columns"], period="week")
        spec = project({"events": table}, {"columns": {"HH": {"of": "events.HH"}}})
        rows = [{"date": "2024-01-01", "HH": "1"}, {"date": "2024-01-09", "HH": "1"}]
        assert [str(fault) for fault in checked(engine, spec, {"events": rows}).found] == [
            "a.csv, row 3, date: found 2024-01-09; expected a Monday, the first day of its week"
        ]

    def test_of_many_files_name_some(self, engine: Engine) -> None:
        spec = project({"events": EVENTS}, {"columns": {"HH": {"of": "events.HH", "max": 1}}})
        rows = [{"date": "2024-01-07", "HH": f"{n}", "file__": f"{n}.xlsx", "sheet__": "S"} for n in range(5)]
        [fault] = checked(engine, spec, {"events": rows}).found
        assert fault.file == "0.xlsx [S], 1.xlsx [S], 2.xlsx [S] and 2 more"
