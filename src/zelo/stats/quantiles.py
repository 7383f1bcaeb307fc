"""Quantiles that depend on other numbers."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from zelo.stats.arrays import FloatArray


def rising_quantile(inputs: FloatArray, values: FloatArray, level: float) -> tuple[FloatArray, float]:
    """The quantile of values as a constant and a weighted sum of inputs, none of them below 0.

    So the quantile of inputs that are not negative is not either, and never falls where one of them rises:
    what plain quantile regression does not promise (Koenker & Bassett 1978, "Regression Quantiles"). It is
    the same linear programme with its coefficients bounded.

    Args:
        inputs: [n, k].
        values: [n].
        level: of the quantile, in (0, 1).

    Returns:
        The weights [k] and the constant.

    Raises:
        ValueError: a number is not finite, or the programme cannot be solved.
    """
    if not (np.isfinite(inputs).all() and np.isfinite(values).all()):
        raise ValueError("inputs or values are not finite")
    rows, width = inputs.shape
    over = sparse.eye_array(rows)
    design = sparse.hstack([inputs, np.ones((rows, 1)), over, -over], format="csc")
    cost = np.concatenate([np.zeros(width + 1), np.full(rows, level), np.full(rows, 1.0 - level)])
    solved = linprog(cost, A_eq=design, b_eq=values, method="highs")
    if not solved.success:
        raise ValueError(f"no quantile: {solved.message}")
    return np.asarray(solved.x[:width]), float(solved.x[width])
