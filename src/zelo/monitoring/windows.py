"""Windows of time that moments fall into: calendar weeks or months, and the last so many rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from zelo.stats.arrays import IntArray

Kind = Literal["week", "month", "last"]

LONGEST_IN_WEEKS = timedelta(days=92)
LAST = (100, 500, 2000)


@dataclass(frozen=True)
class Window:
    """From ``since`` on and before ``until``; of the last rows both are rows' own. ``rows`` are places."""

    kind: Kind
    since: datetime
    until: datetime
    rows: IntArray


def periods(times: Sequence[datetime]) -> tuple[Window, ...]:
    """The weeks (from Monday, UTC) that hold rows, or the months where rows span more than 92 days.

    Args:
        times: with their offsets, in order, [n].
    """
    if not times:
        return ()
    weekly = times[-1] - times[0] <= LONGEST_IN_WEEKS
    starts = np.array([_start(at, weekly=weekly) for at in times], dtype=object)
    return tuple(
        Window(
            "week" if weekly else "month", start, _end(start, weekly=weekly), np.flatnonzero(starts == start)
        )
        for start in dict.fromkeys(starts)
    )


def last_windows(times: Sequence[datetime]) -> tuple[Window, ...]:
    """The last 100, 500 and 2,000 rows, where there are more than that; arguments as of :func:`periods`."""
    return tuple(
        Window("last", times[-count], times[-1], np.arange(len(times) - count, len(times)))
        for count in LAST
        if len(times) > count
    )


def _start(at: datetime, *, weekly: bool) -> datetime:
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=day.weekday()) if weekly else day.replace(day=1)


def _end(start: datetime, *, weekly: bool) -> datetime:
    return start + timedelta(days=7) if weekly else (start + timedelta(days=31)).replace(day=1)
