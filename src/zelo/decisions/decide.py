"""From scores to decisions: the one place, used by training and by serving alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from zelo.decisions.policy import Policy
from zelo.spec.project import Band, Label
from zelo.stats.conformal import in_sets

Array = np.ndarray[Any, Any]


class Decision(NamedTuple):
    """What people read about one row: a tuple, since a thousand of them are made for one answer.

    ``score`` is the probability of the positive class (binary), of the predicted class (multiclass),
    or the value itself (regression). ``probability`` is always that of the predicted class.

    With several classes ``classes`` are the most probable ones with their probabilities, falling;
    ``label_set`` holds the true class as often as the policy's coverage says; and ``abstain`` tells that a
    person should decide, ``prediction`` being the best guess (``None`` where the project sets no confidence).
    ``words`` of the texts carried it (:mod:`zelo.decisions.words`), where they were looked for. Of a forecast
    made from an earlier one, ``horizon`` is how many rows ahead of the last known value it lies. ``drift``
    says what of its history is unlike the training, where the policy has limits.
    """

    prediction: int | str | float
    score: float
    probability: float | None = None
    band: str | None = None
    recommendation: str | None = None
    lower: float | None = None
    upper: float | None = None
    classes: tuple[tuple[Label, float], ...] = ()
    label_set: tuple[Label, ...] = ()
    abstain: bool | None = None
    words: tuple[tuple[str, float], ...] = ()
    horizon: int | None = None
    drift: tuple[str, ...] | None = None


def predicted_classes(scores: Array, policy: Policy) -> Array:
    """Index of the predicted class for scores of shape [n, K]: of two the positive one from the threshold up,
    of several the one whose probability is the most times its threshold."""
    if policy.kind == "binary":
        assert policy.positive is not None
        positive = policy.classes.index(policy.positive)
        return np.where(scores[:, positive] >= policy.threshold, positive, 1 - positive)
    weighed = scores / np.array(policy.class_thresholds) if policy.class_thresholds else scores
    return np.asarray(weighed.argmax(axis=1))


def band_of(score: float, bands: tuple[Band, ...]) -> Band | None:
    """The first band whose bound the score exceeds; the last band has none."""
    for band in bands:
        if band.above is None or score > band.above:
            return band
    return None


def interval_bounds(scores: Array, policy: Policy, windows: Array | None = None) -> Array | None:
    """The ends of the intervals of values [n, 1], as [n, 2]; none where the policy promises none.

    Args:
        scores: the values.
        policy: of the version.
        windows: the history of each row [n, history], the newest value first, where there is a forecast.
    """
    widths = _half_widths(len(scores), policy, windows)
    return None if widths is None else ends(scores[:, 0], widths[:, 0], policy.least)


def ends(values: Array, half_widths: Array, least: float | None) -> Array:
    """The ends of intervals around values [n], as [n, 2]: none below ``least``, where there is one."""
    lower = values - half_widths
    return np.column_stack([lower if least is None else np.maximum(lower, least), values + half_widths])


def _half_widths(rows: int, policy: Policy, windows: Array | None) -> Array | None:
    """From each value to the ends of its interval, [n, 1]."""
    if policy.spread is not None:
        if windows is None:
            raise ValueError("the intervals of a spread need the windows of the rows")
        return policy.spread.half_widths(windows)[:, None]
    return None if policy.half_width is None else np.full((rows, 1), policy.half_width)


def _listed(widths: Array | None, rows: int) -> list[float | None]:
    return [None] * rows if widths is None else widths[:, 0].tolist()


def decide_ahead(values: Array, policy: Policy, windows: Array | None = None) -> list[Decision]:
    """Decisions for the forecasts of 1, 2, ... rows ahead, [horizon], each with its own interval.

    Args:
        values: the forecasts.
        policy: of the version.
        windows: the history that each was made from [horizon, history], the newest value first.
    """
    each: Sequence[float | None] = policy.half_widths
    if policy.spread is not None:
        each = _listed(_half_widths(len(values), policy, windows), len(values))
    return [
        _value(float(value), half_width, policy.least)._replace(horizon=horizon)
        for horizon, (value, half_width) in enumerate(zip(values, each, strict=True), start=1)
    ]


def decide(scores: Array, policy: Policy, windows: Array | None = None) -> list[Decision]:
    """Decisions for scores of shape [n, K] (classes) or [n, 1] (regression), in order.

    Args:
        scores: of each row.
        policy: of the version.
        windows: the history of each row [n, history], the newest value first, where there is a forecast.
    """
    if policy.kind == "regression":
        each = _listed(_half_widths(len(scores), policy, windows), len(scores))
        return [
            _value(float(value), width, policy.least) for value, width in zip(scores[:, 0], each, strict=True)
        ]
    indices = predicted_classes(scores, policy)
    if policy.kind == "multiclass":
        return _of_several(scores, indices, policy)
    assert policy.positive is not None
    positive = policy.classes.index(policy.positive)
    probabilities = scores[np.arange(len(scores)), indices]
    bands = policy.bands
    return [
        _binary(policy.classes[i], score, probability, bands)
        for i, score, probability in zip(
            indices.tolist(), scores[:, positive].tolist(), probabilities.tolist(), strict=True
        )
    ]


def _of_several(scores: Array, predicted: Array, policy: Policy) -> list[Decision]:
    rows = np.arange(len(scores))
    listed = np.argsort(-scores, axis=1, kind="stable")[:, : policy.top]
    held = np.zeros(scores.shape, dtype=bool)
    if policy.set_limits:
        held = in_sets(scores, np.array(policy.set_limits))
        # A threshold may prefer a class that is less probable: what is answered is in its own set.
        held[rows, predicted] = True
    labels = policy.classes
    found = []
    for row, i, best, within in zip(scores, predicted, listed, held, strict=True):
        probability = float(row[i])
        found.append(
            Decision(
                prediction=labels[i],
                score=probability,
                probability=probability,
                classes=tuple((labels[k], float(row[k])) for k in best),
                label_set=tuple(labels[k] for k in np.flatnonzero(within)),
                abstain=None if policy.confidence is None else probability < policy.confidence,
            )
        )
    return found


def _binary(prediction: int | str, score: float, probability: float, bands: tuple[Band, ...]) -> Decision:
    band = band_of(score, bands)
    if band is None:
        return Decision(prediction, score, probability)
    return Decision(prediction, score, probability, band.label, band.recommendation)


def _value(value: float, half_width: float | None, least: float | None) -> Decision:
    if half_width is None:
        return Decision(prediction=value, score=value)
    lower = value - half_width if least is None else max(value - half_width, least)
    return Decision(prediction=value, score=value, lower=lower, upper=value + half_width)
