"""Whether the last prices look like those of the training: in size, in how much they move, and in how."""

from __future__ import annotations

from typing import Any

import numpy as np

from zelo.spec.frozen import Frozen

Array = np.ndarray[Any, Any]


class WindowLimits(Frozen):
    """What the training windows were like, and how far another one may be from them."""

    lowest: float
    highest: float
    """The range of prices."""
    reach: float
    """How far beyond it a price may lie, as the logarithm of a factor."""
    calmest: float
    wildest: float
    """Standard deviations of the returns in a window."""
    largest: float
    """The largest move in a day, as the logarithm of a factor."""
    span: float
    """From a window's lowest to its highest price, as the logarithm of a factor."""
    distance: float
    """The Kolmogorov-Smirnov distance of a window's returns from those of the training."""
    returns: tuple[float, ...]
    """Quantiles of the training's returns, evenly spaced."""


def limits_of(windows: Array, truth: Array) -> WindowLimits:
    """What training windows [n, history], the newest value first, and the values [n] after them allow."""
    raise NotImplementedError
