"""How good the answers turned out to be, where the truth is known.

What is measured is what was answered: predicted class and score come from the record, no model runs again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

import numpy as np

from zelo.ledger.records import Judged
from zelo.spec.project import Project
from zelo.stats.arrays import FloatArray
from zelo.stats.bootstrap import Interval, metric_intervals
from zelo.stats.metrics import Scored
from zelo.training.slices import FEWEST_POSITIVES, FEWEST_ROWS
from zelo.training.truth import scored_rows

Status = Literal["computed", "no interval", "cannot be computed"]
Reason = Literal[
    "no predictions",
    "no outcomes yet",
    "outcomes of one class only",
    "the true value never changes",
    "a true value is 0",
    "not defined on these outcomes",
    "not every class' probability is on record",
    "too few outcomes for an interval",
    "too few outcomes to judge",
    "the field is not on record",
]

ROW_BY_ROW = frozenset({"accuracy", "f1_micro", "brier", "log_loss", "ece"})
"""Metrics that outcomes of a single class leave with a meaning; the others set the classes apart."""

WHOLE_DISTRIBUTION = frozenset({"roc_auc", "pr_auc", "brier", "log_loss"})
"""Metrics of several classes that need every class' probability."""


@dataclass(frozen=True)
class Figure:
    """A metric with its 95 % bootstrap interval in the window, beside the bundle's on the test set.

    What is not defined is ``None``, and ``reason`` says why.
    """

    metric: str
    status: Status
    reason: Reason | None
    value: float | None
    low: float | None
    high: float | None
    test_value: float | None
    test_low: float | None
    test_high: float | None


@dataclass(frozen=True)
class SliceQuality:
    """The figures of the rows where ``field`` is ``value``; no figures where they are too few.

    ``positives`` counts outcomes of the positive class, ``None`` unless the task is binary.
    """

    field: str
    value: str | None
    outcomes: int
    positives: int | None
    status: Status
    reason: Reason | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Quality:
    """Quality of the served version's predictions in the window, on those whose outcome is known.

    ``unusable`` outcomes are no class of the project, or no finite number; they are left out of every figure.
    ``share`` is that of predictions with a usable outcome. ``median_delay_hours`` is from a prediction to
    when its truth was observed.
    """

    predictions: int
    outcomes: int
    unusable: int
    share: float | None
    positives: int | None
    median_delay_hours: float | None
    figures: tuple[Figure, ...]
    slices: tuple[SliceQuality, ...]


@dataclass(frozen=True)
class _Answered:
    """Judged rows that can be measured, and their scores."""

    rows: Sequence[Judged]
    scored: Scored


def measure_quality(
    judged: Sequence[Judged],
    project: Project,
    test: Mapping[str, Any],
    *,
    predictions: int,
    scale: float | None = None,
) -> Quality:
    """Measure the project's reported metrics.

    Args:
        judged: predictions of one version with their outcomes, in order of time.
        project: as the version's bundle holds it.
        test: the bundle's ``metrics.json``: metric -> value, low, high.
        predictions: how many predictions there are, with an outcome or not.
        scale: of a forecast's scaled error, in the target's unit.
    """
    answered = _answered(judged, project, scale)
    known = len(answered.rows)
    delays = [row.outcome.observed_at - row.prediction.at for row in answered.rows]
    return Quality(
        predictions=predictions,
        outcomes=known,
        unusable=len(judged) - known,
        share=known / predictions if predictions else None,
        positives=_positives(answered.scored),
        median_delay_hours=float(np.median([delay / timedelta(hours=1) for delay in delays]))
        if known
        else None,
        figures=_figures(answered.scored, project, test, none_because=_none_because(predictions)),
        slices=tuple(
            part for field in project.gates.slices for part in _slices(answered, field, project, test)
        ),
    )


def _none_because(predictions: int) -> Reason:
    return "no outcomes yet" if predictions else "no predictions"


def _answered(judged: Sequence[Judged], project: Project, scale: float | None) -> _Answered:
    if project.task.kind == "regression":
        valued = [row for row in judged if _is_number(row.outcome.value) and row.prediction.score is not None]
        truths = np.array([row.outcome.value for row in valued], dtype=np.float64)
        values = np.array([row.prediction.score for row in valued], dtype=np.float64)
        said = [row.prediction.decision for row in valued]
        # An absent end is NaN.
        ends = np.array([(body.get("lower"), body.get("upper")) for body in said], dtype=np.float64)
        bounds = ends.reshape(-1, 2)
        return _Answered(valued, scored_rows(truths, values, None, project, bounds=bounds, scale=scale))
    index = {label: place for place, label in enumerate(project.classes)}
    rows = [
        row
        for row in judged
        if row.outcome.value in index
        and row.prediction.decision.get("prediction") in index
        and row.prediction.score is not None
    ]
    truth = np.array([index[row.outcome.value] for row in rows], dtype=np.int64)  # type: ignore[index]
    predicted = np.array([index[row.prediction.decision["prediction"]] for row in rows], dtype=np.int64)
    score = np.array([row.prediction.score for row in rows], dtype=np.float64)
    positive = index[project.positive] if project.task.kind == "binary" else None
    owner = predicted if positive is None else np.full(len(rows), positive)
    return _Answered(rows, Scored(truth, _probabilities(score, owner, len(index)), predicted, positive))


