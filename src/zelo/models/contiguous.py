"""Boosted trees of XGBoost for any classes: it wants them numbered without a gap, and weighs rows alone."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.class_weight import compute_sample_weight

Array = np.ndarray[Any, Any]


class ContiguousClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers the classes that are there from 0 on; ``class_weight`` becomes a weight a row.

    A fold may lack a rare class: then ``classes_`` lacks it too.
    """

    def __init__(self, estimator: Any, class_weight: str | None = None) -> None:
        self.estimator = estimator
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any) -> Self:
        self.classes_, codes = np.unique(y, return_inverse=True)
        weights = None if self.class_weight is None else compute_sample_weight(self.class_weight, codes)
        self.estimator_ = clone(self.estimator).fit(X, codes, sample_weight=weights)
        return self

    def predict_proba(self, X: Any) -> Array:
        """Probabilities [n, k] of ``classes_``."""
        return np.asarray(self.estimator_.predict_proba(X), dtype=np.float64)
