"""How long a fitted candidate takes for one row, before it is compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from zelo.training.fit import scores_of

WARM, TIMED = 2, 15
LONGEST = 0.5
"""Seconds after which fewer rows have to do."""


def row_milliseconds(model: Any, rows: pd.DataFrame, n_classes: int, *, clock: Callable[[], float]) -> float:
    """The median over some single rows, in milliseconds.

    It tells slow candidates from quick ones; what is served is compiled, and gate G05 times that.
    """
    elapsed: list[float] = []
    for turn in range(WARM + TIMED):
        row = rows.iloc[[turn % len(rows)]]
        start = clock()
        scores_of(model, row, n_classes)
        elapsed.append(clock() - start)
        if turn >= WARM and sum(elapsed) > LONGEST:
            break
    return float(np.median(elapsed[WARM:])) * 1000
