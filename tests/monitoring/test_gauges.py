from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from zelo.ledger.standing import Standing
from zelo.monitoring.data_checks import DataChecks, FieldCheck, Staleness, VolumeCheck
from zelo.monitoring.drift import Drift
from zelo.monitoring.gauges import gauges
from zelo.monitoring.quality import Figure
from zelo.serving.look_gauges import MEANINGS
from zelo.spec.project import Project

from .fakes import NOW, make_project, regression

NOBODY = Standing({}, None, 0, 0)


def figure(metric: str, value: float | None, low: float | None, high: float | None, test: float) -> Figure:
    return Figure(metric, "computed", None, value, low, high, test, test - 0.1, test + 0.1)


def drift(field: str, **measured: Any) -> Drift:
    return Drift(field, "number", None, 100, 100, "computed", **measured)


def a_look(**changes: Any) -> Any:
    """What the gauges read of a look."""
    parts: dict[str, Any] = {
        "figures": (),
        "drift": (),
        "active": (),
        "alarms": (),
        "estimate": None,
        "series": None,
        "volume": VolumeCheck(0, None, None, dropped=False),
        "fields": (),
        "age": None,
        **changes,
    }
    return SimpleNamespace(
        report=SimpleNamespace(
            quality=SimpleNamespace(figures=parts["figures"], outcomes=40),
            drift=SimpleNamespace(fields=parts["drift"]),
        ),
        active=parts["active"],
        alarms=parts["alarms"],
        estimate=parts["estimate"],
        series=parts["series"],
        evidence=SimpleNamespace(wealth_days=2.0, threshold_days=90.0),
        checks=DataChecks(parts["volume"], parts["fields"], Staleness(None, parts["age"], None, None)),
        made_at=NOW,
    )


def told(
    look: Any, project: Project | None = None, standing: Standing = NOBODY, **manifest: Any
) -> dict[Any, float]:
    """Gauges by their name and the texts of their labels, in the order of the labels."""
    bundle: Any = SimpleNamespace(project=project or make_project(), manifest=manifest)
    found = gauges(look, bundle, standing)
    named = [
        (one["name"].removeprefix("zelo_"), *dict(sorted(one["labels"].items())).values()) for one in found
    ]
    assert len(set(named)) == len(named)
    assert {one["name"] for one in found} <= MEANINGS.keys()
    assert all(isinstance(text, str) for one in found for text in one["labels"].values())
    return {name: one["value"] for name, one in zip(named, found, strict=True)}


def test_quality_is_told_by_metric_and_kind() -> None:
    expected = SimpleNamespace(metric="f1", value=0.6, low=0.5, high=None)
    look = a_look(
        figures=(figure("f1", 0.7, 0.65, 0.75, 0.8), figure("brier", None, None, None, 0.1)),
        estimate=SimpleNamespace(figures=(expected,)),
    )

    found = told(look, make_project(monitoring={"floors": {"f1": 0.6, "brier": 0.2}}))

    assert found["model_quality", "outcomes", "f1"] == 0.7
    assert found["model_quality_low", "outcomes", "f1"] == 0.65
    assert found["model_quality_high", "test", "f1"] == pytest.approx(0.9)
    assert found["model_quality", "estimated", "f1"] == 0.6
    assert ("model_quality_high", "estimated", "f1") not in found
    assert ("model_quality", "outcomes", "brier") not in found
    assert found["quality_floor", "f1", "least"] == 0.6
    assert found["quality_floor", "brier", "most"] == 0.2
    assert found["outcomes",] == 40


def test_f_scores_come_from_precision_and_recall_where_they_are_not_measured() -> None:
    measured = (figure("precision", 0.5, None, None, 0.5), figure("recall", 0.8, None, None, 1.0))

    found = told(a_look(figures=(*measured, figure("f1", 0.9, None, None, 0.9))))

    assert found["model_quality", "outcomes", "f1"] == 0.9
    assert found["model_quality", "outcomes", "f2"] == pytest.approx(5 * 0.5 * 0.8 / (4 * 0.5 + 0.8))
    nothing = (figure("precision", 0.0, None, None, 0.5), figure("recall", 0.0, None, None, 1.0))
    assert ("model_quality", "outcomes", "f2") not in told(a_look(figures=nothing))


