"""The same expressions on DuckDB and on Spark give the same tables, to the last bit."""

from __future__ import annotations

import datetime as dt
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pytest
from tests.data.pipeline.staged import good, project, raw_table, staged

from zelo.data.pipeline import engine as engines
from zelo.data.pipeline.calendar import calendar, first_day, week_of
from zelo.data.pipeline.checks import Faults, faults_of
from zelo.data.pipeline.clean import clean
from zelo.data.pipeline.engine import Engine, EngineName, open_engine
from zelo.data.pipeline.parsing import typed
from zelo.data.pipeline.weekly import coming, days, past, weekly
from zelo.errors import DataError, SpecError
from zelo.spec.pipeline import RawColumn

# PySpark leaves sockets to the collector, and names what pandas 3 will do otherwise.
spark_only = [
    pytest.mark.slow,  # A JVM starts, and local Spark takes a second a query.
    pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="needs the extra spark"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

EVENTS = raw_table(
    {
        "order": {"type": "name"},
        "tail": {"type": "name"},
        "origin": {"type": "name", "spellings": {"Piloto": "PILOT", "cabine": "CABIN"}},
        "HH": {"type": "hours", "min": 0, "max": 300},
        "note": {"type": "text", "missing": "allowed"},
    },
    where={"origin": ["PILOT", "CABIN"]},
    unique=["order"],
)
USE = raw_table(
    {
        "tail": {"type": "name"},
        "fleet": {"type": "name"},
        "hours": {"type": "hours"},
        "cycles": {"type": "integer"},
        "age": {"type": "number", "missing": "allowed"},
    },
)
WEEKS = {
    "columns": {
        "HH": {"of": "events.HH", "above": 0},
        "acft": {"of": "use.tail", "by": "distinct"},
        "age": {"of": "use.age", "by": "mean"},
        "hours": {"of": "use.hours"},
        "cycles": {"of": "use.cycles"},
        "month_of_hours": {"of": "use.hours", "weeks": 4},
        "most": {"of": "use.cycles", "weeks": 3, "by": "max"},
    },
    "gaps": {"fill": 2},
    "lags": {"hours": [1, 2], "cycles": [1]},
    "means": {"hours": [13], "cycles": [4]},
}
SPEC = project(
    {"events": EVENTS, "use": USE},
    WEEKS,
    forecast={"history": 12, "season": 4, "horizon": 3},
    missing="left_out",
    days={
        "by": ["fleet"],
        "columns": {"hours": {"of": "use.hours"}, "acft": {"of": "use.tail", "by": "distinct"}},
    },
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Engine]]:
    """DuckDB and one local Spark session for the module."""
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch, ExitStack() as opened:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        settings = {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
        }
        session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
        opened.callback(session.stop)
        yield tuple(
            opened.enter_context(open_engine(name, tmp_path_factory.mktemp(name)))
            for name in ("duckdb", "spark")
        )


