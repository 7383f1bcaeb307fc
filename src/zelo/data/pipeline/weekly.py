"""The third stage: a row a week, and its past beside it; and a row a day for whoever wants to look closer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce

import ibis
import ibis.expr.types as ir

from zelo.data.pipeline.aggregate import aggregates, columns_of, table_of, tables_of, total
from zelo.data.pipeline.calendar import DAYS, calendar, day_number, first_day, week_of
from zelo.data.pipeline.engine import Engine
from zelo.spec.pipeline import Fill, Pipeline
from zelo.spec.project import Project
from zelo.spec.series_rules import FILLED, rows_of, weekly_columns

COMING, WARM_UP = "coming__", "warm_up__"
_WEEK, _FIRST, _LAST, _NEWEST = "week__", "first__", "last__", "newest__"
FILLED_FROM = 4
"""A missing week gets the mean of that many weeks before it."""


def gap_of(table: str) -> str:
    """The column that says whether a week has no row of a raw table, and nothing was put in its place."""
    return f"gap__{table}"


def _absent(table: str) -> str:
    """The column that says whether a week has no row of a raw table."""
    return f"absent__{table}"


def days(tables: Mapping[str, ibis.Table], pipeline: Pipeline) -> ibis.Table:
    """The daily data set of the cleaned tables: a row a day and a value of each of ``by``, in order."""
    assert pipeline.days is not None
    columns, keys = pipeline.days.columns, (pipeline.weeks.date, *pipeline.days.by)
    parts = []
    for name in tables_of(columns):
        rows = tables[name].mutate(**{pipeline.weeks.date: tables[name][pipeline.tables[name].date]})
        parts.append(rows.group_by(*keys).aggregate(**aggregates(rows, columns_of(name, columns))))
    return reduce(_beside, parts).select(*keys, *columns).order_by(keys)


def weekly(tables: Mapping[str, ibis.Table], project: Project, engine: Engine) -> ibis.Table:
    """Every week of the cleaned tables, from the first to the last complete one, and those to come.

    Columns: those of :func:`weekly_columns`, the target's history, and about the week itself ``coming__``,
    ``warm_up__`` (its past reaches back before the first week) and ``gap__<table>``. The tables' own columns
    are NULL in weeks to come, and the target in a filled week. A week that could not be filled stays NULL.
    """
    assert project.pipeline is not None
    pipeline = project.pipeline
    names = tables_of(pipeline.weeks.columns)
    sums = {name: engine.kept(_by_week(tables[name], name, pipeline)) for name in names}
    horizon = project.forecast.horizon if project.forecast else 1
    series = engine.kept(_series(_joined(sums, pipeline, horizon), pipeline))
    return engine.kept(_with_past(engine.kept(_windows(series, pipeline)), project))


def past(weeks: ibis.Table, project: Project) -> ibis.Table:
    """The weekly data set: the weeks that are over, but for the warm-up, in order."""
    return _data_set(weeks.filter(~weeks[COMING] & ~weeks[WARM_UP]), project)


def coming(weeks: ibis.Table, project: Project) -> ibis.Table:
    """The weeks to come, in order, with what is known of them."""
    return _data_set(weeks.filter(weeks[COMING]), project)


def warm_up(project: Project) -> int:
    """How many weeks before a week its columns reach back."""
    assert project.pipeline is not None
    weeks = project.pipeline.weeks
    history = project.forecast.history if project.forecast else 0
    reach = dict.fromkeys(weeks.columns, 0)
    for name, sizes in (*weeks.lags.items(), *weeks.means.items(), (_target(project), (history,))):
        reach[name] = max(reach[name], *sizes)
    return max(reach[name] + made.weeks - 1 for name, made in weeks.columns.items())


def _target(project: Project) -> str:
    return project.column_of(project.task.target)


def _data_set(weeks: ibis.Table, project: Project) -> ibis.Table:
    assert project.pipeline is not None
    columns = dict.fromkeys((*weekly_columns(project.pipeline), *project.lags))
    return weeks.select(*columns).order_by(project.pipeline.weeks.date)


def _beside(left: ibis.Table, right: ibis.Table) -> ibis.Table:
    keys = [name for name in left.columns if name in right.columns]
    both = left.outer_join(right, keys)
    return both.mutate(**{key: ibis.coalesce(both[key], both[f"{key}_right"]) for key in keys})


def _by_week(rows: ibis.Table, name: str, pipeline: Pipeline) -> ibis.Table:
    """Of one table, a row a week that has any."""
    table, day = pipeline.tables[name], rows[pipeline.tables[name].date]
    starts = pipeline.weeks.starts
    # A row that stands for a week speaks of its last day too.
    newest = day_number(day, starts) + (DAYS - 1 if table.period == "week" else 0)
    rows = rows.mutate(**{_WEEK: week_of(day, starts), _NEWEST: newest})
    made = aggregates(rows, columns_of(name, pipeline.weeks.columns))
    kept = {rows_of(name): rows.count().cast("int64")}
    return rows.group_by(_WEEK).aggregate(**{_NEWEST: rows[_NEWEST].max()}, **made, **kept)


def _spine(sums: Mapping[str, ibis.Table], horizon: int) -> ibis.Table:
    """The weeks that all tables share, as far as they are complete, and then ``horizon`` more.

    A table's last week is complete where the table reaches its last day, or another table goes on after it.
    """
    ends = ibis.union(
        *(rows.aggregate(first=rows[_WEEK].min(), newest=rows[_NEWEST].max()) for rows in sums.values())
    )
    ends = ends.select("first", reached=ends.newest // DAYS, ended=(ends.newest + 1) // DAYS - 1)
    ends = ends.mutate(furthest=ends.reached.max().over())
    complete = (ends.reached < ends.furthest).ifelse(ends.reached, ends.ended)
    shared = ends.aggregate(**{_FIRST: ends["first"].max(), _LAST: complete.min()})
    weeks = ibis.range(shared[_FIRST], shared[_LAST] + horizon + 1)
    return shared.select(_FIRST, _LAST, **{_WEEK: weeks.unnest()})


def _joined(sums: Mapping[str, ibis.Table], pipeline: Pipeline, horizon: int) -> ibis.Table:
    """A row a week of the spine with each table's columns; NULL in gaps and in weeks to come."""
    spine = _spine(sums, horizon)
    weeks = spine.mutate(**{COMING: spine[_WEEK] > spine[_LAST]})
    for name, rows in sums.items():
        both = weeks.left_join(rows, _WEEK)
        own = {
            column: both[COMING].ifelse(ibis.null(both[column].type()), both[column])
            for column in columns_of(name, pipeline.weeks.columns)
        }
        kept = both[COMING].ifelse(ibis.null("int64"), both[rows_of(name)].fill_null(0))
        absent = both[_NEWEST].isnull() & ~both[COMING]
        told = both.mutate(**own, **{rows_of(name): kept, _absent(name): absent})
        weeks = told.drop(_NEWEST, f"{_WEEK}_right")
    return weeks


