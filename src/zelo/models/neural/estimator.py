"""What the neural estimators share: a fitted state of plain arrays, and a torch module rebuilt from it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin

from zelo.features.text.encoder import run_in_batches

if TYPE_CHECKING:
    from torch.nn import Module

Array = np.ndarray[Any, Any]


class Neural(BaseEstimator):  # type: ignore[misc]
    """Reads prepared texts [n]. ``weights_`` holds its module's state as arrays.

    The module itself is made when it is first asked, and is never part of what is stored or copied.
    """

    classes_: Array
    weights_: dict[str, Array]

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from texts [n] and their classes [n]."""
        self.classes_, targets = np.unique(np.asarray(y), return_inverse=True)
        self.__dict__.pop("_module", None)
        self.weights_ = self._learned([str(text) for text in X], targets.astype(np.int64))
        return self

    @property
    def module(self) -> Module:
        """The fitted torch module, on the CPU."""
        if "_module" not in self.__dict__:
            import torch

            module = self._build()
            module.load_state_dict({name: torch.tensor(value) for name, value in self.weights_.items()})
            self._module = module.eval().requires_grad_(False)
        return self._module

    @abstractmethod
    def _learned(self, texts: Sequence[str], targets: Array) -> dict[str, Array]:
        """The state of the module once fitted; targets are positions in ``classes_``."""

    @abstractmethod
    def _build(self) -> Module:
        """The fitted architecture, with whatever weights."""

    @abstractmethod
    def _tokens(self, texts: Sequence[str]) -> Array:
        """Token ids [n, T]."""

    def _run(self, X: Any) -> Array:
        """The module's answers [n, ...] in float64."""
        return run_in_batches(self.module, self._tokens([str(text) for text in X])).astype(np.float64)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if name != "_module"}


class NeuralClassifier(ClassifierMixin, Neural):  # type: ignore[misc]
    """A network whose module gives logits."""

    def predict_proba(self, X: Any) -> Array:
        """Probabilities [n, k] of ``classes_``, in float64."""
        if len(X) == 0:
            return np.zeros((0, len(self.classes_)))
        return np.asarray(softmax(self._run(X), axis=1))

    def predict(self, X: Any) -> Array:
        """The most probable class of each text [n]."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])
