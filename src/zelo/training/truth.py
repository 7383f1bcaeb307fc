"""The truth as numbers, and rows ready for the metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from zelo.features.columns import Columns
from zelo.spec.project import Project
from zelo.stats.blocks import block_length
from zelo.stats.metrics import Scored

Array = np.ndarray[Any, Any]


def truth_of(table: pd.DataFrame, project: Project) -> Array:
    """The target as class indices in the project's order [n], or as values."""
    target = table[project.task.target]
    if project.task.kind == "regression":
        return np.asarray(target, dtype=np.float64)
    places = {label: place for place, label in enumerate(project.classes)}
    return np.asarray(target.map(places), dtype=np.int64)


def scored_rows(
    truth: Array,
    scores: Array,
    predicted: Array | None,
    project: Project,
    *,
    repeats: int = 1,
    bounds: Array | None = None,
    scale: float | None = None,
) -> Scored:
    """Rows for the metrics: class indices, or values; ``repeats`` blocks of the same rows.

    Of a regression with the ``bounds`` [n, 2] of its intervals, and of a forecast with the ``scale`` of its
    errors (:func:`seasonal_scale`); a forecast's rows are in order of time.
    """
    if project.task.kind == "regression":
        block = block_length(len(truth) // repeats) if project.forecast else 1
        return Scored(truth, scores, repeats=repeats, bounds=bounds, scale=scale, block=block)
    positive = project.classes.index(project.positive) if project.task.kind == "binary" else None
    return Scored(truth, scores, predicted, positive, repeats)


def seasonal_scale(columns: Columns, truth: Array, project: Project) -> float | None:
    """The seasonal naive's mean absolute error on the rows, in the target's unit; none without a forecast.

    Source: Hyndman & Koehler 2006, "Another look at measures of forecast accuracy".
    """
    if project.forecast is None or not len(truth):
        return None
    return float(np.abs(truth - columns[project.lag(project.forecast.season)]).mean())


def scored_at_all(raw: Array) -> Array:
    """Which rows [n] of out-of-fold scores [n, K] some fold scored; by time the first rows have no fold."""
    return np.asarray(np.isfinite(raw).all(axis=1))