def test_drift_is_told_for_each_field_and_alarms_stay_at_0_until_they_stand() -> None:
    rows = (
        drift("age", psi=0.3, test="ks", statistic=0.2, wasserstein=4.0, wasserstein_sd=0.4),
        drift("note", measure="length in words", psi=0.1),
        drift("note", measure="share of new words", psi=0.2),
        drift("site"),
    )

    found = told(a_look(drift=rows, active=(SimpleNamespace(fields=("age", "age and load")),)))

    assert found["drift_statistic", "age", "psi"] == 0.3
    assert found["drift_statistic", "age", "ks"] == 0.2
    assert found["drift_statistic", "age", "wasserstein"] == 0.4
    assert found["drift_statistic", "note", "share of new words", "psi"] == 0.2
    alarms = {place[1]: value for place, value in found.items() if place[0] == "drift_alarm"}
    assert alarms == {"age": 1, "note": 0, "site": 0, "age and load": 1}
    assert (found["drift_wealth_seconds",], found["drift_threshold_seconds",]) == (172_800, 7_776_000)


def test_what_arrived() -> None:
    checks = (FieldCheck("age", 10, 0.1, 0.0, None, 0.2), FieldCheck("site", 10, 0.0, 0.0, 0.3, None))
    jobs = (SimpleNamespace(alarms=lambda: ("late",)), SimpleNamespace(alarms=tuple))
    look = a_look(
        fields=checks,
        volume=VolumeCheck(40, 100.0, 0.4, dropped=True),
        age=60.0,
        series=SimpleNamespace(jobs=jobs),
        alarms=("volume", "job"),
    )

    found = told(look)

    assert (found["missing_share", "age"], found["invalid_share", "age"]) == (0.1, 0.2)
    assert found["unseen_share", "site"] == 0.3
    assert ("unseen_share", "age") not in found
    assert (found["volume_ratio",], found["volume_dropped",]) == (0.4, 1)
    assert found["model_age_seconds",] == 60
    assert found["pipeline_missed",] == 1
    assert (found["active_alarms", "drift"], found["active_alarms", "other"]) == (0, 2)
    assert found["last_look_timestamp_seconds",] == NOW.timestamp()
    assert ("pipeline_missed",) not in told(a_look())


def test_who_is_at_risk_is_in_the_band_or_above_it() -> None:
    project = make_project(monitoring={"at_risk": {"band": "Moderate", "most": 7}, "minutes_by_hand": 2})
    standing = Standing({"High": 3, "Moderate": 4, "Extinct": 1}, 0.25, accepted=30, judged=40)

    found = told(a_look(), project, standing, training={"seconds": 12.5, "rows": 450})

    assert [found["entities", band] for band in ("High", "Moderate", "Low", "Extinct")] == [3, 4, 0, 1]
    assert (found["entities_at_risk",], found["entities_at_risk_limit",]) == (7, 7)
    assert (found["mean_score",], found["acceptance_ratio",]) == (0.25, 0.75)
    assert found["labelling_saved_seconds",] == 3600
    assert (found["training_duration_seconds",], found["training_rows",]) == (12.5, 450)


def test_values_are_not_accepted_or_refused_and_what_is_no_number_is_left_out() -> None:
    look = a_look(figures=(figure("mae", math.nan, None, math.inf, 3.0),))

    found = told(look, regression(), Standing({}, 10.0, accepted=0, judged=5))

    assert ("acceptance_ratio",) not in found
    assert ("entities_at_risk",) not in found
    assert ("model_quality", "outcomes", "mae") not in found
    assert found["model_quality", "test", "mae"] == 3.0
