"""Whether prediction intervals hold as much as they promise."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv

from zelo.stats.bootstrap import Interval


def coverage_interval(hits: int, n: int, level: float = 0.95) -> Interval:
    """The share of intervals that held their truth, with the exact bounds of Clopper & Pearson 1934.

    They hold the expected share at least as often as ``level``, if rows are independent. Misses that come
    together in time make them too narrow; the ``coverage`` metric in blocks allows for those.

    Args:
        hits: truths within their interval.
        n: intervals.
        level: in (0, 1).

    Returns:
        NaN where there are no intervals.

    Raises:
        ValueError: hits are not within 0 and n.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} hits of {n} intervals")
    if not n:
        return Interval(np.nan, np.nan, np.nan)
    tail = (1 - level) / 2
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(betaincinv(hits + 1, n - hits, 1 - tail)) if hits < n else 1.0
    return Interval(hits / n, low, high)
