"""Evidence of a change that may begin at any moment, in a unit that a budget can be held to: days.

Every bet is restarted at every row: what is staked anew at a row is the time since the row before it, in
days, so that a day costs 1 however many rows it has. Without a change the wealth of each bet, and the mean
over any bets and streams, grows by 1 a day on average and no faster. With all of them emptied at each
alarm, which comes where the mean reaches ``c`` or later, wealth + c * alarms - days is a supermartingale: in
any number of days there are on average at most days / c false alarms, however many streams, rows and looks
(the Shiryaev-Roberts e-detector of Shin, Ramdas and Rinaldo 2024, "E-detectors", with time in the place of
looks).

Of one stream that is exact. Of several it is so up to the order of 1 / reference: the ranks of one stream
are independent of its own past exactly, and of the others' past as the reference grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtri

from zelo.stats.arrays import FloatArray

SHIFTS = (-2.0, -1.0, -0.5, -0.25, 0.25, 0.5, 1.0, 2.0)
"""In standard deviations of the ranks' normal scores."""
SCALES = (0.5, 1.5, 2.0)
"""Of the spread: half, half as much again, twice."""
OF_SHIFTS = (0.025, 0.05, 0.1, 0.25, 0.25, 0.1, 0.05, 0.025)
OF_SCALES = (0.05, 0.05, 0.05)
"""Parts of a number's wealth. The smaller a shift, the more rows a nat takes, and the more it is given."""
ODDS = (1 / 4, 1 / 2, 2 / 3, 3 / 2, 2.0, 4.0, 16.0)
"""Of a share: so many times the odds that the reference has."""
EVIDENCE = 100.0
"""What the strongest bet must have multiplied by from its best start, for wealth to be an alarm.

Where rows are few, stakes alone reach the budget in time: that would be a clock, and no alarm."""

_CHUNK = 4096

About = Literal["value", "missing", "category", "other", "correlation"]


@dataclass(frozen=True)
class Column:
    """Ranks that are bet on, and on what.

    Args:
        about: a ``value`` is bet to shift or spread, a ``correlation`` (ranks of products) to shift, all else
            is a share, bet to have other odds.
        streams: whose; two of a correlation.
        weight: the part of all wealth that this column's is, in (0, 1].
        ranks: shape [m], uniform on (0, 1) without a change; NaN in rows that have none.
        edge: of a share: the ranks above it are those where it is so; it must not depend on what is ranked.
    """

    about: About
    streams: tuple[str, ...]
    category: str | None
    weight: float
    ranks: FloatArray
    edge: float = np.nan

    @property
    def shares(self) -> FloatArray:
        """The part of the column's wealth that each bet has, shape [bets], of sum 1."""
        parts = {"value": (*OF_SHIFTS, *OF_SCALES), "correlation": OF_SHIFTS}.get(
            self.about, (1.0,) * len(ODDS)
        )
        return np.array(parts) / sum(parts)


@dataclass(frozen=True)
class Crossing:
    """Wealth reached the budget: at a row, since the row after the last time, by a column's bet above all.

    ``held``: the part of the wealth that each column has, shape [columns], of sum 1.
    """

    row: int
    since: int
    column: int
    bet: int
    held: FloatArray


def log_factors(column: Column, rows: slice) -> FloatArray:
    """What each bet multiplies its stake by, in logarithms, shape [rows, bets]; NaN in rows without a rank.

    Each is a ratio of two densities, that of the changed over that of the unchanged: without a change its
    mean is 1.
    """
    ranks = column.ranks[rows, None]
    if column.about in ("value", "correlation"):
        scores = ndtri(np.clip(ranks, 1e-12, 1 - 1e-12))
        shifts, scales = np.array(SHIFTS), np.array(SCALES)
        moved: FloatArray = scores * shifts - shifts**2 / 2
        if column.about == "correlation":
            return moved
        spread = -np.log(scales) + scores**2 / 2 * (1 - scales**-2)
        return np.hstack([moved, spread])
    share = 1 - column.edge
    rates = np.array(ODDS) * share / (np.array(ODDS) * share + column.edge)
    found: FloatArray = np.where(
        ranks > column.edge, np.log(rates / share), np.log((1 - rates) / column.edge)
    )
    return np.where(np.isnan(ranks), np.nan, found)


def intervals(days: FloatArray) -> FloatArray:
    """The days since the row before, shape [m]; rows of one moment share theirs, and the first is from 0."""
    moments, which, rows = np.unique(days, return_inverse=True, return_counts=True)
    found: FloatArray = (np.diff(moments, prepend=0.0) / rows)[which]
    return found


def race(columns: Sequence[Column], days: FloatArray, budget: float) -> tuple[FloatArray, list[Crossing]]:
    """All bets, restarted at every row, until the budget is reached; then all anew.

    Args:
        columns: with ranks of shape [m] each.
        days: of each row, ascending from 0 on, shape [m].
        budget: in days.

    Returns:
        The wealth after each row, before it is emptied, in days, shape [m]; and each time it got there.
    """
    weights = np.concatenate([column.weight * column.shares for column in columns])
    counts = [len(column.shares) for column in columns]
    edges = np.cumsum([0, *counts])
    path, crossings = np.empty(len(days)), list[Crossing]()
    stakes = _stakes(columns, intervals(days))
    wealth, best, since = np.zeros(len(weights)), np.ones(len(weights)), 0
    for start in range(0, len(days), _CHUNK):
        chunk = slice(start, min(start + _CHUNK, len(days)))
        factors = np.exp(np.nan_to_num(np.hstack([log_factors(column, chunk) for column in columns])))
        staked = np.repeat(stakes[chunk], counts, axis=1)
        for offset, (factor, stake) in enumerate(zip(factors, staked, strict=True)):
            row = start + offset
            wealth += stake
            wealth *= factor
            np.maximum(best, 1, out=best)
            best *= factor
            path[row] = total = weights @ wealth
            if total < budget:
                continue
            held = weights * wealth
            parts = np.add.reduceat(held, edges[:-1])
            column = int(parts.argmax())
            of = slice(edges[column], edges[column + 1])
            bet = _strongest(columns[column], held[of])
            if best[of][bet] < EVIDENCE:
                continue
            crossings.append(Crossing(row, since, column, bet, parts / total))
            wealth[:], best[:], since = 0, 1, row + 1
    return path, crossings


def _strongest(column: Column, held: FloatArray) -> int:
    """The bet of a column that holds most, of the kind, a shift or a spread, whose bets do together."""
    kinds = [slice(0, len(SHIFTS)), slice(len(SHIFTS), None)] if column.about == "value" else [slice(None)]
    kind = max(kinds, key=lambda part: float(held[part].sum()))
    return (kind.start or 0) + int(held[kind].argmax())


def _stakes(columns: Sequence[Column], spent: FloatArray) -> FloatArray:
    """Days that each column stakes at each row, shape [m, columns]: those since its last row with a rank."""
    passed = np.cumsum(spent)
    found = np.zeros((len(spent), len(columns)))
    for place, column in enumerate(columns):
        present = ~np.isnan(column.ranks)
        found[present, place] = np.diff(passed[present], prepend=0.0)
    return found
