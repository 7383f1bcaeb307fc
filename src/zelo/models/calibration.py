"""Calibration fitted out of fold: scores that mean what they say, whatever was done to the class shares."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin

Array = np.ndarray[Any, Any]

TINY = 1e-6
"""No probability is read closer to 0 or 1: boosted trees, compiled in single precision, are known to that."""


class BetaCalibration:
    """Two classes: logit q = a ln p - b ln(1 - p) + c, with a, b >= 0; the identity is a = b = 1, c = 0.

    Source: Kull, Silva Filho and Flach, "Beta calibration", AISTATS 2017.
    """

    def __init__(self, a: float = 1.0, b: float = 1.0, c: float = 0.0) -> None:
        self.a, self.b, self.c = a, b, c

    @classmethod
    def fit(cls, truth: Array, scores: Array) -> BetaCalibration:
        """From class indices [n] and probabilities [n, 2]."""
        low, high = _logs(scores)
        sign = np.where(truth == 1, 1.0, -1.0)

        def loss(params: Array) -> tuple[float, Array]:
            margin = sign * (params[0] * high - params[1] * low + params[2])
            slope = -sign * expit(-margin)
            gradient = np.array([(slope * high).mean(), -(slope * low).mean(), slope.mean()])
            return float(np.logaddexp(0.0, -margin).mean()), gradient

        bounds = [(0.0, None), (0.0, None), (None, None)]
        found = minimize(loss, np.array([1.0, 1.0, 0.0]), jac=True, bounds=bounds, method="L-BFGS-B")
        return cls(*(float(value) for value in found.x))

    def apply(self, scores: Array) -> Array:
        """Calibrated probabilities [n, 2]."""
        low, high = _logs(scores)
        positive = expit(self.a * high - self.b * low + self.c)
        return np.column_stack([1.0 - positive, positive])


class TemperatureCalibration:
    """Any number of classes: q = softmax(ln p / t).

    Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017.
    """

    def __init__(self, temperature: float = 1.0) -> None:
        self.temperature = temperature

    @classmethod
    def fit(cls, truth: Array, scores: Array) -> TemperatureCalibration:
        """From class indices [n] and probabilities [n, K]."""
        logs = np.log(np.clip(scores, TINY, 1.0))
        rows = np.arange(len(truth))

        def loss(log_temperature: float) -> float:
            return float(-log_softmax(logs / np.exp(log_temperature), axis=1)[rows, truth].mean())

        found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded")
        return cls(float(np.exp(found.x)))

    def apply(self, scores: Array) -> Array:
        """Calibrated probabilities [n, K]."""
        return np.asarray(softmax(np.log(np.clip(scores, TINY, 1.0)) / self.temperature, axis=1))


Calibration = BetaCalibration | TemperatureCalibration


def fit_calibration(truth: Array, scores: Array) -> Calibration:
    """Beta calibration for two classes, temperature for more; out-of-fold scores [n, K] in, please."""
    return (BetaCalibration if scores.shape[1] == 2 else TemperatureCalibration).fit(truth, scores)


class Calibrated(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier and its calibration, with a column for each of ``n_classes`` classes.

    Classes are 0 .. n_classes - 1. One that the classifier never saw gets probability 0.
    """

    def __init__(self, estimator: Any, calibration: Calibration, n_classes: int) -> None:
        self.estimator = estimator
        self.calibration = calibration
        self.n_classes = n_classes
        self.classes_ = np.arange(n_classes)

    def fit(self, X: Any, y: Any) -> Self:
        """Nothing: both parts are fitted before, the calibration out of fold."""
        return self

    def predict_proba(self, X: Any) -> Array:
        """Calibrated probabilities [n, n_classes]."""
        raw = aligned(self.estimator.predict_proba(X), self.estimator.classes_, self.n_classes)
        return self.calibration.apply(raw)


def aligned(scores: Array, classes: Array, n_classes: int) -> Array:
    """Probabilities [n, k] of the classes seen, as [n, n_classes]."""
    full = np.zeros((len(scores), n_classes))
    full[:, np.asarray(classes, dtype=int)] = scores
    return full


def _logs(scores: Array) -> tuple[Array, Array]:
    """ln(1 - p) and ln p of the second class, in float64."""
    positive = np.clip(np.asarray(scores[:, 1], dtype=np.float64), TINY, 1.0 - TINY)
    return np.log(1.0 - positive), np.log(positive)
