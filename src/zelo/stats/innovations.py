"""What is new in each value of a series: near enough to exchangeable to be watched."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zelo.stats.arrays import FloatArray

MEMORY = 0.94
"""Of the running spread (RiskMetrics 1996, "Technical Document")."""


class Surprises(NamedTuple):
    """Shape [n] each: in the unit of the values, and in running spreads."""

    errors: FloatArray
    scaled: FloatArray


def surprises(values: FloatArray, fitted: int, *, lags: int) -> Surprises:
    """Each value less what the values before it tell.

    A linear autoregression is fitted on the first values; each of these is predicted by the one fitted
    without it, so that they are as far off as later ones. Its spread is that of the surprises before it.
    NaN where a value, or one of those before it, is not known; and where those to fit on are few or alike.

    Args:
        values: in order of time, shape [n]; NaN where not known.
        fitted: how many of them, from the first one, may be learned from.
        lags: how many values before are read; 0 for none, of returns.
    """
    past = [np.roll(values, lag) for lag in range(1, lags + 1)]
    design = np.column_stack([np.ones(len(values)), *past])
    design[:lags] = np.nan
    known = np.isfinite(design).all(axis=1) & np.isfinite(values)
    taught = known & (np.arange(len(values)) < fitted)
    if taught.sum() <= 2 * (lags + 1) or not np.ptp(values[taught]):
        unknown = np.full(len(values), np.nan)
        return Surprises(unknown, unknown)
    weights, *_ = np.linalg.lstsq(design[taught], values[taught], rcond=None)
    leverage = np.einsum("ij,ji->i", design[taught], np.linalg.pinv(design[taught]))
    errors = np.where(known, values - design @ weights, np.nan)
    errors[taught] /= np.maximum(1 - leverage, 1e-6)
    return Surprises(errors, errors / _spreads(errors, float(np.std(errors[taught]))))


def _spreads(errors: FloatArray, start: float) -> FloatArray:
    found = np.empty(len(errors))
    square = start**2
    for place, error in enumerate(errors):
        found[place] = np.sqrt(square)
        if np.isfinite(error):
            square = MEMORY * square + (1 - MEMORY) * error**2
    found[found == 0] = np.nan
    return found
