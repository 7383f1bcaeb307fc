"""The gauges of the latest look, read from the ledger's event: what ``zelo monitor`` knew, for Prometheus."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import Metric

_NAME = re.compile(r"zelo_[a-z_]{1,60}")
_LABEL = re.compile(r"[a-z_]{1,40}")
_MOST = 10_000

MEANINGS: Mapping[str, str] = {
    "zelo_acceptance_ratio": "share of the judged answers that said what the outcome says",
    "zelo_active_alarms": "alarms that stand, of drift and others",
    "zelo_drift_alarm": "1 while an alarm of drift names the field",
    "zelo_drift_statistic": "distance of a field from the reference: a diagnosis, wasserstein in its sd",
    "zelo_drift_threshold_seconds": "time between two false alarms: an alarm where the wealth reaches it",
    "zelo_drift_wealth_seconds": "evidence of drift, as the time between two false alarms that it stands for",
    "zelo_entities": "entities by the band of their latest answer",
    "zelo_entities_at_risk": "entities in the project's band at risk or above",
    "zelo_entities_at_risk_limit": "how many of them the project has hands for",
    "zelo_invalid_share": "share of rows whose value breaks the contract",
    "zelo_labelling_saved_seconds": "time of a person that accepted answers saved in the window",
    "zelo_last_look_timestamp_seconds": "when zelo monitor last looked",
    "zelo_mean_score": "mean score of the answers in the window",
    "zelo_missing_share": "share of rows without a value",
    "zelo_model_age_seconds": "from the training to the look",
    "zelo_model_quality": "a metric on outcomes, as estimated without them, or on the test set",
    "zelo_model_quality_high": "upper end of the metric's 95 % interval",
    "zelo_model_quality_low": "lower end of the metric's 95 % interval",
    "zelo_outcomes": "outcomes that the metrics were measured on",
    "zelo_pipeline_missed": "jobs that failed, are late or never ran",
    "zelo_quality_floor": "what the project asks of a metric: at least, or at most",
    "zelo_training_duration_seconds": "how long the training took that made the version",
    "zelo_training_rows": "rows that the version was fitted on",
    "zelo_unseen_share": "share of rows with a category, or of words, that the reference lacks",
    "zelo_volume_dropped": "1 where the last day's predictions are far fewer than usual",
    "zelo_volume_ratio": "predictions of the last day by those of a usual one",
}


def families(looks: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    """The gauges of each project's latest look, by name.

    Args:
        looks: a project -> the payload of its event ``monitor``. What in it is no gauge is left out: an event
            of another version of Zelo must not take the metrics away.
    """
    found: dict[str, Metric] = {}
    for project, payload in looks.items():
        version, seen = str(payload.get("version", "")), set()
        for one in payload.get("gauges", ())[:_MOST]:
            if not _is_gauge(one):
                continue
            labels = {**one["labels"], "project": project, "version": version}
            place = (one["name"], *sorted(labels.items()))
            if place in seen:
                continue
            seen.add(place)
            text = MEANINGS.get(one["name"], "a figure of the latest look")
            family = found.setdefault(one["name"], Metric(one["name"], text, "gauge"))
            family.add_sample(one["name"], labels, float(one["value"]))
    yield from found.values()


def _is_gauge(one: Any) -> bool:
    return (
        isinstance(one, Mapping)
        and _NAME.fullmatch(str(one.get("name"))) is not None
        and isinstance(one.get("value"), int | float)
        and isinstance(one.get("labels"), Mapping)
        and all(_LABEL.fullmatch(label) and isinstance(text, str) for label, text in one["labels"].items())
    )
