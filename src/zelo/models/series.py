"""Forecasts that are a weighted sum of a series' last values, the naive ones among them."""

from __future__ import annotations

from abc import abstractmethod
from itertools import pairwise
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_X_y

Array = np.ndarray[Any, Any]


class LinearFilter(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Reads windows [n, history], the newest value first. ``coef_`` [history] weighs them.

    The fitted state is numbers alone, whatever was fitted to find them.
    """

    coef_: Array
    intercept_: float

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from windows [n, history], in order of time, and the values [n] that followed them.

        Raises:
            ValueError: a value is missing, or no model can be fitted.
        """
        windows, truth = check_X_y(X, y, dtype=np.float64, y_numeric=True)
        self.coef_, self.intercept_ = self._learned(windows, truth)
        return self

    def predict(self, X: Any) -> Array:
        """The next values [n]."""
        return np.asarray(np.asarray(X, dtype=np.float64) @ self.coef_ + self.intercept_)

    @abstractmethod
    def _learned(self, windows: Array, truth: Array) -> tuple[Array, float]:
        """The weights and the constant."""


class Repeated(LinearFilter):
    """The value ``lag`` rows before; the oldest of a shorter history."""

    def __init__(self, lag: int = 1) -> None:
        self.lag = lag

    def _learned(self, windows: Array, truth: Array) -> tuple[Array, float]:
        history = windows.shape[1]
        return np.eye(history)[min(self.lag, history) - 1], 0.0


class MovingAverage(LinearFilter):
    """The mean of the last ``rows`` values; of all of a shorter history."""

    def __init__(self, rows: int = 8) -> None:
        self.rows = rows

    def _learned(self, windows: Array, truth: Array) -> tuple[Array, float]:
        history = windows.shape[1]
        size = min(self.rows, history)
        return np.where(np.arange(history) < size, 1.0 / size, 0.0), 0.0


class Drift(LinearFilter):
    """The last value and the mean change in training; with ``returns`` the mean relative change."""

    def __init__(self, returns: bool = False) -> None:
        self.returns = returns

    def _learned(self, windows: Array, truth: Array) -> tuple[Array, float]:
        last = np.eye(windows.shape[1])[0]
        if self.returns:
            if not (windows[:, 0] > 0).all():
                raise ValueError("relative changes want values above 0 in the history")
            return last * float(np.mean(truth / windows[:, 0])), 0.0
        return last, float(np.mean(truth - windows[:, 0]))


class AutoRegression(LinearFilter):
    """Least squares on the last values, as many of them as BIC takes, up to ``order``; none is the mean.

    Source: Schwarz, "Estimating the dimension of a model", Annals of Statistics 1978.
    """

    def __init__(self, order: int = 10) -> None:
        self.order = order

    def _learned(self, windows: Array, truth: Array) -> tuple[Array, float]:
        rows, history = windows.shape
        known = np.column_stack([np.ones(rows), windows[:, : self.order]])
        fits = [np.linalg.lstsq(known[:, :size], truth)[0] for size in range(1, known.shape[1] + 1)]
        weights = min(fits, key=lambda fit: _bic(truth - known[:, : len(fit)] @ fit, len(fit)))
        return np.pad(weights[1:], (0, history + 1 - len(weights))), float(weights[0])


def _bic(errors: Array, parameters: int) -> float:
    # A series without a surprise leaves no variance to take the logarithm of.
    variance = max(float(np.mean(errors**2)), np.finfo(np.float64).tiny)
    return len(errors) * float(np.log(variance)) + parameters * float(np.log(len(errors)))


def whole_series(windows: Array, truth: Array) -> Array:
    """The series behind rows in order of time [history + n, or more where rows are missing].

    Args:
        windows: the values before each row [n, history], the newest first.
        truth: the rows' own values [n]. All but the last are in the windows after them, where a value that
            was filled has no row of its own.
    """
    history = windows.shape[1]
    parts = [windows[0, ::-1]]
    for earlier, later in pairwise(windows):
        shifts = range(1, history + 1)
        new = next(rows for rows in shifts if np.array_equal(later[rows:], earlier[: history - rows]))
        parts.append(later[:new][::-1])
    return np.concatenate([*parts, truth[-1:]])
