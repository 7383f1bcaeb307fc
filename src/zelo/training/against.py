"""Each candidate of a forecast beside the first naive baseline, one row ahead: in size and in direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zelo.spec.project import Project
from zelo.stats.arrays import FloatArray
from zelo.stats.diebold_mariano import diebold_mariano
from zelo.stats.metrics import Scored
from zelo.stats.pesaran_timmermann import Direction, pesaran_timmermann
from zelo.training.evaluate import Assessed
from zelo.training.rows import Rows
from zelo.training.truth import scored_at_all

NO_CHANGE = "it forecasts no change, so there is no direction to judge"
ONE_WAY = "forecasts or changes all go one way, so there is nothing to tell apart"


@dataclass(frozen=True)
class Against:
    """What forecasts of the same rows are worth beside the baseline's.

    ``mae_difference`` is the mean absolute error less the baseline's, in the target's unit (below 0: better),
    ``p_value`` that of the test of Diebold and Mariano for "it is below 0" (NaN where there is no test),
    ``skill`` 1 less the ratio of the two errors. ``direction`` is of the change from the last value, by the
    test of Pesaran and Timmermann; ``note`` says why there is none, or no test of it.
    """

    baseline: str
    mae_difference: float
    p_value: float
    skill: float
    direction: Direction | None
    note: str | None


def beside_baseline(assessed: Sequence[Assessed], training: Rows, project: Project) -> dict[str, Against]:
    """Every candidate that could be fitted, by name, on the rows out of fold; none without a forecast.

    Args:
        assessed: the first baseline first.
        training: the rows that the folds are of.
    """
    naive = assessed[0]
    if project.forecast is None or naive.scored is None:
        return {}
    last = training.columns[project.lag(1)]
    return {
        item.name: against(item.scored, naive.scored, last[scored_at_all(item.raw)], naive.name)
        for item in assessed
        if item.scored is not None
    }


def against(found: Scored, naive: Scored, last: FloatArray, baseline: str) -> Against:
    """Forecasts beside the baseline's of the same rows in order of time, [n].

    Args:
        last: the last value known to each row, [n].
        baseline: its name.
    """
    errors, theirs = absolute_errors(found), absolute_errors(naive)
    test = diebold_mariano(errors, theirs)
    usual = float(theirs.mean())
    direction, note = _direction(
        found.truth.astype(np.float64) - last, found.scores.reshape(-1).astype(np.float64) - last
    )
    return Against(
        baseline=baseline,
        mae_difference=test.mean_difference,
        p_value=test.p_value,
        skill=1 - float(errors.mean()) / usual if usual > 0 else np.nan,
        direction=direction,
        note=note,
    )


def absolute_errors(scored: Scored) -> FloatArray:
    """Of each row of a regression, [n], in the target's unit."""
    return np.abs(scored.scores.reshape(-1) - scored.truth.astype(np.float64))


def _direction(came: FloatArray, said: FloatArray) -> tuple[Direction | None, str | None]:
    """The test of the changes' signs, and why there is none."""
    if not said.any():
        return None, NO_CHANGE
    found = pesaran_timmermann(came, said)
    return found, ONE_WAY if np.isnan(found.p_value) else None
