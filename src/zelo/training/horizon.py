"""How good forecasts are, one row ahead and more: from every origin, by models that never saw what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from zelo.decisions.decide import ends
from zelo.decisions.policy import INTERVAL_LEVEL
from zelo.features.ahead import known_ahead, unroll
from zelo.features.columns import Columns, take
from zelo.spec.project import Project
from zelo.stats.bootstrap import Interval, metric_intervals
from zelo.stats.conformal import half_widths_by_horizon
from zelo.stats.coverage import coverage_interval
from zelo.stats.diebold_mariano import Comparison, diebold_mariano
from zelo.training.truth import scored_rows

Array = np.ndarray[Any, Any]
WEEK = np.timedelta64(7, "D")


@dataclass(frozen=True)
class Ahead:
    """Forecasts from many origins, in order of time.

    ``said`` and ``truth`` are [n, horizon] in the target's unit, column h - 1 being h rows ahead; NaN where
    there is no truth, or no forecast.
    """

    said: Array
    truth: Array

    @property
    def errors(self) -> Array:
        """said - truth, [n, horizon]."""
        return np.asarray(self.said - self.truth)


@dataclass(frozen=True)
class HorizonFigures:
    """What the forecasts of one horizon reached, and against each baseline.

    ``coverage`` is the share of truths within the interval of ``half_width``, which other rows taught;
    ``against`` holds by baseline its absolute error and the Diebold-Mariano test of "the model's is smaller".
    """

    horizon: int
    rows: int
    metrics: Mapping[str, Interval]
    half_width: float
    coverage: Interval
    against: Mapping[str, tuple[float, Comparison]]


def rows_ahead(dates: Array, horizon: int, *, weekly: bool) -> Array:
    """For each row the positions of itself and of the rows after it, [n, horizon]; -1 where there is none.

    Args:
        dates: of each row in order of time, [n].
        weekly: the rows after are those 7, 14, ... days later; else simply the next ones.
    """
    steps = np.arange(horizon)
    if not weekly:
        places = np.arange(len(dates))[:, None] + steps
        return np.where(places < len(dates), places, -1)
    wanted = dates[:, None] + steps * WEEK
    places = np.searchsorted(dates, wanted).clip(max=len(dates) - 1)
    return np.where(dates[places] == wanted, places, -1)


def forecast_from(
    predict: Any, columns: Columns, truth: Array, origins: Array, ahead: Array, project: Project
) -> Ahead:
    """Forecasts from the rows ``origins``, [m], towards ``ahead``, [m, horizon], as positions in the columns.

    The calendar of a row that does not exist (-1) is the origin's own: its forecast has no truth and is
    never judged.
    """
    known = known_ahead(project)
    calendars = []
    for places in ahead.T[1:]:
        there = np.where(places < 0, origins, places)
        calendars.append({name: columns[name][there] for name in known})
    said = unroll(predict, take(columns, origins), calendars, project)
    return Ahead(said, np.where(ahead < 0, np.nan, truth[ahead]))


def rolling(
    models: Sequence[tuple[Array, Any]], columns: Columns, truth: Array, dates: Array, project: Project
) -> Ahead:
    """Forecasts from each scored row, by the model of its fold, which was fitted on earlier rows alone.

    Args:
        models: (scored positions, predict) a fold.
        columns: the training part in order of time, [n].
        truth: of its rows, [n].
        dates: of its rows, [n].
    """
    assert project.forecast is not None
    ahead = rows_ahead(dates, project.forecast.horizon, weekly=project.pipeline is not None)
    parts = [forecast_from(predict, columns, truth, rows, ahead[rows], project) for rows, predict in models]
    return Ahead(
        np.concatenate([part.said for part in parts]), np.concatenate([part.truth for part in parts])
    )


def half_widths_of(ahead: Ahead) -> tuple[float, ...]:
    """Half the width of the interval at each horizon, from forecasts out of fold."""
    return tuple(half_widths_by_horizon(ahead.errors, INTERVAL_LEVEL).tolist())


def judged_earlier(folds: Sequence[Array], ahead: Ahead) -> Array:
    """Half-widths for each row out of fold, [n, horizon], from the folds before its own; NaN in the first.

    Args:
        folds: how many rows each fold scored, in order.
    """
    widths = np.full(ahead.said.shape, np.nan)
    ends = np.cumsum([len(rows) for rows in folds])
    for start, end in pairwise(ends):
        learned = half_widths_by_horizon(ahead.errors[:start], INTERVAL_LEVEL)
        widths[start:end] = np.where(np.isfinite(learned), learned, np.nan)
    return widths


def figures(
    ahead: Ahead, widths: Array, baselines: Mapping[str, Ahead], project: Project, *, scale: float
) -> tuple[HorizonFigures, ...]:
    """Each horizon's figures.

    Args:
        ahead: the model's forecasts.
        widths: half-widths of the intervals that other rows taught, [n, horizon]; NaN where there is none.
        baselines: forecasts of each baseline from the same origins.
        scale: the seasonal naive's mean absolute error in training, for MASE.
    """
    return tuple(
        _at(place, ahead, widths[:, place], baselines, project, scale) for place in range(ahead.said.shape[1])
    )


def _at(
    place: int, ahead: Ahead, widths: Array, baselines: Mapping[str, Ahead], project: Project, scale: float
) -> HorizonFigures:
    known = np.isfinite(ahead.truth[:, place])
    truth, said, width = ahead.truth[known, place], ahead.said[known, place], widths[known]
    bounds = ends(said, width, project.least)
    scored = scored_rows(truth, said, None, project, bounds=bounds, scale=scale)
    promised = np.isfinite(width)
    hits = int((np.abs(said - truth) <= width)[promised].sum())
    against = {}
    for name, other in baselines.items():
        theirs = np.abs(other.errors[known, place])
        test = diebold_mariano(np.abs(said - truth), theirs, horizon=place + 1)
        against[name] = float(theirs.mean()) if len(theirs) else np.nan, test
    return HorizonFigures(
        horizon=place + 1,
        rows=len(truth),
        metrics=metric_intervals(scored, project.metrics, seed=project.split.seed),
        half_width=float(width[promised][-1]) if promised.any() else np.nan,
        coverage=coverage_interval(hits, int(promised.sum())),
        against=against,
    )


def dates_of(table: pd.DataFrame, project: Project, positions: Array) -> Array:
    """The date of each row, datetime64[D]."""
    return np.asarray(table[project.date].to_numpy("datetime64[D]")[positions])
