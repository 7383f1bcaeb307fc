"""Voting and stacking over fitted members, whose out-of-fold scores serve a second time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression, RidgeCV

from zelo.models.calibration import TINY, aligned

Array = np.ndarray[Any, Any]


class Voting(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The mean of the members' probabilities, or of their values."""

    def __init__(self, members: Sequence[Any], n_classes: int) -> None:
        self.members = members
        self.n_classes = n_classes
        self.classes_ = np.arange(n_classes)

    def fit(self, X: Any, y: Any) -> Self:
        """Nothing: the members come fitted."""
        return self

    def predict_proba(self, X: Any) -> Array:
        """Mean probabilities [n, n_classes]."""
        return np.asarray(np.mean(member_scores(self.members, X, self.n_classes), axis=0))

    def predict(self, X: Any) -> Array:
        """Mean values [n] of a regression; class indices otherwise."""
        if self.n_classes == 0:
            return np.asarray(np.mean([member.predict(X) for member in self.members], axis=0))
        return np.asarray(self.predict_proba(X).argmax(axis=1))


class Stacking(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A linear model over the members' log-probabilities, or over their values.

    Source: Wolpert, "Stacked generalization", Neural Networks 1992; ``final`` is fitted out of fold.
    """

    def __init__(self, members: Sequence[Any], final: Any, n_classes: int) -> None:
        self.members = members
        self.final = final
        self.n_classes = n_classes
        self.classes_ = np.arange(n_classes)

    def fit(self, X: Any, y: Any) -> Self:
        """Nothing: the members and the final model come fitted."""
        return self

    def predict_proba(self, X: Any) -> Array:
        """Probabilities [n, n_classes]."""
        inputs = stacking_inputs(member_scores(self.members, X, self.n_classes))
        return aligned(self.final.predict_proba(inputs), self.final.classes_, self.n_classes)

    def predict(self, X: Any) -> Array:
        """Values [n] of a regression; class indices otherwise."""
        if self.n_classes == 0:
            return np.asarray(
                self.final.predict(np.column_stack([member.predict(X) for member in self.members]))
            )
        return np.asarray(self.predict_proba(X).argmax(axis=1))


def member_scores(members: Sequence[Any], X: Any, n_classes: int) -> list[Array]:
    """Each member's probabilities [n, n_classes]."""
    return [aligned(member.predict_proba(X), member.classes_, n_classes) for member in members]


def stacking_inputs(scores: Sequence[Array]) -> Array:
    """What the final model reads: log-probabilities side by side [n, members * K], or values as they are."""
    if scores[0].shape[1] == 1:
        return np.asarray(np.hstack(scores))
    return np.asarray(np.log(np.clip(np.hstack(scores), TINY, 1.0)))


def final_model(regression: bool) -> Any:
    """An unfitted final model: strongly shrunk, since the members resemble each other."""
    return RidgeCV(alphas=np.logspace(-3, 3, 13)) if regression else LogisticRegression(C=0.1, max_iter=1000)
