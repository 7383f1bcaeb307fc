"""Which model of volatility makes the intervals: from rolling origins, and then once on the test set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zelo.decisions.decide import ends
from zelo.decisions.policy import INTERVAL_LEVEL
from zelo.decisions.spread import Spread
from zelo.models.volatility import CONSTANT, check_installed, fit_spread
from zelo.spec.project import Project
from zelo.stats.bootstrap import Interval
from zelo.stats.conformal import interval_half_width
from zelo.stats.coverage import coverage_interval
from zelo.stats.diebold_mariano import Comparison, diebold_mariano
from zelo.stats.regression import interval_losses
from zelo.stats.volatility import moves
from zelo.training.fit import FIT_ERRORS
from zelo.training.horizon import Ahead

Array = np.ndarray[Any, Any]

ONE_WIDTH = "one_width"
"""The same distance in the target's unit every day, as a regression without models of volatility has."""
STEADY = (ONE_WIDTH, CONSTANT)
"""What models of volatility are measured against, and what serves where it beats them by more than chance."""
LEVEL = 0.05
LAGS = 22
"""A month of trading days: over so many the losses of intervals depend on each other, as wild days do."""


@dataclass(frozen=True)
class Prices:
    """Rows in order of time: the windows before them [n, history], the newest price first, truth, dates."""

    windows: Array
    truth: Array
    dates: Array

    def at(self, rows: Array | slice) -> Prices:
        return Prices(self.windows[rows], self.truth[rows], self.dates[rows])


@dataclass(frozen=True)
class HalfYear:
    """The share of a calendar half-year's truths, as 2024H2, that the intervals held."""

    name: str
    rows: int
    coverage: Interval


@dataclass(frozen=True)
class Reached:
    """What intervals reached on rows that taught them nothing.

    ``pinball`` is in the target's unit. ``against`` holds by steady width its pinball loss on the same rows,
    and the Diebold-Mariano test of "the loss of these intervals is smaller".
    """

    rows: int
    pinball: float
    coverage: Interval
    half_years: tuple[HalfYear, ...]
    against: Mapping[str, tuple[float, Comparison]]


@dataclass(frozen=True)
class VolatilityFigures:
    """What each model reached out of fold, the best first; why the others have none; the chosen on the test.

    ``chosen`` is ``None`` where the rows were too few to promise anything.
    """

    chosen: str | None
    out_of_fold: Mapping[str, Reached]
    errors: Mapping[str, str]
    test: Reached | None


@dataclass(frozen=True)
class Chosen:
    """The half-widths out of fold [n] and on the test rows [m], NaN where nothing is promised.

    ``spread`` is the chosen model as it will serve; ``None`` where one width in the target's unit does.
    """

    spread: Spread | None
    out_of_fold: Array
    test: Array
    figures: VolatilityFigures


@dataclass(frozen=True)
class _Contender:
    widths: Array
    """Of each row out of fold, from what was known before its fold; NaN in the first."""
    spread: Spread | None
    """Fitted on the whole training part."""


def choose_spread(
    rolled: Ahead,
    tested: Ahead,
    folds: Sequence[Array],
    prices: Prices,
    one_width: tuple[Array, float | None],
    project: Project,
) -> Chosen:
    """Fit each model on the rows before each fold, and take the one of the lowest pinball loss.

    A steady width is taken only where the test of Diebold and Mariano tells its loss from the best model's:
    it may be as sharp over the years, and holds too much in calm ones and too little in wild ones.

    A fold's limits come from the errors of earlier folds; those on the test set, of all folds.

    Args:
        rolled: the forecasts out of fold of 1 row ahead, [n, 1].
        tested: and those of the test rows, [m, 1].
        folds: the rows that each fold scored, in order of time.
        prices: of the training part and then the test rows.
        one_width: half-widths out of fold [n] that earlier folds taught, NaN where they were too few, and
            the one for later rows.
        project: with models of volatility.

    Raises:
        SpecError: a model's library is not installed.
    """
    assert project.forecast is not None
    check_installed(project)
    cut = len(prices.truth) - len(tested.said)
    training, later = prices.at(slice(cut)), prices.at(slice(cut, None))
    contenders = {ONE_WIDTH: _Contender(one_width[0], None)}
    errors = {}
    for name in (CONSTANT, *project.forecast.intervals):
        try:
            contenders[name] = _contender(name, rolled, folds, training)
        except FIT_ERRORS as error:
            errors[name] = (str(error).strip().splitlines() or [type(error).__name__])[0]
    widths = {name: contender.widths for name, contender in contenders.items()}
    scored = training.at(np.concatenate(folds))
    found = {name: _reached(rolled, scored, name, widths) for name in contenders}
    ranked = dict(sorted(found.items(), key=lambda item: item[1].pinball))
    # Without a row out of fold that was promised anything, no model has shown what it is worth.
    best = _best(ranked) if any(reached.rows for reached in ranked.values()) else ONE_WIDTH
    promised = best != ONE_WIDTH or one_width[1] is not None
    ahead = {
        name: _widths_of(contenders[name].spread, one_width[1], later)
        for name in {best, *STEADY} - errors.keys()
    }
    return Chosen(
        spread=contenders[best].spread,
        out_of_fold=widths[best],
        test=ahead[best],
        figures=VolatilityFigures(
            chosen=best if promised else None,
            out_of_fold=ranked,
            errors=errors,
            test=_reached(tested, later, best, ahead) if promised else None,
        ),
    )


