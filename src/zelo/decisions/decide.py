"""From scores to decisions: the one place, used by training and by serving alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zelo.decisions.policy import Policy
from zelo.spec.project import Band

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """What people read about one row.

    ``score`` is the probability of the positive class (binary), of the predicted class (multiclass),
    or the value itself (regression). ``probability`` is always that of the predicted class.
    """

    prediction: int | str | float
    score: float
    probability: float | None = None
    band: str | None = None
    recommendation: str | None = None
    lower: float | None = None
    upper: float | None = None


def predicted_classes(scores: Array, policy: Policy) -> Array:
    """Index of the predicted class for scores of shape [n, K]; the positive one from the threshold up."""
    if policy.kind == "binary":
        assert policy.positive is not None
        positive = policy.classes.index(policy.positive)
        return np.where(scores[:, positive] >= policy.threshold, positive, 1 - positive)
    return np.asarray(scores.argmax(axis=1))


def band_of(score: float, bands: tuple[Band, ...]) -> Band | None:
    """The first band whose bound the score exceeds; the last band has none."""
    return next((band for band in bands if band.above is None or score > band.above), None)


def decide(scores: Array, policy: Policy) -> list[Decision]:
    """Decisions for scores of shape [n, K] (classes) or [n, 1] (regression), in order."""
    if policy.kind == "regression":
        return [_value(float(value), policy.half_width) for value in scores[:, 0]]
    indices = predicted_classes(scores, policy)
    if policy.kind == "multiclass":
        return [
            Decision(prediction=policy.classes[i], score=float(row[i]), probability=float(row[i]))
            for row, i in zip(scores, indices, strict=True)
        ]
    assert policy.positive is not None
    positive = policy.classes.index(policy.positive)
    return [
        _binary(policy.classes[i], float(row[positive]), float(row[i]), policy.bands)
        for row, i in zip(scores, indices, strict=True)
    ]


def _binary(prediction: int | str, score: float, probability: float, bands: tuple[Band, ...]) -> Decision:
    band = band_of(score, bands)
    return Decision(
        prediction=prediction,
        score=score,
        probability=probability,
        band=band.label if band else None,
        recommendation=band.recommendation if band else None,
    )


def _value(value: float, half_width: float | None) -> Decision:
    if half_width is None:
        return Decision(prediction=value, score=value)
    return Decision(prediction=value, score=value, lower=value - half_width, upper=value + half_width)
