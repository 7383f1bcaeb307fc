"""Forecasts of more than one row: each becomes the newest value of the next one's history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from zelo.features.columns import Columns
from zelo.spec.project import Project
from zelo.spec.series_rules import CALENDAR

Array = np.ndarray[Any, Any]


def known_ahead(project: Project) -> tuple[str, ...]:
    """The inputs that any row to come already has: those of the calendar."""
    return tuple(name for name in project.inputs if project.column_of(name) in CALENDAR)


def steps(
    predict: Callable[[Columns], Array],
    origins: Columns,
    ahead: Sequence[Columns],
    project: Project,
) -> Iterator[tuple[Columns, Array]]:
    """The inputs and the forecasts [n] of the origins' own rows, then of each row after them.

    Each forecast becomes the newest value of the next one's history. Of the other inputs those of the
    calendar are the row's own, and the rest stay as they were at the origin: what comes is not known.

    Args:
        predict: inputs [n] -> values [n, 1].
        origins: inputs of the first row ahead, the last that has its whole history.
        ahead: of each later row the calendar's inputs, [n] each.
        project: with a forecast.
    """
    lags = list(project.lags)
    inputs, values = origins, predict(origins)[:, 0]
    yield inputs, values
    for calendar in ahead:
        older = {lag: inputs[newer] for newer, lag in pairwise(lags)}
        inputs = {**inputs, **older, lags[0]: values, **calendar}
        values = predict(inputs)[:, 0]
        yield inputs, values


def unroll(
    predict: Callable[[Columns], Array],
    origins: Columns,
    ahead: Sequence[Columns],
    project: Project,
) -> Array:
    """The forecasts of :func:`steps` alone, [n, 1 + len(ahead)]."""
    return np.column_stack([values for _, values in steps(predict, origins, ahead, project)])