class TestSpark:
    pytestmark = spark_only

    def test_reads_every_cell_as_duckdb_does(self, both: tuple[Engine, Engine]) -> None:
        texts = [
            *(
                "1:30",
                "25:15:30",
                "2h30",
                "1 H",
                "1:60",
                "1,5",
                "1.5",
                "1.234,5",
                "1,234.5",
                "1.234",
                "1.2.3",
                "1e-05",
            ),
            *("1e999", "nan", "inf", "9" * 30, "0.1", "0,30000000000000004", "+7", "-7,0", "1.234.567", "5%"),
            *(
                "05/03/2024",
                "5.3.24",
                "29/02/2023",
                "2024-02-29T10:00:00",
                "31/12/69",
                "01/13/2024",
                "2024-3-5 7:05",
            ),
            *(
                "Píloto.",
                " joão \t da\u00a0silva",
                "e\u0301",
                "--",
                "ß",
                "Ørsted",
                "çÇñÑ",
                "it's",
                'a"b',
                "a\\b",
                "$1",
                "\\1",
            ),
        ]
        kinds = {"d": "date", "h": "hours", "n": "number", "i": "integer", "m": "name", "t": "text"}
        table = raw_table({"cell": {"type": "text"}})
        found = []
        for engine in both:
            rows = staged(engine, table, [{"cell": text} for text in texts])
            read = {
                name: typed(rows.cell, RawColumn.model_validate({"type": kind}))
                for name, kind in kinds.items()
            }
            found.append(engine.to_arrow(rows.select("row__", **read).order_by("row__")))
        assert found[0].to_pylist() == found[1].to_pylist()
        assert found[0].schema == found[1].schema

    def test_knows_the_same_calendar(self, both: tuple[Engine, Engine]) -> None:
        every = [dt.date(2023, 12, 30) + dt.timedelta(number) for number in range(800)]
        found = []
        for engine in both:
            rows = good(engine, raw_table({}), [{"date": day} for day in every])
            weeks = {starts: first_day(week_of(rows.date, starts), starts) for starts in ("monday", "sunday")}
            found.append(
                engine.to_arrow(rows.select("row__", **weeks, **calendar(rows.date)).order_by("row__"))
            )
        assert found[0] == found[1]

    def test_finds_the_same_faults(self, both: tuple[Engine, Engine]) -> None:
        events = [
            {"order": "1", "date": "01/02/2024", "tail": "A", "origin": "piloto", "HH": "1:75"},
            {"order": "2", "date": "30/02/2024", "tail": "A", "origin": "pilot", "HH": None},
            {"order": "3", "date": "01/02/2024", "tail": None, "origin": None, "HH": "301"},
            {"order": "4", "date": "?", "tail": None, "origin": "MAINTENANCE", "HH": "?"},
        ]
        use = [{"date": "01/02/2024", "tail": "A", "fleet": "F", "hours": "1", "cycles": "1", "age": "1"}]
        found = []
        for engine in both:
            tables = {"events": staged(engine, EVENTS, events), "use": staged(engine, USE, use)}
            found.append(_run(engine, tables).faults)
        assert found[0] == found[1]
        assert found[0].total == 6

    def test_makes_the_same_tables_row_for_row(self, both: tuple[Engine, Engine], tmp_path: Path) -> None:
        _generate(tmp_path)
        duck, spark = (
            _run(
                engine,
                {name: engine.read_parquet([tmp_path / f"{name}.parquet"]) for name in ("events", "use")},
            )
            for engine in both
        )
        assert duck.faults == spark.faults == Faults()
        assert duck.counts == spark.counts
        assert duck.counts["events"][2] > 1000
        for name, table in duck.tables.items():
            assert table.num_rows > 2
            assert table == spark.tables[name], name
            assert table.schema == spark.tables[name].schema

    def test_that_cannot_write_is_told(self, both: tuple[Engine, Engine], tmp_path: Path) -> None:
        with pytest.raises(DataError, match="Spark could not finish"):
            _keep_where_something_stands("spark", tmp_path)


def _keep_where_something_stands(name: EngineName, work: Path) -> None:
    with open_engine(name, work) as engine:
        rows = staged(engine, raw_table({}), [{"date": "01/02/2024"}])
        for number in range(10):
            (work / f"kept-{number}.parquet" / "something").mkdir(parents=True)
        engine.kept(rows)


@dataclass(frozen=True)
class Made:
    tables: dict[str, pa.Table]
    counts: dict[str, tuple[int, int, int]]
    faults: Faults


def _run(engine: Engine, tables: Mapping[str, ibis.Table]) -> Made:
    assert SPEC.pipeline is not None
    cleaned = {name: clean(tables[name], table, engine) for name, table in SPEC.pipeline.tables.items()}
    rows = {name: table.good for name, table in cleaned.items()}
    weeks = weekly(rows, SPEC, engine)
    made = {"past": past(weeks, SPEC), "coming": coming(weeks, SPEC), "days": days(rows, SPEC.pipeline)}
    return Made(
        {name: engine.to_arrow(table) for name, table in made.items()},
        {name: (table.read, table.chosen, table.duplicates) for name, table in cleaned.items()},
        faults_of(cleaned, weeks, SPEC, engine),
    )


