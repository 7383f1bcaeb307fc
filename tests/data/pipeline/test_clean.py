from __future__ import annotations

import datetime as dt
import string
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.data.pipeline.staged import Row, raw_table, staged

from zelo.data.pipeline.clean import Cleaned, clean
from zelo.data.pipeline.engine import Engine, open_engine
from zelo.data.pipeline.parsing import name_of, typed
from zelo.spec.pipeline import RawColumn, RawTable

# A query costs a tenth of a second, so that an example is a list of cells.
few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_engine("duckdb", tmp_path_factory.mktemp("work")) as opened:
        yield opened


def read(engine: Engine, texts: Sequence[str | None], kind: str, **keys: Any) -> list[Any]:
    """What the cells mean, in order."""
    column = RawColumn.model_validate({"type": kind, **keys})
    table = raw_table({"cell": column.model_dump()})
    rows = staged(engine, table, [{"cell": text} for text in texts])
    found = rows.select("row__", cell=typed(rows.cell, column)).order_by("row__")
    return engine.to_arrow(found)["cell"].to_pylist()


def cleaned(engine: Engine, table: RawTable, rows: Sequence[Row]) -> tuple[Cleaned, list[dict[str, Any]]]:
    found = clean(staged(engine, table, rows), table, engine)
    return found, engine.to_arrow(found.good.order_by("file__", "sheet__", "row__")).to_pylist()


def faults(engine: Engine, found: Cleaned) -> list[dict[str, Any]]:
    return engine.to_arrow(found.faults.order_by("row", "column")).to_pylist()


class TestHours:
    @pytest.mark.parametrize(
        ("text", "hours"),
        [
            ("1:30", 1.5),
            ("1:30:00", 1.5),
            ("0:00:36", 0.01),
            ("25:15", 25.25),
            ("1,5", 1.5),
            ("1.5", 1.5),
            ("1.234,5", 1234.5),
            ("1,234.5", 1234.5),
            ("2h30", 2.5),
            ("2 H 30", 2.5),
            ("2h5", 2 + 5 / 60),
            ("1h", 1.0),
            ("-0,5", -0.5),
        ],
    )
    def test_is_read_in_every_form(self, engine: Engine, text: str, hours: float) -> None:
        assert read(engine, [text], "hours") == [hours]

    @pytest.mark.parametrize(
        "text",
        ["1:60", "1:3", "1:", ":30", "1:30:60", "-1:30", "1h60", "h", "1,5h", "1:30 h", "abc", "1;5", "inf"],
    )
    def test_is_null_in_any_other(self, engine: Engine, text: str) -> None:
        assert read(engine, [text], "hours") == [None]

    @few
    @given(st.lists(st.integers(0, 59_999_999), min_size=1, max_size=20))
    def test_comes_back_from_each_way_to_write_a_minute(self, engine: Engine, minutes: list[int]) -> None:
        ways = ("{0}:{1:02d}", "{0}:{1:02d}:00", "{0}h{1:02d}", "{0} H {1}")
        texts = [way.format(*divmod(minute, 60)) for way in ways for minute in minutes]
        assert read(engine, texts, "hours") == [minute / 60 for minute in minutes] * len(ways)


