"""What networks that learn values share: their settings, and how they learn by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.base import BaseEstimator, RegressorMixin

if TYPE_CHECKING:
    from zelo.models.neural.learning import Plan


class ValueNetwork(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """It learns on one thread of the CPU: the same rows and seed give the same numbers, bit for bit."""

    def __init__(
        self,
        hidden: int,
        layers: int,
        dropout: float,
        learning_rate: float,
        weight_decay: float,
        batch_size: int,
        epochs: int,
        patience: int,
        validation: float,
        random_state: int,
    ) -> None:
        self.hidden = hidden
        self.layers = layers
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.patience = patience
        self.validation = validation
        self.random_state = random_state

    def _plan(self) -> Plan:
        from zelo.models.neural.learning import Plan

        return Plan(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            patience=self.patience,
            validation=self.validation,
            seed=self.random_state,
            threads=1,
            accelerator="cpu",
        )