def _best(ranked: Mapping[str, Reached]) -> str:
    """The name whose intervals serve, of those that were ranked by their loss."""
    models = [name for name in ranked if name not in STEADY]
    if not models:
        return next(iter(ranked))
    # The p-value of "the model's loss is smaller": near 1, the steady width's is.
    steady = {name: test.p_value for name, (_, test) in ranked[models[0]].against.items()}
    ahead = [name for name in ranked if steady.get(name, 0.0) > 1 - LEVEL]
    return ahead[0] if ahead else models[0]


def _contender(name: str, rolled: Ahead, folds: Sequence[Array], training: Prices) -> _Contender:
    fitted = [_fitted(name, training.at(slice(int(rows[0])))) for rows in folds]
    # The spread alone, before any limit: what the errors are measured in.
    bare = [_now(spread, training.windows[rows]) for spread, rows in zip(fitted, folds, strict=True)]
    scores = np.abs(rolled.errors[:, 0]) / np.concatenate(bare)
    widths = np.full(len(scores), np.nan)
    start = 0
    for spread, rows in zip(fitted, folds, strict=True):
        if limited := _limited(spread, scores[:start]):
            widths[start : start + len(rows)] = limited.half_widths(training.windows[rows])
        start += len(rows)
    return _Contender(widths, _limited(_fitted(name, training), scores))


def _widths_of(spread: Spread | None, one_width: float | None, prices: Prices) -> Array:
    if spread is not None:
        return spread.half_widths(prices.windows)
    return np.full(len(prices.truth), np.nan if one_width is None else one_width)


def _fitted(name: str, prices: Prices) -> Spread:
    return fit_spread(name, prices.windows, prices.truth)


def _now(spread: Spread, windows: Array) -> Array:
    return np.asarray(windows[:, 0] * spread.spreads(moves(windows))[:, 0])


def _limited(spread: Spread, scores: Array) -> Spread | None:
    """The spread with the limit that scores teach; none where they are too few to promise anything."""
    limit = interval_half_width(scores, INTERVAL_LEVEL)
    return spread.model_copy(update={"limit": limit}) if np.isfinite(limit) else None


def _reached(ahead: Ahead, prices: Prices, name: str, widths: Mapping[str, Array]) -> Reached:
    """What the intervals of ``name`` reached, beside the steady ones on the same rows."""
    known = np.all([np.isfinite(width) for width in widths.values()], axis=0)
    said, truth = ahead.said[known, 0], prices.truth[known]

    def losses(width: Array) -> tuple[Array, Array]:
        # Models of volatility are of prices, which end at 0.
        bounds = ends(said, width[known], 0.0)
        _, held, loss = interval_losses(truth, bounds, INTERVAL_LEVEL)
        return held, loss

    held, loss = losses(widths[name])
    against = {}
    for steady in STEADY:
        if steady != name and steady in widths:
            other = losses(widths[steady])[1]
            against[steady] = _mean(other), diebold_mariano(loss, other, lags=LAGS)
    return Reached(
        rows=len(truth),
        pinball=_mean(loss),
        coverage=coverage_interval(int(held.sum()), len(held)),
        half_years=_by_half_year(held, prices.dates[known]),
        against=against,
    )


def _by_half_year(held: Array, dates: Array) -> tuple[HalfYear, ...]:
    months = dates.astype("datetime64[M]").astype(np.int64)
    halves = months // 6
    found = []
    for half in np.unique(halves):
        rows = held[halves == half]
        name = f"{1970 + half // 2}H{1 + half % 2}"
        found.append(HalfYear(name, len(rows), coverage_interval(int(rows.sum()), len(rows))))
    return tuple(found)


def _mean(loss: Array) -> float:
    return float(loss.mean()) if len(loss) else np.nan
