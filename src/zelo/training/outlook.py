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
    """The model of volatility that gives each interval its own width, where the project has some."""
    dates: Array
    """Of the test rows, in order, [n]."""
    tested: Ahead
    """The forecasts from each of them, [n, horizon]."""


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

    def out_of_fold(who: Forecaster) -> Ahead:
        return rolling(who.by_fold, *training, project)

    def on_test(who: Forecaster) -> Ahead:
        assert project.forecast is not None
        origins = np.arange(trained_on, len(rows))
        ahead = rows_ahead(dates, project.forecast.horizon, weekly=project.pipeline is not None)
        return forecast_from(who.whole, columns, truth, origins, ahead[origins], project)

    rolled, tested = out_of_fold(winner), on_test(winner)
    learned = half_widths_of(rolled)
    widths = np.where(np.isfinite(learned), learned, np.nan)
    earlier = judged_earlier([scored for scored, _ in winner.by_fold], rolled)
    return Outlook(
        out_of_fold=figures(
            rolled, earlier, {name: out_of_fold(who) for name, who in baselines.items()}, project, scale=scale
        ),
        test=figures(
            tested,
            np.broadcast_to(widths, tested.said.shape),
            {name: on_test(who) for name, who in baselines.items()},
            project,
            scale=scale,
        ),
        half_widths=tuple(float(width) if np.isfinite(width) else None for width in learned),
        spread=None,
        dates=dates[trained_on:],
        tested=tested,
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
