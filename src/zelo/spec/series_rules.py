"""Rules of series and of the tables that they are made from; see :mod:`zelo.spec.rules`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from zelo.spec.pipeline import Aggregate, Days, Fill, Pipeline, RawTable
from zelo.spec.project import Project

CALENDAR = ("annual_sin", "annual_cos", "month")
"""What a weekly row knows of its date, and so of any week to come."""
FILLED = "filled"
PRICE_DATE = "date"
PRICE_COLUMNS = ("open", "high", "low", "close", "volume")
FEWEST_PRICES = 30
"""Fewer tell too little of how much a price moves."""
NUMBERS = ("hours", "number", "integer")


def rows_of(table: str) -> str:
    """The weekly column that counts the rows that a raw table gave."""
    return f"rows_{table}"


def weekly_columns(pipeline: Pipeline) -> tuple[str, ...]:
    """The columns of the weekly table, but for the target's history."""
    weeks = pipeline.weeks
    before = (f"{name}_lag_{place}" for name, places in weeks.lags.items() for place in places)
    means = (f"{name}_mean_{size}" for name, sizes in weeks.means.items() for size in sizes)
    tables = dict.fromkeys(made.of.partition(".")[0] for made in weeks.columns.values())
    counts = (rows_of(table) for table in tables)
    return (weeks.date, *weeks.columns, *CALENDAR, *before, *means, FILLED, *counts)


def names_differ(project: Project) -> str | None:
    """DuckDB and Spark do not tell ``HH`` from ``hh``."""
    names = [*project.fields, *project.derived, project.task.target]
    folded = Counter(name.casefold() for name in names)
    if twice := sorted({name for name in names if folded[name.casefold()] > 1}):
        return f"data.fields: found {', '.join(twice)}, alike but for capitals; expected names that differ"
    return None


def forecast_fits_the_task(project: Project) -> str | None:
    forecast = project.forecast
    if forecast is None:
        return None
    if project.task.kind != "regression":
        return f"forecast: found it on a {project.task.kind} task; expected it on a regression"
    if project.split.by != "time":
        return f"split.by: found {project.split.by!r} with a forecast; expected time"
    read = forecast.history - (forecast.learns == "returns")
    for key, found, most in (
        ("season", (forecast.season,), forecast.history),
        ("lags", forecast.lags, read),
        ("means", forecast.means, read),
    ):
        if max(found, default=0) > most:
            return (
                f"forecast.{key}: found {max(found)}; expected at most the history, {most} {forecast.learns}"
            )
    if project.history_name in project.data.fields:
        return f"forecast.request: found {project.history_name!r}, a field; expected a name of its own"
    return None


def forecast_has_its_models(project: Project) -> str | None:
    forecast = project.forecast
    if forecast is None:
        return None
    if forecast.fallback is not None and forecast.fallback not in project.candidate_params:
        known = ", ".join(project.candidate_params)
        return f"forecast.fallback: found {forecast.fallback!r}; expected a candidate: {known}"
    if forecast.intervals and forecast.learns == "values":
        return "forecast.intervals: found them with learns: values; expected learns: returns"
    if forecast.intervals and forecast.horizon > 1:
        return f"forecast.intervals: found a horizon of {forecast.horizon} with them; expected 1"
    if forecast.intervals and forecast.history < FEWEST_PRICES:
        return f"forecast.intervals: found a history of {forecast.history}; expected {FEWEST_PRICES} or more"
    return None


def prices_feed_the_project(project: Project) -> str | None:
    prices, forecast = project.prices, project.forecast
    if prices is None:
        return None
    if project.pipeline is not None:
        return "prices: found it beside pipeline; expected one of the two"
    if forecast is None:
        return "prices: found it without forecast; expected a forecast of the next price"
    if forecast.learns != "returns":
        return f"forecast.learns: found {forecast.learns!r} with prices; expected returns"
    if prices.files.startswith("/") or ".." in prices.files.split("/"):
        return f"prices.files: found {prices.files!r}; expected a glob below the raw data"
    if (target := project.column_of(project.task.target)) not in PRICE_COLUMNS:
        return f"task.target: found {target!r}; expected one of {', '.join(PRICE_COLUMNS)}"
    if (date := project.column_of(project.split.column or "")) != PRICE_DATE:
        return f"split.column: found {date!r}; expected the day, {PRICE_DATE!r}"
    for name in project.data.fields:
        if (column := project.column_of(name)) not in (PRICE_DATE, *PRICE_COLUMNS):
            return f"data.fields.{name}: found {column!r}; expected one of {', '.join(PRICE_COLUMNS)}"
        if name != project.date and project.data.fields[name].use == "input":
            # The day's own prices are known when it is over.
            return f"data.fields.{name}.use: found 'input', of the same day; expected metadata"
    return None


