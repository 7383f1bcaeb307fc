"""A recurrent forecast of a series: learned by Lightning, asked in plain arithmetic."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy.special import expit
from sklearn.utils import check_X_y

from zelo.models.neural.values import ValueNetwork

Array = np.ndarray[Any, Any]


class LstmRegressor(ValueNetwork):
    """LSTM layers of one width over the last values of a series; it stops early, by the latest rows.

    It learns the next value in standard deviations from the mean, and reads the last ones so too, by the
    training's numbers. ``layers_`` holds each layer's weights of its input [4h, d] and of its state [4h, h],
    and its bias [4h], gates in the order i, f, c, o; ``head_`` those of the value. They are float64: a fitted
    one needs no PyTorch. It learns on one thread of the CPU: the same rows and seed give the same numbers,
    bit for bit (see ``recurrent.RecurrentNetwork``).
    """

    layers_: list[tuple[Array, Array, Array]]
    head_: tuple[Array, Array]
    mean_: float
    spread_: float

    def __init__(
        self,
        hidden: int = 64,
        layers: int = 2,
        dropout: float = 0.1,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.01,
        batch_size: int = 64,
        epochs: int = 60,
        patience: int = 6,
        validation: float = 0.176,
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
        """Learn from windows [n, T], the newest value first, in order of time, and what followed them [n].

        Raises:
            ValueError: a value is missing.
        """
        from zelo.models.neural.recurrent import RecurrentNetwork
        from zelo.models.neural.regression import fit_in_order

        windows, values = check_X_y(X, y, dtype=np.float64, y_numeric=True)
        self.n_features_in_ = windows.shape[1]
        self.mean_, self.spread_ = float(windows.mean()), float(windows.std()) or 1.0
        mean, spread = values.mean(), values.std() or 1.0
        state = fit_in_order(
            lambda: RecurrentNetwork(self.hidden, self.layers, self.dropout),
            self._sequences(windows),
            (values - mean) / spread,
            self._plan(),
        )
        self.layers_ = [self._layer(state, place) for place in range(self.layers)]
        self.head_ = state["head.weight"] * spread, state["head.bias"] * spread + mean
        return self

    def predict(self, X: Any) -> Array:
        """The next values [n]."""
        sequences = self._sequences(np.asarray(X, dtype=np.float64))
        nothing = np.zeros((len(sequences), self.hidden))
        states = [(nothing, nothing) for _ in self.layers_]
        for signal in sequences.T[:, :, None]:
            for place, layer in enumerate(self.layers_):
                states[place] = _step(layer, signal, *states[place])
                signal = states[place][0]  # noqa: PLW2901  (each layer reads the state of the one below)
        weights, bias = self.head_
        return np.asarray((states[-1][0] @ weights.T + bias)[:, 0])

    def _sequences(self, windows: Array) -> Array:
        """Standardised, the oldest value first."""
        return np.asarray((windows[:, ::-1] - self.mean_) / self.spread_)

    def _layer(self, state: dict[str, Array], place: int) -> tuple[Array, Array, Array]:
        bias = state[f"lstm.bias_ih_l{place}"] + state[f"lstm.bias_hh_l{place}"]
        return state[f"lstm.weight_ih_l{place}"], state[f"lstm.weight_hh_l{place}"], bias


def _step(layer: tuple[Array, Array, Array], signal: Array, state: Array, cell: Array) -> tuple[Array, Array]:
    """The state and the cell [n, h] after one more signal [n, d]."""
    of_signal, of_state, bias = layer
    gate_i, gate_f, gate_c, gate_o = np.split(signal @ of_signal.T + state @ of_state.T + bias, 4, axis=1)
    cell = expit(gate_f) * cell + expit(gate_i) * np.tanh(gate_c)
    return expit(gate_o) * np.tanh(cell), cell
