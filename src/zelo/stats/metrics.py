"""Every metric of a project, for many weightings of the same rows at once.

A weighting is a row of ``weights`` [B, n]: ones for the plain value, counts for a bootstrap
resample. A weight of 2 means what a repeated row means, and 0 what an absent one means. Values
are scikit-learn's, except that what has no answer is NaN: the area under the ROC curve of one
class, R2 of a constant truth, a percentage error of a true 0, anything of no rows.

Of several classes some may have no row (a rare one has none in a test set): areas are averaged, one
class against the rest, over those that have one, and macro F1 over those in the truth or the predictions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from zelo.stats.arrays import BoolArray, FloatArray, IntArray, Measure, ratio
from zelo.stats.blocks import block_length
from zelo.stats.calibration import gap_matrix
from zelo.stats.confusion import DECISION_METRICS, POSITIVE_METRICS, confusion_counts
from zelo.stats.ranking import Ranking
from zelo.stats.regression import REGRESSION_METRICS, regression_measure

RANKING_METRICS = frozenset({"roc_auc", "pr_auc"})
PROBABILITY_METRICS = frozenset({"brier", "log_loss", "ece"})
CLASS_METRICS = frozenset(DECISION_METRICS) | RANKING_METRICS | PROBABILITY_METRICS

ECE_NOISE = "ece_noise"
"""No metric: how far a weighting's calibration gaps lie from the plain ones, summed as ``ece`` sums them.

