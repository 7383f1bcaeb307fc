"""A realised series as rows that a sequential test can read: what is new in each week or day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import numpy as np

from zelo.monitoring.pace import pace_of
from zelo.monitoring.weekly import Weekly
from zelo.spec.project import Project
from zelo.stats.arrays import FloatArray
from zelo.stats.innovations import surprises

LAGS = 2
"""Values before that tell of the next one, where a model learns values; returns have no such memory."""


@dataclass(frozen=True)
class SeriesRows:
    """Surprises in running spreads, of the training (``reference``) and after it (``values``).

    ``errors`` are the same, first the training's, in ``unit``. ``times`` are when a later row ended.
    """

    reference: FloatArray
    values: FloatArray
    errors: tuple[FloatArray, FloatArray]
    times: Sequence[datetime]
    unit: str | None
    measure: Literal["return", "surprise"]


def series_rows(weekly: Weekly, project: Project, trained_until: date) -> SeriesRows:
    """Of a model of returns the relative changes, of any other what two values before do not tell.

    Args:
        trained_until: the newest row that the model was fitted on.
    """
    assert project.forecast is not None
    returns = project.forecast.learns == "returns"
    values = weekly.table[project.task.target].to_numpy(dtype=np.float64)
    days = list(weekly.table.index)
    fitted = sum(day <= trained_until for day in days)
    moved = np.append(np.nan, values[1:] / values[:-1] - 1) if returns else values
    found = surprises(moved, fitted, lags=0 if returns else LAGS)
    known = np.isfinite(found.scaled)
    later = known & (np.arange(len(days)) >= fitted)
    taught = known & ~later
    errors = 100 * found.errors if returns else found.errors
    pace = pace_of(project)
    return SeriesRows(
        reference=found.scaled[taught],
        values=found.scaled[later],
        errors=(errors[taught], errors[later]),
        times=[pace.end(days[place]) for place in np.flatnonzero(later)],
        unit="%" if returns else project.task.unit,
        measure="return" if returns else "surprise",
    )
