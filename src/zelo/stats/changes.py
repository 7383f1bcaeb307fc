"""What changed when evidence reached its budget: since when, by how much, and how soon that is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats
from scipy.special import ndtri

from zelo.stats.restarts import OF_SHIFTS, SHIFTS, Column, Crossing, log_factors
from zelo.stats.watched import Rows, Stream, Values, codes, missing, named, normal_scores, numbers

Kind = Literal["mean", "spread", "missing", "category", "other", "correlation"]
STILL = 1 / 3
"""A change is there where rows show so much of it: it was seen where it looked largest, and is smaller."""


@dataclass(frozen=True)
class Found:
    """A change as a crossing shows it.

    ``growth`` is the logarithm that its best bet gains a row, and ``share`` that bet's part of all wealth.
    ``seen`` is how far the ranks are from those of
    no change, on the scale of :class:`Figures`.
    """

    kind: Kind
    column: Column
    onset: int
    growth: float
    share: float
    seen: float


def found(crossing: Crossing, columns: Sequence[Column]) -> Found:
    """The change that the crossing's strongest bet won by."""
    column = columns[crossing.column]
    factors = np.nan_to_num(log_factors(column, slice(crossing.since, crossing.row + 1)))
    grown = np.cumsum(factors[:, crossing.bet])
    # The start from which the bet multiplied by most.
    onset = int(np.argmin(np.concatenate([[0.0], grown[:-1]])))
    growths = factors[onset:].mean(axis=0)
    best = int(growths.argmax())
    kind, start = _kind(column, crossing.bet), crossing.since + onset
    share, seen = column.weight * column.shares[best], _seen(kind, column, slice(start, crossing.row + 1))
    return Found(kind, column, start, float(growths[best]), float(share), seen)


def rows_until(growth: float, share: float, days_a_row: float, budget: float) -> int | None:
    """How many rows, in the median, wealth that grows by so much a row takes to the budget; None for ever.

    The first passage of a walk whose variance is twice its drift, as the logarithm of a likelihood ratio is
    one. It sets out from what all starts come to together: those after the change by the mean logarithm of an
    inverse gamma variable, those before by the median of another. Its time is inverse Gaussian. The bets
    beside the best one are left out: the true median is somewhat smaller.

    Args:
        growth: of its logarithm a row: the divergence of the change from none, as the bet sees it, in nats.
        share: the bet's part of all wealth.
        days_a_row: what is staked at each row.
        budget: in days.
    """
    if growth <= 0:
        return None
    starts = np.exp(np.euler_gamma) + 1 / np.log(2)
    way = np.log1p(budget / (share * days_a_row) * -np.expm1(-growth) / starts)
    return max(int(np.ceil(way / growth / np.sqrt(1 + 2 / way))), 1)


def best_shift(deviations: float) -> tuple[float, float]:
    """What the best bet on a shift gains a row, in nats, and its part of a number's wealth.

    Args:
        deviations: the shift, in standard deviations of the reference's normal scores.
    """
    shifts = np.array(SHIFTS)
    growths = shifts * deviations - shifts**2 / 2
    return float(growths.max()), OF_SHIFTS[int(growths.argmax())]


class Figures:
    """The figure that a change moved, of the reference and of any rows.

    In the field's own unit for people; for what is decided here on a scale that no outlier bends.
    """

    def __init__(self, streams: Mapping[str, Stream], rows: Rows, change: Found, seed: int) -> None:
        self._kind, self._category, self._seen = change.kind, change.column.category, change.seen
        self._references = [streams[name].reference for name in change.column.streams]
        self._rows = [rows[name] for name in change.column.streams]
        self._names = named(self._references[0], seed) if self._kind == "other" else []

    def reference(self, *, scaled: bool = False) -> float:
        """Of the whole reference; NaN where there is nothing to measure."""
        return self._figure(self._references, scaled)

    def of(self, rows: slice, *, scaled: bool = False) -> float:
        """Of these rows; NaN where there is nothing to measure."""
        return self._figure([values[rows] for values in self._rows], scaled)

    def moved(self, change: slice, rows: slice) -> bool:
        """Whether these rows show at least :data:`STILL` of the change that those of the change show."""
        before = self.reference(scaled=True)
        size, here = (self.of(part, scaled=True) - before for part in (change, rows))
        return bool(np.sign(size) * here >= abs(size) * STILL)

    def as_far_as_seen(self, rows: slice) -> bool:
        """Whether these rows are from the reference at least half as far as from all rows before them.

        They are not where an earlier change has ended: then it is the rows before them that were away.
        """
        size = self.of(rows, scaled=True) - self.reference(scaled=True)
        return bool(np.sign(self._seen) * size >= abs(self._seen) / 2)

    def _figure(self, values: Sequence[Values], scaled: bool) -> float:
        if self._kind == "correlation":
            return self._correlation(values)
        [sample], [reference] = values, self._references
        absent = missing(sample)
        if not len(sample):
            return np.nan
        if self._kind == "missing":
            return float(absent.mean())
        if self._kind == "category":
            return float((sample == self._category).mean())
        if self._kind == "other":
            return float((codes(sample, self._names) == len(self._names)).mean())
        known = sample[~absent].astype(np.float64)
        if not len(known):
            return np.nan
        known = normal_scores(known, reference.astype(np.float64)) if scaled else known
        return float(known.mean() if self._kind == "mean" else known.std())

    def _correlation(self, values: Sequence[Values]) -> float:
        one, other = (numbers(of, own) for of, own in zip(values, self._references, strict=True))
        known = ~np.isnan(one) & ~np.isnan(other)
        one, other = stats.rankdata(one[known]), stats.rankdata(other[known])
        if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
            return np.nan
        return float(np.corrcoef(one, other)[0, 1])


def _seen(kind: Kind, column: Column, rows: slice) -> float:
    ranks = column.ranks[rows]
    ranks = ranks[~np.isnan(ranks)]
    if kind in ("mean", "spread", "correlation"):
        scores = ndtri(np.clip(ranks, 1e-12, 1 - 1e-12))
        return float(scores.std() - 1 if kind == "spread" else scores.mean())
    return float((ranks > column.edge).mean() - (1 - column.edge))


def _kind(column: Column, bet: int) -> Kind:
    if column.about == "value":
        return "mean" if bet < len(SHIFTS) else "spread"
    return column.about
