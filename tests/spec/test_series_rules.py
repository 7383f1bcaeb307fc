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

DAILY = """\
name: mine
title: The next price
task: {kind: regression, target: close, unit: R$}
prices: {ticker: MINE3.SA, files: MINE3*.csv}
forecast: {history: 40, season: 1, learns: returns, lags: [1, 5], means: [39], fallback: persistence}
data:
  sources: {train: prices.parquet}
  fields:
    date: {type: date, use: metadata}
    volume: {type: number, use: metadata}
split: {by: time, column: date}
candidates: [persistence, drift]
select: {primary: mae}
"""

BROKEN_DAILY = [
    ("forecast_fits_the_task", "lags: [1, 5]", "lags: [1, 40]", "40"),
    ("forecast_fits_the_task", "means: [39]", "means: [40]", "40"),
    ("forecast_has_its_models", "fallback: persistence", "fallback: ridge", "'ridge'"),
    (
        "forecast_has_its_models",
        "fallback: persistence",
        "horizon: 3, intervals: [ewma]",
        "a horizon of 3",
    ),
    (
        "forecast_has_its_models",
        "history: 40, season: 1, learns: returns, lags: [1, 5], means: [39]",
        "history: 20, season: 1, learns: returns, intervals: [ewma]",
        "a history of 20",
    ),
    (
        "forecast_has_its_models",
        "learns: returns, lags: [1, 5], means: [39], fallback: persistence",
        "lags: [1, 5], intervals: [ewma]",
        "learns: values",
    ),
    ("prices_feed_the_project", "learns: returns, lags", "lags", "'values' with prices"),
    ("prices_feed_the_project", "MINE3*.csv", "../MINE3*.csv", "'../MINE3*.csv'"),
    ("prices_feed_the_project", "target: close", "target: price", "'price'"),
    (
        "prices_feed_the_project",
        "fields:\n    date:",
        "fields:\n    dia: {type: date, use: metadata}\n    date:",
        "dia",
    ),
    ("prices_feed_the_project", "volume: {type: number, use: metadata}", "volume: {type: number}", "'input'"),
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


def test_prices_keep_the_rules() -> None:
    daily = parse_project(DAILY)
    assert [rule(daily) for rule in SERIES_RULES] == [None] * len(SERIES_RULES)
    assert daily.is_made
    assert list(daily.inputs) == [f"close_lag_{place}" for place in range(1, 41)]


@pytest.mark.parametrize(("rule", "old", "new", "found"), BROKEN_DAILY)
def test_a_broken_rule_of_prices_is_named(rule: str, old: str, new: str, found: str) -> None:
    assert old in DAILY
    with pytest.raises(SpecError) as caught:
        parse_project(DAILY.replace(old, new))
    assert caught.value.what.endswith("breaks a rule")
    assert found in caught.value.found
    assert caught.value.expected


def test_prices_stand_alone_and_name_their_day() -> None:
    volume = "    volume: {type: number, use: metadata}\n"
    forecast = DAILY[DAILY.index("forecast:") : DAILY.index("data:")]
    alone = DAILY.replace(forecast, "").replace(volume, "    volume: {type: number}\n")
    with pytest.raises(SpecError, match="it without forecast"):
        parse_project(alone)
    pipeline = SERIES[SERIES.index("pipeline:") : SERIES.index("forecast:")]
    weekly = pipeline.replace("HH:", "close:").replace("    gaps: {fill: 1}\n", "")
    with pytest.raises(SpecError, match="beside pipeline"):
        parse_project(DAILY.replace(volume, "") + weekly)
    renamed = DAILY.replace("date: {type: date, use", "dia: {type: date, column: date, use")
    assert parse_project(renamed.replace("column: date}\ncand", "column: dia}\ncand")).date == "dia"
    other = DAILY.replace("volume: {type: number, use", "volume: {type: date, use")
    with pytest.raises(SpecError, match="the day, 'date'"):
        parse_project(other.replace("column: date}\ncand", "column: volume}\ncand"))


def test_the_split_is_by_the_weeks_own_date() -> None:
    two = changed("    annual_sin: {type: number}", "    month: {type: date, use: metadata}")
    with pytest.raises(SpecError, match="the weeks' date, 'date'"):
        parse_project(two.replace("column: date}", "column: month}"))


def test_a_scaled_error_needs_a_season() -> None:
    with pytest.raises(SpecError, match="found: 'mase'"):
        parse_project(changed(SERIES[SERIES.index("forecast:") : SERIES.index("split:")], ""))


def test_every_rule_of_series_has_a_test() -> None:
    assert {rule.__name__ for rule in SERIES_RULES} == {rule for rule, *_ in (*BROKEN, *BROKEN_DAILY)}


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
