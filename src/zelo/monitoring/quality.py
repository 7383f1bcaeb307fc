"""How good the answers turned out to be, where the truth is known.

What is measured is what was answered: predicted class and score come from the record. Of several classes the
record holds the most probable ones alone, and what needs all of them is asked of the version again
(:mod:`zelo.monitoring.rescored`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np

from zelo.ledger.records import Judged, PredictionRecord
from zelo.monitoring.windows import Kind, last_windows, periods
from zelo.spec.project import LOWER_IS_BETTER, Project
from zelo.stats.arrays import FloatArray, IntArray
from zelo.stats.bootstrap import Interval, metric_intervals
from zelo.stats.estimated import ROW_BY_ROW
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

Distribution = Callable[[Sequence[PredictionRecord]], FloatArray | None]
"""Every class' probability, [n, K], as the version gives it."""

WINDOW_RESAMPLES = 400

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
class QualityWindow:
    """Quality of the predictions from ``since`` on and before ``until`` that have an outcome, late ones too.

    ``kind`` tells a calendar week or month (UTC), or the last so many outcomes.
    """

    kind: Kind
    since: datetime
    until: datetime
    outcomes: int
    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Breach:
    """A figure beyond its floor of ``monitoring.floors``; ``sure`` where its whole interval is beyond it."""

    metric: str
    floor: float
    value: float
    low: float | None
    high: float | None
    outcomes: int
    sure: bool


@dataclass(frozen=True)
class Quality:
    """Quality of the served version's predictions in the window, on those whose outcome is known.

    ``unusable`` outcomes are no class of the project, or no finite number; they are left out of every figure.
    ``share`` is that of predictions with a usable outcome. ``median_delay_hours`` is from a prediction to
    when its truth was observed. ``windows`` are weeks or months, the oldest first, then the last outcomes.
    """

    predictions: int
    outcomes: int
    unusable: int
    share: float | None
    positives: int | None
    median_delay_hours: float | None
    figures: tuple[Figure, ...]
    slices: tuple[SliceQuality, ...]
    windows: tuple[QualityWindow, ...] = ()


@dataclass(frozen=True)
class Answered:
    """Judged rows that can be measured, and their scores; ``whole`` tells that every class' are known."""

    rows: Sequence[Judged]
    scored: Scored
    whole: bool = True

    def where(self, places: IntArray) -> Answered:
        """The rows at ``places``, in their order."""
        return Answered([self.rows[place] for place in places], self.scored.where(places), self.whole)


def measure_quality(
    judged: Sequence[Judged],
    project: Project,
    test: Mapping[str, Any],
    *,
    predictions: int,
    scale: float | None = None,
    distribution: Distribution | None = None,
) -> Quality:
    """Measure the metrics that the project reports or has floors for.

    Args:
        judged: predictions of one version with their outcomes, in order of time.
        project: as the version's bundle holds it.
        test: the bundle's ``metrics.json``: metric -> value, low, high.
        predictions: how many predictions there are, with an outcome or not.
        scale: of a forecast's scaled error, in the target's unit.
        distribution: gives every class' probability of predictions, or ``None`` where it cannot.
    """
    answered = answered_rows(judged, project, scale, distribution)
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
        figures=_figures(answered, project, test, none_because=_none_because(predictions)),
        slices=tuple(
            part for field in project.gates.slices for part in _slices(answered, field, project, test)
        ),
        windows=_windows(answered, project, test),
    )


def broken_floors(quality: Quality, project: Project) -> tuple[Breach, ...]:
    """The floors that quality on outcomes has broken, in the project's order; of an error it is the most."""
    figures = {figure.metric: figure for figure in quality.figures}
    found = []
    for metric, floor in project.monitoring.floors.items():
        figure = figures.get(metric)
        if figure is None or figure.value is None:
            continue
        lower = metric in LOWER_IS_BETTER
        nearest = figure.low if lower else figure.high
        if figure.value > floor if lower else figure.value < floor:
            sure = nearest is not None and (nearest > floor if lower else nearest < floor)
            bounds = figure.low, figure.high
            found.append(Breach(metric, floor, figure.value, *bounds, quality.outcomes, sure))
    return tuple(found)


def watched_metrics(project: Project) -> tuple[str, ...]:
    """What the project reports, then what it has floors for, each once."""
    return tuple(dict.fromkeys((*project.select.measured, *project.monitoring.floors)))


