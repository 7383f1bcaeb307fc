"""Whether the raw data come: how many rows each table gave a week, and how old the newest week is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from scipy.stats import poisson

from zelo.monitoring.alarms import Alarm
from zelo.monitoring.pace import pace_of
from zelo.monitoring.weekly import Weekly
from zelo.spec.project import Project

PREFIX = "rows_"
"""Of the columns of a weekly data set that count the rows of a raw table."""

BEFORE = 13
"""Weeks that a week is measured by: a quarter."""
DROP = 0.5
"""Of the median of those weeks: where fewer rows came, a file is missing, or a part of one."""
CHANCE = 0.01
"""Of a Poisson count around that median: of a table with few rows, chance alone leaves out half in one week
of ten (with a median of 5), and that is no drop. Up to a median of 4, nothing can be told."""
RECENT = 4
"""Weeks whose drops raise an alarm: long enough to be seen, short enough to end by itself."""


@dataclass(frozen=True)
class WeekRows:
    """Rows of a table in a week, and the median of the 13 weeks before it; ``None`` where they are fewer.

    ``dropped``: fewer than half of it, and fewer than chance gives in one week of a hundred.
    """

    week: date
    rows: int
    usual: float | None
    dropped: bool


@dataclass(frozen=True)
class TableRows:
    """The newest week and the 13 before it, oldest first; empty where the data set does not count rows."""

    table: str
    weeks: tuple[WeekRows, ...]


@dataclass(frozen=True)
class Arrivals:
    """``newest_week`` is the first day of the data set's last week, ``days`` how long ago that week ended.

    Of daily prices it is their last day; they come from no raw tables. More than ``stalest`` days are an
    alarm.
    """

    newest_week: date | None
    days: float | None
    stalest: int
    tables: tuple[TableRows, ...]

    def alarms(self) -> tuple[Alarm, ...]:
        """A drop in a recent week, and data that no longer come."""
        dropped = tuple(
            Alarm("rows_dropped", entry.table, on=week.week, found=week.rows, expected=week.usual)
            for entry in self.tables
            for week in entry.weeks[-RECENT:]
            if week.dropped
        )
        if self.days is None or self.days <= self.stalest:
            return dropped
        stale = Alarm("data_stale", "", on=self.newest_week, found=self.days, expected=self.stalest)
        return (*dropped, stale)


def count_arrivals(weekly: Weekly | None, project: Project, now: datetime) -> Arrivals:
    """Count the rows of each raw table. Without a data set nothing is known, which the runs tell of."""
    pace = pace_of(project)
    names = tuple(project.pipeline.tables) if project.pipeline else ()
    if weekly is None or weekly.newest is None:
        return Arrivals(None, None, pace.stalest.days, tuple(TableRows(table, ()) for table in names))
    days = (now - pace.end(weekly.newest)) / timedelta(days=1)
    tables = tuple(_counted(table, weekly) for table in names)
    return Arrivals(weekly.newest, days, pace.stalest.days, tables)


def _counted(table: str, weekly: Weekly) -> TableRows:
    if (column := f"{PREFIX}{table}") not in weekly.table:
        return TableRows(table, ())
    weeks, counts = list(weekly.table.index), weekly.table[column].fillna(0).astype(int).tolist()
    found = []
    for place in range(max(0, len(weeks) - BEFORE - 1), len(weeks)):
        before = counts[max(0, place - BEFORE) : place]
        usual = float(median(before)) if len(before) == BEFORE else None
        found.append(WeekRows(weeks[place], counts[place], usual, _dropped(counts[place], usual)))
    return TableRows(table, tuple(found))


def _dropped(rows: int, usual: float | None) -> bool:
    return usual is not None and rows < DROP * usual and bool(poisson.cdf(rows, usual) < CHANCE)