def _probabilities(score: FloatArray, owner: np.ndarray[Any, Any], classes: int) -> FloatArray:
    """Probabilities [n, K] with ``score`` for the class ``owner``; the rest is shared by the others alike."""
    rest: FloatArray = (1.0 - score) / (classes - 1)
    scores: FloatArray = np.repeat(rest[:, None], classes, axis=1)
    scores[np.arange(len(score)), owner] = score
    return scores


def _figures(
    scored: Scored, project: Project, test: Mapping[str, Any], *, none_because: Reason
) -> tuple[Figure, ...]:
    refused = {name: _refusal(name, scored, none_because) for name in project.select.measured}
    wanted = [name for name, reason in refused.items() if reason is None]
    found = metric_intervals(scored, wanted, seed=project.split.seed) if wanted else {}
    return tuple(
        _with_test(
            _refused(name, reason) if reason else _figure(name, found[name], len(scored)), test.get(name)
        )
        for name, reason in refused.items()
    )


def _refusal(metric: str, scored: Scored, none_because: Reason) -> Reason | None:
    """Why a metric cannot be computed on these rows; ``None`` where it can."""
    if not len(scored):
        return none_because
    if scored.predicted is None:
        if metric == "r2" and np.ptp(scored.truth) == 0:
            return "the true value never changes"
        return "a true value is 0" if metric == "mape" and (scored.truth == 0).any() else None
    if scored.positive is None and metric in WHOLE_DISTRIBUTION:
        return "not every class' probability is on record"
    if metric not in ROW_BY_ROW and len(np.unique(scored.truth)) < 2:
        return "outcomes of one class only"
    return None


def _refused(metric: str, reason: Reason) -> Figure:
    return Figure(metric, "cannot be computed", reason, None, None, None, None, None, None)


def _figure(metric: str, found: Interval, rows: int) -> Figure:
    if not np.isfinite(found.value):
        return _refused(metric, "not defined on these outcomes")
    # A bootstrap of a handful of rows gives bounds that are far too narrow: no interval is better.
    if rows < FEWEST_ROWS or not np.isfinite((found.low, found.high)).all():
        reason: Reason = "too few outcomes for an interval"
        return Figure(metric, "no interval", reason, found.value, None, None, None, None, None)
    return Figure(metric, "computed", None, found.value, found.low, found.high, None, None, None)


def _with_test(figure: Figure, test: Mapping[str, float | None] | None) -> Figure:
    if test is None:
        return figure
    return replace(figure, test_value=test["value"], test_low=test["low"], test_high=test["high"])


def _slices(answered: _Answered, field: str, project: Project, test: Mapping[str, Any]) -> list[SliceQuality]:
    if not answered.rows:
        return [_unjudged(field, None, 0, None, "no outcomes yet")]
    if not any(field in row.prediction.inputs for row in answered.rows):
        return [_unjudged(field, None, 0, None, "the field is not on record")]
    values = np.array([_text(row.prediction.inputs.get(field)) for row in answered.rows], dtype=object)
    parts = []
    for value in sorted(set(values)):
        scored = answered.scored.where(values == value)
        positives = _positives(scored)
        if len(scored) < FEWEST_ROWS or (positives is not None and positives < FEWEST_POSITIVES):
            parts.append(_unjudged(field, value, len(scored), positives, "too few outcomes to judge"))
            continue
        figures = _figures(scored, project, test, none_because="no outcomes yet")
        parts.append(SliceQuality(field, value, len(scored), positives, "computed", None, figures))
    return parts


def _unjudged(
    field: str, value: str | None, outcomes: int, positives: int | None, reason: Reason
) -> SliceQuality:
    return SliceQuality(field, value, outcomes, positives, "cannot be computed", reason, ())


def _positives(scored: Scored) -> int | None:
    return None if scored.positive is None else int((scored.truth == scored.positive).sum())


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _text(value: object) -> str:
    return "" if value is None else str(value)
