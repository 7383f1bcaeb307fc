"""A small forecast project and its weekly table, for the tests of what reads a series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from zelo.features.columns import columns_from_frame, frame_from_columns
from zelo.spec.project import Project

HISTORY, SEASON = 24, 12
RETURNS = {
    "history": HISTORY,
    "season": 1,
    "learns": "returns",
    "lags": [1, 2, SEASON],
    "means": [3, HISTORY - 1],
}
"""A forecast whose models learn relative changes."""


def make_forecast_project(**changes: Any) -> Project:
    """Hours of the next week, from the last 24 weeks, the flights before and the base."""
    document: dict[str, Any] = {
        "name": "weekly",
        "title": "Weekly",
        "language": "en",
        "task": {"kind": "regression", "target": "hours"},
        "data": {
            "key": "week",
            "sources": {"train": "weekly.csv"},
            "fields": {
                "flights": {"type": "number", "missing": "allowed"},
                "base": {"type": "category", "missing": "allowed"},
                "week": {"type": "date", "use": "metadata"},
            },
        },
        "forecast": {"history": HISTORY, "season": SEASON, "lags": [1, 2, SEASON], "means": [3, HISTORY]},
        "derived": {"rise": "hours_lag_1 - hours_lag_4", "busy": "flights / 100"},
        "split": {"by": "time", "test": 0.25, "column": "week"},
        "candidates": ["ridge"],
        "select": {"primary": "mae", "folds": 3},
    }
    return Project.model_validate({**document, **changes})


def make_series(rows: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Positive values with a season, a slow level and noise [rows]."""
    rng = np.random.default_rng(seed)
    level = 100.0 + np.cumsum(rng.normal(0.0, 1.0, rows))
    return np.asarray(
        level + 15.0 * np.sin(2 * np.pi * np.arange(rows) / SEASON) + rng.normal(0.0, 4.0, rows)
    )


def windows_of(series: np.ndarray[Any, Any], history: int = HISTORY) -> tuple[Any, Any]:
    """The windows [n, history], the newest value first, and the values [n] that follow them."""
    windows = np.lib.stride_tricks.sliding_window_view(series[:-1], history)[:, ::-1]
    return windows.copy(), series[history:].copy()


def make_rows(rows: int, seed: int = 0, *, missing: bool = True) -> tuple[pd.DataFrame, Any]:
    """The frame that a pipeline takes, in order of time, and the truth [rows]."""
    project = make_forecast_project()
    rng = np.random.default_rng(seed + 1)
    windows, truth = windows_of(make_series(rows + HISTORY, seed))
    flights = rng.gamma(4.0, 30.0, rows)
    base = rng.choice(["north", "south"], rows).astype(object)
    if missing:
        flights[rng.random(rows) < 0.08] = np.nan
        base[rng.random(rows) < 0.05] = ""
    truth = truth + 0.05 * np.nan_to_num(flights, nan=120.0)
    lags = {project.lag(place): windows[:, place - 1] for place in range(1, HISTORY + 1)}
    table = pd.DataFrame({"flights": flights, "base": pd.Series(base, dtype=object), **lags})
    return frame_from_columns(columns_from_frame(project, table)), truth
