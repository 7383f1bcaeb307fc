"""A small weekly forecast: its project, and a table in the shape of a snapshot, as trainings take them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from zelo.spec.project import Project

HISTORY, SEASON, HORIZON = 8, 4, 3


def make_weekly_project(**changes: Any) -> Project:
    """Repairs a week, from their own history, the season and the flight hours of the week before."""
    document: dict[str, Any] = {
        "name": "repairs",
        "title": "Repairs",
        "language": "en",
        "task": {"kind": "regression", "target": "effort", "unit": "h"},
        "data": {
            "sources": {"train": "weekly.parquet"},
            "fields": {
                "date": {"type": "date", "use": "metadata"},
                "annual_sin": {"type": "number", "min": -1, "max": 1},
                "flown_lag_1": {"type": "number", "unit": "h", "min": 0},
            },
        },
        "forecast": {
            "history": HISTORY,
            "season": SEASON,
            "horizon": HORIZON,
            "lags": [1, 2],
            "means": [4],
        },
        "split": {"by": "time", "column": "date", "test": 0.25},
        "candidates": ["ridge"],
        "select": {"primary": "mae", "report": ["mase", "pinball"], "folds": 4},
        "serving": {"entity": "date"},
    }
    return Project.model_validate({**document, **changes})


def make_weekly_table(rows: int = 120, seed: int = 0) -> pd.DataFrame:
    """Weeks of an autocorrelated series around 100 h with a mild season, each with its history."""
    rng = np.random.default_rng(seed)
    weeks = rows + HISTORY
    flown = 200 + 30 * np.sin(np.arange(weeks) / 5) + rng.normal(0, 8, weeks)
    state = np.zeros(weeks)
    for week in range(1, weeks):
        state[week] = 0.7 * state[week - 1] + rng.normal(0, 6)
    dates = pd.date_range("2020-01-06", periods=weeks, freq="7D")
    angle = 2 * np.pi * (dates.dayofyear.to_numpy() - 1) / 365.25
    effort = 60 + 0.2 * np.roll(flown, 1) + 8 * np.sin(angle) + state
    lags = {f"effort_lag_{place}": np.roll(effort, place) for place in range(1, HISTORY + 1)}
    table = pd.DataFrame(
        {
            "row__": np.arange(1, weeks + 1),
            "date": dates,
            "annual_sin": np.sin(angle),
            "flown_lag_1": np.roll(flown, 1),
            **lags,
            "effort": effort,
        }
    )
    return table.iloc[HISTORY:].reset_index(drop=True)
