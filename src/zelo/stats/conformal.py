"""Prediction intervals, and sets of classes, that hold without a model of the errors."""

from __future__ import annotations

import math

import numpy as np

from zelo.stats.arrays import BoolArray, FloatArray, IntArray


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


def half_widths_by_horizon(residuals: FloatArray, level: float = 0.9) -> FloatArray:
    """Half the width of the interval around a forecast of each number of steps ahead.

    Each horizon has its own residuals, so that each is covered apart, not all steps of a forecast at once
    (Stankevičiūtė, Alaa & van der Schaar 2021, "Conformal Time-Series Forecasting", correct for that). Widths
    never fall with the horizon: what is farther is not surer, and where fewer residuals say so it is their
    noise. A horizon takes the widest of those before it; wider intervals keep the promise.

    A series' residuals are exchangeable only roughly, and so the promise is rough: it is checked against
    forecasts of later steps, see :mod:`zelo.stats.coverage`.

    Args:
        residuals: truth - forecast by origin and steps ahead, out of fold, [n, H]; NaN where not known.
        level: in (0, 1).

    Returns:
        Shape [H], in the target's unit, from 1 step ahead; infinite from the first horizon on that has too
        few residuals to promise the level.

    Raises:
        ValueError: the level is not within (0, 1).
    """
    known = [column[~np.isnan(column)] for column in residuals.T]
    widths = np.array([interval_half_width(column, level) for column in known])
    return np.maximum.accumulate(widths)


def class_limits(truth: IntArray, scores: FloatArray, coverage: float) -> FloatArray:
    """How strange a row may look to each class and still have that class in its set.

    A row's set holds the classes whose nonconformity ``1 - p`` is within their limit. Each class has a limit
    of its own, so that each is covered apart, the rare ones too (Vovk 2012, "Conditional validity of
    inductive conformal predictors", section 4: Mondrian conformal prediction by class). Classes of too few
    rows for a finite limit share one, computed on all their rows together: these classes are covered as a
    group. Where even that is too little, the limit is 1, and they are in every set.

    Args:
        truth: class indices of rows that the model was not fitted on, [n].
        scores: their probabilities, [n, K].
        coverage: how often a row's set is to hold its true class, in (0, 1).

    Returns:
        The largest ``1 - p`` that is within the set of each class, [K].

    Raises:
        ValueError: a score is NaN, or the coverage is not within (0, 1).
    """
    strange = 1.0 - scores[np.arange(len(truth)), truth]
    by_class = [strange[truth == index] for index in range(scores.shape[1])]
    limits = np.array([interval_half_width(rows, coverage) for rows in by_class])
    rare = np.isinf(limits)
    limits[rare] = interval_half_width(strange[rare[truth]], coverage)
    return np.asarray(np.minimum(limits, 1.0))


def in_sets(scores: FloatArray, limits: FloatArray) -> BoolArray:
    """Which classes the sets hold, [n, K]; the most probable one always, so that no set is empty."""
    held = np.asarray(1.0 - scores <= limits)
    held[np.arange(len(scores)), scores.argmax(axis=1)] = True
    return held
