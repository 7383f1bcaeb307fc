"""Prediction intervals that hold without a model of the errors."""

from __future__ import annotations

import math

import numpy as np

from zelo.stats.arrays import FloatArray


def interval_half_width(residuals: FloatArray, level: float = 0.9) -> float:
    """Half the width of a split-conformal interval around a prediction.

    A new row's truth lies within prediction +- this width with a chance of at least ``level``, if
    it comes from where the residuals came from and the model did not see them in training
    (Lei et al. 2018, "Distribution-Free Predictive Inference for Regression", section 2.2).

    Args:
        residuals: truth - prediction on rows that the model was not fitted on, [n].
        level: in (0, 1).

    Returns:
        The ``ceil((n + 1) * level)``-th smallest absolute residual, in the target's unit; infinite
        where ``n`` is too small to promise the level (fewer than ``level / (1 - level)`` rows).

    Raises:
        ValueError: a residual is NaN, or the level is not within (0, 1).
    """
    if not 0 < level < 1:
        raise ValueError(f"level {level} is not within (0, 1)")
    if np.isnan(residuals).any():
        raise ValueError("residuals hold NaN")
    # Products such as 9 * 0.9 may land a hair above the whole number that they are.
    rank = math.ceil(round((len(residuals) + 1) * level, 9))
    return float(np.sort(np.abs(residuals))[rank - 1]) if rank <= len(residuals) else math.inf
