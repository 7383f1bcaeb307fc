"""Whether one forecaster's losses are lower than another's by more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtr

from zelo.stats.arrays import FloatArray

FEWEST_ROWS = 10
"""The distribution of the statistic holds for many rows; with fewer than these there is no test."""


@dataclass(frozen=True)
class Comparison:
    """NaN in ``statistic`` and ``p_value`` where there is no test."""

    statistic: float
    p_value: float
    mean_difference: float
    """Mean loss of ``a`` less that of ``b``, in the loss's unit; negative where ``a`` is better."""


def diebold_mariano(
    loss_a: FloatArray,
    loss_b: FloatArray,
    *,
    horizon: int = 1,
    lags: int = 0,
    alternative: Literal["less", "greater", "two-sided"] = "less",
) -> Comparison:
    """Test of equal expected loss (Diebold & Mariano 1995, "Comparing Predictive Accuracy").

    Forecasts ``horizon`` steps ahead have errors that are correlated over ``horizon - 1`` steps, and the
    variance of the mean difference sums its autocovariances so far. Where this sum is not positive they are
    weighted by 1 - lag / horizon, which makes it so (Newey & West 1987). The statistic has the small-sample
    correction of Harvey, Leybourne & Newbold 1997 ("Testing the equality of prediction mean squared errors"),
    and is compared with Student's t of n - 1 degrees of freedom; at a horizon of 1 this is the paired t-test.

    Args:
        loss_a: the one's loss (absolute or squared error, say) of each step in order of time, [n].
        loss_b: the other's, of the same steps, [n].
        horizon: how many steps ahead both forecast, >= 1.
        lags: over how many steps differences are correlated for other reasons, as those of intervals are,
            whose losses are large where the series is wild: their autocovariances are summed with Bartlett's
            weights 1 - lag / (lags + 1) (Newey & West 1987).
        alternative: "less": ``a`` loses less than ``b``.

    Returns:
        No test with fewer than :data:`FEWEST_ROWS` rows or not more rows than steps ahead, nor where all the
        differences are equal (identical losses): NaN, so that no bound on the p-value is passed.

    Raises:
        ValueError: shapes disagree, a loss is not finite, or the horizon is below 1.
    """
    if loss_a.ndim != 1 or loss_a.shape != loss_b.shape:
        raise ValueError(f"losses {loss_a.shape} and {loss_b.shape} are not of the same steps")
    if not np.isfinite(loss_a).all() or not np.isfinite(loss_b).all():
        raise ValueError("losses hold values that are not finite")
    if horizon < 1:
        raise ValueError(f"horizon {horizon} is below 1")
    n, difference = len(loss_a), loss_a - loss_b
    mean = float(difference.mean()) if n else np.nan
    if n < max(FEWEST_ROWS, horizon + 1) or _constant(difference, loss_a):
        return Comparison(np.nan, np.nan, mean)
    correction = (n - horizon) * (n - horizon + 1) / n**2
    statistic = mean * float(np.sqrt(correction / (_long_run_variance(difference, horizon, lags) / n)))
    less = float(stdtr(n - 1, statistic))
    greater = float(stdtr(n - 1, -statistic))
    p_value = {"less": less, "greater": greater, "two-sided": 2 * min(less, greater)}[alternative]
    return Comparison(statistic, p_value, mean)


def _constant(difference: FloatArray, loss: FloatArray) -> bool:
    """Whether differences vary by no more than rounding does."""
    return bool(np.ptp(difference) <= 1e-12 * max(np.abs(loss).max(), np.abs(difference).max()))


def _long_run_variance(difference: FloatArray, horizon: int, lags: int) -> float:
    centred = difference - difference.mean()
    n = len(centred)
    if lags:
        most = min(lags, n - 1)
        later = [centred[lag:] @ centred[: n - lag] / n for lag in range(1, most + 1)]
        weights = 1 - np.arange(1, most + 1) / (most + 1)
        return float(centred @ centred / n + 2 * weights @ np.array(later))
    covariances = np.array([centred[lag:] @ centred[: n - lag] / n for lag in range(horizon)])
    variance = covariances[0] + 2 * covariances[1:].sum()
    if variance <= 1e-12 * covariances[0]:
        variance = covariances[0] + 2 * (1 - np.arange(1, horizon) / horizon) @ covariances[1:]
    return float(variance)
