"""How long each runtime takes for how many rows, and which is asked for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

import numpy as np

from zelo.features.columns import Columns, count, take
from zelo.registry.runtime import Predictor

SIZES = (1, 8, 32, 128, 1000)
LONGEST = 0.15
"""Seconds a size; each is measured three times at least."""
FEWEST, MOST = 3, 50
WORTH = 0.8
"""A runtime takes over where it needs less than this part of the time: a measurement is no more exact."""

Pace = Mapping[int, float]
"""Rows of a call -> µs of that call."""


def pace(
    predictor: Predictor, rows: Columns, *, seed: int, clock: Callable[[], float] = time.thread_time
) -> dict[int, float]:
    """The median µs of a call for each of :data:`SIZES` rows, on one thread.

    Every call has other rows: of the same ones a processor remembers the way through every tree, and a large
    forest seems five times as fast as it is.
    """
    rng = np.random.default_rng(seed)
    found = {}
    for size in SIZES:
        taken: list[float] = []
        while len(taken) < FEWEST or (sum(taken) < LONGEST and len(taken) < MOST):
            some = take(rows, rng.integers(0, count(rows), size))
            start = clock()
            predictor.scores(some)
            taken.append(clock() - start)
        found[size] = round(median(taken) * 1e6, 1)
    return found


def steps(paces: Mapping[str, Pace], first: str) -> list[tuple[int, str]]:
    """From how many rows on which runtime is asked, the fewest rows first; ``first`` where none is better."""
    chosen = [(SIZES[0], first)]
    for size in SIZES:
        quickest = min(paces, key=lambda name: paces[name][size])
        if paces[quickest][size] < WORTH * paces[chosen[-1][1]][size]:
            chosen = [*(step for step in chosen if step[0] != size), (size, quickest)]
    return chosen
