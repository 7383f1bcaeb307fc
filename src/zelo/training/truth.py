"""The truth as numbers, and rows ready for the metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from zelo.spec.project import Project
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
    truth: Array, scores: Array, predicted: Array | None, project: Project, *, repeats: int = 1
) -> Scored:
    """Rows for the metrics: class indices, or values; ``repeats`` blocks of the same rows."""
    if project.task.kind == "regression":
        return Scored(truth, scores, repeats=repeats)
    positive = project.classes.index(project.positive) if project.task.kind == "binary" else None
    return Scored(truth, scores, predicted, positive, repeats)


def scored_at_all(raw: Array) -> Array:
    """Which rows [n] of out-of-fold scores [n, K] some fold scored; by time the first rows have no fold."""
    return np.asarray(np.isfinite(raw).all(axis=1))