def _none_because(predictions: int) -> Reason:
    return "no outcomes yet" if predictions else "no predictions"


def answered_rows(
    judged: Sequence[Judged],
    project: Project,
    scale: float | None = None,
    distribution: Distribution | None = None,
) -> Answered:
    """The judged rows that can be measured; see :func:`measure_quality`."""
    if project.task.kind == "regression":
        valued = [row for row in judged if _is_number(row.outcome.value) and row.prediction.score is not None]
        truths = np.array([row.outcome.value for row in valued], dtype=np.float64)
        values = np.array([row.prediction.score for row in valued], dtype=np.float64)
        said = [row.prediction.decision for row in valued]
        # An absent end is NaN.
        ends = np.array([(body.get("lower"), body.get("upper")) for body in said], dtype=np.float64)
        bounds = ends.reshape(-1, 2)
        return Answered(valued, scored_rows(truths, values, None, project, bounds=bounds, scale=scale))
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
    if positive is not None:
        return Answered(
            rows, Scored(truth, _probabilities(score, np.full(len(rows), positive), 2), predicted, positive)
        )
    whole = distribution([row.prediction for row in rows]) if distribution and rows else None
    scores = _probabilities(score, predicted, len(index)) if whole is None else whole
    return Answered(rows, Scored(truth, scores, predicted), whole is not None)


def _probabilities(score: FloatArray, owner: np.ndarray[Any, Any], classes: int) -> FloatArray:
    """Probabilities [n, K] with ``score`` for the class ``owner``; the rest is shared by the others alike."""
    rest: FloatArray = (1.0 - score) / (classes - 1)
    scores: FloatArray = np.repeat(rest[:, None], classes, axis=1)
    scores[np.arange(len(score)), owner] = score
    return scores


def _figures(
    answered: Answered,
    project: Project,
    test: Mapping[str, Any],
    *,
    none_because: Reason,
    resamples: int = 1000,
) -> tuple[Figure, ...]:
    scored = answered.scored
    refused = {name: refusal(name, answered, none_because) for name in watched_metrics(project)}
    wanted = [name for name, reason in refused.items() if reason is None]
    seed = project.split.seed
    found = metric_intervals(scored, wanted, seed=seed, resamples=resamples) if wanted else {}
    return tuple(
        _with_test(
            _refused(name, reason) if reason else _figure(name, found[name], len(scored)), test.get(name)
        )
        for name, reason in refused.items()
    )


def _windows(answered: Answered, project: Project, test: Mapping[str, Any]) -> tuple[QualityWindow, ...]:
    times = [row.prediction.at for row in answered.rows]
    return tuple(
        QualityWindow(
            window.kind,
            window.since,
            window.until,
            len(window.rows),
            _figures(
                answered.where(window.rows),
                project,
                test,
                none_because="no outcomes yet",
                resamples=WINDOW_RESAMPLES,
            ),
        )
        for window in (*periods(times), *last_windows(times))
    )


def refusal(metric: str, answered: Answered, none_because: Reason = "no outcomes yet") -> Reason | None:
    """Why a metric cannot be computed on these rows; ``None`` where it can."""
    scored = answered.scored
    if not len(scored):
        return none_because
    if scored.predicted is None:
        if metric == "r2" and np.ptp(scored.truth) == 0:
            return "the true value never changes"
        return "a true value is 0" if metric == "mape" and (scored.truth == 0).any() else None
    if not answered.whole and metric in WHOLE_DISTRIBUTION:
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


def _slices(answered: Answered, field: str, project: Project, test: Mapping[str, Any]) -> list[SliceQuality]:
    if not answered.rows:
        return [_unjudged(field, None, 0, None, "no outcomes yet")]
    if not any(field in row.prediction.inputs for row in answered.rows):
        return [_unjudged(field, None, 0, None, "the field is not on record")]
    values = np.array([_text(row.prediction.inputs.get(field)) for row in answered.rows], dtype=object)
    parts = []
    for value in sorted(set(values)):
        part = answered.where(np.flatnonzero(values == value))
        rows, positives = len(part.rows), _positives(part.scored)
        if rows < FEWEST_ROWS or (positives is not None and positives < FEWEST_POSITIVES):
            parts.append(_unjudged(field, value, rows, positives, "too few outcomes to judge"))
            continue
        figures = _figures(part, project, test, none_because="no outcomes yet")
        parts.append(SliceQuality(field, value, rows, positives, "computed", None, figures))
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
