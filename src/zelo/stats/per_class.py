"""Precision, recall and F1 of each class, with intervals that hold for a class of a few rows too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zelo.stats.arrays import FloatArray, ratio
from zelo.stats.bootstrap import Interval, percentiles, resampled_weights
from zelo.stats.calibration import wilson_interval
from zelo.stats.confusion import confusion_counts
from zelo.stats.metrics import Scored


@dataclass(frozen=True)
class ClassFigures:
    """How one class fares. What has no rows is NaN: recall of a class that is absent, precision of one that
    is never predicted."""

    support: int
    """Rows of the class; rows that were scored repeatedly count once."""
    precision: Interval
    recall: Interval
    f1: Interval


def class_figures(
    scored: Scored, *, seed: int, resamples: int = 1000, level: float = 0.95
) -> tuple[ClassFigures, ...]:
    """The figures of each class, in the order of the scores' columns.

    Precision and recall are shares of rows, so their bounds are Wilson's: a bootstrap of three rows that are
    all right has no width. F1 is no share of anything; its bounds are bootstrap percentiles.
    Repeated rows count once in the bounds.
    """
    assert scored.predicted is not None
    truth, classes = scored.truth.astype(np.int64), scored.scores.shape[1]

    def counted(weights: FloatArray) -> FloatArray:
        assert scored.predicted is not None
        return confusion_counts(truth, scored.predicted, classes, weights)

    (plain,) = counted(np.ones((1, len(scored))))
    right, true, predicted = np.diag(plain), plain.sum(axis=1), plain.sum(axis=0)
    draws = np.concatenate([_f1(counted(weights)) for weights in resampled_weights(scored, resamples, seed)])
    f1 = _f1(plain[None])[0]
    return tuple(
        ClassFigures(
            support=int(true[k]) // scored.repeats,
            precision=share_interval(right[k] / scored.repeats, predicted[k] / scored.repeats, level=level),
            recall=share_interval(right[k] / scored.repeats, true[k] / scored.repeats, level=level),
            f1=Interval(float(f1[k]), *percentiles(draws[:, k], level)),
        )
        for k in range(classes)
    )


def share_interval(held: float, rows: float, *, level: float = 0.95) -> Interval:
    """The share ``held / rows`` with Wilson's interval; NaN where there are no rows."""
    if not rows:
        return Interval(np.nan, np.nan, np.nan)
    share = np.array([held / rows])
    low, high = wilson_interval(share, np.array([rows]), level=level)
    return Interval(float(share[0]), float(low[0]), float(high[0]))


def _f1(counts: FloatArray) -> FloatArray:
    """F1 [B, K] of counts [B, K, K]; NaN where a class is neither in the truth nor predicted."""
    return ratio(2 * np.einsum("bkk->bk", counts), counts.sum(axis=2) + counts.sum(axis=1))
