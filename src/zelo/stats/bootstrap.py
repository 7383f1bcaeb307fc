"""Intervals and comparisons by resampling rows.

Resamples are rows of counts, so that a thousand of them are matrix work and no model runs twice
(Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapters 13 and 15). Rows in order of time
are drawn in blocks (:mod:`zelo.stats.blocks`), or what neighbours have in common would pass for certainty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from zelo.stats.arrays import FloatArray, IntArray
from zelo.stats.blocks import circular_blocks
from zelo.stats.metrics import ECE_NOISE, Evaluator, Scored

CHUNK_VALUES = 1 << 18
"""Weights held at once: 2 MiB, about what a core's cache holds."""

WORK_VALUES = 60_000_000
"""Weights drawn for one set of intervals before fewer resamples are taken."""

FEWEST = 200


@dataclass(frozen=True)
class Interval:
    """A value with its bounds, in the metric's unit; NaN where it is not defined."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """How much better one model is than another on the same rows; positive is better."""

    value: float
    low: float
    high: float
    p_value: float
    """One-sided: small where the gain is above the margin by more than chance."""


def affordable_resamples(rows: int, wanted: int) -> int:
    """How many resamples are drawn for so many rows.

    Above 60,000 rows (for 1,000 resamples) there are fewer, never under 200: bounds get a little
    noisier, at 200 by about a tenth of their distance from the value, but every resample keeps all the rows.
    """
    return min(wanted, max(FEWEST, WORK_VALUES // max(rows, 1)))


def bootstrap_weights(
    n: int, resamples: int, rng: np.random.Generator, strata: IntArray | None = None, *, block: int = 1
) -> FloatArray:
    """How often each row is drawn, [resamples, n]; each resample draws ``n`` rows with replacement.

    Args:
        n: number of rows.
        resamples: number of resamples.
        rng: source of randomness.
        strata: group of each row, [n]; each group keeps its size in every resample.
        block: how many neighbours are drawn together.

    Raises:
        ValueError: there are both strata and blocks.
    """
    if strata is None:
        return _counts(n, resamples, rng, block)
    if block > 1:
        raise ValueError(f"strata do not go with blocks of {block} rows, which may cross them")
    weights = np.zeros((resamples, n))
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        weights[:, members] = _counts(len(members), resamples, rng, 1)
    return weights


def metric_intervals(
    scored: Scored,
    names: Iterable[str],
    *,
    seed: int,
    resamples: int = 1000,
    level: float = 0.95,
    strata: IntArray | None = None,
) -> dict[str, Interval]:
    """Each metric with its bootstrap interval.

    The bounds are percentiles of the resampled values, but for the lower one of the calibration
    error. Noise only ever adds to this error: a perfect model's value is above 0, and its resamples
    are higher still (Kumar et al. 2019, "Verified Uncertainty Calibration"). Its lower bound is the
    value less the gaps that noise alone makes, and so reaches 0 for a perfect model; both its bounds are
    on the careful side.

    Args:
        scored: the rows.
        names: metrics, as in :mod:`zelo.stats.metrics`.
        seed: of the resampling; the same seed gives the same bounds.
        resamples: how many; fewer for very many rows, see :func:`affordable_resamples`.
        level: the share of resampled values between the bounds.
        strata: groups that keep their sizes, [n].

    Returns:
        By name. Bounds are NaN where more than ``1 - level`` of the resamples have no value.
    """
    wanted = tuple(dict.fromkeys(names))
    evaluator = Evaluator(scored, (*wanted, ECE_NOISE) if "ece" in wanted else wanted)
    plain = evaluator(np.ones((1, len(scored))))
    draws = _resampled((evaluator,), scored, resamples, seed, strata)[0]
    found: dict[str, Interval] = {}
    for name in wanted:
        value = float(plain[name][0])
        low, high = percentiles(draws[name], level) if np.isfinite(value) else (np.nan, np.nan)
        if name == "ece" and np.isfinite(value):
            low = max(value - percentiles(draws[ECE_NOISE], level)[1], 0.0)
        found[name] = Interval(value, low, high)
    return found


def paired_difference(
    a: Scored,
    b: Scored,
    name: str,
    *,
    higher_is_better: bool,
    seed: int,
    margin: float = 0.0,
    resamples: int = 1000,
    level: float = 0.95,
    strata: IntArray | None = None,
) -> Difference:
    """How much better ``a`` is than ``b`` in one metric, both on the same rows in the same order.

    Both are measured on the same resamples, so that what makes rows hard for both cancels out.

    Args:
        a: rows scored by the one model.
        b: the same rows scored by the other.
        name: the metric.
        higher_is_better: whether a higher value of the metric is better.
        seed: of the resampling.
        margin: the gain that ``a`` must exceed, in the metric's unit; a negative one asks
            whether ``a`` is not worse than ``b`` by more than that.
        resamples: how many; fewer for very many rows.
        level: of the two-sided interval.
        strata: groups that keep their sizes, [n].

    Returns:
        The gain (``a - b``, its sign turned where lower is better), its interval, and the one-sided
        p-value of "the gain is at most the margin": the share of resamples where it is, with the
        usual + 1. A resample without a value counts against ``a``.

    Raises:
        ValueError: the two are not on the same rows.
    """
    if not np.array_equal(a.truth, b.truth) or (a.repeats, a.block) != (b.repeats, b.block):
        raise ValueError("the two models were not scored on the same rows")
    pair = (Evaluator(a, (name,)), Evaluator(b, (name,)))
    sign = 1.0 if higher_is_better else -1.0
    ones = np.ones((1, len(a)))
    value = sign * float((pair[0](ones)[name] - pair[1](ones)[name])[0])
    if not np.isfinite(value):
        return Difference(np.nan, np.nan, np.nan, np.nan)
    drawn_a, drawn_b = _resampled(pair, a, resamples, seed, strata)
    gains = sign * (drawn_a[name] - drawn_b[name])
    low, high = percentiles(gains, level)
    p_value = (1 + np.count_nonzero(~(gains > margin))) / (1 + len(gains))
    return Difference(value, low, high, p_value if np.isfinite(low) else np.nan)


def _counts(n: int, resamples: int, rng: np.random.Generator, block: int) -> FloatArray:
    drawn = circular_blocks(n, block, resamples, rng)
    drawn += np.arange(resamples)[:, None] * n
    counts = np.bincount(drawn.ravel(), minlength=resamples * n)
    return counts.reshape(resamples, n).astype(np.float64)


def _resampled(
    evaluators: tuple[Evaluator, ...], scored: Scored, resamples: int, seed: int, strata: IntArray | None
) -> list[dict[str, FloatArray]]:
    """For each evaluator the values of its metrics on the same resamples of the rows."""
    chunks: list[list[dict[str, FloatArray]]] = [[] for _ in evaluators]
    for weights in resampled_weights(scored, resamples, seed, strata):
        for evaluator, values in zip(evaluators, chunks, strict=True):
            values.append(evaluator(weights))
    return [
        {name: np.concatenate([chunk[name] for chunk in values]) for name in evaluator.names}
        for evaluator, values in zip(evaluators, chunks, strict=True)
    ]


def resampled_weights(
    scored: Scored, resamples: int, seed: int, strata: IntArray | None = None
) -> Iterator[FloatArray]:
    """Weights of affordably many resamples, [b, rows] at a time.

    Repeated rows are drawn once, and each part gets the same draw: what is uncertain is which rows there are,
    and scoring them again makes no new ones.
    """
    rows = len(scored)
    rng = np.random.default_rng(seed)
    size, affordable = max(1, CHUNK_VALUES // max(rows, 1)), affordable_resamples(rows, resamples)
    once = rows // scored.repeats
    groups = None if strata is None else strata[:once]
    for start in range(0, affordable, size):
        drawn = min(size, affordable - start)
        weights = bootstrap_weights(once, drawn, rng, groups, block=scored.block)
        yield np.tile(weights, (1, scored.repeats))


def percentiles(values: FloatArray, level: float) -> tuple[float, float]:
    """The bounds that hold the share ``level`` of values [B]; NaN where more than the rest have no value."""
    defined = values[~np.isnan(values)]
    if not len(defined) or len(values) - len(defined) > (1 - level) * len(values):
        return np.nan, np.nan
    tail = (1 - level) / 2
    low, high = np.quantile(defined, (tail, 1 - tail))
    return float(low), float(high)
