"""Rows that a version scored without having learned from them, with their truth: estimates need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zelo.decisions.decide import interval_bounds
from zelo.features.columns import frame_from_columns, take
from zelo.features.history import windows_of
from zelo.stats.metrics import Scored
from zelo.training.truth import scored_at_all

if TYPE_CHECKING:
    # It brings every library of models, and whoever reads a bundle wants none of them.
    from zelo.training.train import Trained

JUDGED = "judged.parquet"
TRUTH, SCORE, LOWER, UPPER = "truth__", "score__", "lower__", "upper__"
MOST_ROWS = 10_000


def judged_rows(trained: Trained) -> pd.DataFrame:
    """The training rows as the winner scored them out of fold, then the test rows; 10,000 at most, in order.

    The test set alone is too small to tell a calibration: out of fold there are several times its rows,
    scored by models of nearly as many rows. Of classes ``truth__`` (an index) and ``score__0``, ``score__1``,
    ...; of values the inputs, ``truth__``, ``score__0`` and the ends of the interval, as the policy gives
    them.
    """
    project, winner, training = trained.project, trained.comparison.winner, trained.train
    assert winner.scored is not None
    # Of repeated folds the first repetition: each row once.
    covered = np.flatnonzero(scored_at_all(winner.raw[: len(training.truth)]))
    parts = (winner.scored.where(np.arange(len(covered))), trained.tested)
    table = pd.concat([_table(part) for part in parts], ignore_index=True)
    if not project.classes:
        columns = take(training.columns, covered)
        columns = {name: np.concatenate([columns[name], trained.test.columns[name]]) for name in columns}
        table = pd.concat([frame_from_columns(columns), table], axis=1)
        scores, windows = table[[f"{SCORE}0"]].to_numpy(), windows_of(columns, project)
        bounds = interval_bounds(scores, trained.policy, windows)
        table[[LOWER, UPPER]] = np.full((len(table), 2), np.nan) if bounds is None else bounds
    if len(table) > MOST_ROWS and project.forecast is None:
        kept = np.random.default_rng(project.split.seed).permutation(len(table))[:MOST_ROWS]
        table = table.iloc[np.sort(kept)]
    return table.tail(MOST_ROWS).reset_index(drop=True)


def _table(scored: Scored) -> pd.DataFrame:
    columns: dict[str, Any] = {TRUTH: scored.truth}
    scores = scored.scores.reshape(len(scored), -1)
    return pd.DataFrame(columns | {f"{SCORE}{place}": values for place, values in enumerate(scores.T)})