def _series(weeks: ibis.Table, pipeline: Pipeline) -> ibis.Table:
    """The tables' columns week by week, with the gaps treated as the project says."""
    gaps, columns = pipeline.weeks.gaps, pipeline.weeks.columns
    if gaps == "zero":
        zeros = {
            name: weeks[_absent(table_of(made))].ifelse(ibis.literal(0).cast(weeks[name].type()), weeks[name])
            for name, made in columns.items()
        }
        return weeks.mutate(**zeros)
    for _ in range(gaps.fill if isinstance(gaps, Fill) else 0):
        # Each time the first week of what is left of a gap, so that the next one stands on it.
        weeks = weeks.mutate(**{name: _filled(weeks, name, table_of(made)) for name, made in columns.items()})
    return weeks


def _filled(weeks: ibis.Table, name: str, table: str) -> ir.NumericColumn:
    value = weeks[name]
    before = [_lag(value, place) for place in range(1, FILLED_FROM + 1)]
    known = total([one.notnull().cast("int64") for one in before])
    mean = total([one.cast("float64").fill_null(0.0) for one in before]) / known.nullif(0)
    guess = (mean + 0.5).floor() if value.type().is_integer() else mean
    return (weeks[_absent(table)] & value.isnull() & before[0].notnull()).ifelse(
        guess.cast(value.type()), value
    )


def _lag(value: ir.Column, weeks: int) -> ir.Column:
    return value.lag(weeks).over(order_by=_WEEK)


def _windows(weeks: ibis.Table, pipeline: Pipeline) -> ibis.Table:
    """Columns of several weeks: the week's own value with those before it; and which gaps are left."""
    columns = pipeline.weeks.columns
    gaps = {
        gap_of(table): weeks[_absent(table)]
        & ibis.or_(*(weeks[name].isnull() for name in columns_of(table, columns)))
        for table in tables_of(columns)
    }
    made = {
        name: _window([weeks[name], *(_lag(weeks[name], place) for place in range(1, one.weeks))], one.by)
        for name, one in columns.items()
        if one.weeks > 1
    }
    return weeks.mutate(**gaps, **made)


def _window(values: list[ir.NumericColumn], by: str) -> ir.NumericColumn:
    if by == "max":
        # The greatest of some is not NULL where one of them is.
        known = ibis.and_(*(value.notnull() for value in values))
        return known.ifelse(ibis.greatest(*values), ibis.null(values[0].type()))
    return total(values) / len(values) if by == "mean" else total(values)


def _with_past(weeks: ibis.Table, project: Project) -> ibis.Table:
    """Calendar, lags, means and the target's history: of weeks before a row's own alone."""
    assert project.pipeline is not None
    spec, target = project.pipeline.weeks, _target(project)
    day = first_day(weeks[_WEEK], spec.starts)
    tables = tables_of(spec.columns)
    own = {name: weeks[name] for name in spec.columns}
    filled = ibis.literal(value=False)
    if isinstance(spec.gaps, Fill):
        filled = ibis.or_(*(weeks[_absent(name)] for name in tables))
        guessed = weeks[_absent(table_of(spec.columns[target]))]
        own[target] = guessed.ifelse(ibis.null(own[target].type()), own[target])
    columns = {
        spec.date: day,
        **own,
        **calendar(day),
        **dict(_lags_and_means(weeks, spec.lags, spec.means)),
        # Where the project asks for a lag of the target as well, it is the same one.
        **{project.lag(place): _lag(weeks[target], place) for place in range(1, len(project.lags) + 1)},
        FILLED: filled.cast("int64"),
        **{rows_of(name): weeks[rows_of(name)] for name in tables},
        COMING: weeks[COMING],
        WARM_UP: weeks[_WEEK] - weeks[_FIRST] < warm_up(project),
    }
    return weeks.select(**columns, **{gap_of(name): weeks[gap_of(name)] for name in tables})


def _lags_and_means(
    weeks: ibis.Table, lags: Mapping[str, tuple[int, ...]], means: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[str, ir.Column]]:
    for name, places in lags.items():
        for place in places:
            yield f"{name}_lag_{place}", _lag(weeks[name], place)
    for name, sizes in means.items():
        for size in sizes:
            values = [_lag(weeks[name], place) for place in range(1, size + 1)]
            yield f"{name}_mean_{size}", total(values) / size
