"""What models of features read of a series' last values; its ONNX converter is in ``zelo.registry``."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from zelo.stats.volatility import moves

Array = np.ndarray[Any, Any]


class Window(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Put lags and rolling means in the place of a whole window: [n, m] -> [n, m - history + k], float64.

    The other columns come first, in their order; then the k lags and means. A rolling mean is read off the
    running sum from the newest value back, which numpy and ONNX Runtime add in the same order.

    Args:
        series: the series' name, for the names of the features.
        first: the column of the newest value; the older ones follow it.
        history: the number of values.
        lags: 1 is the newest value.
        means: numbers of newest values that are averaged.
        returns: lags and means are of the values' relative changes, one fewer than the values.
    """

    def __init__(
        self,
        series: str,
        first: int,
        history: int,
        lags: tuple[int, ...],
        means: tuple[int, ...],
        returns: bool = False,
    ) -> None:
        self.series = series
        self.first = first
        self.history = history
        self.lags = lags
        self.means = means
        self.returns = returns

    def fit(self, X: Any, y: Any = None) -> Self:
        self.n_features_in_ = np.shape(X)[1]
        return self

    @property
    def others(self) -> list[int]:
        """The columns beside the window."""
        return [*range(self.first), *range(self.first + self.history, self.n_features_in_)]

    def transform(self, X: Any) -> Array:
        table = np.asarray(X, dtype=np.float64)
        window = table[:, self.first : self.first + self.history]
        read = moves(window) if self.returns else window
        lags = read[:, [lag - 1 for lag in self.lags]]
        sums = np.cumsum(read, axis=1)[:, [size - 1 for size in self.means]]
        return np.hstack([table[:, self.others], lags, sums / np.array(self.means, dtype=np.float64)])

    def get_feature_names_out(self, input_features: Any) -> Array:
        names = [input_features[place] for place in self.others]
        lag, mean = ("return", "return_mean") if self.returns else ("lag", "mean")
        names += [f"{self.series}_{lag}_{place}" for place in self.lags]
        return np.array([*names, *(f"{self.series}_{mean}_{size}" for size in self.means)], dtype=object)
