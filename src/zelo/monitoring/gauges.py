"""A look in numbers with names, as Prometheus and the export show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any

from zelo.ledger.standing import Standing
from zelo.monitoring.quality import Figure
from zelo.registry.bundle import Bundle
from zelo.spec.project import LOWER_IS_BETTER, Project

if TYPE_CHECKING:
    from zelo.monitoring.look import Look

Gauge = dict[str, Any]
"""``{"name": "zelo_...", "labels": {"metric": "f2"}, "value": 0.71}``; labels are strings."""

_DAY = 86_400.0
_F_SCORES = {"f1": 1, "f2": 2}


def gauges(found: Look, bundle: Bundle, standing: Standing) -> tuple[Gauge, ...]:
    """What a look knows as numbers; what is not defined is left out.

    Args:
        found: the look, whose own ``gauges`` are not read.
        bundle: of the version that was looked at.
        standing: the project's entities in the window of the look.
    """
    made = (
        *_quality(found, bundle.project),
        *_drift(found),
        *_data(found),
        *_business(bundle.project, standing),
        *_training(bundle),
    )
    return tuple(one for one in made if isfinite(one["value"]))


def _gauge(name: str, value: float, **labels: str | None) -> Gauge:
    kept = {label: text for label, text in labels.items() if text is not None}
    return {"name": f"zelo_{name}", "labels": kept, "value": float(value)}


def _quality(found: Look, project: Project) -> Iterator[Gauge]:
    figures = found.report.quality.figures
    for one in figures:
        yield from _bounded(one.metric, "outcomes", one.value, one.low, one.high)
        yield from _bounded(one.metric, "test", one.test_value, one.test_low, one.test_high)
    if project.task.kind == "binary":
        yield from _f_scores(figures)
    for expected in found.estimate.figures if found.estimate else ():
        yield from _bounded(expected.metric, "estimated", expected.value, expected.low, expected.high)
    yield _gauge("outcomes", found.report.quality.outcomes)
    for metric, floor in project.monitoring.floors.items():
        side = "most" if metric in LOWER_IS_BETTER else "least"
        yield _gauge("quality_floor", floor, metric=metric, side=side)


def _bounded(
    metric: str, kind: str, value: float | None, low: float | None, high: float | None
) -> Iterator[Gauge]:
    for name, number in (("", value), ("_low", low), ("_high", high)):
        if number is not None:
            yield _gauge(f"model_quality{name}", number, metric=metric, kind=kind)


def _f_scores(figures: tuple[Figure, ...]) -> Iterator[Gauge]:
    """F1 and F2 that the project does not report, from the precision and the recall that it does."""
    measured = {one.metric: one for one in figures}
    precision, recall = measured.get("precision"), measured.get("recall")
    if precision is None or recall is None:
        return
    for metric in _F_SCORES.keys() - measured.keys():
        yield from _f_score(metric, "outcomes", precision.value, recall.value)
        yield from _f_score(metric, "test", precision.test_value, recall.test_value)


def _f_score(metric: str, kind: str, precision: float | None, recall: float | None) -> Iterator[Gauge]:
    if precision is None or recall is None or precision + recall == 0:
        return
    squared = _F_SCORES[metric] ** 2
    value = (1 + squared) * precision * recall / (squared * precision + recall)
    yield _gauge("model_quality", value, metric=metric, kind=kind)


def _drift(found: Look) -> Iterator[Gauge]:
    active = {field for alarm in found.active for field in alarm.fields}
    watched: dict[str, None] = {}
    for row in found.report.drift.fields:
        watched[row.field] = None
        statistics = {"psi": row.psi, row.test or "": row.statistic, "wasserstein": row.wasserstein_sd}
        for statistic, value in statistics.items():
            if value is not None:
                yield _gauge(
                    "drift_statistic", value, field=row.field, statistic=statistic, measure=row.measure
                )
    for field in (*watched, *sorted(active - watched.keys())):
        yield _gauge("drift_alarm", field in active, field=field)
    for name, days in (("wealth", found.evidence.wealth_days), ("threshold", found.evidence.threshold_days)):
        yield _gauge(f"drift_{name}_seconds", days * _DAY)


def _data(found: Look) -> Iterator[Gauge]:
    for check in found.checks.fields:
        shares = {"missing": check.missing, "unseen": check.unseen, "invalid": check.invalid}
        for name, share in shares.items():
            if share is not None:
                yield _gauge(f"{name}_share", share, field=check.field)
    volume, age = found.checks.volume, found.checks.staleness.age_seconds
    if volume.ratio is not None:
        yield _gauge("volume_ratio", volume.ratio)
        yield _gauge("volume_dropped", volume.dropped)
    if age is not None:
        yield _gauge("model_age_seconds", age)
    if found.series is not None:
        missed = [alarm for job in found.series.jobs for alarm in job.alarms()]
        yield _gauge("pipeline_missed", len(missed))
    yield _gauge("active_alarms", len(found.active), kind="drift")
    yield _gauge("active_alarms", len(found.alarms), kind="other")
    yield _gauge("last_look_timestamp_seconds", found.made_at.timestamp())


def _business(project: Project, standing: Standing) -> Iterator[Gauge]:
    bands = [band.label for band in project.decision.bands]
    # An entity in a band that no longer exists stands somewhere all the same.
    counted: Mapping[str, int] = dict.fromkeys(bands, 0) | standing.entities
    for band, number in counted.items():
        yield _gauge("entities", number, band=band)
    if (risk := project.monitoring.at_risk) is not None:
        # Bands stand from the highest down: who is above the band is at risk all the more.
        high = bands[: bands.index(risk.band) + 1]
        yield _gauge("entities_at_risk", sum(counted[band] for band in high))
        yield _gauge("entities_at_risk_limit", risk.most)
    if standing.mean_score is not None:
        yield _gauge("mean_score", standing.mean_score)
    if not project.classes or not standing.judged:
        return
    yield _gauge("acceptance_ratio", standing.accepted / standing.judged)
    if project.monitoring.minutes_by_hand is not None:
        saved = standing.accepted * timedelta(minutes=project.monitoring.minutes_by_hand)
        yield _gauge("labelling_saved_seconds", saved.total_seconds())


def _training(bundle: Bundle) -> Iterator[Gauge]:
    """Of a bundle that was made before these were kept: nothing."""
    training = bundle.manifest.get("training")
    if training:
        yield _gauge("training_duration_seconds", training["seconds"])
        yield _gauge("training_rows", training["rows"])
