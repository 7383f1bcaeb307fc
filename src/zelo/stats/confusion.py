"""Metrics of decisions: everything that a weighted confusion matrix tells.

Conventions are scikit-learn's with ``zero_division=0``: a ratio without cases is 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from zelo.stats.arrays import FloatArray, IntArray, ratio

DecisionMetric = Callable[[FloatArray, int], FloatArray]
"""``(counts [B, K, K], index of the positive class) -> [B]``."""


def confusion_counts(truth: IntArray, predicted: IntArray, classes: int, weights: FloatArray) -> FloatArray:
    """Weighted confusion matrices.

    Args:
        truth: class indices, shape [n].
        predicted: class indices, shape [n].
        classes: how many classes there are, K.
        weights: shape [B, n].

    Returns:
        Shape [B, K, K]: the weight of rows of class ``i`` predicted as ``j``.
    """
    cells = truth * classes + predicted
    counts = np.empty((len(weights), classes * classes))
    # A bincount a resample costs no memory, whatever K is; a one-hot matrix product would need [n, K * K].
    for i, row in enumerate(weights):
        counts[i] = np.bincount(cells, weights=row, minlength=classes * classes)
    return counts.reshape(-1, classes, classes)


def _totals(counts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Right, true and predicted weight of each class, [B, K] each."""
    return np.einsum("bkk->bk", counts), counts.sum(axis=2), counts.sum(axis=1)


def _f_scores(counts: FloatArray, beta: float) -> FloatArray:
    right, true, predicted = _totals(counts)
    return ratio((1 + beta**2) * right, beta**2 * true + predicted, empty=0.0)


def _f_positive(beta: float) -> DecisionMetric:
    return lambda counts, positive: _or_nan(counts, _f_scores(counts, beta)[:, positive])


def _f_weighted(beta: float) -> DecisionMetric:
    def metric(counts: FloatArray, _positive: int) -> FloatArray:
        true = counts.sum(axis=2)
        return ratio((_f_scores(counts, beta) * true).sum(axis=1), true.sum(axis=1))

    return metric


def f1_macro(counts: FloatArray, _positive: int) -> FloatArray:
    """Mean F1 of the classes that have weight in the truth or in the predictions."""
    _, true, predicted = _totals(counts)
    present = (true + predicted > 0).astype(np.float64)
    return ratio((_f_scores(counts, 1.0) * present).sum(axis=1), present.sum(axis=1))


def accuracy(counts: FloatArray, _positive: int) -> FloatArray:
    """Share of right decisions; for single labels it is also micro F1."""
    right, true, _ = _totals(counts)
    return ratio(right.sum(axis=1), true.sum(axis=1))


def precision(counts: FloatArray, positive: int) -> FloatArray:
    """Share of the predicted positives that are positive; 0 where none is predicted."""
    right, _, predicted = _totals(counts)
    return _or_nan(counts, ratio(right[:, positive], predicted[:, positive], empty=0.0))


def recall(counts: FloatArray, positive: int) -> FloatArray:
    """Share of the positives that are predicted so; 0 where there is none."""
    right, true, _ = _totals(counts)
    return _or_nan(counts, ratio(right[:, positive], true[:, positive], empty=0.0))


def mcc(counts: FloatArray, _positive: int) -> FloatArray:
    """Matthews' correlation for K classes (Gorodkin 2004); 0 where truth or decision is constant."""
    right, true, predicted = _totals(counts)
    total = true.sum(axis=1)
    covariance = right.sum(axis=1) * total - (true * predicted).sum(axis=1)
    spread_true = total**2 - (true**2).sum(axis=1)
    spread_predicted = total**2 - (predicted**2).sum(axis=1)
    # With weights that are no integers a constant column leaves a rounding error instead of zero.
    constant = ((true > 0).sum(axis=1) < 2) | ((predicted > 0).sum(axis=1) < 2)
    scale = np.where(constant, 0.0, np.sqrt(np.maximum(spread_true * spread_predicted, 0.0)))
    return _or_nan(counts, ratio(covariance, scale, empty=0.0))


def _or_nan(counts: FloatArray, values: FloatArray) -> FloatArray:
    return np.where(counts.sum(axis=(1, 2)) > 0, values, np.nan)


POSITIVE_METRICS = frozenset({"f1", "f2", "precision", "recall"})
"""Metrics that speak of one class, and so need to know which."""

DECISION_METRICS: dict[str, DecisionMetric] = {
    "accuracy": accuracy,
    "f1": _f_positive(1.0),
    "f1_macro": f1_macro,
    "f1_micro": accuracy,
    "f1_weighted": _f_weighted(1.0),
    "f2": _f_positive(2.0),
    "f2_weighted": _f_weighted(2.0),
    "precision": precision,
    "recall": recall,
    "mcc": mcc,
}
"""Metrics of a decision by name; all but the weight of an empty set (NaN) follow scikit-learn."""
