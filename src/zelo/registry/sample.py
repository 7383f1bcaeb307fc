"""The last history of a forecast, kept in its bundle: what a person may try the model on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from zelo.registry.bundle import Bundle
from zelo.spec.project import Project

if TYPE_CHECKING:
    import pandas as pd

SAMPLE = "sample.json"


def sample_of(table: pd.DataFrame, project: Project) -> dict[str, Any] | None:
    """The newest values of a snapshot's table, the oldest first, under the name that a request has for them.

    With ``dates`` where the values are those of the last rows; a table shorter than the history, or with rows
    left out, has no date for each. ``None`` without a forecast.
    """
    if project.forecast is None:
        return None
    target, length = project.task.target, project.forecast.history
    known = table[table[target].notna()].sort_values(project.date, kind="stable")
    newest, last = known.iloc[-1], known.tail(length)
    names = [*(project.lag(place) for place in range(length - 1, 0, -1)), target]
    history = [float(newest[name]) for name in names]
    sample: dict[str, Any] = {project.history_name: history}
    if np.array_equal(last[target].to_numpy(dtype=np.float64), history):
        days = last[project.date].to_numpy("datetime64[D]")
        sample["dates"] = np.datetime_as_string(days).tolist()
    return sample


def read_sample(bundle: Bundle) -> dict[str, Any] | None:
    """The sample of a loaded bundle; ``None`` where it has none."""
    if SAMPLE not in bundle.manifest.get("files", ()):
        return None
    found: dict[str, Any] = json.loads((bundle.path / SAMPLE).read_bytes())
    return found
