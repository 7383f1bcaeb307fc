"""What out-of-fold scores say: calibrated and cut by the other folds, then measured with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zelo.decisions.decide import predicted_classes
from zelo.decisions.policy import INTERVAL_LEVEL, Policy, make_policy
from zelo.models.calibration import Calibration, fit_calibration
from zelo.spec.project import Maximise, Project
from zelo.stats.bootstrap import Interval, metric_intervals
from zelo.stats.conformal import class_limits, interval_half_width
from zelo.stats.metrics import Scored
from zelo.stats.thresholds import best_class_thresholds, best_threshold
from zelo.training.folds import Folds
from zelo.training.truth import scored_at_all, scored_rows

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Assessed:
    """A candidate after its folds.

    ``raw`` are its scores out of fold [n, K], ``scored`` the rows that were scored, calibrated and decided,
    ``latency_ms`` what one row takes as it was fitted, ``error`` why it could not be fitted (then nothing
    else is set).
    """

    name: str
    params: Mapping[str, Any]
    raw: Array
    seconds: float
    scored: Scored | None = None
    metrics: Mapping[str, Interval] = field(default_factory=dict)
    error: str | None = None
    latency_ms: float = math.nan


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
    scale: float | None = None,
) -> Assessed:
    """Measure out-of-fold scores. A row is calibrated and decided by what the other folds teach."""
    scored = decide_out_of_fold(raw, truth, folds, project, scale)
    metrics = metric_intervals(scored, project.metrics, seed=project.split.seed)
    return Assessed(name, params, raw, seconds, scored, metrics)


def decide_out_of_fold(
    raw: Array, truth: Array, folds: Folds, project: Project, scale: float | None = None
) -> Scored:
    """The scored rows with calibrated scores and predicted classes, or with the bounds of their intervals.

    What a fold's rows are calibrated and decided by is learned on the scored rows that the fold was fitted
    on: never on its own, by time on none that comes later, and of repeated folds on the same repetition's.
    """
    covered = scored_at_all(raw)
    scores = raw.copy()
    predicted = np.zeros(len(raw), dtype=np.int64)
    widths = np.full(len(raw), np.nan)
    for fitted_on, rows in folds:
        known = fitted_on[covered[fitted_on]]
        fitted = _learned(raw[known], truth[known], project)
        scores[rows] = fitted.calibration.apply(raw[rows]) if fitted.calibration else raw[rows]
        if project.classes:
            predicted[rows] = predicted_classes(scores[rows], fitted.policy)
        elif fitted.policy.half_width is not None:
            widths[rows] = fitted.policy.half_width
    bounds = np.column_stack([raw[:, 0] - widths, raw[:, 0] + widths])[covered]
    return scored_rows(
        truth[covered],
        scores[covered],
        predicted[covered],
        project,
        repeats=project.select.repeats,
        bounds=None if project.classes else bounds,
        scale=scale,
    )


def learn(raw: Array, truth: Array, project: Project) -> Fitted:
    """Calibration and policy from out-of-fold scores [n, K], each row once.

    Of classes: thresholds at the true prevalence, and the limits of the sets of several; of a regression:
    the half-width of its 90 % interval.
    """
    if project.task.kind == "regression":
        half_width = interval_half_width(np.abs(truth - raw[:, 0]), INTERVAL_LEVEL)
        # Too few rows to promise anything: no interval, rather than an infinite one.
        return Fitted(None, make_policy(project, half_width=half_width if np.isfinite(half_width) else None))
    calibration = fit_calibration(truth, raw)
    scores = calibration.apply(raw)
    if project.task.kind == "binary":
        return Fitted(calibration, make_policy(project, threshold=_threshold(scores, truth, project)))
    limits = class_limits(truth, scores, project.decision.coverage)
    policy = make_policy(
        project,
        class_thresholds=_class_thresholds(scores, truth, project),
        set_limits=tuple(limits.tolist()),
    )
    return Fitted(calibration, policy)


def _learned(raw: Array, truth: Array, project: Project) -> Fitted:
    """What rows teach; those of one class alone, and the none before the first fold by time, nothing."""
    if len(np.unique(truth)) < (2 if project.classes else 1):
        return Fitted(None, make_policy(project))
    return learn(raw, truth, project)


def _threshold(scores: Array, truth: Array, project: Project) -> float:
    wanted = project.decision.threshold
    if not isinstance(wanted, Maximise):
        return wanted
    positive = project.classes.index(project.positive)
    return best_threshold(truth == positive, scores[:, positive], wanted.maximise).threshold


def _class_thresholds(scores: Array, truth: Array, project: Project) -> tuple[float, ...]:
    wanted = project.decision.threshold
    if not isinstance(wanted, Maximise):
        return ()
    return tuple(best_class_thresholds(truth, scores, wanted.maximise).tolist())
