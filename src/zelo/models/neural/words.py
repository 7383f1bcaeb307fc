"""Classifiers with a vocabulary of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zelo.models.neural.estimator import NeuralClassifier
from zelo.models.neural.vocabulary import FIRST, PADDING, build_vocabulary, word_ids

Array = np.ndarray[Any, Any]


class WordClassifier(NeuralClassifier):
    """Reads words by ids: ``vocabulary_`` is word -> id. Its parameters name the plan of its learning."""

    vocabulary_: dict[str, int]
    min_count: int
    learning_rate: float
    weight_decay: float
    batch_size: int
    epochs: int
    patience: int
    validation: float
    class_weight: str | None
    random_state: int
    threads: int

    @property
    def _words(self) -> int:
        return len(self.vocabulary_) + FIRST

    def _tokens(self, texts: Sequence[str]) -> Array:
        return word_ids(texts, self.vocabulary_)

    def _learned(self, texts: Sequence[str], targets: Array) -> dict[str, Array]:
        from zelo.models.neural.learning import Examples, Plan, fit_network

        self.vocabulary_ = build_vocabulary(texts, self.min_count)
        plan = Plan(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            patience=self.patience,
            validation=self.validation,
            seed=self.random_state,
            threads=self.threads,
        )
        examples = Examples(self._tokens(texts), targets, PADDING)
        return fit_network(self._build, examples, plan, self.class_weight)
