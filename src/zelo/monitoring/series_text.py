"""The sections about a forecast of weeks or days, for people at a terminal; made for 100 columns."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from zelo.monitoring.accuracy import COVERAGE, Accuracy
from zelo.monitoring.arrivals import TableRows
from zelo.monitoring.features import NOTE
from zelo.monitoring.forecasts import Week
from zelo.monitoring.runs import FAILED, Job
from zelo.monitoring.series import SeriesReport
from zelo.monitoring.series_words import COVERAGE_NOTE, MONTHS_NOTE, ROWS_NOTE, STALENESS_NOTE, WINDOWS_NOTE
from zelo.monitoring.terminal import add_row, bars_of, below, moment, section, table_of
from zelo.monitoring.words import NOTHING, Words


def series_sections(report: SeriesReport, words: Words) -> list[RenderableType]:
    """The sections one below the other; the alarms last, where a terminal ends."""
    return [
        section(words("Forecast and realised")),
        *_weeks(report, words),
        section(words("Windows")),
        *_windows(report, words),
        section(words("By horizon")),
        _horizons(report, words),
        section(words("By month")),
        *_months(report, words),
        section(words("Features")),
        *_features(report, words),
        section(words("Rows a week")),
        *_arrivals(report, words),
        section(words("Runs")),
        *_runs(report, words),
        section(words("Alarms")),
        _alarms(report, words),
    ]


def _weeks(report: SeriesReport, words: Words) -> list[RenderableType]:
    forecast = [week for week in report.weeks if week.forecast is not None]
    realised = [week for week in forecast if week.realised is not None][-words.pace.quarter :]
    to_come = [week for week in forecast if week.realised is None]
    if not forecast:
        return [Text(words("no forecast yet"))]
    table = table_of(
        words,
        left=("week",),
        right=("realised", "forecast", "90 % interval", "error", "within", "ahead", "version"),
    )
    for week in (*realised, *to_come):
        add_row(table, *_week(week, words))
    return [table]


def _week(week: Week, words: Words) -> tuple[str | Text, ...]:
    within = NOTHING if week.within is None else words("yes" if week.within else "no")
    return (
        words.day(week.week),
        words.number(week.realised, words.digits),
        words.number(week.forecast, words.digits),
        words.interval(week.lower, week.upper, words.digits),
        words.signed(week.error, words.digits),
        Text(within, style="yellow" if week.within is False else ""),
        str(week.horizon),
        str(week.version),
    )


def _windows(report: SeriesReport, words: Words) -> list[RenderableType]:
    heads = ("weeks", "judged", "by this version", "MAE", "naive MAE", "RMSE", "MAPE", "coverage")
    table = table_of(words, right=heads)
    for window in report.windows:
        found = window.accuracy
        add_row(
            table,
            words.whole(window.weeks),
            words.whole(found.rows),
            words.whole(found.own),
            words.bounded(found.found["mae"]),
            words.short(found.naive["mae"].value),
            words.short(found.found["rmse"].value),
            words.percent(found.found["mape"].value),
            _share(found, words),
        )
    notes = (Text(words(note), style="dim") for note in (WINDOWS_NOTE, COVERAGE_NOTE))
    return [table, *map(below, notes)]


def _horizons(report: SeriesReport, words: Words) -> RenderableType:
    heads = ("ahead", "judged", "MAE", "naive MAE", "test MAE", "out of fold", "coverage")
    table = table_of(words, right=heads)
    for horizon in report.horizons:
        found = horizon.accuracy
        add_row(
            table,
            str(horizon.horizon),
            words.whole(found.rows),
            words.short(found.found["mae"].value),
            words.short(found.naive["mae"].value),
            words.bounded(found.test["mae"]),
            words.short(found.out_of_fold["mae"].value),
            _share(found, words),
        )
    return table


def _months(report: SeriesReport, words: Words) -> list[RenderableType]:
    if not report.months:
        return [Text(words("no outcomes yet"))]
    heads = ("weeks", "realised", "forecast", "difference", "MAE", "RMSE", "MAPE")
    table = table_of(words, left=("month",), right=heads)
    for month in report.months:
        add_row(
            table,
            words.month(month.month),
            words.whole(month.weeks),
            words.number(month.realised, words.digits),
            words.number(month.forecast, words.digits),
            words.signed(month.forecast - month.realised, words.digits),
            words.short(month.found["mae"].value),
            words.short(month.found["rmse"].value),
            words.percent(month.found["mape"].value),
        )
    return [table, below(Text(words(MONTHS_NOTE), style="dim"))]


def _features(report: SeriesReport, words: Words) -> list[RenderableType]:
    if not report.features:
        return [Text(words("no data set yet"))]
    heads = ("mean", "in training", "shift", "deviation", "in training")
    table = table_of(words, left=("field",), right=heads)
    table.add_column("", ratio=1)
    for feature in report.features:
        add_row(
            table,
            f"{feature.field} [{feature.unit}]" if feature.unit else feature.field,
            words.short(feature.mean),
            words.short(feature.reference_mean),
            words.signed(feature.shift, 2),
            words.short(feature.sd),
            words.short(feature.reference_sd),
            Text(", ".join(map(words, feature.words)), style="yellow"),
        )
    return [table, below(Text(words(NOTE), style="bold"))]


def _arrivals(report: SeriesReport, words: Words) -> list[RenderableType]:
    arrivals = report.arrivals
    if arrivals.newest_week is None:
        return [Text(words("no data set yet"))]
    told = (
        f"{words('data set')} {report.dataset}; {words('newest week')} {words.day(arrivals.newest_week)}; "
        f"{words('trained until')} {_trained(report, words)}"
    )
    if not arrivals.tables:
        return [Text(told), below(Text(words(STALENESS_NOTE), style="dim"))]
    table = table_of(words, left=("table", "14 weeks"), right=("rows", "usual"))
    table.add_column("", ratio=1)
    for entry in arrivals.tables:
        add_row(table, *_table(entry, words))
    notes = (Text(words(note), style="dim") for note in (ROWS_NOTE, STALENESS_NOTE))
    return [Text(told), below(table), *map(below, notes)]


def _table(entry: TableRows, words: Words) -> tuple[str | Text, ...]:
    if not entry.weeks:
        return (entry.table, "", NOTHING, NOTHING, Text(words("rows are not on record"), style="yellow"))
    newest = entry.weeks[-1]
    dropped = ", ".join(words.day(week.week) for week in entry.weeks if week.dropped)
    return (
        entry.table,
        bars_of([week.rows for week in entry.weeks]),
        words.whole(newest.rows),
        words.number(newest.usual, 0),
        Text(f"{words('dropped')}: {dropped}" if dropped else "", style="bold red"),
    )


def _trained(report: SeriesReport, words: Words) -> str:
    if report.trained_until is None or report.weeks_since is None:
        return words("not known here")
    return f"{words.day(report.trained_until)} ({words.whole(report.weeks_since)} {words('weeks ago')})"


def _runs(report: SeriesReport, words: Words) -> list[RenderableType]:
    table = table_of(words, left=("command", "last run", "status", "last good run"), right=("days ago",))
    for job in report.jobs:
        add_row(table, *_job(job, words))
    return [table]


def _job(job: Job, words: Words) -> tuple[str | Text, ...]:
    return (
        f"zelo {job.command}",
        moment(job.last) if job.last else words("never"),
        Text(words.status(job.status), style="bold red" if job.status == FAILED else ""),
        moment(job.last_good) if job.last_good else words("never"),
        words.number(job.days, 1),
    )


def _alarms(report: SeriesReport, words: Words) -> RenderableType:
    if not report.alarms:
        return Text(words("no alarm"), style="green")
    return Text("\n".join(words.alarm(alarm) for alarm in report.alarms), style="bold red")


def _share(found: Accuracy, words: Words) -> str:
    return words.shares(found.found[COVERAGE])
