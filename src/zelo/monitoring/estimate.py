"""How good the answers probably are, before anybody knows; and how right that was, once somebody does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pandas as pd

from zelo.features.columns import columns_from_rows
from zelo.ledger.records import Judged, PredictionRecord
from zelo.monitoring.bundled import read_json, read_table
from zelo.monitoring.estimate_words import BLIND, BY_CONFIDENCE, BY_LOSS, CORRECTED, INTERVAL
from zelo.monitoring.losses import LossModel, asked_rows, learn_loss
from zelo.monitoring.quality import Answered, answered_rows, refusal, watched_metrics
from zelo.monitoring.rescored import MOST_ROWS, distribution
from zelo.monitoring.windows import periods
from zelo.registry.bundle import Bundle
from zelo.registry.examination import BASELINE
from zelo.registry.judged import JUDGED, SCORE, TRUTH
from zelo.stats.arrays import FloatArray
from zelo.stats.bootstrap import Interval
from zelo.stats.estimated import Recalibration, estimated_metrics, fit_recalibration
from zelo.stats.metrics import point

Array = np.ndarray[Any, Any]
Method = Literal["cbpe", "dle"]
Reason = Literal[
    "no predictions",
    "the bundle holds no judged rows: train again",
    "too few judged rows in the bundle",
    "too few predictions to estimate",
    "this metric cannot be estimated",
    "the model no longer says what is on record",
]

FEWEST = 20
"""Predictions; the interval is for just these rows, however few, but a figure of a handful says nothing."""
FEWEST_JUDGED = 50


@dataclass(frozen=True)
class Estimated:
    """A metric as it is expected, with a 95 % interval of what outcomes will show; ``None`` with a reason."""

    metric: str
    value: float | None
    low: float | None
    high: float | None
    reason: Reason | None = None


@dataclass(frozen=True)
class Checked:
    """An estimate beside the truth on the same rows. ``error`` is estimated - truth."""

    metric: str
    estimated: float
    low: float
    high: float
    truth: float
    error: float
    held: bool


@dataclass(frozen=True)
class CheckedWindow:
    """A window whose outcomes came: what is estimated of just these rows, and what their outcomes showed."""

    since: datetime
    until: datetime
    outcomes: int
    checks: tuple[Checked, ...]


@dataclass(frozen=True)
class Estimate:
    """Estimated quality of ``rows`` predictions of a version, whether their outcome is known or not.

    ``assumptions`` are English phrases, for :class:`zelo.monitoring.words.Words`. ``reference_rows`` judged
    rows of the bundle taught it. ``windows`` are the weeks or months with outcomes, the oldest first. An
    estimate uses no outcome of the ledger, so that one made afterwards is the one that would have been made
    before.
    """

    method: Method | None
    rows: int
    reference_rows: int
    assumptions: tuple[str, ...]
    figures: tuple[Estimated, ...]
    windows: tuple[CheckedWindow, ...]
    reason: Reason | None = None

    @property
    def held(self) -> float | None:
        """The share of checks whose interval held the truth, in [0, 1]; about 0.95 is right."""
        checks = [check.held for window in self.windows for check in window.checks]
        return sum(checks) / len(checks) if checks else None

    @property
    def mean_error(self) -> dict[str, float]:
        """By metric, how far estimates were from the truth, in the metric's unit."""
        errors: dict[str, list[float]] = {}
        for window in self.windows:
            for check in window.checks:
                errors.setdefault(check.metric, []).append(abs(check.error))
        return {metric: float(np.mean(found)) for metric, found in errors.items()}


def estimate(records: Sequence[PredictionRecord], judged: Sequence[Judged], bundle: Bundle) -> Estimate:
    """Estimate the project's metrics on a version's predictions, and hold estimates against outcomes.

    Of several classes the newest 2,000 predictions are read, for their model has to be asked again.

    Args:
        records: the version's predictions of the window, one row ahead of a forecast, in order of time.
        judged: those of them whose outcome is known, in order of time.
        bundle: of the version.

    Raises:
        BundleError: a file of the bundle is damaged.
    """
    if JUDGED not in bundle.manifest.get("files", ()):
        return _nothing("the bundle holds no judged rows: train again", 0)
    table = read_table(bundle, JUDGED)
    if len(table) < FEWEST_JUDGED:
        return _nothing("too few judged rows in the bundle", len(table))
    if not records:
        return _nothing("no predictions", len(table))
    if len(records) < FEWEST:
        return _nothing("too few predictions to estimate", len(table))
    estimator = _estimator(bundle, table, records)
    if estimator is None:
        return _nothing("the model no longer says what is on record", len(table))
    known = [record for record in records if estimator.knows(record)]
    found = estimator.of(known, watched_metrics(bundle.project))
    return Estimate(
        method=estimator.method,
        rows=len(known),
        reference_rows=len(table),
        assumptions=estimator.assumptions,
        figures=tuple(_figure(name, found.get(name)) for name in watched_metrics(bundle.project)),
        windows=_checked([row for row in judged if estimator.knows(row.prediction)], estimator, bundle),
    )


def _nothing(reason: Reason, reference_rows: int) -> Estimate:
    return Estimate(None, 0, reference_rows, (), (), (), reason)


def _figure(metric: str, found: Interval | None) -> Estimated:
    if found is None:
        return Estimated(metric, None, None, None, "this metric cannot be estimated")
    if not np.isfinite(found.value):
        return Estimated(metric, None, None, None, "too few predictions to estimate")
    return Estimated(metric, found.value, found.low, found.high)


