"""Rows over time: by day, month or year, whichever a person can read."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from zelo.profiling.facts import Dates, Period
from zelo.profiling.rows import Rows

FREQUENCIES: dict[Literal["day", "month", "year"], str] = {"day": "D", "month": "M", "year": "Y"}
MOST_DAYS, MOST_MONTHS = 62, 120


def describe(rows: Rows) -> tuple[Dates, ...]:
    """Each date field that holds a date."""
    names = [name for name, field in rows.project.fields.items() if field.type == "date"]
    return tuple(_by_period(rows, name) for name in names if rows.frame[name].notna().any())


def _by_period(rows: Rows, name: str) -> Dates:
    present = rows.frame[name].notna().to_numpy()
    dates = rows.frame[name][present]
    by = _reading(dates.min(), dates.max())
    periods = dates.dt.to_period(FREQUENCIES[by])
    every = pd.period_range(periods.min(), periods.max(), freq=FREQUENCIES[by])
    places = every.get_indexer(pd.PeriodIndex(periods))
    classes = len(rows.project.classes)
    counts = np.zeros((len(every), max(classes, 1)), dtype=np.int64)
    np.add.at(counts, (places, rows.truth[present] if classes else 0), 1)
    found = tuple(
        Period(
            start=period.start_time.date().isoformat(),
            rows=int(line.sum()),
            counts=tuple(line.tolist()) if classes else (),
        )
        for period, line in zip(every, counts, strict=True)
    )
    return Dates(
        field=name,
        by=by,
        classes=tuple(str(label) for label in rows.project.classes),
        periods=found,
        missing=int((~present).sum()),
        empty=sum(not period.rows for period in found),
    )


def _reading(first: Any, last: Any) -> Literal["day", "month", "year"]:
    days = (last - first).days
    if days < MOST_DAYS:
        return "day"
    return "month" if days / 30.44 < MOST_MONTHS else "year"
