"""How much a network's figures depend on its seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SeedSpread:
    """A metric over ``count`` seeds: its ends and its standard deviation, in the metric's unit."""

    count: int
    low: float
    high: float
    sd: float


def spread_over_seeds(figures: Sequence[Mapping[str, float]]) -> dict[str, SeedSpread]:
    """Each metric's spread, from the metrics of two seeds or more."""
    return {
        name: SeedSpread(
            len(values), float(np.min(values)), float(np.max(values)), float(np.std(values, ddof=1))
        )
        for name in figures[0]
        for values in [[one[name] for one in figures]]
    }
