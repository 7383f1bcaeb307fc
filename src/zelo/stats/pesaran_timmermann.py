"""Whether forecasts of the direction of a change are right more often than by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from zelo.stats.arrays import FloatArray


@dataclass(frozen=True)
class Direction:
    """Shares of rows in [0, 1]; NaN where there are none, or no test."""

    right: float
    """Rows whose direction was forecast rightly."""
    by_chance: float
    """What would be right if forecasts and changes, as often up as they are, knew nothing of each other."""
    statistic: float
    p_value: float
    """One-sided: small where more are right than by chance."""


def pesaran_timmermann(truth_change: FloatArray, forecast_change: FloatArray) -> Direction:
    """Test that forecasts tell a rise from no rise.

    Pesaran & Timmermann 1992, "A Simple Nonparametric Test of Predictive Performance". Rows are taken for
    independent: with forecasts of several steps ahead that overlap, p-values are too small.

    Args:
        truth_change: change that came, [n]; above 0 is a rise, all else is none.
        forecast_change: change that was forecast, of the same rows, [n].

    Returns:
        No statistic where changes or forecasts are all rises or none: nothing can be told apart then.

    Raises:
        ValueError: shapes disagree, or a change is not finite.
    """
    if truth_change.ndim != 1 or truth_change.shape != forecast_change.shape:
        raise ValueError(f"changes {truth_change.shape} and {forecast_change.shape} are not of the same rows")
    if not np.isfinite(truth_change).all() or not np.isfinite(forecast_change).all():
        raise ValueError("changes hold values that are not finite")
    n = len(truth_change)
    if not n:
        return Direction(np.nan, np.nan, np.nan, np.nan)
    came, said = truth_change > 0, forecast_change > 0
    p, q = float(came.mean()), float(said.mean())
    right, by_chance = float((came == said).mean()), p * q + (1 - p) * (1 - q)
    if p in (0.0, 1.0) or q in (0.0, 1.0):
        return Direction(right, by_chance, np.nan, np.nan)
    # What the paper's variance of the one share less that of the other comes to.
    variance = 4 * p * (1 - p) * q * (1 - q) * (n - 1) / n**2
    statistic = (right - by_chance) / float(np.sqrt(variance))
    return Direction(right, by_chance, statistic, float(ndtr(-statistic)))
