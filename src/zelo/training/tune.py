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
    done: Callable[[], None] = lambda: None,
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
    kept: dict[int, tuple[dict[str, Any], Array]] = {}

    def objective(trial: optuna.Trial) -> float:
        drawn = candidate.space(trial) if candidate.space and trial.number > 0 else {}
        params = {**drawn, **pinned}
        raw = score(params)
        value = point(measure(raw), (primary,))[primary]
        if not np.isfinite(value):
            raise optuna.TrialPruned(f"{primary} is not defined")
        kept[trial.number] = (params, raw)
        done()
        best = study_best(study, trial.number, value)
        for number in [number for number in kept if number != best]:
            del kept[number]
        return value

    # A trial that fails is the candidate's error, which is told once, without Optuna's traceback before it.
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction=direction, sampler=sampler, storage=storage)
    study.set_user_attr("project", project.name)
    study.set_user_attr("candidate", candidate.name)
    study.optimize(objective, n_trials=budget.trials + 1, timeout=budget.seconds)
    if not kept:
        raise ValueError(f"{primary} is defined in no trial")
    # Of equal trials a database may name another best; the one whose scores were kept it is.
    params, raw = next(iter(kept.values()))
    return Tuned(params, raw, len(study.trials))


def study_best(study: optuna.Study, number: int, value: float) -> int:
    """The number of the best trial, with the one that is about to end counted in."""
    finished = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    values = {trial.number: trial.value for trial in finished if trial.value is not None} | {number: value}
    pick = min if study.direction is optuna.study.StudyDirection.MINIMIZE else max
    return pick(values, key=lambda key: values[key])