class _Estimator(ABC):
    """Metrics of rows without their outcomes."""

    method: Method
    assumptions: tuple[str, ...]

    @abstractmethod
    def knows(self, record: PredictionRecord) -> bool:
        """Whether a record can be estimated."""

    def distribution(self, records: Sequence[PredictionRecord]) -> FloatArray | None:
        """Every class' probability of records that it knows, where there are several."""
        return None

    @abstractmethod
    def of(self, records: Sequence[PredictionRecord], names: Sequence[str]) -> Mapping[str, Interval]:
        """Each metric that can be estimated."""


def _estimator(bundle: Bundle, table: pd.DataFrame, records: Sequence[PredictionRecord]) -> _Estimator | None:
    project = bundle.project
    if project.task.kind == "regression":
        return _ByLoss(bundle, table)
    if project.task.kind == "binary":
        place = project.classes.index(project.positive)
        positive = np.array([record.score for record in records], dtype=np.float64)
        scores = np.column_stack([1 - positive, positive] if place else [positive, 1 - positive])
        return _ByConfidence(bundle, table, records, scores)
    newest = records[-MOST_ROWS:]
    whole = distribution(newest, bundle)
    return None if whole is None else _ByConfidence(bundle, table, newest, whole)


class _ByConfidence(_Estimator):
    """Classes: :func:`zelo.stats.estimated.estimated_metrics`."""

    method = "cbpe"

    def __init__(
        self, bundle: Bundle, table: pd.DataFrame, records: Sequence[PredictionRecord], scores: FloatArray
    ) -> None:
        self._project = bundle.project
        self._scores = dict(zip((record.id for record in records), scores, strict=True))
        self._calibration = _calibration(table, len(bundle.project.classes))
        corrected = (CORRECTED,) if self._calibration.corrected else ()
        self.assumptions = (BY_CONFIDENCE, BLIND, *corrected, INTERVAL)

    def knows(self, record: PredictionRecord) -> bool:
        return record.id in self._scores

    def distribution(self, records: Sequence[PredictionRecord]) -> FloatArray:
        return np.array([self._scores[record.id] for record in records])

    def of(self, records: Sequence[PredictionRecord], names: Sequence[str]) -> Mapping[str, Interval]:
        project = self._project
        index = {label: place for place, label in enumerate(project.classes)}
        return estimated_metrics(
            self.distribution(records),
            np.array([index[record.decision["prediction"]] for record in records], dtype=np.int64),
            index[project.positive] if project.task.kind == "binary" else None,
            names,
            self._calibration,
            seed=project.split.seed,
        )


def _calibration(table: pd.DataFrame, classes: int) -> Recalibration:
    scores = table[[f"{SCORE}{place}" for place in range(classes)]].to_numpy(dtype=np.float64)
    return fit_recalibration(table[TRUTH].to_numpy(dtype=np.int64), scores)


class _ByLoss(_Estimator):
    """Values: :mod:`zelo.monitoring.losses`."""

    method = "dle"
    assumptions = (BY_LOSS, BLIND, INTERVAL)

    def __init__(self, bundle: Bundle, table: pd.DataFrame) -> None:
        project = self._project = bundle.project
        scale = read_json(bundle, BASELINE)["scale"] if project.forecast else None
        learned = [learn_loss(name, table, project, scale) for name in watched_metrics(project)]
        self._models: dict[str, LossModel] = {one.metric: one for one in learned if one is not None}

    def knows(self, record: PredictionRecord) -> bool:
        return record.score is not None

    def of(self, records: Sequence[PredictionRecord], names: Sequence[str]) -> Mapping[str, Interval]:
        columns = columns_from_rows(self._project, [record.inputs for record in records])
        said = np.array([record.score for record in records], dtype=np.float64)
        bodies = [record.decision for record in records]
        ends = np.array([(body.get("lower"), body.get("upper")) for body in bodies], dtype=np.float64)
        asked = asked_rows(columns, said, ends)
        found = {name: self._models[name].of(asked) for name in names if name in self._models}
        return {name: interval for name, interval in found.items() if interval is not None}


def _checked(judged: Sequence[Judged], estimator: _Estimator, bundle: Bundle) -> tuple[CheckedWindow, ...]:
    project = bundle.project
    scale = read_json(bundle, BASELINE)["scale"] if project.forecast else None
    answered = answered_rows(judged, project, scale, estimator.distribution)
    windows = []
    for window in periods([row.prediction.at for row in answered.rows]):
        some = answered.where(window.rows)
        if len(some.rows) >= FEWEST:
            checks = _checks(some, estimator, watched_metrics(project))
            windows.append(CheckedWindow(window.since, window.until, len(some.rows), checks))
    return tuple(windows)


def _checks(answered: Answered, estimator: _Estimator, names: Sequence[str]) -> tuple[Checked, ...]:
    able = [name for name in names if refusal(name, answered) is None]
    expected = estimator.of([row.prediction for row in answered.rows], able)
    truths = point(answered.scored, able)
    return tuple(
        Checked(
            name,
            found.value,
            found.low,
            found.high,
            truths[name],
            found.value - truths[name],
            found.low <= truths[name] <= found.high,
        )
        for name, found in expected.items()
        if np.isfinite(found.value) and np.isfinite(truths[name])
    )
