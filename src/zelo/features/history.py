"""The history of a forecast: a list in a request, and lags in a model's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
