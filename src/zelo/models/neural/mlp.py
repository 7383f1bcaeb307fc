"""A multilayer perceptron for values: learned by Lightning, asked in plain arithmetic."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils import check_X_y

from zelo.models.neural.values import ValueNetwork

Array = np.ndarray[Any, Any]


class MlpRegressor(ValueNetwork):
    """Hidden layers of one width with rectifiers; it stops early, by the latest rows.

    ``layers_`` holds each layer's weights [out, in] and bias [out] in float64: a fitted one needs no PyTorch.
    The target is learned in standard deviations from its mean, which the last layer's numbers undo. It learns
    on one thread of the CPU: the same rows and seed give the same numbers, bit for bit.
    """

    layers_: list[tuple[Array, Array]]

    def __init__(
        self,
        hidden: int = 32,
        layers: int = 2,
        dropout: float = 0.1,
        learning_rate: float = 3e-3,
        weight_decay: float = 0.01,
        batch_size: int = 32,
        epochs: int = 150,
        patience: int = 15,
        validation: float = 0.15,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            hidden,
            layers,
            dropout,
            learning_rate,
            weight_decay,
            batch_size,
            epochs,
            patience,
            validation,
            random_state,
        )

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from scaled features [n, d], in order of time, and their values [n].

        Raises:
            ValueError: a value is missing.
        """
        from zelo.models.neural.regression import fit_perceptron

        features, values = check_X_y(X, y, dtype=np.float64, y_numeric=True)
        mean, spread = values.mean(), values.std() or 1.0
        *self.layers_, (weights, bias) = fit_perceptron(
            features,
            (values - mean) / spread,
            self._plan(),
            hidden=self.hidden,
            layers=self.layers,
            dropout=self.dropout,
        )
        self.layers_.append((weights * spread, bias * spread + mean))
        return self

    def predict(self, X: Any) -> Array:
        """Values [n]."""
        *hidden, (weights, bias) = self.layers_
        signal = np.asarray(X, dtype=np.float64)
        for inner_weights, inner_bias in hidden:
            signal = np.maximum(signal @ inner_weights.T + inner_bias, 0.0)
        return np.asarray((signal @ weights.T + bias)[:, 0])
