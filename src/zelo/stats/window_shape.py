"""How the prices of a window move: on a usual day, at most in a day, in all, and in what shape."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zelo.stats.arrays import FloatArray


class Shapes(NamedTuple):
    """Of n windows of k + 1 prices, in logarithms: k returns a window."""

    usual: FloatArray
    """The mean distance of the returns from their median, [n]: one wild day hardly changes it."""
    largest: FloatArray
    """The return of the largest size, with its sign, [n]."""
    span: FloatArray
    """From the lowest to the highest price, [n]."""
    scaled: FloatArray
    """The returns less their median, in units of ``usual``, rising, [n, k]; 0 if the price stands still."""


def shapes(windows: FloatArray) -> Shapes:
    """How each window moves.

    Args:
        windows: prices above 0, the newest first, [n, k + 1].
    """
    logs = np.log(windows)
    returns = logs[:, :-1] - logs[:, 1:]
    apart = np.sort(returns - np.median(returns, axis=1, keepdims=True), axis=1)
    usual = np.abs(apart).mean(axis=1, keepdims=True)
    largest = np.take_along_axis(returns, np.abs(returns).argmax(axis=1)[:, None], axis=1)
    scaled = np.divide(apart, usual, out=np.zeros_like(apart), where=usual > 0)
    return Shapes(usual[:, 0], largest[:, 0], logs.max(axis=1) - logs.min(axis=1), scaled)


def evenly(count: int) -> FloatArray:
    """The middles of ``count`` equal parts of [0, 1], [count]."""
    return np.asarray((np.arange(count) + 0.5) / count)


def distances(samples: FloatArray, quantiles: FloatArray) -> FloatArray:
    """The Kolmogorov-Smirnov distance of each sample from a distribution, [n].

    Args:
        samples: rising, [n, k].
        quantiles: of the distribution at the shares that :func:`evenly` gives, rising, [q].
    """
    below = np.interp(samples, quantiles, evenly(len(quantiles)), left=0.0, right=1.0)
    steps = np.arange(samples.shape[1] + 1) / samples.shape[1]
    return np.asarray(np.maximum((steps[1:] - below).max(axis=1), (below - steps[:-1]).max(axis=1)))
