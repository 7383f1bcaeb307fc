"""Small projects and tables for the tests of features, models, training and compilation."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from zelo.spec.project import Project

KINDS = ("binary", "multiclass", "regression")
REGIONS = ["north", "south", "west"]
LEVELS = ["low", "mid", "high"]
DERIVED = {"ratio": "debt / (income + 1)", "steep": "(age > 45) * age ** 2 / 100"}
METRICS = {"binary": "f1", "multiclass": "f1_macro", "regression": "mae"}


def make_project(kind: str = "binary", **changes: Any) -> Project:
    """A project over age, income, debt and region, with two derived features."""
    task: dict[str, Any] = {"kind": kind, "target": "outcome"}
    if kind == "multiclass":
        task["classes"] = LEVELS
    document: dict[str, Any] = {
        "name": "sample",
        "title": "Sample",
        "language": "en",
        "task": task,
        "data": {
            "key": "id",
            "sources": {"train": "sample.csv"},
            "fields": {
                "age": {"type": "integer", "min": 18, "max": 99},
                "income": {"type": "number", "missing": "allowed"},
                "debt": {"type": "number"},
                "region": {"type": "category", "missing": "allowed"},
                "day": {"type": "date", "use": "metadata"},
            },
        },
        "derived": DERIVED,
        "split": {"by": "random" if kind == "regression" else "class", "test": 0.25, "seed": 7},
        "candidates": ["prior", "ridge" if kind == "regression" else "logistic_regression"],
        "select": {"primary": METRICS[kind], "folds": 3},
    }
    if kind == "binary":
        document["decision"] = {"threshold": {"maximise": "f1"}}
    return Project.model_validate({**document, **changes})


def make_fields(rows: int, seed: int = 0, *, missing: bool = True) -> pd.DataFrame:
    """Rows in the shape of a snapshot, without the target."""
    rng = np.random.default_rng(seed)
    income = np.round(rng.lognormal(3.0, 0.6, rows), 2)
    region = rng.choice(REGIONS, rows, p=[0.5, 0.3, 0.2]).astype(object)
    if missing:
        income[rng.random(rows) < 0.08] = np.nan
        region[rng.random(rows) < 0.05] = ""
    return pd.DataFrame(
        {
            "id": [f"r{number:05d}" for number in range(rows)],
            "age": rng.integers(18, 80, rows).astype(np.float64),
            "income": income,
            "debt": np.round(rng.gamma(2.0, 6.0, rows), 1),
            "region": pd.Series(region, dtype=object),
            "day": pd.Timestamp("2025-01-01") + pd.to_timedelta(np.arange(rows), unit="D"),
        }
    )


@cache
def _table(kind: str, rows: int, seed: int, missing: bool) -> pd.DataFrame:
    table = make_fields(rows, seed, missing=missing)
    rng = np.random.default_rng(seed + 1)
    drive = (
        (table["debt"].to_numpy() - 12.0) / 8.0
        + (table["age"].to_numpy() > 45) * 0.8
        - (table["region"] == "north").to_numpy() * 0.9
        + rng.normal(0.0, 0.7, rows)
    )
    if kind == "binary":
        table["outcome"] = (drive > 0.9).astype(int)
    elif kind == "multiclass":
        table["outcome"] = pd.Series(np.array(LEVELS)[np.digitize(drive, [-0.4, 0.8])], dtype=object)
    else:
        table["outcome"] = np.round(10.0 + 5.0 * drive, 3)
    return table


def make_table(kind: str = "binary", rows: int = 240, seed: int = 0, *, missing: bool = True) -> pd.DataFrame:
    """Rows whose outcome depends on debt, age and region."""
    return _table(kind, rows, seed, missing).copy()


# Few trees: what is tested is not how good a model is.
SMALL: dict[str, dict[str, Any]] = {
    "random_forest": {"n_estimators": 15, "min_samples_leaf": 2},
    "seed_recipe": {"n_estimators": 15, "target_encoded": ["age"]},
    "lightgbm": {"n_estimators": 15, "learning_rate": 0.1, "min_child_samples": 5},
    "xgboost": {"n_estimators": 15, "learning_rate": 0.2, "min_child_weight": 1.0},
    "catboost": {"iterations": 15, "learning_rate": 0.2},
    "mlp": {"epochs": 20, "learning_rate": 0.01},
}
