"""Blocks of rows in order of time, which resampling keeps together."""

from __future__ import annotations

import math

import numpy as np

from zelo.stats.arrays import IntArray


def block_length(n: int) -> int:
    """How many neighbouring rows a block holds: the cube root of ``n``, rounded up, and at most half of them.

    The cube root is the order at which the error of a block bootstrap's variance is least (Künsch 1989, "The
    Jackknife and the Bootstrap for General Stationary Observations"; Hall, Horowitz & Jing 1995, "On blocking
    rules for the bootstrap with dependent data"); the constant depends on the series and is taken as 1.
    Blocks of more than half of the rows would make resamples that are nearly all alike.
    """
    # A whole cube root may land a hair above itself.
    return max(1, min(math.ceil(round(math.cbrt(n), 9)), n // 2))


def circular_blocks(n: int, block: int, resamples: int, rng: np.random.Generator) -> IntArray:
    """The rows of each resample, [resamples, n]: blocks of neighbours that start anywhere, the last one cut.

    The first row follows the last, so that each row is drawn equally often (Politis & Romano 1992, "A
    circular block-resampling procedure for stationary data"). Blocks of 1 are rows drawn one by one.
    """
    starts = rng.integers(max(n, 1), size=(resamples, -(-n // block)))
    if block == 1:
        return starts
    drawn = (starts[:, :, None] + np.arange(block)) % max(n, 1)
    return drawn.reshape(resamples, starts.shape[1] * block)[:, :n]
