"""The array types of this room, and division that knows when it has no answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

Measure = Callable[[FloatArray], dict[str, FloatArray]]
"""``weights [B, n] -> values [B]`` by the metric's name."""


def ratio(numerator: FloatArray, denominator: FloatArray, *, empty: float = np.nan) -> FloatArray:
    """Elementwise quotient (shapes broadcast); ``empty`` where the denominator is zero."""
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    out = np.full(shape, empty)
    np.divide(numerator, denominator, out=out, where=denominator != 0)
    return out
