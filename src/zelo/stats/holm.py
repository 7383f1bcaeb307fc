"""p-values of several tests at once: one of many is small by luck alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zelo.stats.arrays import FloatArray


def holm(p_values: Sequence[float]) -> FloatArray:
    """Adjusted p-values in [0, 1], in the order of the tests, [m].

    Rejecting where they are below a level errs in one test or more of the m with at most that probability,
    whatever the tests have in common (Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure").
    The smallest is multiplied by m, as Bonferroni does, the next by m - 1, and so on, none below the last.

    Raises:
        ValueError: a p-value is outside [0, 1].
    """
    found = np.asarray(p_values, dtype=np.float64)
    if not ((found >= 0) & (found <= 1)).all():
        raise ValueError(f"p-values {found} are not all in [0, 1]")
    order = np.argsort(found, kind="stable")
    adjusted = np.empty_like(found)
    factors = np.arange(len(found), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(found[order] * factors), 1.0)
    return adjusted
