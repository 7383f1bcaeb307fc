"""How far forecasts were from what came, in windows of weeks, by horizon and by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np

from zelo.monitoring.forecasts import Forecast, Told
from zelo.monitoring.pace import pace_of
from zelo.spec.project import Project
from zelo.stats.bootstrap import Interval, metric_intervals
from zelo.stats.coverage import coverage_interval
from zelo.stats.metrics import Scored, point
from zelo.training.slices import FEWEST_ROWS
from zelo.training.truth import scored_rows

METRICS = ("mae", "rmse", "mape")
COVERAGE = "coverage"


@dataclass(frozen=True)
class Measure:
    """A figure with the bounds of its 95 % interval; ``None`` where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None


Measures = Mapping[str, Measure]
"""By metric: ``mae`` and ``rmse`` in the target's unit, ``mape`` and ``coverage`` as shares."""


@dataclass(frozen=True)
class Accuracy:
    """Forecasts of ``rows`` realised weeks, ``own`` of them by the version that serves now.

    ``naive`` is the seasonal naive on the same weeks, where the history of each is on record. ``test`` and
    ``out_of_fold`` are the bundle's figures at the same horizon.
    """

    rows: int
    own: int
    found: Measures
    naive: Measures
    test: Measures
    out_of_fold: Measures


@dataclass(frozen=True)
class Window:
    """The last so many weeks, each by its forecast of the smallest horizon."""

    weeks: int
    accuracy: Accuracy


@dataclass(frozen=True)
class Horizon:
    """The last year's forecasts of so many weeks ahead."""

    horizon: int
    accuracy: Accuracy


@dataclass(frozen=True)
class Month:
    """The weeks that begin in a month and have both truth and forecast, in the target's unit.

    Of weeks the sums of both are told, of days of prices the means.
    """

    month: date
    weeks: int
    realised: float
    forecast: float
    found: Measures


def windows(told: Told, project: Project, horizons: Mapping[str, Any], version: str) -> tuple[Window, ...]:
    """The last month, quarter and year, beside the bundle's figures of one row ahead.

    Args:
        horizons: the bundle's ``horizons.json``.
    """
    return tuple(
        Window(weeks, _accuracy(told.judged(weeks=weeks), told, project, horizons, 1, version))
        for weeks in pace_of(project).windows
    )


def by_horizon(
    told: Told, project: Project, horizons: Mapping[str, Any], version: str
) -> tuple[Horizon, ...]:
    """The last 52 weeks at each horizon of the project, beside the bundle's figures of the same."""
    assert project.forecast is not None
    year = pace_of(project).windows[-1]
    return tuple(
        Horizon(
            ahead,
            _accuracy(told.judged(weeks=year, horizon=ahead), told, project, horizons, ahead, version),
        )
        for ahead in range(1, project.forecast.horizon + 1)
    )


def by_month(told: Told, project: Project) -> tuple[Month, ...]:
    """Months in order of time; one without a judged week is left out."""
    found = []
    judged = told.judged(weeks=len(told.weeks))
    for month, some in groupby(judged, key=lambda forecast: forecast.week.replace(day=1)):
        forecasts = list(some)
        truth, said = _pairs(forecasts, told)
        measures = _plain(Scored(truth, said))
        rows = len(forecasts) if project.prices else 1
        found.append(
            Month(month, len(forecasts), float(truth.sum()) / rows, float(said.sum()) / rows, measures)
        )
    return tuple(found)


def _accuracy(
    forecasts: Sequence[Forecast],
    told: Told,
    project: Project,
    horizons: Mapping[str, Any],
    horizon: int,
    version: str,
) -> Accuracy:
    truth, said = _pairs(forecasts, told)
    naive = np.array([np.nan if one.naive is None else one.naive for one in forecasts], dtype=np.float64)
    scored = scored_rows(truth, said, None, project)
    comparable = len(naive) if np.isfinite(naive).all() else 0
    return Accuracy(
        rows=len(forecasts),
        own=sum(one.version == version for one in forecasts),
        found={**_measured(scored, project), COVERAGE: _coverage(forecasts, truth)},
        naive=_plain(Scored(truth[:comparable], naive[:comparable])),
        test=_bundled(horizons, "test", horizon),
        out_of_fold=_bundled(horizons, "out_of_fold", horizon),
    )


def _pairs(forecasts: Sequence[Forecast], told: Told) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    truth = np.array([told.realised[one.week] for one in forecasts], dtype=np.float64)
    return truth, np.array([one.value for one in forecasts], dtype=np.float64)


def _measured(scored: Scored, project: Project) -> Measures:
    # A bootstrap of a handful of rows gives bounds that are far too narrow: no interval is better.
    if len(scored) < FEWEST_ROWS:
        return _plain(scored)
    found = metric_intervals(scored, METRICS, seed=project.split.seed)
    return {name: _measure(interval) for name, interval in found.items()}


def _plain(scored: Scored) -> Measures:
    return {name: Measure(_known(value)) for name, value in point(scored, METRICS).items()}


def _coverage(forecasts: Sequence[Forecast], truth: np.ndarray[Any, Any]) -> Measure:
    held = [
        one.lower <= value <= one.upper
        for one, value in zip(forecasts, truth.tolist(), strict=True)
        if one.lower is not None and one.upper is not None
    ]
    return _measure(coverage_interval(sum(held), len(held)))


def _bundled(horizons: Mapping[str, Any], part: str, horizon: int) -> Measures:
    by_horizon = {entry["horizon"]: entry["metrics"] for entry in horizons[part]}
    metrics: Mapping[str, Any] = by_horizon.get(horizon, {})
    return {name: Measure(**metrics.get(name, {"value": None})) for name in (*METRICS, COVERAGE)}


def _measure(found: Interval) -> Measure:
    return Measure(_known(found.value), _known(found.low), _known(found.high))


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