class TestNumber:
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("12", 12.0),
            ("+12", 12.0),
            (",5", 0.5),
            ("12,", 12.0),
            ("1.234", 1.234),
            ("1,234", 1.234),
            ("1.234.567", 1234567.0),
            ("1,234,567", 1234567.0),
            ("-1.234.567,89", -1234567.89),
            ("1,234,567.89", 1234567.89),
            ("1e-05", 1e-05),
            ("1E3", 1000.0),
        ],
    )
    def test_is_read_with_comma_and_with_point(self, engine: Engine, text: str, number: float) -> None:
        assert read(engine, [text], "number") == [number]

    @pytest.mark.parametrize(
        "text",
        [
            "1.2.3",
            "1.23.456",
            "1,5,5",
            "1.234,5.6",
            "1 000",
            "nan",
            "inf",
            "0x10",
            "1_000",
            "1e99",
            ".",
            "-",
            "5%",
        ],
    )
    def test_is_null_where_it_is_none(self, engine: Engine, text: str) -> None:
        assert read(engine, [text], "number") == [None]

    @few
    @given(st.lists(st.decimals(-99_999_999, 99_999_999, places=2), min_size=1, max_size=20))
    def test_comes_back_from_brazilian_and_english_thousands(
        self, engine: Engine, numbers: list[Any]
    ) -> None:
        english = [f"{number:,.2f}" for number in numbers]
        brazilian = [text.translate(str.maketrans(",.", ".,")) for text in english]
        plain = [str(number) for number in numbers]
        found = read(engine, [*english, *brazilian, *plain], "number")
        assert found == [float(number) for number in numbers] * 3

    @few
    @given(st.lists(st.floats(-1e11, 1e11), min_size=1, max_size=20))
    def test_comes_back_from_what_a_spreadsheet_holds(self, engine: Engine, numbers: list[float]) -> None:
        assert read(engine, [repr(number) for number in numbers], "number") == numbers

    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("7", 7),
            ("7,0", 7),
            ("7.00", 7),
            ("1.234", 1234),
            ("1,234", 1234),
            ("12.345.678", 12345678),
            ("-3", -3),
        ],
    )
    def test_that_is_whole(self, engine: Engine, text: str, number: int) -> None:
        assert read(engine, [text], "integer") == [number]

    @pytest.mark.parametrize("text", ["7,5", "1.2345", "12.34", "seven"])
    def test_that_is_not_whole_is_no_integer(self, engine: Engine, text: str) -> None:
        assert read(engine, [text], "integer") == [None]


class TestDate:
    @pytest.mark.parametrize(
        "text",
        [
            "05/03/2024",
            "5/3/2024",
            "05/03/24",
            "05-03-2024",
            "05.03.2024",
            "2024-03-05",
            "2024-3-5",
            "05/03/2024 23:59",
            "2024-03-05 00:00:00",
            "2024-03-05T12:30:15.250",
        ],
    )
    def test_is_read_in_every_form_and_the_day_comes_first(self, engine: Engine, text: str) -> None:
        assert read(engine, [text], "date") == [dt.date(2024, 3, 5)]

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "31/02/2024",
                "29/02/2023",
                "29/02/1900",
                "00/01/2024",
                "32/01/2024",
                "01/13/2024",
                "12/31/2024",
            ),
            *(
                "2024-02-30",
                "2024-13-01",
                "05/03/202",
                "05/03/20245",
                "05032024",
                "45356",
                "5 de março",
                "05/03",
            ),
            *("0202-03-05", "05/03/2024 now", "2024-03-05x"),
        ],
    )
    def test_that_does_not_exist_is_null(self, engine: Engine, text: str) -> None:
        assert read(engine, [text], "date") == [None]

    def test_leap_days_and_two_digit_years(self, engine: Engine) -> None:
        texts = ["29/02/2024", "29/02/2000", "01/01/68", "31/12/69"]
        days = [dt.date(2024, 2, 29), dt.date(2000, 2, 29), dt.date(2068, 1, 1), dt.date(1969, 12, 31)]
        assert read(engine, texts, "date") == days

    @few
    @given(st.lists(st.dates(dt.date(1900, 1, 1), dt.date(2199, 12, 31)), min_size=1, max_size=30))
    def test_comes_back_from_each_way_to_write_it(self, engine: Engine, days: list[dt.date]) -> None:
        ways = ("{0:%d/%m/%Y}", "{0.day}/{0.month}/{0.year}", "{0:%d.%m.%Y} 7:05", "{0:%Y-%m-%d}T00:00:00")
        assert read(engine, [way.format(day) for way in ways for day in days], "date") == days * len(ways)


