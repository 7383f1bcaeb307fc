"""The thresholds that make the most of scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zelo.stats.arrays import BoolArray, FloatArray, IntArray
from zelo.stats.confusion import DECISION_METRICS, POSITIVE_METRICS

FEWEST_ROWS = 10
"""A class of fewer rows keeps the threshold 1: what they prefer is chance."""
_STEPS = np.exp2(np.arange(-6, 7) / 4)
_SWEEPS = 5


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


def best_class_thresholds(truth: IntArray, scores: FloatArray, metric: str) -> FloatArray:
    """What to divide each class's probability by before the largest is taken, so that a metric is largest.

    Coordinate ascent: class by class the best of a few steps between a third and three times as much, until
    none helps. Each threshold is then drawn towards 1, the farther the fewer rows its class has; a class of
    fewer than :data:`FEWEST_ROWS` keeps 1. Where the metric gains nothing all of them are 1.

    Args:
        truth: class indices, [n].
        scores: probabilities, [n, K].
        metric: a name in :data:`zelo.stats.confusion.DECISION_METRICS` that speaks of all classes.

    Returns:
        Shape [K], positive; ``argmax(scores / thresholds)`` is the decision.

    Raises:
        ValueError: the metric judges no decisions of several classes, or a score is no probability.
    """
    if metric not in DECISION_METRICS or metric in POSITIVE_METRICS:
        known = ", ".join(sorted(DECISION_METRICS.keys() - POSITIVE_METRICS))
        raise ValueError(f"no thresholds of several classes maximise {metric}; known: {known}")
    if not len(scores) or not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError("scores are not probabilities")
    counts = np.bincount(truth, minlength=scores.shape[1])
    neutral = np.ones(len(counts))
    before = _values(truth, scores.argmax(axis=1)[None], len(counts), metric)[0]
    found, best = neutral.copy(), before
    for _ in range(_SWEEPS):
        start = best
        for index in np.flatnonzero(counts >= FEWEST_ROWS):
            found[index], best = _best_step(truth, scores, metric, found, int(index), best)
        if best <= start:
            break
    shrunk = found ** (counts / (counts + FEWEST_ROWS))
    after = _values(truth, (scores / shrunk).argmax(axis=1)[None], len(counts), metric)[0]
    return shrunk if after > before else neutral


def _best_step(
    truth: IntArray, scores: FloatArray, metric: str, thresholds: FloatArray, index: int, best: float
) -> tuple[float, float]:
    """One class's best step, the others as they are, and the metric with it; the old one where none helps."""
    weighed = scores / thresholds
    weighed[:, index] = -1.0
    rival, others = weighed.max(axis=1), weighed.argmax(axis=1)
    said = np.where(scores[:, index] > rival * _STEPS[:, None], index, others)
    values = _values(truth, said, len(thresholds), metric)
    place = int(values.argmax())
    # A gain within rounding would let the order of the classes decide.
    better = values[place] > best + 1e-9
    return (float(_STEPS[place]), float(values[place])) if better else (float(thresholds[index]), best)


def _values(truth: IntArray, said: IntArray, classes: int, metric: str) -> FloatArray:
    """The metric of each row of decisions [m, n], [m]."""
    cells = truth * classes + said + np.arange(len(said))[:, None] * classes**2
    counts = np.bincount(cells.ravel(), minlength=len(said) * classes**2).astype(np.float64)
    return DECISION_METRICS[metric](counts.reshape(-1, classes, classes), 0)


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
