"""Evidence of a change that may begin at any moment, in a unit that a budget can be held to: days.

Every bet is restarted at every row: what is staked anew at a row is the time since the row before it, in
days, so that a day costs 1 however many rows it has. Without a change the wealth of each bet, and the mean
over any bets and streams, grows by 1 a day on average and no faster. With all of them emptied at each
alarm, which comes where the mean reaches ``c``, wealth + c * alarms - days is a supermartingale: in any
number of days there are on average at most days / c false alarms, however many streams, rows and looks (the
Shiryaev-Roberts e-detector of Shin, Ramdas and Rinaldo 2024, "E-detectors", with time in the place of
looks).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from zelo.stats.arrays import FloatArray

SHIFTS = (-2.0, -1.0, -0.5, -0.25, 0.25, 0.5, 1.0, 2.0)
"""In standard deviations of the ranks' normal scores."""
SCALES = (0.5, 1.5, 2.0)
"""Of the spread: half, half as much again, twice."""


def normal_scores(ranks: FloatArray) -> FloatArray:
    """Ranks in (0, 1) as standard normal values."""
    scores: FloatArray = ndtri(np.clip(ranks, 1e-12, 1 - 1e-12))
    return scores


def log_bets(scores: FloatArray) -> FloatArray:
    """What each bet multiplies its stake by, in logarithms, shape [m, bets]: a shift, or another spread.

    Each is a ratio of two densities, that of the changed over that of the standard normal: without a change
    its mean is 1.

    Args:
        scores: shape [m], standard normal without a change.
    """
    column = scores[:, None]
    shifts, scales = np.array(SHIFTS), np.array(SCALES)
    moved = column * shifts - shifts**2 / 2
    spread = -np.log(scales) + column**2 / 2 * (1 - scales**-2)
    return np.hstack([moved, spread])


def log_tilts(ranks: FloatArray, edge: FloatArray, rates: FloatArray) -> FloatArray:
    """What bets on the share of ranks below an edge multiply by, in logarithms, shape [m, rates].

    Args:
        ranks: uniform on (0, 1) without a change, shape [m].
        edge: the share that was seen before each row, in (0, 1), shape [m].
        rates: the shares that are bet on, in (0, 1).
    """
    inside = (ranks < edge)[:, None]
    share = edge[:, None]
    return np.where(inside, np.log(rates / share), np.log((1 - rates) / (1 - share)))


def log_wealth(log_factors: FloatArray, days: FloatArray, start: FloatArray) -> FloatArray:
    """The logarithm of each bet's wealth after each row, shape [m, bets].

    Args:
        log_factors: what each bet multiplies by, shape [m, bets].
        days: since the row before, above 0, shape [m].
        start: the logarithm of the wealth before the first row, shape [bets]; -inf for none.
    """
    grown = np.cumsum(log_factors, axis=0)
    stakes = np.log(days)[:, None] - (grown - log_factors)
    stakes[0] = np.logaddexp(stakes[0], start)
    wealth: FloatArray = grown + np.logaddexp.accumulate(stakes, axis=0)
    return wealth
