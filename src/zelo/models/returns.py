"""Models that learn the relative change to a series' next value, and answer with the value."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.pipeline import Pipeline

from zelo.features.preprocess import Steps
from zelo.spec.project import Project

Array = np.ndarray[Any, Any]


class ReturnsPipeline(Pipeline):  # type: ignore[misc]
    """A pipeline whose model learns ``value / last - 1``; what it predicts is the value.

    Args:
        steps: features, then the model.
        lags: the columns of the values before a row, the newest first.
    """

    def __init__(self, steps: Steps, lags: tuple[str, ...]) -> None:
        super().__init__(steps)
        self.lags = lags

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from a frame and the values [n] that followed its rows.

        Raises:
            ValueError: a value in the history is 0 or less, or missing: it has no relative change.
        """
        if not (X[list(self.lags)].to_numpy() > 0).all():
            raise ValueError("relative changes want values above 0 in the history")
        super().fit(X, np.asarray(y, dtype=np.float64) / self._last(X) - 1.0)
        return self

    def predict(self, X: Any) -> Array:
        """The next values [n]."""
        return np.asarray(self._last(X) * (1.0 + np.asarray(super().predict(X), dtype=np.float64)))

    def _last(self, X: Any) -> Array:
        return np.asarray(X[self.lags[0]], dtype=np.float64)


def learning(project: Project, steps: Steps) -> Pipeline:
    """The steps as one pipeline, which learns what the project says: values, or their relative changes."""
    if project.forecast is not None and project.forecast.learns == "returns":
        return ReturnsPipeline(steps, tuple(project.lags))
    return Pipeline(steps)
