"""Direct loss estimation: what error a version's values probably have, learned from its judged rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from zelo.features.columns import Columns, frame_from_columns
from zelo.registry.judged import LOWER, SCORE, TRUTH, UPPER
from zelo.spec.project import Project
from zelo.stats.arrays import FloatArray
from zelo.stats.blocks import block_length
from zelo.stats.bootstrap import Interval
from zelo.stats.estimated import estimated_mean
from zelo.stats.regression import interval_losses

FEWEST_FOR_TREES = 300
FOLDS = 5
LEAST_EXPECTED = 0.05
"""Of the mean loss: no row is expected to have less."""
LEVEL = 0.9
"""Of the intervals that answers have."""

LOSSES: Mapping[str, Callable[[FloatArray, FloatArray, FloatArray], FloatArray]] = {
    "mae": lambda truth, said, ends: np.abs(said - truth),
    "rmse": lambda truth, said, ends: (said - truth) ** 2,
    "mape": lambda truth, said, ends: np.abs(said - truth) / np.abs(truth),
    "smape": lambda truth, said, ends: 2 * np.abs(said - truth) / (np.abs(truth) + np.abs(said)),
    "mase": lambda truth, said, ends: np.abs(said - truth),
    "coverage": lambda truth, said, ends: interval_losses(truth, ends, LEVEL)[1],
    "pinball": lambda truth, said, ends: interval_losses(truth, ends, LEVEL)[2],
}
"""The loss of each row whose mean makes the metric; ``r2`` has none: it depends on the truths' spread."""

OF_INTERVALS = ("coverage", "pinball")
RELATIVE = ("mape", "smape")


@dataclass(frozen=True)
class LossModel:
    """What a metric's loss is expected to be; ``known`` is that of judged rows, out of fold."""

    metric: str
    project: Project
    columns: Sequence[str]
    model: Any
    known: FloatArray
    losses: FloatArray
    unit: float

    def of(self, asked: pd.DataFrame) -> Interval | None:
        """The metric on rows whose truth nobody knows; ``None`` where they lack the interval it is about.

        Args:
            asked: as :func:`asked_rows` makes them.
        """
        if self.metric in OF_INTERVALS and asked[[LOWER, UPPER]].isna().any(axis=None):
            return None
        if not self.losses.any():
            return Interval(0.0, 0.0, 0.0)
        with threadpool_limits(limits=1):
            expected = self.model.predict(features(asked, self.project, self.metric)[list(self.columns)])
        least = LEAST_EXPECTED * float(self.losses.mean())
        found = estimated_mean(
            np.maximum(expected, least),
            np.maximum(self.known, least),
            self.losses,
            seed=self.project.split.seed,
            block=block_length(len(self.losses)) if self.project.forecast else 1,
        )
        parts = [max(part, 0.0) / self.unit for part in (found.value, found.low, found.high)]
        if self.metric == "coverage":
            parts = [min(part, 1.0) for part in parts]
        return Interval(*(math.sqrt(part) for part in parts) if self.metric == "rmse" else parts)


def learn_loss(metric: str, judged: pd.DataFrame, project: Project, scale: float | None) -> LossModel | None:
    """Learn a regression's metric from judged rows; ``None`` where no row has a loss of its own to learn.

    Whichever of a constant, a line in the interval's width and boosted trees errs least out of fold.

    Args:
        metric: as in :data:`zelo.stats.regression.REGRESSION_METRICS`.
        judged: rows as :mod:`zelo.registry.judged` has them.
        project: of the version.
        scale: of a forecast's scaled error.
    """
    ends = judged[[LOWER, UPPER]].to_numpy(dtype=np.float64)
    if metric not in LOSSES or (metric == "mase" and not scale):
        return None
    if metric in OF_INTERVALS and np.isnan(ends).any():
        return None
    truth, said = (judged[name].to_numpy(dtype=np.float64) for name in (TRUTH, f"{SCORE}0"))
    with np.errstate(divide="ignore", invalid="ignore"):
        losses = LOSSES[metric](truth, said, ends)
    if not np.isfinite(losses).all():
        return None
    rows = features(judged, project, metric)
    # A column must have values in every fold.
    rows = rows.loc[:, rows.notna().mean() > 1 / FOLDS]
    model, known = _best(rows, losses, project)
    return LossModel(
        metric, project, list(rows), model, known, losses, scale if metric == "mase" and scale else 1.0
    )


def asked_rows(columns: Columns, said: FloatArray, ends: FloatArray) -> pd.DataFrame:
    """Answered rows in the shape of judged ones, without a truth."""
    return frame_from_columns(columns).assign(**{f"{SCORE}0": said, LOWER: ends[:, 0], UPPER: ends[:, 1]})


def features(rows: pd.DataFrame, project: Project, metric: str) -> pd.DataFrame:
    """What an error may depend on: the value that was said, its interval's width, and the inputs.

    The width is in the error's unit: of a relative error it is a share of the value.
    Of a history the newest value alone; of a model that learns returns nothing but the width, since the level
    of prices wanders to where no judged row has been.
    """
    said, width = rows[f"{SCORE}0"], rows[UPPER] - rows[LOWER]
    if metric in RELATIVE:
        width = width / said.abs().replace(0.0, np.nan)
    found = pd.DataFrame({"width": width, "said": said})
    if project.forecast and project.forecast.learns == "returns":
        return found[["width"]]
    older = set(list(project.lags)[1:])
    for name, field in project.inputs.items():
        if field.is_numeric and name not in older:
            found[name] = rows[name]
        elif field.values:
            found[name] = pd.Categorical(rows[name], field.values)
    return found


def _best(rows: pd.DataFrame, losses: FloatArray, project: Project) -> tuple[Any, FloatArray]:
    """The fitted model that errs least out of fold, and what it expects of each row out of fold, [m]."""
    from sklearn.model_selection import KFold

    seed = None if project.forecast else project.split.seed
    folds = list(KFold(FOLDS, shuffle=seed is not None, random_state=seed).split(rows))
    best: tuple[float, Any, FloatArray] | None = None
    # Trees of a few hundred rows are tiny tasks, which threads only make wait for each other.
    with threadpool_limits(limits=1):
        for model in _models(rows, project.split.seed):
            known = np.empty(len(losses))
            for learned, held in folds:
                known[held] = model.fit(rows.iloc[learned], losses[learned]).predict(rows.iloc[held])
            error = float(((losses - known) ** 2).mean())
            # The plain constant comes first: what is not better than it is noise.
            if best is None or error < best[0]:
                best = error, model, known
        assert best is not None
        return best[1].fit(rows, losses), best[2]


def _models(rows: pd.DataFrame, seed: int) -> list[Any]:
    from sklearn.compose import make_column_transformer
    from sklearn.dummy import DummyRegressor
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline

    found: list[Any] = [DummyRegressor()]
    if "width" in rows and rows["width"].notna().all() and rows["width"].std() > 0:
        width = make_column_transformer(("passthrough", ["width"]))
        found.append(make_pipeline(width, SimpleImputer(), LinearRegression()))
    if len(rows) >= FEWEST_FOR_TREES and len(rows.columns) > 1:
        trees = {"max_iter": 100, "learning_rate": 0.05, "max_leaf_nodes": 8, "random_state": seed}
        found.append(HistGradientBoostingRegressor(**trees, categorical_features="from_dtype"))
    return found
