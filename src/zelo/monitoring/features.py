"""Whether what the model reads has moved from what it learned from: a diagnosis, never an alarm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from zelo.monitoring.pace import pace_of
from zelo.monitoring.weekly import Weekly
from zelo.spec.project import Project
from zelo.spec.series_rules import CALENDAR

Word = Literal["shifted", "wider", "constant"]

FAR = 2.0
"""Training standard deviations: a mean farther away lies beyond nearly all weeks of the training."""
WIDER = 2.0
"""Times the training standard deviation."""

NOTE = (
    "A diagnosis, not an alarm: 13 weeks are few, neighbouring weeks are alike, and a season or a growing "
    "fleet moves a mean without anything being wrong."
)


@dataclass(frozen=True)
class Feature:
    """An input in the newest weeks and in the training reference; ``None`` where it is not defined.

    ``shift`` is the difference of the means in training standard deviations, ``spread`` the ratio of the
    standard deviations. ``words`` are ``shifted`` beyond 2 deviations, ``wider`` beyond twice the spread, and
    ``constant`` where the newest weeks are all alike and the training is not.
    """

    field: str
    unit: str | None
    weeks: int
    mean: float | None
    sd: float | None
    reference_rows: int
    reference_mean: float | None
    reference_sd: float | None
    shift: float | None
    spread: float | None
    words: tuple[Word, ...]


def compare_features(weekly: Weekly, reference: pd.DataFrame, project: Project) -> tuple[Feature, ...]:
    """Each numeric input, but for the calendar's and for all lags of the target after the first.

    A quarter is a part of the year: its calendar always differs. The lags of a history are one series, a week
    apart. Of a model that learns returns the newest return alone is compared: the level of prices wanders.

    Args:
        reference: training rows of the bundle.
    """
    left_out = {*list(project.lags)[1:], *(n for n in project.inputs if project.column_of(n) in CALENDAR)}
    newest = weekly.table.tail(pace_of(project).quarter)
    if project.forecast and project.forecast.learns == "returns":
        return (_compared(_change(project), None, _returns(newest, project), _returns(reference, project)),)
    return tuple(
        _compared(name, field.unit, newest[name], reference[name])
        for name, field in project.inputs.items()
        if field.is_numeric and name not in left_out and name in newest
    )


def _change(project: Project) -> str:
    return f"{project.lag(1)} / {project.lag(2)} - 1"


def _returns(rows: pd.DataFrame, project: Project) -> pd.Series[Any]:
    return rows[project.lag(1)] / rows[project.lag(2)] - 1


def _compared(name: str, unit: str | None, newest: pd.Series[Any], reference: pd.Series[Any]) -> Feature:
    now, before = (column.dropna().to_numpy(dtype=np.float64) for column in (newest, reference))
    mean, sd = _moments(now)
    reference_mean, reference_sd = _moments(before)
    shift = spread = None
    if reference_sd and mean is not None and reference_mean is not None:
        shift = (mean - reference_mean) / reference_sd
        spread = None if sd is None else sd / reference_sd
    return Feature(
        field=name,
        unit=unit,
        weeks=len(now),
        mean=mean,
        sd=sd,
        reference_rows=len(before),
        reference_mean=reference_mean,
        reference_sd=reference_sd,
        shift=shift,
        spread=spread,
        words=_words(shift, spread),
    )


def _moments(values: np.ndarray[Any, Any]) -> tuple[float | None, float | None]:
    """Mean, and standard deviation of a sample."""
    if len(values) < 2:
        return (float(values[0]) if len(values) else None), None
    # Alike values are alike: the mean of many equal numbers may miss them by a rounding error.
    return float(values.mean()), float(values.std(ddof=1)) if np.ptp(values) else 0.0


def _words(shift: float | None, spread: float | None) -> tuple[Word, ...]:
    found: list[Word] = []
    if shift is not None and abs(shift) > FAR:
        found.append("shifted")
    if spread is not None and spread > WIDER:
        found.append("wider")
    if spread == 0:
        found.append("constant")
    return tuple(found)
