"""From the ledger and a bundle to the sequential test of drift, and back: alarms in people's units.

What alarms, and how rarely it does so without reason, is in :mod:`zelo.stats.detector`. It promises for rows
that are exchangeable with the reference: an entity that is scored every day with the same values counts each
time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from zelo.features.columns import Columns, columns_from_frame, columns_from_rows
from zelo.features.text.preparation import TextPreparation
from zelo.ledger.sampled import DAY, first_answer, sample
from zelo.ledger.store import Ledger
from zelo.monitoring.alarms import Change, DriftAlarm
from zelo.monitoring.bundled import read_table
from zelo.monitoring.drift import SCORE, tested_scores
from zelo.monitoring.series import is_watched
from zelo.monitoring.series_stream import series_rows
from zelo.monitoring.text_space import TextSpace
from zelo.monitoring.weekly import Weekly
from zelo.registry.bundle import Bundle
from zelo.spec.project import Project
from zelo.stats import detector
from zelo.stats.arrays import FloatArray
from zelo.stats.detector import Stream, detect

SEASON = 90
"""Days: a version that has answered for two seasons and more is read from the season before this one on.
What each look reads again does not grow for ever, and begins at the same row for a season."""


@dataclass(frozen=True)
class Watched:
    """A stream, and what it is to people: the field's unit, and what was measured where it is not the value.

    ``told``: reference and rows in that unit, where the stream's own are not.
    """

    stream: Stream
    unit: str | None = None
    measure: str | None = None
    told: tuple[FloatArray, FloatArray] | None = None

    @property
    def field(self) -> str:
        return self.stream.field or self.stream.name


@dataclass(frozen=True)
class Rows:
    """What the test reads, in order: values by the stream's name, and when each row came."""

    times: Sequence[datetime]
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What the sequential test holds of a version's own rows; of a series, of the rows after its training.

    ``rows`` were read, from ``since`` up to ``until`` (``None`` without rows), of ``streams``.
    ``wealth_days`` is the evidence at the newest row, the time that has passed in it, and
    ``threshold_days`` the budget: an alarm comes where evidence reaches it and a change has evidence of its
    own. ``alarms`` are all since the version began to answer, or of the last 90 to 180 days, oldest first.
    """

    rows: int
    streams: int
    since: datetime | None
    until: datetime | None
    wealth_days: float
    threshold_days: float
    alarms: tuple[DriftAlarm, ...]


def gather_evidence(
    ledger: Ledger,
    bundle: Bundle,
    version: str,
    *,
    now: datetime,
    weekly: Weekly | None = None,
    trained_until: date | None = None,
) -> Evidence:
    """Test all rows that the version has answered; each look says the same of the rows before it.

    A forecast of weeks or days is tested by its realised series. Any other forecast has no stream: the values
    of its history are neighbours in time, and no test of rows is for them.

    Args:
        ledger: the durable record; it is only read.
        bundle: of the version.
        now: when the look is made.
        weekly: of a forecast of weeks or days, its newest data set, where there is one.
        trained_until: the newest row that such a model was fitted on, where that is known.

    Raises:
        BundleError: a file of the bundle is missing or damaged.
        LedgerError: the ledger cannot be read.
    """
    project = bundle.project
    budget = project.monitoring.alarm_budget.days
    if project.forecast is not None:
        watched: list[Watched] = []
        rows = None
        if is_watched(project) and weekly is not None and trained_until is not None:
            watched, rows = _series(weekly, project, trained_until)
    else:
        watched, rows = _fields(ledger, bundle, version, now)
    if rows is None or not rows.times or not watched:
        return Evidence(0, len(watched), None, None, 0.0, budget, ())
    days = np.array([(at - rows.times[0]) / DAY for at in rows.times])
    found = detect([one.stream for one in watched], rows.values, days, budget=budget, seed=project.split.seed)
    names = {one.stream.name: one for one in watched}
    return Evidence(
        rows=len(rows.times),
        streams=len(watched),
        since=rows.times[0],
        until=rows.times[-1],
        wealth_days=float(found.wealth[-1]),
        threshold_days=budget,
        alarms=tuple(_told(alarm, version, rows.times, names) for alarm in found.alarms),
    )


def streams_of(bundle: Bundle) -> tuple[list[Watched], Mapping[str, TextSpace]]:
    """A stream a field, several a text, and one of the score; and the spaces that texts are placed in.

    Of texts half of the reference's rows make the space, and the other half is what rows are compared with.
    """
    project = bundle.project
    reference = columns_from_frame(project, read_table(bundle, "reference.parquet"))
    preparation = TextPreparation.of(project)
    spaces = {
        name: TextSpace(reference[name][::2].tolist(), preparation, seed=project.split.seed)
        for name in project.texts
    }
    if spaces:
        reference = {name: values[1::2] for name, values in reference.items()}
    watched = []
    for name, field in project.inputs.items():
        if name in spaces:
            placed = spaces[name].coordinates(reference[name].tolist())
            watched += [
                Watched(Stream(_coordinate(name, what), values, field=name), measure=what)
                for what, values in placed.items()
            ]
        else:
            watched.append(Watched(Stream(name, reference[name]), field.unit))
    unit = project.task.unit if project.task.kind == "regression" else None
    score = Stream(_score_name(project), tested_scores(bundle), score=True)
    return [*watched, Watched(score, unit)], spaces


def _fields(ledger: Ledger, bundle: Bundle, version: str, now: datetime) -> tuple[list[Watched], Rows | None]:
    project = bundle.project
    watched, spaces = streams_of(bundle)
    first = first_answer(ledger, project.name, version)
    if first is None or first >= now:
        return watched, None
    seasons = max((now - first) // (SEASON * DAY) - 1, 0)
    read = sample(
        ledger,
        project.name,
        version,
        since=first + seasons * SEASON * DAY,
        until=now,
        rows_a_day=project.monitoring.rows_a_day,
    )
    columns = columns_from_rows(project, [row.inputs for row in read])
    scores = np.array([row.score for row in read], dtype=np.float64)
    values = {**_placed(columns, spaces), _score_name(project): scores}
    return watched, Rows([row.at for row in read], values)


def _series(weekly: Weekly, project: Project, trained_until: date) -> tuple[list[Watched], Rows]:
    found = series_rows(weekly, project, trained_until)
    watched = [Watched(Stream(project.task.target, found.reference), found.unit, found.measure, found.errors)]
    return watched, Rows(found.times, {project.task.target: found.values})


def _placed(columns: Columns, spaces: Mapping[str, TextSpace]) -> Columns:
    found: Columns = {}
    for name, values in columns.items():
        if name in spaces:
            placed = spaces[name].coordinates(values.tolist())
            found |= {_coordinate(name, what): numbers for what, numbers in placed.items()}
        else:
            found[name] = values
    return found


def _coordinate(field: str, what: str) -> str:
    return f"{field}: {what}"


def _score_name(project: Project) -> str:
    """Of the score's stream; a field may have its name."""
    return f"{SCORE} of {project.name}" if SCORE in project.inputs else SCORE


