from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.tables import make_project

from zelo.errors import TrainingError
from zelo.spec.project import TASK_METRICS, Project
from zelo.stats.bootstrap import metric_intervals
from zelo.training.compare import compare, neglected, proper_loss
from zelo.training.evaluate import Assessed
from zelo.training.truth import scored_rows

RNG = np.random.default_rng(0)
TRUTH = np.arange(400) % 2
NOISE = RNG.random(400)


def classifier(name: str, skill: float, *, sure: float = 0.8) -> Assessed:
    """Rows of which the share ``skill`` is right, each said with the probability ``sure``."""
    right = skill > NOISE
    positive = np.where(right == TRUTH.astype(bool), sure, 1 - sure)
    scores = np.column_stack([1 - positive, positive])
    scored = scored_rows(TRUTH, scores, (positive >= 0.5).astype(np.int64), make_project())
    return Assessed(name, {}, scores, 1.0, scored, metric_intervals(scored, TASK_METRICS["binary"], seed=1))


def regressor(name: str, error: float) -> Assessed:
    truth = np.linspace(0.0, 10.0, 400)
    scores = (truth + error * (NOISE - 0.5))[:, None]
    scored = scored_rows(truth, scores, None, make_project("regression"))
    metrics = metric_intervals(scored, TASK_METRICS["regression"], seed=1)
    return Assessed(name, {}, scores, 1.0, scored, metrics)


def selecting(primary: str, *report: str) -> Project:
    return make_project(select={"primary": primary, "report": report, "folds": 3})


def test_a_clear_lead_wins() -> None:
    found = compare([classifier("weak", 0.6), classifier("strong", 0.9)], selecting("f1"))
    assert [item.name for item in found.ranked] == ["strong", "weak"]
    assert found.winner.name == "strong"
    assert found.tied == ("strong",)
    assert "strong has the best f1 out of fold" in found.why
    assert "ahead of weak by" in found.why


def test_a_tie_goes_to_the_lower_log_loss() -> None:
    # Luckier by one row, and far too sure of itself.
    lucky, honest = classifier("lucky", 0.805, sure=0.999), classifier("honest", 0.8)
    found = compare([honest, lucky], selecting("f1", "brier"))
    assert found.ranked[0].name == "lucky"
    assert found.tied == ("lucky", "honest")
    assert found.winner.name == "honest"
    assert "not significantly better than honest" in found.why
    assert "honest has the lowest log_loss" in found.why


@pytest.mark.parametrize("primary", ["brier", "log_loss", "ece"])
def test_where_less_is_better_the_least_is_the_best(primary: str) -> None:
    found = compare([classifier("sure", 0.8, sure=0.97), classifier("honest", 0.8)], selecting(primary))
    assert found.ranked[0].name == found.winner.name == "honest"


def test_regression_is_ranked_by_its_error() -> None:
    project = make_project("regression")
    found = compare([regressor("far", 4.0), regressor("near", 1.0)], project)
    assert [item.name for item in found.ranked] == ["near", "far"]
    assert proper_loss(project) == "mae"


def test_the_front_holds_what_no_other_beats_everywhere() -> None:
    candidates = [
        classifier("accurate", 0.9, sure=0.999),
        classifier("calibrated", 0.85, sure=0.85),
        classifier("worst", 0.6, sure=0.999),
    ]
    found = compare(candidates, selecting("accuracy", "brier", "ece"))
    assert "worst" not in found.front
    assert "accurate" in found.front
    assert "calibrated" in found.front


def test_latency_is_an_axis_of_the_front_where_it_is_reported() -> None:
    quick = replace(classifier("quick", 0.7), latency_ms=1.0)
    slow = replace(classifier("slow", 0.9), latency_ms=50.0)
    slower = replace(classifier("slower", 0.7), latency_ms=60.0)
    items = [quick, slow, slower]
    assert compare(items, selecting("accuracy")).front == {"slow"}
    found = compare(items, selecting("accuracy", "latency_ms"))
    assert found.front == {"quick", "slow"}
    assert found.winner.name == "slow"


def lopsided(name: str, recalls: tuple[float, float]) -> Assessed:
    """Rows of which each class has its own share of right ones."""
    right = np.where(TRUTH == 1, recalls[1] > NOISE, recalls[0] > NOISE)
    positive = np.where(right == TRUTH.astype(bool), 0.8, 0.2)
    scores = np.column_stack([1 - positive, positive])
    scored = scored_rows(TRUTH, scores, (positive >= 0.5).astype(np.int64), make_project())
    return Assessed(name, {}, scores, 1.0, scored, metric_intervals(scored, TASK_METRICS["binary"], seed=1))


def caring(recall: float) -> Project:
    critical = {"classes": [1], "recall": recall}
    return make_project(select={"primary": "accuracy", "folds": 3, "critical": critical})


def test_a_candidate_that_neglects_a_critical_class_does_not_win() -> None:
    candidates = [lopsided("careless", (1.0, 0.7)), lopsided("careful", (0.7, 0.9))]
    assert compare(candidates, selecting("accuracy")).winner.name == "careless"
    found = compare(candidates, caring(0.8))
    assert [item.name for item in found.ranked] == ["careless", "careful"]
    assert found.winner.name == "careful"
    assert found.tied == ("careful",)
    assert found.neglects == {"careless": (1,)}
    assert "not eligible without the recall of 0.8" in found.why
    assert "careless (1)" in found.why


def test_where_all_neglect_it_the_best_is_chosen_and_told() -> None:
    found = compare([lopsided("a", (1.0, 0.7)), lopsided("b", (0.7, 0.8))], caring(0.95))
    assert found.winner.name == "a"
    assert set(found.neglects) == {"a", "b"}
    assert found.why.startswith("no candidate has the recall of 0.95")


def test_a_critical_class_without_scored_rows_is_not_held() -> None:
    item = classifier("any", 0.9)
    assert item.scored is not None
    none = replace(item, scored=item.scored.where(item.scored.truth == 0))
    assert neglected(none, caring(0.1)) == (1,)


def test_what_failed_is_left_out() -> None:
    broken = Assessed("broken", {}, np.empty((0, 0)), 0.1, error="ValueError: no")
    found = compare([broken, classifier("fine", 0.7)], selecting("f1"))
    assert [item.name for item in found.ranked] == ["fine"]
    assert found.winner.name == "fine"


def test_where_all_failed_each_error_is_told() -> None:
    broken = [Assessed(name, {}, np.empty((0, 0)), 0.1, error=f"{name} broke") for name in ("a", "b")]
    with pytest.raises(TrainingError) as caught:
        compare(broken, selecting("f1"))
    assert caught.value.found == "a: a broke; b: b broke"


def test_an_undefined_figure_is_the_worst() -> None:
    fine, odd = classifier("fine", 0.6), classifier("odd", 0.9)
    metrics: Mapping[str, Any] = {**odd.metrics, "f1": type(odd.metrics["f1"])(np.nan, np.nan, np.nan)}
    odd = Assessed(odd.name, odd.params, odd.raw, odd.seconds, odd.scored, metrics)
    found = compare([odd, fine], selecting("f1"))
    assert [item.name for item in found.ranked] == ["fine", "odd"]


def test_the_order_of_the_candidates_changes_nothing() -> None:
    items = [classifier("a", 0.7), classifier("b", 0.85), classifier("c", 0.8)]
    first, turned = compare(items, selecting("f1")), compare(items[::-1], selecting("f1"))
    assert [item.name for item in first.ranked] == [item.name for item in turned.ranked]
    assert first.winner.name == turned.winner.name
    assert first.why == turned.why
