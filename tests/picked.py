"""A training of prices whose fallback no candidate beats, and where ridge was picked by hand all the same."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.prices import HISTORY, make_price_project, make_price_table

from zelo.training.train import Trained, train


@cache
def picked_forecast() -> Trained:
    forecast: dict[str, Any] = {
        "history": HISTORY,
        "season": 1,
        "learns": "returns",
        "fallback": "persistence",
        "intervals": ["ewma"],
    }
    candidates = ["persistence", "ridge", {"lightgbm": {"num_leaves": 1}}]
    project = make_price_project(forecast=forecast, candidates=candidates)
    return train(make_price_table(), project, threads=1, pick="ridge")
