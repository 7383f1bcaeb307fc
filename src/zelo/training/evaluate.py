"""What out-of-fold scores say: calibrated and cut by the other folds, then measured with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zelo.decisions.decide import predicted_classes
from zelo.decisions.policy import INTERVAL_LEVEL, Policy, make_policy
from zelo.models.calibration import Calibration, fit_calibration
from zelo.spec.project import TASK_METRICS, Maximise, Project
from zelo.stats.bootstrap import Interval, metric_intervals
from zelo.stats.conformal import interval_half_width
from zelo.stats.metrics import Scored
from zelo.stats.thresholds import best_threshold
from zelo.training.folds import Folds
from zelo.training.truth import scored_at_all, scored_rows

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Assessed:
    """A candidate after its folds.

    ``raw`` are its scores out of fold [n, K], ``scored`` the rows that were scored, calibrated and decided,
    ``error`` why it could not be fitted (then nothing else is set).
    """

    name: str
    params: Mapping[str, Any]
    raw: Array
    seconds: float
    scored: Scored | None = None
    metrics: Mapping[str, Interval] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True)
class Fitted:
    """What is learned from all out-of-fold scores, for the model that will serve."""

    calibration: Calibration | None
    policy: Policy


def assess(
    name: str,
    params: Mapping[str, Any],
    raw: Array,
    truth: Array,
    folds: Folds,
    project: Project,
    seconds: float,
) -> Assessed:
    """Measure out-of-fold scores. A row is calibrated and decided by what the other folds teach."""
    scored = decide_out_of_fold(raw, truth, folds, project)
    metrics = metric_intervals(scored, TASK_METRICS[project.task.kind], seed=project.split.seed)
    return Assessed(name, params, raw, seconds, scored, metrics)


def decide_out_of_fold(raw: Array, truth: Array, folds: Folds, project: Project) -> Scored:
    """The scored rows with calibrated scores and predicted classes, each learned on the other folds."""
    covered = scored_at_all(raw)
    scores = raw.copy()
    predicted = np.zeros(len(raw), dtype=np.int64)
    for _, rows in folds:
        rest = covered.copy()
        rest[rows] = False
        # The first fold of a split by time has no other before it; it stays as it is.
        fitted = learn(raw[rest], truth[rest], project) if rest.any() else Fitted(None, make_policy(project))
        scores[rows] = fitted.calibration.apply(raw[rows]) if fitted.calibration else raw[rows]
        if project.classes:
            predicted[rows] = predicted_classes(scores[rows], fitted.policy)
    return scored_rows(truth[covered], scores[covered], predicted[covered], project)


def learn(raw: Array, truth: Array, project: Project) -> Fitted:
    """Calibration and policy from out-of-fold scores [n, K]: the threshold at the true prevalence,
    or the half-width of a regression's 90 % interval."""
    if project.task.kind == "regression":
        residuals = np.abs(truth - raw[:, 0])
        return Fitted(None, make_policy(project, half_width=interval_half_width(residuals, INTERVAL_LEVEL)))
    calibration = fit_calibration(truth, raw)
    return Fitted(
        calibration, make_policy(project, threshold=_threshold(calibration.apply(raw), truth, project))
    )


def _threshold(scores: Array, truth: Array, project: Project) -> float:
    wanted = project.decision.threshold
    if not isinstance(wanted, Maximise):
        return wanted
    positive = project.classes.index(project.positive)
    return best_threshold(truth == positive, scores[:, positive], wanted.maximise).threshold