def _generate(folder: Path) -> None:
    """200,000 events of 100 weeks, two of which have none, and what 20 aircraft did on each of their days."""
    draws = "hash(i) AS a, hash(i + 1000000) AS b, hash(i + 2000000) AS c"
    day = "DATE '2023-01-02' + CAST(i % 700 AS INTEGER) AS day"
    dated = """
        CASE b % 4 WHEN 0 THEN strftime(day, '%d/%m/%Y') WHEN 1 THEN strftime(day, '%Y-%m-%d') || ' 07:15'
            WHEN 2 THEN strftime(day, '%d.%m.%y') ELSE strftime(day, '%Y-%m-%d') END AS date"""
    place = "'f' || (i // 1000) || '.csv' AS file__, '' AS sheet__, i AS row__"
    hours = """
        CASE c % 4 WHEN 0 THEN (m // 60) || ':' || lpad(CAST(m % 60 AS VARCHAR), 2, '0')
            WHEN 1 THEN replace(CAST(round(m / 60, 2) AS VARCHAR), '.', ',')
            WHEN 2 THEN CAST(m / 60 AS VARCHAR) ELSE (m // 60) || 'h' || (m % 60) END"""
    events = f"""
        SELECT {dated}, 'os-' || (i - i % 100 // 99) AS "order",
            'PR-A' || chr(CAST(65 + a % 26 AS INTEGER)) AS tail,
            ['PILOT', 'Cabine', 'piloto.', 'MAINTENANCE'][CAST(1 + b // 7 % 4 AS INTEGER)] AS origin,
            {hours} AS "HH", CASE WHEN c % 3 = 0 THEN 'it is "so"' END AS note, {place}
        FROM (SELECT *, CAST(a % 900 AS INTEGER) + 1 AS m, {day}
            FROM (SELECT i, {draws} FROM range(200000) t(i)))
        WHERE (i % 700) // 7 NOT IN (40, 41)"""
    use = f"""
        SELECT {dated}, 'PR-A' || chr(CAST(65 + i // 700 AS INTEGER)) AS tail,
            'F' || (i // 700 % 3) AS fleet,
            {hours} AS hours, CAST(a % 9 AS VARCHAR) AS cycles,
            CASE WHEN a % 50 > 0 THEN CAST(i // 700 + (i % 700) / 365.25 AS VARCHAR) END AS age, {place}
        FROM (SELECT *, CAST(a % 720 AS INTEGER) AS m, {day}
            FROM (SELECT i, {draws} FROM range(14000) t(i)))"""
    with duckdb.connect() as connection:
        for name, query in (("events", events), ("use", use)):
            connection.execute(f"COPY ({query}) TO '{folder / name}.parquet' (FORMAT parquet)")


class TestOpening:
    def test_spark_that_is_not_installed_is_told_with_its_extra(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engines.importlib.util, "find_spec", lambda _: None)
        with pytest.raises(SpecError, match=r"zelo\[spark\]"), open_engine("spark", tmp_path):
            raise AssertionError

    def test_a_scratch_folder_that_takes_nothing_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="DuckDB could not finish"):
            _keep_where_something_stands("duckdb", tmp_path)

    def test_memory_is_bounded_and_what_is_more_is_spilled(self, tmp_path: Path) -> None:
        with open_engine("duckdb", tmp_path) as engine:
            [(limit, folder)] = engine.connection.raw_sql(
                "SELECT current_setting('memory_limit'), current_setting('temp_directory')"
            ).fetchall()
        assert limit.endswith(("MiB", "GiB"))
        assert Path(folder) == tmp_path