def raw_tables_are_whole(project: Project) -> str | None:
    tables = project.pipeline.tables if project.pipeline else {}
    return next((broken for name, table in tables.items() for broken in _broken_table(name, table)), None)


def _broken_table(name: str, table: RawTable) -> Iterator[str]:
    key = f"pipeline.tables.{name}"
    known = ", ".join(table.columns)
    if table.files.startswith("/") or ".." in table.files.split("/"):
        yield f"{key}.files: found {table.files!r}; expected a glob below the raw data"
    if table.date not in table.columns or table.columns[table.date].type != "date":
        yield f"{key}.date: found {table.date!r}; expected a column of type date among {known}"
    for part, names in (("where", table.where), ("unique", table.unique)):
        for column in names:
            if column not in table.columns:
                yield f"{key}.{part}: found {column!r}; expected one of {known}"
    for column, raw in table.columns.items():
        if raw.spellings and raw.type != "name":
            yield f"{key}.columns.{column}: found spellings on type {raw.type}; expected type name"
        if raw.type not in NUMBERS and (raw.min is not None or raw.max is not None):
            yield f"{key}.columns.{column}: found a range on type {raw.type}; expected it on numbers alone"


def aggregates_have_columns(project: Project) -> str | None:
    if project.pipeline is None:
        return None
    days, weeks = project.pipeline.days, project.pipeline.weeks
    for part, columns in (("days", days.columns if days else {}), ("weeks", weeks.columns)):
        for name, made in columns.items():
            if broken := _broken_aggregate(f"pipeline.{part}.columns.{name}", made, project.pipeline):
                return broken
    if days and (broken := _broken_days(days, project.pipeline)):
        return broken
    for part, named in (("lags", weeks.lags), ("means", weeks.means)):
        for name in named:
            if name not in weeks.columns:
                known = ", ".join(weeks.columns)
                return f"pipeline.weeks.{part}: found {name!r}; expected one of {known}"
    return None


def _broken_days(days: Days, pipeline: Pipeline) -> str | None:
    for name, made in days.columns.items():
        table = made.of.partition(".")[0]
        for key in days.by:
            if key not in pipeline.tables[table].columns:
                return f"pipeline.days.by: found {key!r}, no column of {table}; expected one of each table"
        if made.model_fields_set - {"of", "by"}:
            extra = ", ".join(sorted(made.model_fields_set - {"of", "by"}))
            return f"pipeline.days.columns.{name}: found {extra}; expected of and by alone on a day"
    return None


def _broken_aggregate(key: str, made: Aggregate, pipeline: Pipeline) -> str | None:
    table, _, column = made.of.partition(".")
    if table not in pipeline.tables:
        return f"{key}.of: found {made.of!r}; expected a table among {', '.join(pipeline.tables)}"
    raw = pipeline.tables[table].columns.get(column)
    if raw is None:
        known = ", ".join(pipeline.tables[table].columns)
        return f"{key}.of: found {made.of!r}; expected a column of {table}: {known}"
    if made.by != "distinct" and raw.type not in NUMBERS:
        return f"{key}.by: found {made.by!r} of a {raw.type}; expected distinct"
    if made.by == "distinct" and made.weeks > 1:
        return f"{key}.weeks: found {made.weeks} with distinct; expected sum, mean or max"
    return None


def weeks_feed_the_project(project: Project) -> str | None:
    if project.pipeline is None:
        return None
    weeks, known = project.pipeline.weeks, weekly_columns(project.pipeline)
    target = project.column_of(project.task.target)
    if target not in weeks.columns:
        return f"task.target: found {target!r}; expected a column of pipeline.weeks"
    for name in project.data.fields:
        if (column := project.column_of(name)) not in known:
            return (
                f"data.fields.{name}: found {column!r}, no column of the weekly table; expected one of "
                + (", ".join(known))
            )
    if isinstance(weeks.gaps, Fill) and project.task.missing != "left_out":
        return "task.missing: found 'refused' with filled gaps, whose target is empty; expected left_out"
    if project.forecast and project.column_of(project.split.column or "") != weeks.date:
        return f"split.column: found {project.split.column!r}; expected the weeks' date, {weeks.date!r}"
    return None


SERIES_RULES = (
    names_differ,
    forecast_fits_the_task,
    raw_tables_are_whole,
    aggregates_have_columns,
    weeks_feed_the_project,
    forecast_has_its_models,
    prices_feed_the_project,
)
