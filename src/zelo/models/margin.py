"""Probabilities from a margin, for classifiers that have none of their own."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone


class MarginClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Squashes ``decision_function`` by the logistic function (two classes) or softmax (more).

    The result ranks as the margin does; calibration out of fold gives it its meaning.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any) -> Self:
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        return self

    def predict_proba(self, X: Any) -> np.ndarray[Any, Any]:
        """Squashed margins [n, K]."""
        margin = np.asarray(self.estimator_.decision_function(X), dtype=np.float64)
        if margin.ndim == 1:
            positive = expit(margin)
            return np.column_stack([1.0 - positive, positive])
        return np.asarray(softmax(margin, axis=1))
