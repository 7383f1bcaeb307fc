from __future__ import annotations

import pytest

from zelo.errors import SpecError
from zelo.spec.loading import parse_project
from zelo.spec.project import Project
from zelo.spec.series_rules import SERIES_RULES, weekly_columns

SERIES = """\
name: shop
title: Repairs a week
task: {kind: regression, target: HH, unit: h, missing: left_out}
data:
  sources: {train: weekly.parquet}
  fields:
    date: {type: date, use: metadata}
    annual_sin: {type: number}
    hours_lag_1: {type: number}
pipeline:
  tables:
    repairs:
      files: repairs/*.csv
      date: day
      columns:
        day: {type: date}
        tail: {type: name, spellings: {A1: A-1}}
        effort: {type: hours}
      where: {tail: [A-1]}
      unique: [day, tail]
  days: {by: [tail], columns: {HH: {of: repairs.effort}}}
  weeks:
    columns:
      HH: {of: repairs.effort, above: 0}
      hours: {of: repairs.effort, by: max, weeks: 4}
      tails: {of: repairs.tail, by: distinct}
    gaps: {fill: 1}
    lags: {hours: [1]}
    means: {hours: [4]}
forecast: {history: 8, season: 4, horizon: 2, lags: [1, 2], means: [4]}
split: {by: time, column: date}
candidates: [ridge]
select: {primary: mae, report: [mase]}
"""

BROKEN = [
    (
        "names_differ",
        "annual_sin: {type: number}",
        "annual_sin: {type: number}\n    hh: {type: number}",
        "HH, hh",
    ),
    ("forecast_fits_the_task", "by: time, column: date", "by: random", "'random' with a forecast"),
    ("forecast_fits_the_task", "season: 4", "season: 9", "9"),
    ("forecast_fits_the_task", "lags: [1, 2], means", "lags: [1, 10], means", "10"),
    ("forecast_fits_the_task", "means: [4]}\nsplit", "means: [12]}\nsplit", "12"),
    ("forecast_fits_the_task", "horizon: 2,", "horizon: 2, request: date,", "'date', a field"),
    ("raw_tables_are_whole", "repairs/*.csv", "../repairs/*.csv", "'../repairs/*.csv'"),
    ("raw_tables_are_whole", "repairs/*.csv", "/repairs/*.csv", "'/repairs/*.csv'"),
    ("raw_tables_are_whole", "date: day", "date: effort", "'effort'"),
    ("raw_tables_are_whole", "where: {tail", "where: {tails", "'tails'"),
    ("raw_tables_are_whole", "unique: [day, tail]", "unique: [order]", "'order'"),
    ("raw_tables_are_whole", "type: name, spell", "type: text, spell", "spellings on type text"),
    (
        "aggregates_have_columns",
        "HH: {of: repairs.effort, above",
        "HH: {of: works.effort, above",
        "works.effort",
    ),
    (
        "aggregates_have_columns",
        "HH: {of: repairs.effort, above",
        "HH: {of: repairs.cost, above",
        "repairs.cost",
    ),
    (
        "aggregates_have_columns",
        "tails: {of: repairs.tail, by: distinct}",
        "tails: {of: repairs.tail}",
        "'sum' of a",
    ),
    ("aggregates_have_columns", "by: distinct}", "by: distinct, weeks: 2}", "2 with distinct"),
    ("aggregates_have_columns", "days: {by: [tail]", "days: {by: [fleet]", "'fleet'"),
    (
        "aggregates_have_columns",
        "columns: {HH: {of: repairs.effort}}",
        "columns: {HH: {of: repairs.effort, min: 0}}",
        "min",
    ),
    (
        "raw_tables_are_whole",
        "tail: {type: name, spell",
        "tail: {type: name, max: 3, spell",
        "a range on type name",
    ),
    ("aggregates_have_columns", "lags: {hours: [1]}\n", "lags: {cost: [1]}\n", "'cost'"),
    ("aggregates_have_columns", "means: {hours: [4]}", "means: {cost: [4]}", "'cost'"),
    ("weeks_feed_the_project", "target: HH, unit", "target: HX, unit", "'HX'"),
    ("weeks_feed_the_project", "hours_lag_1: {type", "hours_lag_2: {type", "'hours_lag_2'"),
    ("weeks_feed_the_project", ", missing: left_out", "", "'refused' with filled gaps"),
]


def changed(old: str, new: str) -> str:
    assert old in SERIES
    return SERIES.replace(old, new)


@pytest.fixture
def series() -> Project:
    return parse_project(SERIES)


def test_a_series_keeps_the_rules(series: Project) -> None:
    assert [rule(series) for rule in SERIES_RULES] == [None] * len(SERIES_RULES)


@pytest.mark.parametrize(("rule", "old", "new", "found"), BROKEN)
def test_a_broken_rule_is_named(rule: str, old: str, new: str, found: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_project(changed(old, new))
    assert caught.value.what.endswith("breaks a rule")
    assert found in caught.value.found
    assert caught.value.expected


def test_the_split_is_by_the_weeks_own_date() -> None:
    two = changed("    annual_sin: {type: number}", "    month: {type: date, use: metadata}")
    with pytest.raises(SpecError, match="the weeks' date, 'date'"):
        parse_project(two.replace("column: date}", "column: month}"))


def test_a_scaled_error_needs_a_season() -> None:
    with pytest.raises(SpecError, match="found: 'mase'"):
        parse_project(changed(SERIES[SERIES.index("forecast:") : SERIES.index("split:")], ""))


def test_every_rule_of_series_has_a_test() -> None:
    assert {rule.__name__ for rule in SERIES_RULES} == {rule for rule, *_ in BROKEN}


def test_the_history_is_a_part_of_the_inputs(series: Project) -> None:
    assert list(series.lags) == [f"HH_lag_{place}" for place in range(1, 9)]
    assert list(series.inputs) == ["annual_sin", "hours_lag_1", *series.lags]
    assert series.lags["HH_lag_1"].unit == "h"
    assert series.history_name == "last_HH"


def test_the_weekly_table_has_calendar_lags_and_means(series: Project) -> None:
    assert series.pipeline is not None
    assert weekly_columns(series.pipeline) == (
        *("date", "HH", "hours", "tails", "annual_sin", "annual_cos", "month"),
        *("hours_lag_1", "hours_mean_4", "filled", "rows_repairs"),
    )
