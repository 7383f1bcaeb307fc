"""The threshold that makes the most of a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zelo.stats.arrays import BoolArray, FloatArray
from zelo.stats.confusion import DECISION_METRICS


@dataclass(frozen=True)
class Cut:
    """A threshold, and what the metric is with it. A row is positive where ``score >= threshold``."""

    threshold: float
    value: float


def best_threshold(truth: BoolArray, score: FloatArray, metric: str) -> Cut:
    """The threshold that maximises a metric of the decision, over every way to cut the scores.

    It lies halfway between two neighbouring scores, so that a score that another runtime rounds
    differently stays on its side. Where several cuts are best, it is the middle of the widest
    stretch of them.

    Args:
        truth: whether each row is positive, [n].
        score: probability of being so, in [0, 1], [n].
        metric: a name in :data:`zelo.stats.confusion.DECISION_METRICS`.

    Raises:
        ValueError: the metric judges no decisions, a score is no probability, or one class is absent.
    """
    if metric not in DECISION_METRICS:
        raise ValueError(f"no threshold maximises {metric}; known: {', '.join(sorted(DECISION_METRICS))}")
    positives = truth.astype(bool)
    if not len(score) or not ((score >= 0) & (score <= 1)).all():
        raise ValueError("scores are not probabilities")
    if positives.all() or not positives.any():
        raise ValueError("a threshold cannot be learned from one class alone")
    levels, counts = _cuts(positives, score)
    values = DECISION_METRICS[metric](counts, 1)
    best = float(values.max())
    return Cut(_middle(levels, values >= best - 1e-12), best)


def _cuts(truth: BoolArray, score: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rising bounds [m + 1] and confusion counts [m, 2, 2]: a threshold in (bound i, i + 1] is cut i."""
    levels, group = np.unique(score, return_inverse=True)
    positives = np.bincount(group, weights=truth.astype(np.float64))
    negatives = np.bincount(group) - positives
    # Cut i calls the rows of level i and above positive; the last cut calls none so.
    missed = np.concatenate(([0.0], np.cumsum(positives)))
    cleared = np.concatenate(([0.0], np.cumsum(negatives)))
    counts = np.stack((cleared, cleared[-1] - cleared, missed, missed[-1] - missed), axis=1).reshape(-1, 2, 2)
    bounds = np.concatenate(([0.0], levels, [1.0]))
    # No threshold within [0, 1] leaves a score of 1 below it.
    return (bounds[:-1], counts[:-1]) if levels[-1] == 1.0 else (bounds, counts)


def _middle(bounds: FloatArray, best: BoolArray) -> float:
    edges = np.diff(np.concatenate(([False], best, [False])).astype(np.int8))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    widest = int(np.argmax(bounds[last + 1] - bounds[first]))
    start, stop = first[widest], last[widest]
    centre = (bounds[start] + bounds[stop + 1]) / 2
    cut = int(np.clip(np.searchsorted(bounds, centre, side="left") - 1, start, stop))
    low, high = float(bounds[cut]), float(bounds[cut + 1])
    middle = (low + high) / 2
    return middle if middle > low else high
