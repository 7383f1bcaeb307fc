"""How far tomorrow's price may lie from its forecast: as far as the last days say."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from zelo.spec.frozen import Frozen
from zelo.stats.volatility import adapted_limits, moves, spreads

Array = np.ndarray[Any, Any]


class Spread(Frozen):
    """A fitted model of volatility, and the conformal limit of the errors that it scales.

    ``model`` is its name in the project. A window of prices gives returns, the newest first; each day's
    spread is ``constant`` plus the weighted sum of ``|return| ** power`` before it (``falls`` is added to the
    weights of returns below 0), and what lies before the window counts as ``fill`` (and ``fill_falls``), its
    mean in training. ``limit`` is the quantile of |error| / spread out of fold; the last ``look_back`` days
    of the window raise or lower it at ``rate`` (:func:`zelo.stats.volatility.adapted_limits`).
    """

    model: str
    power: Literal[1, 2]
    constant: float
    weights: tuple[float, ...]
    falls: tuple[float, ...]
    fill: float
    fill_falls: float
    limit: float
    look_back: int
    rate: float

    def half_widths(self, windows: Array) -> Array:
        """From the value to each end of its interval, [n], in the target's unit.

        Args:
            windows: the last prices, the newest first, [n, history], all above 0.
        """
        returns, days = moves(windows), self.look_back
        # Column 0 is tomorrow's; the others, the oldest first, were known before each of the last days.
        found = self.spreads(returns, days)
        moved = np.abs(returns[:, :days])
        limits = adapted_limits(found[:, :0:-1], moved[:, ::-1], self.limit, rate=self.rate)
        return np.asarray(windows[:, 0] * found[:, 0] * limits)

    def spreads(self, returns: Array, days: int = 0) -> Array:
        """The next return's spread, and what it was on the last days, [n, days + 1].

        Args:
            returns: the newest first, [n, history - 1].
            days: how far back.
        """
        return spreads(
            returns,
            power=self.power,
            constant=self.constant,
            weights=np.array(self.weights),
            falls=np.array(self.falls),
            fill=self.fill,
            fill_falls=self.fill_falls,
            days=days,
        )
