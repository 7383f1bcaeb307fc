"""A look for people at a terminal: the alarms of drift first, then the report, then what arrived."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from zelo.monitoring.drift_words import sentence
from zelo.monitoring.estimate import Estimate
from zelo.monitoring.look import Look
from zelo.monitoring.look_words import BUDGET_NOTE, CHECKS_NOTE, TIME_ALONE
from zelo.monitoring.pace import WEEKLY, pace_of
from zelo.monitoring.streams import Evidence
from zelo.monitoring.terminal import add_row, below, printable, section, table_of
from zelo.monitoring.text import render
from zelo.monitoring.words import NOTHING, Words
from zelo.spec.project import Project


def render_look(found: Look, project: Project) -> RenderableType:
    """In the project's language; made for 100 columns."""
    words = Words(project.language, pace_of(project) if found.series else WEEKLY)
    return Group(
        Text(words("Drift alarms"), style="bold underline"),
        *_drift(found.evidence, words),
        below(render(found.report, project, found.series)),
        section(words("Estimated quality")),
        *_estimate(found.estimate, words),
        section(words("What arrived")),
        *_checks(found, words),
        *_others(found, words),
    )


def _drift(evidence: Evidence, words: Words) -> list[RenderableType]:
    parts: list[RenderableType] = [
        Text(printable(sentence(alarm, words)), style="bold red" if alarm.active else "")
        for alarm in evidence.alarms
    ]
    if not parts:
        parts = [Text(words("no drift alarm"), style="green")]
    if evidence.since is None:
        told = words("no rows to test yet")
    else:
        told = (
            f"{words('rows read')}: {words.whole(evidence.rows)}, {words('since')} "
            f"{words.moment(evidence.since)}; {words('streams')}: {words.whole(evidence.streams)}; "
            f"{words('evidence at the newest row')}: {words.short(evidence.wealth_days)} {words('of')} "
            f"{words.axis(evidence.threshold_days)} {words('days')}"
        )
        if evidence.wealth_days >= evidence.threshold_days and not any(
            alarm.last_at == evidence.until for alarm in evidence.alarms
        ):
            told += f" ({words(TIME_ALONE)})"
    note = f"{words(BUDGET_NOTE)} {words.axis(evidence.threshold_days)} {words('days')}."
    return [*parts, Text(told), Text(note, style="dim")]


def _estimate(found: Estimate, words: Words) -> list[RenderableType]:
    if found.reason is not None:
        return [Text(words(found.reason), style="yellow")]
    table = table_of(words, left=("metric",), right=("estimated", "95 % interval"))
    table.add_column("", ratio=1)
    for figure in found.figures:
        add_row(
            table,
            figure.metric,
            words.number(figure.value),
            words.interval(figure.low, figure.high),
            Text(words(figure.reason) if figure.reason else "", style="yellow"),
        )
    told = (
        f"{(found.method or '').upper()}, {words.whole(found.rows)} {words('predictions of this version')}; "
        f"{words('learned from')} {words.whole(found.reference_rows)} {words('judged rows of the bundle')}"
    )
    notes = [Text(words(assumption), style="dim") for assumption in found.assumptions]
    return [Text(told), below(table), *notes, *_checked(found, words)]


def _checked(found: Estimate, words: Words) -> list[RenderableType]:
    """Estimates whose truth has come, the newest window first; of those before it the first metric alone."""
    if not found.windows:
        return []
    table = table_of(
        words,
        left=("window", "metric"),
        right=("outcomes", "estimated", "95 % interval", "truth", "error", "held"),
    )
    for place, window in enumerate(reversed(found.windows[-4:])):
        for check in window.checks[: None if place == 0 else 1]:
            add_row(
                table,
                words.day(window.since.date()),
                check.metric,
                words.whole(window.outcomes),
                words.number(check.estimated),
                words.interval(check.low, check.high),
                words.number(check.truth),
                words.signed(check.error, 3),
                words("yes" if check.held else "no"),
            )
    return [below(Text(words("Estimates beside the truth"), style="bold")), table]


def _checks(found: Look, words: Words) -> list[RenderableType]:
    volume, staleness = found.checks.volume, found.checks.staleness
    usual = (
        words("not enough days to tell")
        if volume.usual is None
        else f"{words('usual')}: {words.number(volume.usual, 0)}"
    )
    lines = [f"{words.whole(volume.rows)} {words('predictions in the last 24 hours')} ({usual})"]
    if staleness.trained_at is not None and staleness.age_seconds is not None:
        age = words.duration(staleness.age_seconds / 3600)
        lines.append(f"{words('model trained')} {words.moment(staleness.trained_at)} ({age})")
    if staleness.newest_row is not None:
        lines.append(f"{words('newest training row')}: {words.day(staleness.newest_row)}")
    table = table_of(
        words, left=("field",), right=("missing", "reference missing", "unseen", "invalid", "rows")
    )
    for check in found.checks.fields:
        add_row(
            table,
            check.field,
            words.percent(check.missing),
            words.percent(check.missing_reference),
            NOTHING if check.unseen is None else words.percent(check.unseen),
            words.percent(check.invalid),
            words.whole(check.rows),
        )
    return [Text("\n".join(lines)), below(table), Text(words(CHECKS_NOTE), style="dim")]


def _others(found: Look, words: Words) -> list[RenderableType]:
    """The alarms of data and floors; those of a series close its own section."""
    own = found.series.alarms if found.series else ()
    others = [alarm for alarm in found.alarms if alarm not in own]
    if not others:
        return []
    told = "\n".join(words.alarm(alarm) for alarm in others)
    return [section(words("Other alarms")), Text(told, style="bold red")]