class TestName:
    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("pilot", "PILOT"),
            ("Manutenção", "MANUTENCAO"),
            ("  joão \t da\u00a0 silva ", "JOAO DA SILVA"),
            ("Piloto.", "PILOTO"),
            ("'PR-ABC';", "PR-ABC"),
            ("cabine (L)", "CABINE (L)"),
            ("e\u0301", "E"),
            ("-", None),
            ("...", None),
        ],
    )
    def test_is_in_capitals_without_accents(self, engine: Engine, text: str, name: str | None) -> None:
        assert read(engine, [text], "name") == [name]

    latin = string.printable + "".join(map(chr, range(0xA0, 0x100)))

    @few
    @given(st.lists(st.text(latin, min_size=1, max_size=12), min_size=1, max_size=20))
    @example(["ß", "Ø", "æ"])
    def test_is_the_same_when_it_is_read_again(self, engine: Engine, texts: list[str]) -> None:
        once = read(engine, texts, "name")
        assert once == [name_of(text) or None for text in texts]
        assert read(engine, once, "name") == once
        for name in filter(None, once):
            assert "  " not in name
            assert name == name.strip(" .,;:!?'\"*_/-")
            assert not any(unicodedata.combining(letter) for letter in name)

    def test_spelt_in_other_ways_stands_for_one(self, engine: Engine) -> None:
        found = read(engine, ["Piloto", "PILÔTO", "pilot", "cabin"], "name", spellings={"piloto": "Pilot"})
        assert found == ["PILOT", "PILOT", "PILOT", "CABIN"]


@few
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1, max_size=20
    )
)
@example(
    ["9" * 400, "1e-99", "9999999:59", "99/99/9999", "0/0/0000", "9999-99-99", "1.000." + "000." * 99 + "000"]
)
def test_no_text_stops_a_run(engine: Engine, texts: list[str]) -> None:
    for kind in ("date", "hours", "number", "integer", "name", "text"):
        assert len(read(engine, [*texts, None], kind)) == len(texts) + 1


EVENTS = raw_table(
    {
        "HH": {"type": "hours", "min": 0, "max": 100},
        "origin": {"type": "name"},
        "note": {"type": "text", "missing": "allowed"},
    },
    where={"origin": ["pilot", "CABIN"]},
)
GOOD = {"date": "01/02/2024", "HH": "1:30", "origin": "Pilot"}


class TestWhere:
    def test_keeps_names_however_they_are_spelt(self, engine: Engine) -> None:
        origins = ("PILOT", "cabin.", "Maintenance", "pílot ")
        rows = [{**GOOD, "origin": origin, "note": origin} for origin in origins]
        found, good = cleaned(engine, EVENTS, rows)
        assert [row["row__"] for row in good] == [2, 3, 5]
        assert (found.read, found.chosen, found.duplicates, found.faulty) == (4, 3, 0, False)

    def test_takes_a_spelling_for_its_name_and_values_of_any_type(self, engine: Engine) -> None:
        columns = {"origin": {"type": "name", "spellings": {"piloto": "pilot"}}, "HH": {"type": "hours"}}
        table = raw_table(columns, where={"origin": ["Piloto"], "HH": ["1,5", "2"]})
        rows = [
            {**GOOD, "origin": origin, "HH": hours}
            for origin in ("pilot", "cabin")
            for hours in ("1:30", "2h", "3")
        ]
        _, good = cleaned(engine, table, rows)
        assert [(row["origin"], row["HH"]) for row in good] == [("PILOT", 1.5), ("PILOT", 2.0)]

    def test_rows_that_are_left_out_are_not_judged(self, engine: Engine) -> None:
        found, _ = cleaned(engine, EVENTS, [GOOD, {"date": "?", "HH": "much", "origin": "MAINTENANCE"}])
        assert not found.faulty
        assert faults(engine, found) == []

    def test_a_row_that_does_not_say_is_at_fault(self, engine: Engine) -> None:
        found, good = cleaned(engine, EVENTS, [GOOD, {**GOOD, "origin": None}, {**GOOD, "origin": "--"}])
        assert found.faulty
        assert [(fault["row"], fault["column"], fault["found"]) for fault in faults(engine, found)] == [
            (3, "origin", None),
            (4, "origin", "--"),
        ]
        assert len(good) == 1


