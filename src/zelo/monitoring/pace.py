"""How often a forecast's rows come, a week each or a trading day: what a watch counts in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from zelo.spec.project import Project

WEEK, DAY = timedelta(days=7), timedelta(days=1)
WEEKDAYS, SUNDAY = range(5), 6


@dataclass(frozen=True)
class Pace:
    """Rows a week, named by its first day, or rows a weekday.

    ``windows`` are the rows of a month, a quarter and a year; ``stalest`` is how long after its end the
    newest row may be the newest, ``latest`` how long after its last good run a job is late; ``digits`` are
    those of a value as people read it. ``starts`` is the weekday that begins a week, Monday being 0.
    """

    daily: bool
    windows: tuple[int, int, int]
    stalest: timedelta
    latest: timedelta
    digits: int
    starts: int = 0

    @property
    def quarter(self) -> int:
        return self.windows[1]

    @property
    def length(self) -> timedelta:
        """What a row stands for."""
        return DAY if self.daily else WEEK

    def row_of(self, day: date) -> date:
        """The row that a day is in; of a weekend the Friday before."""
        if self.daily:
            return day - max(day.weekday() - WEEKDAYS[-1], 0) * DAY
        return day - (day.weekday() - self.starts) % 7 * DAY

    def after(self, row: date, rows: int) -> date:
        """The row so many rows later."""
        if not self.daily:
            return row + rows * WEEK
        return date.fromisoformat(str(np.busday_offset(row, rows, roll="backward")))

    def between(self, first: date, last: date) -> Iterator[date]:
        """The rows from ``first``, which is one, up to ``last``."""
        while first <= last:
            if not self.daily or first.weekday() in WEEKDAYS:
                yield first
            first += self.length

    def end(self, row: date) -> datetime:
        """The first moment (UTC) after it."""
        return datetime.combine(row + self.length, time(), UTC)


WEEKLY = Pace(
    daily=False,
    windows=(4, 13, 52),
    # One missed delivery is late by a week, two are an alarm; a weekly job has a day's grace.
    stalest=2 * WEEK,
    latest=WEEK + DAY,
    digits=1,
)
DAILY = Pace(
    daily=True,
    windows=(21, 63, 252),
    stalest=WEEK,
    # From Friday's run to Monday's, and a day's grace.
    latest=4 * DAY,
    digits=2,
)


def pace_of(project: Project) -> Pace:
    """The pace of a project that is watched as a series."""
    if project.pipeline is None:
        return DAILY
    return WEEKLY if project.pipeline.weeks.starts == "monday" else replace(WEEKLY, starts=SUNDAY)
