"""How far stated probabilities are from observed shares.

Bins hold equal numbers of rows: with bins of equal width most of them are nearly empty on rare
classes, and the error is overstated more (Nixon et al. 2019, "Measuring Calibration in Deep
Learning"; Roelofs et al. 2022, "Mitigating Bias in Calibration Error Estimation").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from zelo.stats.arrays import BoolArray, FloatArray, IntArray, ratio

BINS = 10


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram: one entry a bin, from low to high probability, shape [m] each."""

    predicted: FloatArray
    """Mean stated probability."""
    observed: FloatArray
    """Share of rows that are positive."""
    low: FloatArray
    high: FloatArray
    """Wilson's interval of ``observed``."""
    rows: IntArray


def mass_bins(probability: FloatArray, bins: int = BINS) -> IntArray:
    """The bin of each row, [n], counted from 0: about ``n / bins`` rows each, equal values together.

    There are fewer bins than asked for where values repeat or rows are few.
    """
    if not len(probability):
        return np.empty(0, dtype=np.int64)
    inner = np.quantile(probability, np.arange(1, bins) / bins, method="inverted_cdf")
    found = np.searchsorted(np.unique(inner), probability, side="left")
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def gap_matrix(truth: BoolArray, probability: FloatArray, bins: int = BINS) -> FloatArray:
    """Each row's ``truth - probability`` in the column of its bin, [n, m]; elsewhere 0.

    With weights [B, n], ``abs(weights @ gap_matrix).sum(1) / weights.sum(1)`` is the calibration error.
    """
    index = mass_bins(probability, bins)
    gaps = np.zeros((len(truth), int(index.max(initial=-1)) + 1))
    gaps[np.arange(len(truth)), index] = truth.astype(np.float64) - probability
    return gaps


def calibration_error(
    truth: BoolArray, probability: FloatArray, *, bins: int = BINS, weights: FloatArray | None = None
) -> float:
    """Expected calibration error: the weighted mean gap between probability and share over the bins.

    As in Naeini et al. 2015 ("Obtaining Well Calibrated Probabilities Using Bayesian Binning") and
    Guo et al. 2017, on bins of equal mass.

    Args:
        truth: whether each row is positive (or, for top-label calibration, rightly predicted), [n].
        probability: stated probability of that, in [0, 1], [n].
        bins: how many bins.
        weights: [n]; ones if absent. Bins hold equal numbers of rows, whatever their weights.

    Returns:
        In [0, 1]; NaN without rows or weight. It is biased upwards: a perfect model of few rows is above 0.
    """
    given = np.ones(len(truth)) if weights is None else weights
    error = np.abs(given @ gap_matrix(truth, probability, bins)).sum()
    return float(ratio(np.asarray(error), np.asarray(given.sum())))


def reliability(
    truth: BoolArray, probability: FloatArray, *, bins: int = BINS, level: float = 0.95
) -> Reliability:
    """The table behind a reliability diagram; arguments as in :func:`calibration_error`.

    The intervals are Wilson's (1927), which stay within [0, 1] and hold for small bins.
    """
    index = mass_bins(probability, bins)
    rows = np.bincount(index).astype(np.int64)
    share = np.bincount(index, weights=truth.astype(np.float64)) / rows
    low, high = wilson_interval(share, rows, level=level)
    predicted = np.bincount(index, weights=probability) / rows
    return Reliability(predicted=predicted, observed=share, low=low, high=high, rows=rows)


def wilson_interval(
    share: FloatArray, rows: IntArray | FloatArray, *, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Wilson's score interval (1927) of a share seen in ``rows`` rows (>= 1); shapes [m], low and high."""
    z = float(ndtri(0.5 + level / 2))
    centre = (share + z**2 / (2 * rows)) / (1 + z**2 / rows)
    half = z / (1 + z**2 / rows) * np.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2))
    return np.clip(centre - half, 0.0, share), np.clip(centre + half, share, 1.0)