class TestFaults:
    def test_name_the_cell_and_what_belongs_there(self, engine: Engine) -> None:
        rows = [
            GOOD,
            {**GOOD, "HH": "1:75", "file__": "b.xlsx", "sheet__": "Jan", "row__": 7},
            {**GOOD, "HH": "101", "row__": 8},
            {**GOOD, "HH": None, "row__": 9},
            {**GOOD, "date": "30/02/2024", "HH": "-1", "row__": 10},
        ]
        found, good = cleaned(engine, EVENTS, rows)
        hours, day = (
            "hours written as 1:30, 1,5 or 1.5, from 0 to 100",
            "a day written as 31/12/2024 or 2024-12-31",
        )
        assert found.faulty
        assert [tuple(fault.values()) for fault in faults(engine, found)] == [
            ("b.xlsx", "Jan", 7, "HH", "1:75", hours),
            ("a.csv", "", 8, "HH", "101", hours),
            ("a.csv", "", 9, "HH", None, hours),
            ("a.csv", "", 10, "HH", "-1", hours),
            ("a.csv", "", 10, "date", "30/02/2024", day),
        ]
        assert len(good) == 1

    def test_a_cell_that_may_be_missing_is_none(self, engine: Engine) -> None:
        table = raw_table(
            {"HH": {"type": "hours", "missing": "allowed"}, "by": {"type": "name", "missing": "allowed"}}
        )
        found, good = cleaned(
            engine, table, [{"date": "01/02/2024"}, {"date": "01/02/2024", "by": "-", "HH": "2"}]
        )
        assert not found.faulty
        assert [(row["HH"], row["by"]) for row in good] == [(None, None), (2.0, None)]

    def test_limits_belong_to_the_range(self, engine: Engine) -> None:
        found, _ = cleaned(engine, EVENTS, [{**GOOD, "HH": "0"}, {**GOOD, "HH": "100:00"}])
        assert not found.faulty


class TestDuplicates:
    def test_are_rows_alike_in_what_they_say(self, engine: Engine) -> None:
        rows = [
            {**GOOD, "file__": "b.csv", "row__": 2},
            {**GOOD, "file__": "a.csv", "row__": 9, "date": "2024-02-01", "HH": "1,5", "origin": "PÍLOT"},
            {**GOOD, "file__": "a.csv", "row__": 10, "note": "another"},
            {**GOOD, "file__": "b.csv", "row__": 3},
        ]
        found, good = cleaned(engine, EVENTS, rows)
        assert [(row["file__"], row["row__"]) for row in good] == [("a.csv", 9), ("a.csv", 10)]
        assert (found.chosen, found.duplicates) == (4, 2)

    def test_the_first_by_file_sheet_and_row_stays(self, engine: Engine) -> None:
        places = [("b", "", 1), ("a", "2", 1), ("a", "10", 9), ("a", "10", 11)]
        rows = [{**GOOD, "file__": file, "sheet__": sheet, "row__": row} for file, sheet, row in places]
        _, good = cleaned(engine, EVENTS, rows)
        assert [(row["file__"], row["sheet__"], row["row__"]) for row in good] == [("a", "10", 9)]

    def test_are_judged_by_unique_alone_where_it_is_given(self, engine: Engine) -> None:
        table = raw_table(EVENTS.model_dump()["columns"], unique=["date", "origin"])
        rows = [GOOD, {**GOOD, "HH": "7"}, {**GOOD, "origin": "CABIN"}]
        found, good = cleaned(engine, table, rows)
        assert [(row["HH"], row["origin"]) for row in good] == [(1.5, "PILOT"), (1.5, "CABIN")]
        assert found.duplicates == 1

    @few
    @given(
        st.lists(
            st.tuples(st.integers(1, 4), st.integers(0, 3), st.sampled_from("ab")), min_size=1, max_size=40
        )
    )
    def test_leave_each_row_once(self, engine: Engine, cells: list[tuple[int, int, str]]) -> None:
        rows = [
            {**GOOD, "date": f"{day:02d}/02/2024", "HH": f"{hours}:00", "note": note}
            for day, hours, note in cells
        ]
        found, good = cleaned(engine, EVENTS, rows)
        assert [(row["date"].day, int(row["HH"]), row["note"]) for row in good] == list(dict.fromkeys(cells))
        assert found.duplicates == len(cells) - len(set(cells))
