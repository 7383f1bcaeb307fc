"""The forecasts of a training, at every horizon: out of fold from rolling origins, and on the test set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zelo.decisions.policy import Author
from zelo.decisions.spread import Spread
from zelo.features.columns import Columns, columns_from_frame, take
from zelo.features.history import windows_of
from zelo.models.baseline import baselines as baselines_of
from zelo.spec.project import Project
from zelo.training.horizon import (
    Ahead,
    HorizonFigures,
    dates_of,
    figures,
    forecast_from,
    half_widths_of,
    judged_earlier,
    rolling,
    rows_ahead,
)
from zelo.training.spreads import Prices, VolatilityFigures, choose_spread
from zelo.training.truth import truth_of

Array = np.ndarray[Any, Any]
Predict = Callable[[Columns], Array]


@dataclass(frozen=True)
class Forecaster:
    """A model as it answers: ``by_fold`` with the positions that each fold scored, and as it will serve."""

    by_fold: Sequence[tuple[Array, Predict]]
    whole: Predict


@dataclass(frozen=True)
class Outlook:
    """What the chosen model's forecasts reached at each horizon, and what was learned for its intervals."""

    out_of_fold: tuple[HorizonFigures, ...]
    test: tuple[HorizonFigures, ...]
    half_widths: tuple[float | None, ...]
    spread: Spread | None
    """What gives each interval its own width; then there are no ``half_widths``."""
    volatility: VolatilityFigures | None
    """How the models of volatility fared, where the project has some."""
    dates: Array
    """Of the test rows, in order, [n]."""
    tested: Ahead
    """The forecasts from each of them, [n, horizon]."""
    widths: Array
    """Half the widths of their intervals, [n, horizon]; NaN where nothing is promised."""


def look_ahead(
    winner: Forecaster,
    baselines: Mapping[str, Forecaster],
    table: pd.DataFrame,
    trained_on: int,
    project: Project,
    *,
    scale: float,
) -> Outlook:
    """Judge the winner beside the baselines, from the same origins.

    Out of fold a row's interval is what earlier folds taught; on the test set, what all of them taught.

    Args:
        table: every row, of which the first ``trained_on`` in order of time are the training part.
        scale: of the scaled error, from the training part.
    """
    order = np.argsort(dates_of(table, project, np.arange(len(table))), kind="stable")
    rows = table.iloc[order]
    columns, truth = columns_from_frame(project, rows), truth_of(rows, project)
    dates = dates_of(rows, project, np.arange(len(rows)))
    part = slice(None, trained_on)
    training = take(columns, np.arange(trained_on)), truth[part], dates[part]

    assert project.forecast is not None
    horizon = project.forecast.horizon

    def out_of_fold(who: Forecaster) -> Ahead:
        return rolling(who.by_fold, *training, project)

    def on_test(who: Forecaster) -> Ahead:
        origins = np.arange(trained_on, len(rows))
        ahead = rows_ahead(dates, horizon, weekly=project.pipeline is not None)
        return forecast_from(who.whole, columns, truth, origins, ahead[origins], project)

    rolled, tested = out_of_fold(winner), on_test(winner)
    folds = [scored for scored, _ in winner.by_fold]
    learned = _steady(rolled, tested, folds)
    if (windows := windows_of(columns, project)) is not None and project.forecast.intervals:
        learned = _moving(learned, rolled, tested, folds, Prices(windows, truth, dates), project)
    naive_rolled = {name: out_of_fold(who) for name, who in baselines.items()}
    naive_tested = {name: on_test(who) for name, who in baselines.items()}
    return Outlook(
        out_of_fold=figures(rolled, learned.out_of_fold, naive_rolled, project, scale=scale),
        test=figures(tested, learned.test, naive_tested, project, scale=scale),
        half_widths=learned.half_widths,
        spread=learned.spread,
        volatility=learned.volatility,
        dates=dates[trained_on:],
        tested=tested,
        widths=learned.test,
    )


@dataclass(frozen=True)
class _Learned:
    """What makes the intervals, and half their widths: out of fold [n, horizon], on the test [m, horizon]."""

    half_widths: tuple[float | None, ...]
    out_of_fold: Array
    test: Array
    spread: Spread | None = None
    volatility: VolatilityFigures | None = None


def _steady(rolled: Ahead, tested: Ahead, folds: Sequence[Array]) -> _Learned:
    """One width a horizon."""
    learned = half_widths_of(rolled)
    widths = np.where(np.isfinite(learned), learned, np.nan)
    return _Learned(
        half_widths=tuple(float(width) if np.isfinite(width) else None for width in learned),
        out_of_fold=judged_earlier(folds, rolled),
        test=np.broadcast_to(widths, tested.said.shape),
    )


def _moving(
    steady: _Learned, rolled: Ahead, tested: Ahead, folds: Sequence[Array], prices: Prices, project: Project
) -> _Learned:
    """A width a row, of 1 row ahead; or the one width, where no model of volatility is better."""
    one_width = steady.out_of_fold[:, 0], steady.half_widths[0]
    chosen = choose_spread(rolled, tested, folds, prices, one_width, project)
    return _Learned(
        half_widths=steady.half_widths if chosen.spread is None else (),
        out_of_fold=chosen.out_of_fold[:, None],
        test=chosen.test[:, None],
        spread=chosen.spread,
        volatility=chosen.figures,
    )


def author_of(outlook: Outlook, winner: str, project: Project) -> Author:
    """Who forecasts, and how much better than the first baseline one row ahead, from rolling origins."""
    baseline = baselines_of(project)[0].name
    first = outlook.out_of_fold[0]
    if baseline not in first.against:
        return Author(name=winner, baseline=baseline, skill=0.0 if winner == baseline else None)
    mae, test = first.against[baseline]
    known = np.isfinite(test.p_value) and mae > 0
    return Author(
        name=winner,
        baseline=baseline,
        skill=1 - first.metrics["mae"].value / mae if mae > 0 else None,
        p_value=float(test.p_value) if known else None,
    )
