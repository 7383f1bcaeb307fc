"""Rows of ten mixed fields, made by a seed: as the reference, or changed in one way. SYNTHETIC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr
from scipy.stats import t as students_t

from zelo.stats.arrays import FloatArray
from zelo.stats.watched import Rows, Stream, Values

DAY = 100
"""Rows a day."""
REFERENCE = 2000
DAYS = 180
BUDGET = 90.0
NUMBERS = ("normal", "price", "count", "sparse", "heavy", "uniform")
CATEGORIES = {
    "country": (("France", "Germany", "Spain"), (0.5, 0.3, 0.2)),
    "card": (("yes", "no"), (0.7, 0.3)),
    "tariff": (("a", "b", "c", "d", "e", "f"), (0.4, 0.25, 0.15, 0.1, 0.07, 0.03)),
    "failed": (("no", "yes"), (0.97, 0.03)),
}
MISSING = 0.03
CORRELATION = 0.3


@dataclass(frozen=True)
class Change:
    """What is other than in the reference, of one field or of one pair."""

    shift: float = 0.0
    swapped: bool = False
    missing: float = MISSING
    correlation: float = CORRELATION


SAME = Change()
CHANGES = {
    "a shift of 0.25 sd": Change(shift=0.25),
    "a shift of 0.5 sd": Change(shift=0.5),
    "a shift of 1 sd": Change(shift=1.0),
    "two categories swapped (50 % and 30 %)": Change(swapped=True),
    "missing from 3 % to 15 %": Change(missing=0.15),
    "correlation of one pair from 0.3 to 0.8": Change(correlation=0.8),
}


def table(rng: np.random.Generator, rows: int, change: Change = SAME) -> dict[str, Values]:
    """So many independent rows of ten fields that depend on each other.

    A Gaussian copula, all of whose correlations are 0.3; a change of the pair is one of normal and heavy.
    """
    size = len(NUMBERS) + len(CATEGORIES)
    matrix = np.full((size, size), CORRELATION)
    np.fill_diagonal(matrix, 1)
    pair = NUMBERS.index("normal"), NUMBERS.index("heavy")
    matrix[pair], matrix[pair[::-1]] = change.correlation, change.correlation
    normal = rng.standard_normal((rows, size)) @ np.linalg.cholesky(matrix).T
    shapes: dict[str, Callable[[FloatArray], FloatArray]] = {
        "normal": lambda score: score + change.shift,
        "price": lambda score: np.exp(3 + score),
        "count": lambda score: np.floor(np.exp(1 + 0.7 * score)),
        "sparse": lambda score: np.where(rng.random(rows) < change.missing, np.nan, 50 + 10 * score),
        "heavy": lambda score: students_t.ppf(ndtr(score), 3),
        "uniform": ndtr,
    }
    found: dict[str, Values] = {name: shapes[name](normal[:, k]) for k, name in enumerate(NUMBERS)}
    for place, (name, (names, shares)) in enumerate(CATEGORIES.items(), start=len(NUMBERS)):
        known = np.array(shares)
        if name == "country" and change.swapped:
            known[:2] = known[1::-1]
        drawn = np.searchsorted(np.cumsum(known)[:-1], ndtr(normal[:, place]), side="right")
        found[name] = np.array(names, dtype=object)[drawn]
    return found


def streams(reference: Rows) -> list[Stream]:
    return [Stream(name, values) for name, values in reference.items()]


def joined(before: Rows, after: Rows) -> dict[str, Values]:
    return {name: np.concatenate([before[name], after[name]]) for name in before}


def days_of(rows: int) -> FloatArray:
    """When each row came: so many a day, at even distances."""
    return np.arange(1, rows + 1) / DAY
