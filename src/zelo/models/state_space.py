"""Exponential smoothing and ARIMA by statsforecast, as the weights of their one-step forecast.

Both are innovations state-space models, linear in the values:

    y_t = observe @ x_(t-1) + e_t,    x_t = move @ x_(t-1) + gain * e_t.

So the fitted model becomes a ``LinearFilter``, and what is served or stored needs no statsforecast.

Source: Hyndman, Koehler, Ord and Snyder, "Forecasting with exponential smoothing: the state space approach",
Springer 2008, chapters 2 and 11.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from zelo.models.series import LinearFilter, whole_series

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class StateSpace:
    """A fitted model with s states: observe [s], move [s, s], gain [s], around a level and a drift a row."""

    observe: Array
    move: Array
    gain: Array
    level: float = 0.0
    drift: float = 0.0

    def one_step(self, history: int) -> tuple[Array, float]:
        """Weights [history] of the last values, the newest first, and the constant of the next value.

        The state before the window is not known: the least squares of the window's innovations estimate it,
        which is linear in the values too.
        """
        decay = self.move - np.outer(self.gain, self.observe)
        # The state and the innovations are linear in the first state and in the values.
        state_of_first, state_of_values = np.eye(len(self.gain)), np.zeros((len(self.gain), history))
        from_first, from_values = np.empty((history, len(self.gain))), np.eye(history)
        for place in range(history):
            from_first[place] = self.observe @ state_of_first
            from_values[place] -= self.observe @ state_of_values
            state_of_first, state_of_values = decay @ state_of_first, decay @ state_of_values
            state_of_values[:, place] += self.gain
        first = np.linalg.lstsq(from_first, from_values, rcond=None)[0]
        weights = self.observe @ (state_of_first @ first + state_of_values)
        means = self.level + self.drift * np.arange(1.0, history + 2.0)
        return weights[::-1].copy(), float(means[-1] - weights @ means[:-1])


class StateSpaceFilter(LinearFilter):
    """Fits a model of statsforecast to the whole series, and keeps its weights."""

    def _learned(self, windows: Array, truth: Array) -> tuple[Array, float]:
        with warnings.catch_warnings():
            # Models that are tried and not taken overflow and fail to converge, and say so.
            warnings.simplefilter("ignore")
            try:
                fitted = self._fitted(whole_series(windows, truth))
            except Exception as error:
                # statsforecast raises the bare class where no model can be fitted.
                raise ValueError(f"statsforecast: {error}") from error
        return fitted.one_step(windows.shape[1])

    @abstractmethod
    def _fitted(self, series: Array) -> StateSpace:
        """The model of a series [n] in order of time."""


class AutoEts(StateSpaceFilter):
    """Exponential smoothing without a season, its trend by AICc; with errors that add, so that weights do."""

    def _fitted(self, series: Array) -> StateSpace:
        from statsforecast.models import AutoETS

        model = AutoETS(season_length=1, model="AZN").fit(series).model_
        alpha, beta, _, phi = model["par"][:4]
        _, trend, _, damped = model["components"]
        if trend == "N":
            return StateSpace(np.ones(1), np.ones((1, 1)), np.array([alpha]))
        kept = phi if damped == "D" else 1.0
        move = np.array([[1.0, kept], [0.0, kept]])
        return StateSpace(move[0], move, np.array([alpha, beta]))


class AutoArima(StateSpaceFilter):
    """ARIMA without a season, its orders by AICc."""

    def _fitted(self, series: Array) -> StateSpace:
        from statsforecast.models import AutoARIMA

        model = AutoARIMA(season_length=1).fit(series).model_
        form, coefficients = model["model"], model["coef"]
        # The filter's own form has the innovation in the state; here it is beside it.
        observe, move = form["Z"] @ form["T"], form["T"]
        gain = np.zeros(len(move))
        gain[: 1 + len(form["theta"])] = [1.0, *form["theta"]]
        level, drift = (float(coefficients.get(name, 0.0)) for name in ("intercept", "drift"))
        return StateSpace(observe, move, gain, level, drift)
