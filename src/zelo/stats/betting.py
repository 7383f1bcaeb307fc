"""Evidence that the mean of bounded differences is above 0, that may be looked at as often as one likes.

A gambler stakes a share of its wealth on the next difference being above 0, a share chosen from those before
it alone. While the mean of each difference, given those before, is at most 0, the wealth is a supermartingale
that starts at 1, and the chance that it ever reaches ``1 / alpha`` is at most ``alpha`` (Ville's inequality):
an e-process. The stake is the predictable plug-in of Waudby-Smith and Ramdas (2024, "Estimating means of
bounded random variables by betting", JRSS-B 86, 1-27), which maximises the wealth's growth as estimated so
far, drawn towards a first guess for as long as little is known.
"""

from __future__ import annotations

import math

import numpy as np

from zelo.stats.arrays import FloatArray

FIRST_STAKE, GUESSED_ROWS, GUESSED_SQUARE = 0.35, 2000.0, 0.05
"""The stake before the first row, and for how many rows of what mean square that guess counts."""
MOST_STAKED = 0.75


def log_wealth(differences: FloatArray) -> FloatArray:
    """The logarithm of the wealth after each difference, shape [n].

    Args:
        differences: shape [n], within [-1, 1], in the order in which they became known.
    """
    found: FloatArray = np.cumsum(np.log1p(stakes(differences) * differences))
    return found


def stakes(differences: FloatArray) -> FloatArray:
    """The share that is staked on each difference, from those before it, shape [n], within [0, 0.75]."""
    before = np.concatenate([[0.0], differences[:-1]]) if len(differences) else differences
    guessed = GUESSED_ROWS * GUESSED_SQUARE
    mean = (FIRST_STAKE * guessed + np.cumsum(before)) / (guessed + np.cumsum(before**2))
    found: FloatArray = np.clip(mean, 0.0, MOST_STAKED)
    return found


def mixed(log_wealths: list[FloatArray], shares: list[float]) -> FloatArray:
    """The logarithm of several gamblers' wealth together, who began with these shares of 1; shape [n]."""
    parts = np.stack([path + math.log(share) for path, share in zip(log_wealths, shares, strict=True)])
    found: FloatArray = np.logaddexp.reduce(parts, axis=0)
    return found


def log_wealth_of_counts(events: int, rows: int, limit: float) -> float:
    """The logarithm of the wealth of a bet that events are more frequent than ``limit`` among rows.

    The mean over frequencies above the limit of the likelihood ratio against it; that depends on the counts
    alone, so it is an e-process in whatever order the rows came.

    Args:
        events: how many rows had it.
        rows: how many there were.
        limit: the frequency that is still allowed, in (0, 1).
    """
    rates = limit + (1 - limit) * (np.arange(100) + 0.5) / 100
    ratios = events * np.log(rates / limit) + (rows - events) * np.log((1 - rates) / (1 - limit))
    return float(np.logaddexp.reduce(ratios) - math.log(len(rates)))
