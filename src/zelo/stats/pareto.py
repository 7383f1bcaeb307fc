"""Which candidates no other candidate beats everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zelo.stats.arrays import BoolArray, FloatArray


def pareto_front(points: FloatArray, higher_is_better: Sequence[bool]) -> BoolArray:
    """Whether each point is on the Pareto front.

    Args:
        points: shape [n, d], a candidate a row and a metric a column.
        higher_is_better: length d.

    Returns:
        Shape [n]: true where no other point is as good in every column and better in one. Equal
        points stand or fall together; a point with a NaN is not on the front, and beats none.
    """
    gains = np.where(np.asarray(higher_is_better, dtype=bool), points, -points)
    whole: BoolArray = np.logical_not(np.isnan(gains).any(axis=1))
    front = whole.copy()
    for i in np.flatnonzero(whole):
        others = gains[whole]
        front[i] = not ((others >= gains[i]).all(axis=1) & (others > gains[i]).any(axis=1)).any()
    return front
