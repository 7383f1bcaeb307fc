"""How far forecasts and prediction intervals are from what came, for many weightings of the rows at once."""

from __future__ import annotations

import numpy as np

from zelo.stats.arrays import FloatArray, Measure, ratio

REGRESSION_METRICS = frozenset({"mae", "rmse", "r2", "mape", "smape", "mase", "pinball", "coverage"})


def regression_measure(
    truth: FloatArray, said: FloatArray, *, bounds: FloatArray | None, level: float, scale: float | None
) -> Measure:
    """The measures of :data:`REGRESSION_METRICS`.

    ``mae``, ``rmse`` and ``pinball`` are in the target's unit, the others have none; lower is better but for
    ``r2``, and ``coverage`` is best at ``level``.

    - ``mape``: mean of ``|f - y| / |y|``, a share; NaN with a true 0.
    - ``smape``: mean of ``2 |f - y| / (|y| + |f|)``, 0 where both are 0; a share in [0, 2] (Makridakis 1993,
      "Accuracy measures: theoretical and practical concerns").
    - ``mase``: ``mae / scale``; NaN without a scale, and with a scale of 0 (Hyndman & Koehler 2006, "Another
      look at measures of forecast accuracy").
    - ``pinball``: the loss of an interval's ends as quantiles ``(1 - level) / 2`` and ``(1 + level) / 2``,
      averaged over both (Koenker & Bassett 1978, "Regression Quantiles"); it is ``(1 - level) / 4`` times
      the interval score of Gneiting & Raftery 2007.
    - ``coverage``: the share of truths within their interval, its ends included.

    Rows without an interval count in neither of the last two, which are NaN where no row has one.

    Args:
        truth: what came, [n].
        said: what was forecast, [n].
        bounds: lower and upper ends of intervals, [n, 2], NaN in rows without one.
        level: how often an interval is to hold the truth.
        scale: mean absolute error of the seasonal naive on the training rows, in the target's unit.
    """
    error = np.abs(said - truth)
    # Around the median the sums of squares keep their digits, and a constant truth is exactly 0.
    centred = truth - (np.median(truth) if len(truth) else 0.0)
    relative = ratio(error, np.abs(truth), empty=0.0)
    symmetric = ratio(2 * error, np.abs(truth) + np.abs(said), empty=0.0)
    plain = (np.ones(len(truth)), error, error**2, centred, centred**2, relative, truth == 0, symmetric)
    losses = np.column_stack((*plain, *interval_losses(truth, bounds, level)))

    def measure(weights: FloatArray) -> dict[str, FloatArray]:
        sums = (weights @ losses).T
        total, absolute, squared, first, second, percent, zeros, both, bounded, held, pinball = sums
        spread = second - ratio(first**2, total, empty=0.0)
        spread = np.where(spread > 1e-12 * second, spread, 0.0)
        mae = ratio(absolute, total)
        return {
            "mae": mae,
            "rmse": np.sqrt(ratio(squared, total)),
            "r2": 1.0 - ratio(squared, spread),
            "mape": np.where(zeros > 0, np.nan, ratio(percent, total)),
            "smape": ratio(both, total),
            "mase": ratio(mae, np.asarray(scale or 0.0)),
            "pinball": ratio(pinball, bounded),
            "coverage": ratio(held, bounded),
        }

    return measure


def interval_losses(
    truth: FloatArray, bounds: FloatArray | None, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Of each row: has it an interval, does that hold the truth, and its pinball loss, [n] each."""
    if bounds is None:
        nothing = np.zeros(len(truth))
        return nothing, nothing, nothing
    low, high = bounds.T
    within = (low <= truth) & (truth <= high)
    tail = (1 - level) / 2
    below, above = truth - low, truth - high
    # The upper end's quantile is 1 - tail.
    lower = np.maximum(tail * below, (tail - 1) * below)
    upper = np.maximum((1 - tail) * above, -tail * above)
    has = ~np.isnan(low)
    return has.astype(np.float64), within.astype(np.float64), np.where(has, (lower + upper) / 2, 0.0)