By the triangle inequality the sampling error of ``ece`` is no larger.
"""


@dataclass(frozen=True)
class Scored:
    """Rows with their truth and what a model said of them.

    Classes: ``truth`` and ``predicted`` are class indices [n], ``scores`` probabilities [n, K], and
    ``positive`` the index of the class that a binary task is about (``None``: several classes alike).
    Regression: ``truth`` [n] and ``scores`` [n] or [n, 1] in the target's unit, no ``predicted``.
    Also of a regression: ``bounds`` [n, 2], the finite ends of intervals that are to hold the truth with a
    chance of ``level``, NaN in rows without one, and ``scale``, the mean absolute error of the seasonal naive
    on the training rows.
    ``repeats``: the rows come in that many equal parts, each the same rows in the same order, scored anew.
    ``block``: rows in order of time are resampled by blocks of so many neighbours, since neighbours are alike
    (:func:`zelo.stats.blocks.block_length`); 1 where rows have no order.

    Raises:
        ValueError: shapes disagree, a class index is out of range, a number is not finite, parts differ,
            bounds are turned, or a block is longer than half of the rows.
    """

    truth: npt.NDArray[np.generic]
    scores: FloatArray
    predicted: IntArray | None = None
    positive: int | None = None
    repeats: int = 1
    bounds: FloatArray | None = None
    level: float = 0.9
    scale: float | None = None
    block: int = 1

    def __post_init__(self) -> None:
        rows = len(self.truth)
        if self.truth.ndim != 1 or len(self.scores) != rows:
            raise ValueError(f"truth {self.truth.shape} and scores {self.scores.shape} differ in rows")
        if not np.isfinite(self.scores).all():
            raise ValueError("scores hold values that are not finite")
        if rows % self.repeats or not _blocks_alike(self.truth, self.repeats):
            raise ValueError(f"{rows} rows are not the same rows {self.repeats} times")
        once = rows // self.repeats
        if not 1 <= self.block <= max(1, once // 2):
            raise ValueError(f"a block of {self.block} is not within 1 and half of {once} rows")
        self._check_intervals()
        if self.predicted is None:
            if self.scores.ndim > 1 and self.scores.shape[1] != 1:
                raise ValueError(f"scores {self.scores.shape} without predicted classes")
            if not np.isfinite(self.truth.astype(np.float64)).all():
                raise ValueError("truth holds values that are not finite")
            return
        if self.predicted.shape != (rows,) or self.scores.ndim != 2:
            raise ValueError(f"predicted {self.predicted.shape}, scores {self.scores.shape}, {rows} rows")
        for name, indices in (("truth", self.truth), ("predicted", self.predicted)):
            if indices.dtype.kind not in "iu" or not _within(indices, self.scores.shape[1]):
                raise ValueError(f"{name} is not an index of {self.scores.shape[1]} classes")
        if self.positive is not None and self.scores.shape[1] != 2:
            raise ValueError(f"a positive class among {self.scores.shape[1]} classes, not two")

    def _check_intervals(self) -> None:
        if self.scale is not None and not 0 <= self.scale < np.inf:
            raise ValueError(f"scale {self.scale} is no mean absolute error")
        if self.bounds is None:
            return
        if self.bounds.shape != (len(self), 2):
            raise ValueError(f"bounds {self.bounds.shape} of {len(self)} rows")
        if not 0 < self.level < 1:
            raise ValueError(f"level {self.level} is not within (0, 1)")
        low, high = self.bounds.T
        missing = np.isnan(self.bounds).all(axis=1)
        if not (missing | (np.isfinite(self.bounds).all(axis=1) & (low <= high))).all():
            raise ValueError("bounds are neither a finite lower and upper end nor both NaN")

    def __len__(self) -> int:
        return len(self.truth)

    def where(self, mask: BoolArray | IntArray) -> Scored:
        """The rows that ``mask`` [n] keeps, or those at its positions: a slice.

        It stays repeated where each part keeps the same rows. Else it is rows that are taken for different
        ones, whose intervals are too narrow where they are not.
        It stays in blocks where the positions rise, with rows left out between them or not: neighbours in the
        slice are the nearest in time that it has. The blocks are then no longer than fits so few rows.
        """
        kept = np.arange(len(self))[mask]
        offsets = np.arange(self.repeats) * (len(self) // self.repeats)
        alike = len(kept) % self.repeats == 0 and _blocks_alike(
            kept - np.repeat(offsets, len(kept) // self.repeats), self.repeats
        )
        repeats = self.repeats if alike else 1
        once = kept[: len(kept) // repeats]
        ordered = bool((np.diff(once) > 0).all()) and repeats == self.repeats
        return replace(
            self,
            truth=self.truth[mask],
            scores=self.scores[mask],
            predicted=None if self.predicted is None else self.predicted[mask],
            bounds=None if self.bounds is None else self.bounds[mask],
            repeats=repeats,
            block=min(self.block, block_length(len(once))) if ordered else 1,
        )


class Evaluator:
    """One scored set, prepared once (sorts, bins, losses), then called with any number of weightings."""

    def __init__(self, scored: Scored, names: Iterable[str]) -> None:
        """
        Raises:
            ValueError: a metric is unknown, or does not fit the kind of scores.
        """
        self.names = tuple(dict.fromkeys(names))
        known = REGRESSION_METRICS if scored.predicted is None else CLASS_METRICS | {ECE_NOISE}
        if scored.positive is None:
            known = known - POSITIVE_METRICS
        if unknown := sorted(set(self.names) - known):
            options = ", ".join(sorted(known - {ECE_NOISE}))
            raise ValueError(f"no metric {', '.join(unknown)} here; known: {options}")
        self.rows = len(scored)
        self._measures = _measures(scored, set(self.names))

    def __call__(self, weights: FloatArray) -> dict[str, FloatArray]:
        """Values [B] of each metric, in the order of the names, for ``weights`` [B, n]."""
        found: dict[str, FloatArray] = {}
        for measure in self._measures:
            found.update(measure(weights))
        return {name: found[name] for name in self.names}


def evaluate(
    scored: Scored, names: Iterable[str], weights: FloatArray | None = None
) -> dict[str, FloatArray]:
    """Values [B] of each metric for ``weights`` [B, n]; without weights, the plain values [1]."""
    given = np.ones((1, len(scored))) if weights is None else weights
    return Evaluator(scored, names)(given)


def point(scored: Scored, names: Iterable[str]) -> dict[str, float]:
    """The plain value of each metric."""
    return {name: float(values[0]) for name, values in evaluate(scored, names).items()}


def _blocks_alike(values: npt.NDArray[np.generic], repeats: int) -> bool:
    blocks = values.reshape(repeats, -1)
    return bool((blocks == blocks[0]).all())


def _within(indices: npt.NDArray[np.generic], classes: int) -> bool:
    whole = indices.astype(np.int64)
    return bool(((whole >= 0) & (whole < classes)).all())


def _measures(scored: Scored, names: Collection[str]) -> list[Measure]:
    wanted = set(names)
    if scored.predicted is None:
        return [_regression(scored)] if wanted else []
    found: list[Measure] = []
    if decisions := wanted & set(DECISION_METRICS):
        found.append(_decisions(scored, scored.predicted, decisions))
    if wanted & RANKING_METRICS:
        found.append(_ranking(scored))
    if wanted & PROBABILITY_METRICS:
        found.append(_probability(scored, scored.predicted))
    return found


def _regression(scored: Scored) -> Measure:
    truth, said = scored.truth.astype(np.float64), scored.scores.reshape(len(scored))
    return regression_measure(truth, said, bounds=scored.bounds, level=scored.level, scale=scored.scale)


def _decisions(scored: Scored, predicted: IntArray, names: Collection[str]) -> Measure:
    truth, classes = scored.truth.astype(np.int64), scored.scores.shape[1]
    positive = scored.positive or 0

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        counts = confusion_counts(truth, predicted, classes, weights)
        return {name: DECISION_METRICS[name](counts, positive) for name in names}

    return measure


def _ranking(scored: Scored) -> Measure:
    truth, scores, positive = scored.truth, scored.scores, scored.positive
    if positive is not None:
        binary = Ranking(truth == positive, scores[:, positive])

        def measure_binary(weights: FloatArray) -> dict[str, FloatArray]:
            areas = binary.areas(weights)
            return {"roc_auc": areas.roc, "pr_auc": areas.precision_recall}

        return measure_binary

    held = [k for k in range(scores.shape[1]) if (truth == k).any()]
    each = [Ranking(truth == k, scores[:, k]) for k in held]

    def measure_classes(weights: FloatArray) -> dict[str, FloatArray]:
        if not each:
            nothing = np.full(len(weights), np.nan)
            return {"roc_auc": nothing, "pr_auc": nothing}
        areas = [ranking.areas(weights) for ranking in each]
        return {
            "roc_auc": _mean_of_defined([area.roc for area in areas]),
            "pr_auc": _mean_of_defined([area.precision_recall for area in areas]),
        }

    return measure_classes


def _mean_of_defined(areas: list[FloatArray]) -> FloatArray:
    """One class against the rest, [B] each, averaged over the classes that the weighting holds."""
    stacked = np.stack(areas)
    defined = ~np.isnan(stacked)
    total = np.where(defined, stacked, 0.0).sum(axis=0)
    return ratio(total, defined.sum(axis=0).astype(np.float64))


def _probability(scored: Scored, predicted: IntArray) -> Measure:
    truth, scores, positive = scored.truth.astype(np.int64), scored.scores, scored.positive
    rows = np.arange(len(truth))
    if positive is None:
        # Top-label calibration: is the predicted class right as often as its probability says?
        right, stated = truth == predicted, scores[rows, predicted]
        squared = (scores**2).sum(axis=1) - 2 * scores[rows, truth] + 1
    else:
        right, stated = truth == positive, scores[:, positive]
        squared = (right - stated) ** 2
    smallest = np.finfo(np.float64).eps
    surprise = -np.log(np.clip(scores[rows, truth], smallest, 1 - smallest))
    losses = np.column_stack((np.ones(len(truth)), squared, surprise, gap_matrix(right, stated)))
    plain = losses[:, 3:].sum(axis=0) / max(len(truth), 1)

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        sums = weights @ losses
        total = sums[:, 0]
        gaps = ratio(sums[:, 3:], total[:, None])
        return {
            "brier": ratio(sums[:, 1], total),
            "log_loss": ratio(sums[:, 2], total),
            "ece": np.where(total > 0, np.abs(gaps).sum(axis=1), np.nan),
            ECE_NOISE: np.where(total > 0, np.abs(gaps - plain).sum(axis=1), np.nan),
        }

    return measure
