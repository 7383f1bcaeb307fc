"""How far the values of a field have moved from a reference.

Each function takes two samples and gives plain floats. A sample without values, or a reference
without any spread where spread is the unit, gives NaN. Missing is NaN in numbers, "" or ``None``
in categories.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from zelo.stats.arrays import FloatArray

Categories = npt.NDArray[np.object_]
Counts = npt.NDArray[np.int64]


class Comparison(NamedTuple):
    """A test's statistic and its p-value, both NaN where it cannot be made."""

    statistic: float
    p_value: float


class Distance(NamedTuple):
    """A distance in the unit of the field, and in standard deviations of the reference."""

    units: float
    deviations: float


def missing_share(values: FloatArray | Categories) -> float:
    """The share of values that are missing, in [0, 1]; NaN for no values."""
    return float(_missing(values).mean()) if len(values) else np.nan


def psi(reference: FloatArray, current: FloatArray, *, bins: int = 10) -> float:
    """Population stability index of a number, in nats; about 0.1 is noted and 0.25 is large.

    Bins are quantiles of the reference, open at both ends; missing values are a bin of their own.
    Half a row is added to each bin, so that an empty one costs what so few rows can tell
    (Siddiqi 2006, "Credit Risk Scorecards"; Yurdakul 2018 on the limits' dependence on n).

    Args:
        reference: shape [n].
        current: shape [m].
        bins: how many bins, of about equal mass in the reference; fewer where values repeat.
    """
    known = reference[~np.isnan(reference)]
    if not len(known) or not len(current) or known.min() == known.max():
        return np.nan
    inner = inner_edges(known, bins)
    counts = []
    for sample in (reference, current):
        missing = np.isnan(sample)
        inside = np.bincount(np.searchsorted(inner, sample[~missing], side="left"), minlength=len(inner) + 1)
        counts.append(np.append(inside, missing.sum()))
    return index_of_counts(counts[0], counts[1])


def inner_edges(known: FloatArray, bins: int) -> FloatArray:
    """The bounds between the bins of :func:`psi`: values [k] of a reference that has two different ones."""
    inner = np.unique(np.quantile(known, np.arange(1, bins) / bins, method="inverted_cdf"))
    # Where nearly all values are the largest one, the quantiles alone would leave a single bin.
    top = known.max()
    edges: FloatArray = inner[inner < top] if inner[0] < top else known[known < top].max(keepdims=True)
    return edges


def psi_categories(reference: Categories, current: Categories) -> float:
    """Population stability index of a category, in nats; missing is a category. See :func:`psi`."""
    return (
        index_of_counts(*_category_counts(reference, current)) if len(reference) and len(current) else np.nan
    )


def ks(reference: FloatArray, current: FloatArray) -> Comparison:
    """Kolmogorov and Smirnov's two-sample test of the values that are not missing, shapes [n] and [m].

    The statistic is the largest gap between the two cumulative shares, in [0, 1].
    """
    a, b = reference[~np.isnan(reference)], current[~np.isnan(current)]
    if not len(a) or not len(b):
        return Comparison(np.nan, np.nan)
    # The exact p-value is slow, and past a few thousand rows equal to the asymptotic one.
    method = "exact" if max(len(a), len(b)) <= 1000 else "asymp"
    found = stats.ks_2samp(a, b, method=method)
    return Comparison(float(found.statistic), float(found.pvalue))


def chi2(reference: Categories, current: Categories) -> Comparison:
    """Pearson's chi-squared test that both samples share their categories' shares, shapes [n] and [m].

    Missing is a category. NaN where one category alone is seen: there is nothing to differ.
    """
    if not len(reference) or not len(current):
        return Comparison(np.nan, np.nan)
    return chi2_of_counts(*_category_counts(reference, current))


def chi2_of_counts(reference: Counts, current: Counts) -> Comparison:
    """:func:`chi2` of counts by category, each of shape [k]; no category is empty in both."""
    if len(reference) < 2:
        return Comparison(np.nan, np.nan)
    found = stats.chi2_contingency(np.stack([reference, current]), correction=False)
    return Comparison(float(found.statistic), float(found.pvalue))


def wasserstein(reference: FloatArray, current: FloatArray) -> Distance:
    """How far values must move on average to turn one sample into the other, shapes [n] and [m].

    Missing values are left out; ``deviations`` is NaN where the reference is constant.
    """
    a, b = reference[~np.isnan(reference)], current[~np.isnan(current)]
    if not len(a) or not len(b):
        return Distance(np.nan, np.nan)
    distance = float(stats.wasserstein_distance(a, b))
    spread = float(a.std()) if a.min() < a.max() else 0.0
    return Distance(distance, distance / spread if spread > 0 else np.nan)


def _missing(values: FloatArray | Categories) -> npt.NDArray[np.bool_]:
    if values.dtype.kind == "f":
        return np.isnan(values.astype(np.float64))
    return np.array([value is None or value == "" for value in values], dtype=bool)


def _category_counts(reference: Categories, current: Categories) -> tuple[Counts, Counts]:
    texts = np.array(["" if value is None else str(value) for value in (*reference, *current)], dtype=object)
    seen, index = np.unique(texts.astype(str), return_inverse=True)
    return (
        np.bincount(index[: len(reference)], minlength=len(seen)).astype(np.int64),
        np.bincount(index[len(reference) :], minlength=len(seen)).astype(np.int64),
    )


def index_of_counts(reference: Counts, current: Counts) -> float:
    """:func:`psi` of counts by bin or category, each of shape [k]."""
    used = (reference + current) > 0
    expected, actual = reference[used] + 0.5, current[used] + 0.5
    expected, actual = expected / expected.sum(), actual / actual.sum()
    return float(((actual - expected) * np.log(actual / expected)).sum())
