"""Drift of many streams with one budget of false alarms: what changed, since when, by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zelo.stats.arrays import FloatArray
from zelo.stats.changes import Kind, best_shift, rows_until
from zelo.stats.episodes import Episode, episodes
from zelo.stats.restarts import race
from zelo.stats.watched import FIELDS, MISSING, PAIRS, SCORES, Rows, Stream, columns

__all__ = ["Alarm", "Change", "Detection", "Kind", "Stream", "detect", "rows_to_see"]

LEAST_ROWS = 100
"""So many of the newest rows at least tell whether a change is still there; or twice what it takes to see."""


@dataclass(frozen=True)
class Change:
    """What changed, in the stream's unit.

    ``kind``: ``mean`` and ``spread`` (standard deviation) of a number; share of ``missing``, of one
    ``category``, of all ``other`` categories (rare or unseen in the reference), in [0, 1]; rank
    ``correlation`` of two streams, in [-1, 1]. ``before`` is the reference's, ``after`` that of the rows
    from the onset to the last time that its evidence reached the budget (where that is one time alone, more
    than the change is, on average: it was seen where it looked largest), ``now`` that of the newest rows; NaN
    where there is nothing to measure.
    ``rows_to_see``: how many rows a change of this size takes until an alarm, at this budget and so many rows
    a day; None where it takes for ever.
    """

    kind: Kind
    streams: tuple[str, ...]
    category: str | None
    before: float
    after: float
    now: float
    rows_to_see: int | None


@dataclass(frozen=True)
class Alarm:
    """The rows are no longer as the reference.

    ``row`` raised it, ``onset`` is the row where the change most likely began, ``day`` and ``onset_day``
    their times. ``fields``: those that hold most of the evidence, the strongest first, with their ``shares``
    of it, in (0, 1]. ``times``: how often evidence of the same change reached the budget, ``last`` the row of
    the newest time. ``active``: the newest rows still show a third of the change at least.
    """

    row: int
    day: float
    onset: int
    onset_day: float
    change: Change
    fields: tuple[str, ...]
    shares: tuple[float, ...]
    times: int
    last: int
    active: bool


@dataclass(frozen=True)
class Detection:
    """What the rows say. ``wealth``: the evidence after each row, in days, shape [m]; an alarm at ``budget``.

    ``crossings``: the rows at which it got there, repeated alarms of one change too; what the theorem bounds.
    """

    alarms: tuple[Alarm, ...]
    wealth: FloatArray
    crossings: tuple[int, ...]
    budget: float


def detect(
    streams: Sequence[Stream],
    rows: Rows,
    days: FloatArray,
    *,
    budget: float,
    seed: int = 0,
) -> Detection:
    """Watch the rows of a version, in their order, from the day it began to answer.

    The answer about a row depends on it and those before alone: a longer record tells the same alarms of its
    first rows, as long as it begins with the same ones.

    Args:
        streams: at least one, with references of at least one value.
        rows: values by the stream's name, each of shape [m], of the type of its reference.
        days: when each row came, in days since the version began to answer; ascending, shape [m].
        budget: days between two false alarms, on average at least.
        seed: of the draws that break ties and part the references.

    Raises:
        ValueError: shapes do not go together, or times are not in order or before 0.
    """
    _refuse(streams, rows, days)
    watched = columns(streams, rows, seed)
    path, crossings = race(watched, days, budget)
    by_name = {stream.name: stream for stream in streams}
    told = episodes(crossings, watched, by_name, rows, seed)
    alarms = tuple(_alarm(episode, days, budget) for episode in told)
    return Detection(alarms, path, tuple(crossing.row for crossing in crossings), budget)


def rows_to_see(deviations: float, *, fields: int, days_a_row: float, budget: float) -> int | None:
    """How many rows a shift of one number, among so many fields and a score, takes until an alarm.

    Args:
        deviations: the shift, in standard deviations of the reference's normal scores.
        fields: of the project, with a stream each.
        days_a_row: days between two rows.
        budget: in days.

    Returns:
        None: it takes for ever.
    """
    parts = FIELDS + SCORES + (PAIRS if fields > 1 else 0)
    growth, share = best_shift(deviations)
    return rows_until(growth, FIELDS / parts / fields * (1 - MISSING) * share, days_a_row, budget)


def _alarm(episode: Episode, days: FloatArray, budget: float) -> Alarm:
    change, figures, first = episode.change, episode.figures, episode.crossings[0]
    growth, share = episode.strength
    needed = rows_until(growth, share, float(days[-1]) / len(days), budget)
    newest = slice(max(change.onset, len(days) - max(2 * (needed or len(days)), LEAST_ROWS)), len(days))
    return Alarm(
        row=first.row,
        day=float(days[first.row]),
        onset=change.onset,
        onset_day=float(days[change.onset]),
        change=Change(
            kind=change.kind,
            streams=change.column.streams,
            category=change.column.category,
            before=figures.reference(),
            after=figures.of(episode.seen),
            now=figures.of(newest),
            rows_to_see=needed,
        ),
        fields=tuple(episode.held),
        shares=tuple(episode.held.values()),
        times=len(episode.crossings),
        last=episode.crossings[-1].row,
        active=episode.goes_on_in(newest),
    )


def _refuse(streams: Sequence[Stream], rows: Rows, days: FloatArray) -> None:
    names = [stream.name for stream in streams]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"streams need names of their own: {names}")
    for stream in streams:
        values = rows.get(stream.name)
        if (
            values is None
            or len(values) != len(days)
            or (values.dtype.kind, stream.reference.dtype.kind) not in _KINDS
        ):
            raise ValueError(f"{stream.name}: rows are not as the reference, or not as many as days")
    lengths = {len(stream.reference) for stream in streams if not stream.score}
    if len(lengths) > 1:
        raise ValueError(f"references of fields are of the same rows: {sorted(lengths)}")
    if len(days) and (days[0] < 0 or (np.diff(days) < 0).any()):
        raise ValueError("days are in order, and from 0 on")


_KINDS = (("f", "f"), ("O", "O"))
