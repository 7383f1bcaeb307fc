from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from zelo.errors import SpecError
from zelo.spec.acting import length
from zelo.spec.loading import parse_project

Change = Callable[[str, str], str]

BINARY = "{kind: binary, target: left, positive: 1}"
END = "gates: {slices: [land]}\n"


def with_keys(change: Change, text: str) -> str:
    return change(END, END + text)


def test_nothing_is_asked_for(written: str) -> None:
    project = parse_project(written)

    assert project.costs is None
    assert project.monitoring.alarm_budget.days == 90
    assert (project.retraining.every, project.retraining.when) == (None, ())
    assert project.retraining.action == "propose"
    assert project.retraining.canary.steps == (5, 25, 100)


def test_a_whole_one(change: Change) -> None:
    project = parse_project(
        with_keys(
            change,
            "costs: {false_positive: 80, false_negative: 1500}\n"
            "monitoring: {alarm_budget: {false_alarms: 2, per_days: 60}, floors: {f1: 0.6}, "
            "at_risk: {band: high, most: 10}}\n"
            "retraining: {every: 4w, when: [quality, outcomes], quality: {metric: f1}, outcomes: 100, "
            "canary: {steps: [10, 100]}, rollback: {watched: 7d}}\n",
        )
    )

    assert project.monitoring.alarm_budget.days == 30
    assert project.retraining.quality is not None
    assert project.retraining.quality.within == "60d"
    assert length(project.retraining.every or "1d") == timedelta(weeks=4)


@pytest.mark.parametrize(
    ("text", "key", "found", "expected"),
    [
        ("monitoring: {floors: {mae: 3}}", "monitoring.floors", "'mae'", "metrics of the task"),
        ("monitoring: {floors: {latency_ms: 3}}", "monitoring.floors", "'latency_ms'", "accuracy"),
        ("monitoring: {at_risk: {band: none}}", "monitoring.at_risk.band", "'none'", "high, middling, low"),
        ("costs: {wrong: 3}", "costs", "wrong on a binary task", "false_positive and false_negative"),
        ("costs: {false_positive: 3}", "costs", "false_positive on", "false_positive and false_negative"),
        ("costs: {currency: R$}", "costs", "none on a binary task", "false_positive"),
        ("retraining: {when: [quality]}", "retraining.quality", "no limit and when: quality", "both or"),
        ("retraining: {outcomes: 5}", "retraining.outcomes", "it with a limit and when: nothing", "both or"),
        (
            "retraining: {when: [quality], quality: {metric: brier}}",
            "retraining.quality.metric",
            "'brier'",
            "f1, roc_auc",
        ),
    ],
)
def test_what_does_not_fit(change: Change, text: str, key: str, found: str, expected: str) -> None:
    with pytest.raises(SpecError) as error:
        parse_project(with_keys(change, f"{text}\n"))

    told = str(error.value)
    assert key in told
    assert found in told
    assert expected in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("retraining: {every: 3y}", "every"),
        ("retraining: {canary: {steps: [25, 5]}}", "rise"),
        ("retraining: {canary: {steps: []}}", "steps"),
        ("retraining: {rollback: {errors: 1}}", "errors"),
        ("retraining: {action: deploy}", "propose"),
        ("monitoring: {rows_a_day: 3}", "rows_a_day"),
        ("monitoring: {alarm_budget: {false_alarms: 0}}", "false_alarms"),
    ],
)
def test_values_out_of_range(change: Change, text: str, told: str) -> None:
    with pytest.raises(SpecError, match=told):
        parse_project(with_keys(change, f"{text}\n"))


@pytest.mark.parametrize(
    ("text", "long"),
    [("30m", timedelta(minutes=30)), ("12h", timedelta(hours=12)), ("7d", timedelta(days=7))],
)
def test_how_long_a_duration_is(text: str, long: timedelta) -> None:
    assert length(text) == long
