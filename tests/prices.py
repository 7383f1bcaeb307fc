"""Prices of days for tests: a GARCH series, a project of a forecast with moving intervals, and its table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from zelo.spec.project import Project

HISTORY = 40
OMEGA, ALPHA, BETA = 4e-6, 0.10, 0.88
"""Of the variance of returns: they are 1.4 % a day in the long run."""


def make_returns(days: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Returns of a GARCH(1, 1) with normal shocks, in order of time [days]."""
    rng = np.random.default_rng(seed)
    variance, found = OMEGA / (1 - ALPHA - BETA), np.zeros(days)
    for day, shock in enumerate(rng.normal(size=days)):
        found[day] = np.sqrt(variance) * shock
        variance = OMEGA + ALPHA * found[day] ** 2 + BETA * variance
    return found


def make_prices(days: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Prices around 10 in order of time [days]."""
    return np.asarray(10.0 * np.cumprod(1.0 + make_returns(days, seed)))


def price_windows(prices: np.ndarray[Any, Any], history: int = HISTORY) -> tuple[Any, Any]:
    """The windows [n, history], the newest price first, and the prices [n] that follow them."""
    windows = np.lib.stride_tricks.sliding_window_view(prices[:-1], history)[:, ::-1]
    return windows.copy(), prices[history:].copy()


def make_price_project(**changes: Any) -> Project:
    """Tomorrow's price from the last 40, with intervals of the quicker models of volatility."""
    document: dict[str, Any] = {
        "name": "prices",
        "title": "Prices",
        "language": "en",
        "task": {"kind": "regression", "target": "close", "unit": "R$"},
        "data": {
            "sources": {"train": "prices.parquet"},
            "fields": {"date": {"type": "date", "use": "metadata"}},
        },
        "forecast": {"history": HISTORY, "season": 1, "learns": "returns", "intervals": ["ewma", "quantile"]},
        "split": {"by": "time", "column": "date", "test": 0.2},
        "candidates": ["persistence"],
        "select": {"primary": "mae", "report": ["pinball"], "folds": 4},
        "serving": {"entity": "date"},
    }
    return Project.model_validate({**document, **changes})


def make_price_table(days: int = 400, seed: int = 0) -> pd.DataFrame:
    """A row a business day with its history, in the shape of a snapshot."""
    prices = make_prices(days + HISTORY, seed)
    windows, truth = price_windows(prices)
    lags = {f"close_lag_{place}": windows[:, place - 1] for place in range(1, HISTORY + 1)}
    dates = pd.date_range("2022-03-01", periods=days, freq="B")
    return pd.DataFrame({"row__": np.arange(1, days + 1), "date": dates, **lags, "close": truth})
