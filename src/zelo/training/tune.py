"""Optuna over a candidate's space; the best trial's out-of-fold scores are kept and serve again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna

from zelo.models.candidate import Candidate
from zelo.spec.project import LOWER_IS_BETTER, Project, Tuning
from zelo.stats.metrics import point
from zelo.training.fit import FIT_ERRORS

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Tuned:
    """The best parameters, their out-of-fold scores, and how many trials were run."""

    params: Mapping[str, Any]
    raw: Array
    trials: int


def tune(
    candidate: Candidate,
    pinned: Mapping[str, Any],
    project: Project,
    budget: Tuning,
    *,
    score: Callable[[Mapping[str, Any]], Array],
    measure: Callable[[Array], Any],
    storage: str | None = None,
) -> Tuned:
    """Search the space, starting from the defaults; parameters that the project pins are not searched.

    Args:
        score: parameters -> out-of-fold scores [n, K].
        measure: out-of-fold scores -> the scored rows, for the primary metric.
        storage: Optuna's storage; in memory if absent.
    """
    primary = project.select.primary
    lower = primary in LOWER_IS_BETTER
    direction = optuna.study.StudyDirection.MINIMIZE if lower else optuna.study.StudyDirection.MAXIMIZE
    sampler = optuna.samplers.TPESampler(seed=project.split.seed)
    best: tuple[float, dict[str, Any], Array] | None = None

    def objective(trial: optuna.Trial) -> float:
        nonlocal best
        drawn = candidate.space(trial) if candidate.space and trial.number > 0 else {}
        params = {**drawn, **pinned}
        raw = score(params)
        value = point(measure(raw), (primary,))[primary]
        if not np.isfinite(value):
            raise optuna.TrialPruned(f"{primary} is not defined")
        if best is None or (value < best[0] if lower else value > best[0]):
            best = (value, params, raw)
        return value

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction=direction, sampler=sampler, storage=storage)
    study.set_user_attr("project", project.name)
    study.set_user_attr("candidate", candidate.name)
    # Where the defaults fail, so does the candidate; drawn parameters that fail are a trial that did not win.
    study.optimize(objective, n_trials=1)
    if candidate.space and budget.trials:
        study.optimize(objective, n_trials=budget.trials, timeout=budget.seconds, catch=FIT_ERRORS)
    if best is None:
        raise ValueError(f"{primary} is defined in no trial")
    _, params, raw = best
    return Tuned(params, raw, len(study.trials))
