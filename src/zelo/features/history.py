"""The history of a forecast: a list in a request, and lags in a model's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from zelo.spec.project import Project


def spread(row: Mapping[str, Any], project: Project) -> dict[str, Any]:
    """A request's row with its list of values, the oldest first, spread over the model's lags."""
    if project.forecast is None or project.history_name not in row:
        return dict(row)
    others = {name: value for name, value in row.items() if name != project.history_name}
    newest_first = reversed(row[project.history_name])
    return others | {project.lag(place): value for place, value in enumerate(newest_first, start=1)}


def gathered(row: Mapping[str, Any], project: Project) -> dict[str, Any]:
    """The reverse of :func:`spread`: the lags as one list, the oldest first. A row without lags stays."""
    if project.forecast is None or project.lag(1) not in row:
        return dict(row)
    others = {name: value for name, value in row.items() if name not in project.lags}
    return others | {project.history_name: [row[name] for name in reversed(project.lags)]}


def windows_of(columns: Mapping[str, np.ndarray[Any, Any]], project: Project) -> np.ndarray[Any, Any] | None:
    """The history of each row [n, history], the newest value first; none without a forecast."""
    if project.forecast is None:
        return None
    return np.column_stack([columns[lag] for lag in project.lags])
