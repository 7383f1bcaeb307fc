"""How much a price moves a day: spreads from past returns, and limits that follow their own misses."""

from __future__ import annotations

import numpy as np

from zelo.stats.arrays import FloatArray

LARGEST_MOVE = 100.0
"""No price moves so far in a day; a larger move is a slip of the data, and counts as this one."""


def moves(windows: FloatArray) -> FloatArray:
    """Relative changes from one price to the next, [n, k - 1], from prices above 0 [n, k]; both the newest
    first. None is above :data:`LARGEST_MOVE`."""
    with np.errstate(over="ignore"):
        change = windows[:, :-1] / windows[:, 1:] - 1.0
    return np.asarray(np.minimum(change, LARGEST_MOVE))


def spreads(
    returns: FloatArray,
    *,
    power: int,
    constant: float,
    weights: FloatArray,
    falls: FloatArray,
    fill: float,
    fill_falls: float,
    days: int = 0,
) -> FloatArray:
    """The spread of the return that comes next, and what it was on each of the last ``days``, [n, days + 1].

    ``(constant + sum_k (weights_k + falls_k [r_k < 0]) |r_k| ** power) ** (1 / power)``: with power 2 the
    standard deviation of an exponentially weighted average, of GARCH(1, 1) (Bollerslev 1986) or of GJR-GARCH
    (Glosten, Jagannathan & Runkle 1993), whose recursions are such sums; with power 1 a linear quantile of
    absolute returns.

    Args:
        returns: the newest first, [n, k], k at most the number of weights.
        weights: of the returns by age, [m].
        falls: added to the weights of returns below 0, [m].
        fill: the mean of ``|r| ** power``, for returns older than the k.
        fill_falls: the mean of ``[r < 0] |r| ** power``.
        days: how far back, at most k. Column d is the spread as it was d days ago, from what was known then.
    """
    known = returns.shape[1]
    size = np.abs(returns) ** power
    found = size @ _by_day(weights, known, days) + (size * (returns < 0)) @ _by_day(falls, known, days)
    older = fill * _beyond(weights, known, days) + fill_falls * _beyond(falls, known, days)
    return np.asarray((constant + found + older) ** (1.0 / power))


def adapted_limits(
    spread: FloatArray, moved: FloatArray, limit: float, *, rate: float, level: float = 0.9
) -> FloatArray:
    """A conformal limit after days on which it was kept or missed, [n].

    Each day beyond ``limit * spread`` raises the limit by the factor ``exp(rate * level)``, each day within
    lowers it by ``exp(-rate * (1 - level))``: at a share of misses of ``1 - level`` it stays where it is.
    This is adaptive conformal inference (Gibbs & Candès 2021) on the logarithm of the limit, over the days
    of a window, so that nothing has to be remembered between requests.

    Args:
        spread: the spread of each day as it was known before the day, in order of time, [n, m].
        moved: how far the price moved on the day, [n, m].
        limit: of |error| / spread, before the first of these days.
        rate: how fast the limit follows.
        level: the share of days that are to be within.
    """
    limits = np.full(len(spread), limit)
    for known, came in zip(spread.T, moved.T, strict=True):
        missed = came > limits * known
        limits = limits * np.exp(rate * (missed - (1.0 - level)))
    return limits


def _by_day(weights: FloatArray, known: int, days: int) -> FloatArray:
    """The weight of each return on each day, [known, days + 1]; 0 where it was yet to come."""
    age = np.arange(known)[:, None] - np.arange(days + 1)
    return np.where(age < 0, 0.0, weights[age])


def _beyond(weights: FloatArray, known: int, days: int) -> FloatArray:
    """The weights of returns older than those known, summed for each day, [days + 1]."""
    rest = np.append(np.cumsum(weights[::-1])[::-1], 0.0)
    return np.asarray(rest[known - np.arange(days + 1)])
