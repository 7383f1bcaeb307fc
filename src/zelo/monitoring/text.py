"""The report for people at a terminal, in the project's language; made for 100 columns."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from zelo.monitoring.drift import Drift, DriftTable
from zelo.monitoring.pace import WEEKLY, pace_of
from zelo.monitoring.quality import Figure, Quality
from zelo.monitoring.series import SeriesReport
from zelo.monitoring.series_text import series_sections
from zelo.monitoring.terminal import add_row, bars_of, below, moment, printable, section, table_of
from zelo.monitoring.volume import Count, Volume
from zelo.monitoring.watch import SYNTHETIC, Report
from zelo.monitoring.words import Words
from zelo.spec.project import Project

STYLES = {"stable": "green", "within chance": "", "moderate": "yellow", "large": "bold red"}
NOTHING = "–"


def render(report: Report, project: Project, series: SeriesReport | None = None) -> RenderableType:
    """Heading, volume, quality and drift, one below the other.

    Of a weekly forecast its own sections stand in the place of the drift table, for which a month of weeks is
    too few rows.
    """
    words = Words(project.language, pace_of(project) if series else WEEKLY)
    return Group(
        _heading(report, project, words),
        section(words("Volume")),
        *_volume(report.volume, words),
        section(words("Quality")),
        *_quality(report.quality, project, words),
        *(series_sections(series, words) if series else _parts(report, project, words)),
    )


def _heading(report: Report, project: Project, words: Words) -> RenderableType:
    lines = Text(f"{project.title} ({project.name}), {words('version')} {report.version}\n", style="bold")
    lines.append(f"{moment(report.since)} → {moment(report.until)} UTC", style="not bold")
    for note in report.notes:
        lines.append(f"\n{words(note)}", style="bold red" if note == SYNTHETIC else "not bold dim")
    return lines


def _volume(volume: Volume, words: Words) -> list[RenderableType]:
    if volume.first is None or volume.last is None:
        return [Text(words("no predictions in the window"))]
    parts: list[RenderableType] = [
        Text(
            f"{words.whole(volume.rows)} {words('predictions, all versions')}, "
            f"{moment(volume.first)} → {moment(volume.last)}"
        ),
        _bars(volume, words),
        _counts(words("by version"), volume.by_version, words),
    ]
    if volume.by_class:
        parts.append(_counts(words("by class"), volume.by_class, words))
    if volume.by_band:
        parts.append(_counts(words("by band"), volume.by_band, words))
    absent = [
        f"{entry.field} {words.percent(entry.share)}" for entry in volume.missing if (entry.share or 0.0) > 0
    ]
    parts.append(_labelled(words("missing values"), ", ".join(absent) or words("none")))
    return parts


def _bars(volume: Volume, words: Words) -> Text:
    rows = [period.rows for period in volume.periods]
    told = f"{words(f'by {volume.period}')}, {words('at most')} {words.whole(max(rows))}"
    return Text.assemble((bars_of(rows), "cyan"), f"\n{told}")


def _counts(title: str, counts: Sequence[Count], words: Words) -> Text:
    parts = [f"{count.name}: {words.whole(count.rows)} ({words.percent(count.share)})" for count in counts]
    return _labelled(title, " · ".join(parts))


def _labelled(title: str, text: str) -> Text:
    return Text.assemble((f"{title}  ", "dim"), printable(text))


def _quality(quality: Quality, project: Project, words: Words) -> list[RenderableType]:
    told = (
        f"{words.whole(quality.outcomes)} {words('outcomes of')} {words.whole(quality.predictions)} "
        f"{words('predictions of this version')} ({words.percent(quality.share)})"
    )
    if quality.positives is not None:
        told += f", {words.whole(quality.positives)} {words('positive')}"
    if quality.median_delay_hours is not None:
        told += f"; {words('median delay')} {words.duration(quality.median_delay_hours)}"
    if quality.unusable:
        told += f"; {words.whole(quality.unusable)} {words('unusable')}"
    table = table_of(words, left=("metric",), right=("window", "95 % interval", "test", "95 % interval"))
    table.add_column("", ratio=1)
    for figure in quality.figures:
        add_row(
            table,
            figure.metric,
            *_window(figure, words),
            words.number(figure.test_value),
            words.interval(figure.test_low, figure.test_high),
            Text(words(figure.reason) if figure.reason else "", style="yellow"),
        )
    parts: list[RenderableType] = [Text(told), below(table)]
    if quality.slices:
        parts.append(below(_slices(quality, project, words)))
    return parts


def _parts(report: Report, project: Project, words: Words) -> list[RenderableType]:
    windows = [below(_windows(report.quality, project, words))] if report.quality.windows else []
    return [*windows, *_drift(report.drift, words)]


def _windows(quality: Quality, project: Project, words: Words) -> Table:
    table = table_of(words, left=("outcomes of the window",), right=("outcomes",))
    table.add_column(project.select.primary, justify="right")
    table.add_column(words("95 % interval"), justify="right")
    table.add_column("", ratio=1)
    for window in quality.windows:
        last = f"{words('the last')} {words.whole(window.outcomes)}"
        figure = window.figures[0]
        add_row(
            table,
            last
            if window.kind == "last"
            else f"{words(window.kind)} {words('from')} {words.day(window.since.date())}",
            words.whole(window.outcomes),
            *_window(figure, words),
            Text(words(figure.reason) if figure.reason else "", style="yellow"),
        )
    return table


def _slices(quality: Quality, project: Project, words: Words) -> Table:
    table = table_of(words, left=("slice",), right=("outcomes",))
    table.add_column(project.select.primary, justify="right")
    table.add_column(words("95 % interval"), justify="right")
    table.add_column("", ratio=1)
    for part in quality.slices:
        primary = part.figures[0] if part.figures else None
        reason = primary.reason if primary else part.reason
        value = "" if part.value is None else f" = {part.value or words('(missing)')}"
        add_row(
            table,
            f"{part.field}{value}",
            words.whole(part.outcomes),
            *(_window(primary, words) if primary else (NOTHING, NOTHING)),
            Text(words(reason) if reason else "", style="yellow"),
        )
    return table


def _window(figure: Figure, words: Words) -> tuple[str, str]:
    return words.number(figure.value), words.interval(figure.low, figure.high)


def _drift(drift: DriftTable, words: Words) -> list[RenderableType]:
    table = table_of(words, left=("field",), right=("PSI",))
    table.add_column(words("level"))
    table.add_column(words("KS / χ²"), justify="right")
    table.add_column("Wasserstein", justify="right")
    table.add_column(words("sd"), justify="right")
    table.add_column(words("largest change"), ratio=1)
    table.add_column(words("missing"), justify="right", no_wrap=True)
    for entry in drift.fields:
        add_row(table, *_drift_row(entry, words))
    references = {entry.reference_rows for entry in drift.fields[:-1]}
    rows = (
        f"{words.whole(drift.rows)} {words('predictions of this version')}; "
        f"{words('reference')}: {words.whole(max(references, default=0))} {words('training rows')}, "
        f"{words('for the score')} {words.whole(drift.fields[-1].reference_rows)} {words('test rows')}"
    )
    return [
        section(words("Drift")),
        Text(rows),
        below(table),
        below(Text(words(drift.note), style="bold")),
        Text(words(drift.levels), style="dim"),
    ]


def _drift_row(entry: Drift, words: Words) -> tuple[str | Text, ...]:
    name = words("score") if entry.kind == "score" else entry.field
    if entry.measure:
        name = f"{name}: {words(entry.measure)}"
    if entry.status == "too few rows to tell":
        reason = Text(words(entry.status), style="yellow")
        return (name, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, reason, NOTHING)
    level = (
        Text(words(entry.label), style=STYLES[entry.label])
        if entry.label
        else Text(words(entry.reason or entry.status), style="yellow")
    )
    return (
        f"{name} [{entry.unit}]" if entry.unit and not entry.measure else name,
        words.number(entry.psi),
        level,
        words.short(entry.statistic),
        words.short(entry.wasserstein),
        words.number(entry.wasserstein_sd, 2),
        _change(entry, words),
        _missing(entry, words),
    )


def _change(entry: Drift, words: Words) -> str:
    if entry.kind == "category":
        return (
            f"{entry.category or words('(missing)')} {words.percent(entry.category_share_reference)} → "
            f"{words.percent(entry.category_share)}"
        )
    return f"{words('mean')} {words.short(entry.mean_change, signed=True)}"


def _missing(entry: Drift, words: Words) -> str:
    if not entry.missing_reference and not entry.missing:
        return words.percent(0.0)
    return f"{words.percent(entry.missing_reference)} → {words.percent(entry.missing)}"
