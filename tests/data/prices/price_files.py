"""A small project of daily prices, and the files that feed it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zelo.spec.prices import Prices
from zelo.spec.project import Project

HISTORY = 5
PRICES: dict[str, Any] = {"ticker": "MINE3.SA", "files": "MINE3*.csv"}
SPEC = Prices.model_validate(PRICES)


def make_price_project(**changes: Any) -> Project:
    document: dict[str, Any] = {
        "name": "mine",
        "title": "Mine",
        "language": "en",
        "task": {"kind": "regression", "target": "close", "unit": "R$"},
        "prices": PRICES,
        "forecast": {
            "history": HISTORY,
            "season": 1,
            "learns": "returns",
            "request": "last_prices",
            "answer": "predicted_price",
        },
        "data": {
            "sources": {"train": "prices.parquet"},
            "fields": {"date": {"type": "date", "use": "metadata"}},
        },
        "split": {"by": "time", "column": "date", "test": 0.25},
        "candidates": ["persistence", "drift"],
        "select": {"primary": "mae", "report": ["mape"], "folds": 3},
        "serving": {"entity": "date"},
    }
    return Project.model_validate({**document, **changes})


def make_prices(days: int = 40, *, first: str = "2024-01-02", seed: int = 0) -> pd.DataFrame:
    """Weekdays around 10 R$, moves of 2 %, in the shape that the checks read."""
    random = np.random.default_rng(seed)
    close = 10 * np.exp(np.cumsum(random.normal(0, 0.02, days)))
    opening = np.concatenate([[10.0], close[:-1]])
    return pd.DataFrame(
        {
            "date": pd.bdate_range(first, periods=days),
            "open": opening,
            "high": np.maximum(opening, close) * 1.01,
            "low": np.minimum(opening, close) * 0.99,
            "close": close,
            "volume": 1000.0 + np.arange(days),
        }
    )


def scaled(prices: pd.DataFrame, places: slice, factor: float) -> pd.DataFrame:
    """The same with the prices of some rows on another scale."""
    changed = prices.copy()
    columns = [changed.columns.get_loc(name) for name in ("open", "high", "low", "close")]
    changed.iloc[places, columns] *= factor
    return changed


def as_yahoo(prices: pd.DataFrame) -> pd.DataFrame:
    """The layout of an export."""
    heads = {name: name.capitalize() for name in prices.columns}
    return prices.rename(columns=heads).assign(**{"Adj Close": prices["close"] * 0.9})


def write_prices(folder: Path, prices: pd.DataFrame, name: str = "MINE3_2024.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    as_yahoo(prices).to_csv(folder / name, index=False)
    return folder / name
