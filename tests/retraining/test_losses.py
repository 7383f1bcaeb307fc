from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from tests.monitoring.fakes import make_project, regression, several_classes

from zelo.ledger.records import Outcome, Paired, PredictionRecord, ShadowRecord
from zelo.retraining.losses import differences
from zelo.spec.watching import Costs

AT = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = ("leak", "wear", "other")


def pair(
    old: tuple[Any, float], new: tuple[Any, float], truth: Any, bodies: tuple[Any, Any] = ({}, {})
) -> Paired:
    """Version 1 answers ``old``, version 2 says ``new`` beside it: prediction and score."""
    answered = PredictionRecord("a", "p", "1", AT, {}, {"prediction": old[0], **bodies[0]}, old[1])
    shadow = ShadowRecord("a", "p", "2", AT, {"prediction": new[0], **bodies[1]}, new[1])
    return Paired(answered, shadow, Outcome("a", truth, AT, AT))


def listed(**probabilities: float) -> dict[str, Any]:
    return {"classes": [{"label": name, "probability": share} for name, share in probabilities.items()]}


def test_two_classes() -> None:
    worse = pair((1, 0.6), (0, 0.4), 1)
    better = pair((0, 0.4), (1, 0.6), 1)
    same = pair((1, 0.6), (1, 0.6), 0)

    found = differences([worse, better, same], "2", make_project())

    np.testing.assert_allclose(found["log_loss"], [np.log(0.6 / 0.4), -np.log(0.6 / 0.4), 0.0])
    np.testing.assert_allclose(found["cost"], [1.0, -1.0, 0.0])


def test_the_judged_version_may_be_the_one_that_answered() -> None:
    rows = [pair((1, 0.9), (0, 0.2), 1), pair((0, 0.3), (1, 0.6), 0)]

    for name, found in differences(rows, "1", make_project()).items():
        np.testing.assert_allclose(found, -differences(rows, "2", make_project())[name])


@pytest.mark.parametrize("truth", [0, 1])
def test_no_row_counts_more_than_one(truth: int) -> None:
    found = differences([pair((1, 1.0), (0, 0.0), truth)], "2", make_project())

    assert abs(found["log_loss"][0]) == pytest.approx(1.0)


def test_a_row_is_scaled_by_what_was_said_and_not_by_what_came() -> None:
    """Else good luck and bad luck would not weigh alike, and a mean of 0 would not be one."""
    yes, no = (
        differences([pair((1, 0.9), (0, 0.3), truth)], "2", make_project())["log_loss"][0] for truth in (1, 0)
    )

    assert yes / no == pytest.approx(np.log(0.9 / 0.3) / np.log(0.1 / 0.7))


def test_dear_mistakes_count_by_their_cost() -> None:
    project = make_project(costs={"false_positive": 80, "false_negative": 1500})

    found = differences([pair((1, 0.6), (0, 0.4), 1), pair((0, 0.4), (1, 0.6), 0)], "2", project)

    np.testing.assert_allclose(found["cost"], [1.0, 80 / 1500])
    assert isinstance(project.costs, Costs)


def test_several_classes_by_what_was_listed() -> None:
    old, new = listed(leak=0.7, wear=0.2), listed(wear=0.5, leak=0.4)
    rows = [pair(("leak", 0.7), ("wear", 0.5), truth, (old, new)) for truth in LABELS]

    found = differences(rows, "2", several_classes())

    np.testing.assert_allclose(
        found["log_loss"], [np.log(0.7 / 0.4), np.log(0.2 / 0.5), np.log(0.1 / 0.1)], atol=1e-12
    )
    np.testing.assert_allclose(found["cost"], [1.0, -1.0, 0.0])


def test_values_by_their_absolute_errors() -> None:
    rows = [pair((10.0, 10.0), (12.0, 12.0), 11.5), pair((10.0, 10.0), (30.0, 30.0), 10.0)]

    found = differences(rows, "2", regression(), scale=4.0)

    np.testing.assert_allclose(found["absolute_error"], [(0.5 - 1.5) / 4, 1.0])


def test_what_is_no_truth_is_left_out() -> None:
    assert len(differences([pair((1, 0.6), (0, 0.4), "?")], "2", make_project())["cost"]) == 0
    nothing = differences([pair((1.0, 1.0), (2.0, 2.0), "?")], "2", regression())
    assert len(nothing["absolute_error"]) == 0