def _told(
    alarm: detector.Alarm, version: str, times: Sequence[datetime], names: Mapping[str, Watched]
) -> DriftAlarm:
    change = alarm.change
    of = [names[name] for name in change.streams]
    before, after, current = (value if math.isfinite(value) else None for value in _in_unit(alarm, of[0]))
    return DriftAlarm(
        version=version,
        fields=alarm.fields,
        shares=alarm.shares,
        change=Change(
            kind=change.kind,
            fields=tuple(one.field for one in of),
            measures=tuple(one.measure for one in of),
            category=change.category,
            unit=of[0].unit if change.kind in ("mean", "spread") else None,
            before=before,
            after=after,
            now=current,
        ),
        since=times[alarm.onset],
        at=times[alarm.row],
        last_at=times[alarm.last],
        times=alarm.times,
        rows=alarm.row - alarm.onset + 1,
        rows_to_see=change.rows_to_see,
        active=alarm.active,
    )


def _in_unit(alarm: detector.Alarm, of: Watched) -> tuple[float, float, float]:
    change = alarm.change
    if of.told is None or change.kind not in ("mean", "spread"):
        return change.before, change.after, change.now
    figure = np.mean if change.kind == "mean" else np.std
    reference, rows = of.told
    seen = rows[alarm.onset : alarm.row + 1]
    # The mean of what a fit left over is 0, but for a rounding error.
    before, after, now = (round(float(figure(some)), 9) for some in (reference, seen, rows[-len(seen) :]))
    return before, after, now
