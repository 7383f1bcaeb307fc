"""A small forecast of prices as it is served: its project, its policy, and windows to ask it with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from zelo.decisions.policy import Author, Policy, make_policy
from zelo.decisions.spread import Spread
from zelo.decisions.window import limits_of
from zelo.features.columns import Columns
from zelo.registry.bundle import Bundle
from zelo.spec.loading import parse_project
from zelo.spec.project import Project

HISTORY = 30
TEXT = f"""
name: quotes
title: Cotação
task: {{kind: regression, target: close, unit: R$, meaning: fechamento}}
prices: {{ticker: TEST3.SA, files: "*.csv"}}
forecast:
  history: {HISTORY}
  season: 1
  learns: returns
  fallback: persistence
  request: last_prices
  answer: predicted_price
data:
  sources: {{train: prices.parquet}}
  fields:
    date: {{type: date, use: metadata, meaning: dia}}
split: {{by: time, column: date, test: 0.15}}
candidates: [persistence, ridge]
select: {{primary: mae}}
serving: {{entity: date}}
"""
AUTHOR = Author(name="persistence", baseline="persistence", skill=0.0)


def walk(days: int = 800, seed: int = 0) -> np.ndarray[Any, Any]:
    """Closes around 10, the oldest first."""
    returns = np.random.default_rng(seed).normal(0.0, 0.02, days)
    return np.asarray(np.round(10.0 * np.exp(np.cumsum(returns - returns.mean())), 2))


def make_prices_policy(project: Project, **changes: Any) -> Policy:
    closes = walk()
    windows = sliding_window_view(closes[:-1], HISTORY)[:, ::-1]
    spread = Spread(
        model="ewma",
        power=2,
        constant=1e-5,
        weights=tuple(0.1 * 0.9**age for age in range(HISTORY - 1)),
        falls=(0.0,) * (HISTORY - 1),
        fill=4e-4,
        fill_falls=2e-4,
        limit=1.6,
        look_back=10,
        rate=0.1,
    )
    learned = {"spread": spread, "window": limits_of(windows, closes[HISTORY:]), "author": AUTHOR}
    return make_policy(project).model_copy(update={**learned, **changes})


class Persist:
    """Tomorrow's price is today's."""

    runtime = "onnx"

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        return columns["close_lag_1"][:, None]


def make_prices_bundle(path: Path = Path("bundles/0"), *, policy: Any = None, **manifest: Any) -> Bundle:
    project = parse_project(TEXT)
    policy = make_prices_policy(project, **(policy or {}))
    return Bundle(path, "0" * 64, project, policy, {"runtime": "onnx", **manifest}, Persist())
