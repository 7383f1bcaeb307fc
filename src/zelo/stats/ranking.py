"""Areas under the ROC and the precision-recall curve, for many weightings after one sort."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zelo.stats.arrays import BoolArray, FloatArray, IntArray, ratio


class Areas(NamedTuple):
    """Both areas, shape [B] each; NaN where they are not defined."""

    roc: FloatArray
    precision_recall: FloatArray


class Ranking:
    """Rows sorted by score once, so that each weighting costs cumulative sums alone.

    Both curves move only where a positive is passed, so they are summed over the tied
    groups that hold one; ties share a point of the curve, as in scikit-learn.
    """

    def __init__(self, positive: BoolArray, score: FloatArray) -> None:
        """``positive`` and ``score``, shape [n] each; higher scores speak for the positive class."""
        self._order: IntArray = np.argsort(-score, kind="stable")
        ranked = score[self._order]
        opens = np.concatenate(([True], ranked[1:] != ranked[:-1])) if len(ranked) else np.empty(0, bool)
        starts = np.flatnonzero(opens)
        ends = np.concatenate((starts[1:], [len(ranked)])) - 1
        self._positives = np.flatnonzero(positive[self._order])
        held = np.unique(np.cumsum(opens)[self._positives] - 1)
        self._starts, self._ends = starts[held], ends[held]
        self._last_positive = np.searchsorted(self._positives, self._ends, side="right") - 1

    def areas(self, weights: FloatArray) -> Areas:
        """Areas for each weighting.

        Args:
            weights: shape [B, n], in the order of the rows given.

        Returns:
            The ROC area (the chance that a positive ranks above a negative, ties half; NaN with
            one class alone) and average precision (NaN without positives).
        """
        ranked = weights.take(self._order, axis=1)
        through_all = np.cumsum(ranked, axis=1)
        total = through_all[:, -1] if ranked.shape[1] else np.zeros(len(weights))
        if not len(self._positives):
            nothing = np.full(len(weights), np.nan)
            return Areas(nothing, nothing)
        hits = np.cumsum(ranked.take(self._positives, axis=1), axis=1).take(self._last_positive, axis=1)
        gained = np.diff(hits, axis=1, prepend=0.0)
        through = through_all.take(self._ends, axis=1)
        before = np.where(self._starts > 0, through_all.take(self._starts - 1, axis=1), 0.0)
        positives = hits[:, -1]
        negatives = total - positives
        precision = ratio(hits, through, empty=0.0)
        # Negatives ranked above the group, and half of those tied with it.
        misranked = (through - hits + before - (hits - gained)) / 2
        lost = np.einsum("bg,bg->b", gained, misranked)
        pairs = positives * np.where(negatives > 1e-12 * total, negatives, 0.0)
        return Areas(
            roc=1.0 - ratio(lost, pairs),
            precision_recall=ratio(np.einsum("bg,bg->b", gained, precision), positives),
        )
