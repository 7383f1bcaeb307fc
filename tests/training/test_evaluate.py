from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from tests.tables import make_project

from zelo.models.calibration import BetaCalibration, TemperatureCalibration
from zelo.stats.conformal import in_sets
from zelo.stats.metrics import point
from zelo.training.evaluate import assess, decide_out_of_fold, learn
from zelo.training.folds import make_folds
from zelo.training.truth import scored_rows

Array = np.ndarray[Any, Any]


def drawn(rows: int = 600, seed: int = 0) -> tuple[Array, Array]:
    """Truth, and scores [n, 2] that are too low."""
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(-1.5, 1.5, rows))
    low = p**2
    return (rng.random(rows) < p).astype(np.int64), np.column_stack([1 - low, low])


def test_a_row_is_decided_without_its_own_fold() -> None:
    truth, raw = drawn()
    project = make_project()
    folds = make_folds(truth, project)
    before = decide_out_of_fold(raw, truth, folds, project)
    rows = folds[0][1]
    # The truth of the fold's own rows must not touch their scores or their decisions.
    turned = truth.copy()
    turned[rows] = 1 - turned[rows]
    after = decide_out_of_fold(raw, turned, folds, project)
    np.testing.assert_array_equal(after.scores[rows], before.scores[rows])
    assert after.predicted is not None
    assert before.predicted is not None
    np.testing.assert_array_equal(after.predicted[rows], before.predicted[rows])
    others = folds[1][1]
    assert (after.scores[others] != before.scores[others]).any()


def test_each_fold_has_a_threshold_of_its_own() -> None:
    truth, raw = drawn(150)
    project = make_project()
    folds = make_folds(truth, project)
    scored = decide_out_of_fold(raw, truth, folds, project)
    assert scored.predicted is not None
    for _, rows in folds:
        rest = np.setdiff1d(np.arange(len(truth)), rows)
        learned = learn(raw[rest], truth[rest], project)
        assert learned.calibration is not None
        own = learned.calibration.apply(raw[rows])
        np.testing.assert_allclose(scored.scores[rows], own)
        np.testing.assert_array_equal(scored.predicted[rows], own[:, 1] >= learned.policy.threshold)


def test_a_threshold_on_noise_is_not_flattered() -> None:
    # Scores without any information: choosing and measuring on the same rows would look better than chance.
    rng = np.random.default_rng(3)
    project = make_project(decision={"threshold": {"maximise": "accuracy"}})
    gains, flattered = [], []
    for _ in range(6):
        truth, score = np.arange(60) % 2, rng.random(60)
        raw = np.column_stack([1 - score, score])
        scored = decide_out_of_fold(raw, truth, make_folds(truth, project), project)
        gains.append(point(scored, ("accuracy",))["accuracy"] - 0.5)
        learned = learn(raw, truth, project)
        assert learned.calibration is not None
        decided = learned.calibration.apply(raw)[:, 1] >= learned.policy.threshold
        flattered.append((decided == truth).mean() - 0.5)
    assert np.mean(gains) < 0.03 < np.mean(flattered)


def test_learn_calibrates_and_cuts_at_the_true_prevalence() -> None:
    truth, raw = drawn(4000)
    learned = learn(raw, truth, make_project())
    assert isinstance(learned.calibration, BetaCalibration)
    after = learned.calibration.apply(raw)[:, 1]
    assert after.mean() == pytest.approx(truth.mean(), abs=0.01)
    both = np.column_stack([1 - after, after])

    def f1(cut: float) -> float:
        decided = (after >= cut).astype(np.int64)
        return point(scored_rows(truth, both, decided, make_project()), ("f1",))["f1"]

    assert f1(learned.policy.threshold) >= max(f1(cut) for cut in np.linspace(0.05, 0.95, 91)) - 1e-9


def test_a_fixed_threshold_is_kept() -> None:
    truth, raw = drawn()
    assert learn(raw, truth, make_project(decision={"threshold": 0.37})).policy.threshold == 0.37


def test_the_positive_class_may_be_the_first() -> None:
    truth, raw = drawn()
    task = {"kind": "binary", "target": "outcome", "classes": ["bad", "good"], "positive": "bad"}
    project = make_project(task=task)
    turned, plain = learn(raw[:, ::-1], 1 - truth, project), learn(raw, truth, make_project())
    assert turned.policy.positive == "bad"
    assert turned.policy.threshold == pytest.approx(plain.policy.threshold, abs=0.02)


def test_several_classes_get_a_temperature() -> None:
    rng = np.random.default_rng(0)
    raw = rng.dirichlet([1, 1, 1], 300)
    truth = rng.integers(0, 3, 300)
    learned = learn(raw, truth, make_project("multiclass"))
    assert isinstance(learned.calibration, TemperatureCalibration)
    assert learned.policy.kind == "multiclass"


def classes_drawn(rows: int = 400, seed: int = 0) -> tuple[Array, Array]:
    """Truth of three classes, and scores that are too high for the first."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    odds = rng.normal(size=(rows, 3))
    odds[np.arange(rows), truth] += 1.5
    odds[:, 0] += 1.0
    raw = np.exp(odds)
    return truth, raw / raw.sum(axis=1, keepdims=True)


def test_several_classes_get_sets_and_thresholds_as_the_project_wants() -> None:
    truth, raw = classes_drawn()
    plain = learn(raw, truth, make_project("multiclass", decision={"coverage": 0.8})).policy
    assert (len(plain.set_limits), plain.coverage, plain.class_thresholds) == (3, 0.8, ())
    assert all(0 < limit < 1 for limit in plain.set_limits)
    wanted = {"threshold": {"maximise": "f1_macro"}, "coverage": 0.95}
    tuned = learn(raw, truth, make_project("multiclass", decision=wanted)).policy
    assert tuned.class_thresholds[0] > max(tuned.class_thresholds[1:])
    assert all(wide > narrow for wide, narrow in zip(tuned.set_limits, plain.set_limits, strict=True))


def test_sets_learned_on_other_rows_cover_each_class() -> None:
    project = make_project("multiclass")
    learned = learn(*classes_drawn(2000)[::-1], project)
    truth, raw = classes_drawn(4000, seed=1)
    assert learned.calibration is not None
    held = in_sets(learned.calibration.apply(raw), np.array(learned.policy.set_limits))
    covered = [held[truth == index, index].mean() for index in range(3)]
    assert all(0.87 < share < 0.95 for share in covered)


def test_by_time_nothing_is_learned_from_later_rows() -> None:
    truth, raw = classes_drawn(120)
    wanted = {"threshold": {"maximise": "f1_macro"}}
    project = make_project("multiclass", split={"by": "time", "column": "day"}, decision=wanted)
    folds = make_folds(truth, project)
    raw[: folds[0][1].min()] = np.nan
    before = decide_out_of_fold(raw, truth, folds, project)
    turned = truth.copy()
    later = folds[1][1]
    turned[later] = (turned[later] + 1) % 3
    after = decide_out_of_fold(raw, turned, folds, project)
    known = len(folds[0][1]) + len(later)
    np.testing.assert_array_equal(after.scores[:known], before.scores[:known])
    assert (after.scores[known:] != before.scores[known:]).any()
    # No scored row comes before the first fold, so its scores stay as they are.
    np.testing.assert_array_equal(before.scores[: len(folds[0][1])], raw[folds[0][1]])


def test_rows_of_one_class_teach_no_threshold() -> None:
    truth = np.array([0] * 8 + [0, 1] * 10)
    raw = np.column_stack([np.full(28, 0.6), np.full(28, 0.4)])
    folds = [(np.arange(4), np.arange(4, 8)), (np.arange(8), np.arange(8, 28))]
    raw[:4] = np.nan
    scored = decide_out_of_fold(raw, truth, folds, make_project())
    np.testing.assert_array_equal(scored.scores, raw[4:])


def test_of_repeated_folds_each_repetition_teaches_itself() -> None:
    truth, raw = classes_drawn(90)
    project = make_project("multiclass")
    folds = make_folds(truth, project)
    once = decide_out_of_fold(raw, truth, folds, project)
    other = np.roll(raw, 1, axis=0)
    twice = decide_out_of_fold(
        np.concatenate([raw, other]),
        np.concatenate([truth, truth]),
        [*folds, *((fitted + 90, rows + 90) for fitted, rows in folds)],
        project,
    )
    np.testing.assert_array_equal(twice.scores[:90], once.scores)


def test_a_regression_learns_the_reach_of_its_interval() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=2000)
    learned = learn(np.zeros((2000, 1)), truth, make_project("regression"))
    assert learned.calibration is None
    assert learned.policy.half_width == pytest.approx(1.645, abs=0.12)


def test_by_time_the_rows_that_no_fold_scores_are_left_out() -> None:
    truth, raw = drawn(100)
    project = make_project(split={"by": "time", "column": "day"})
    folds = make_folds(truth, project)
    first = min(rows.min() for _, rows in folds)
    raw[:first] = np.nan
    item = assess("x", {}, raw, truth, folds, project, 1.5)
    assert item.scored is not None
    assert len(item.scored) == 100 - first
    assert item.error is None
    assert item.metrics["f1"].low <= item.metrics["f1"].value <= item.metrics["f1"].high


def test_scores_out_of_fold_are_not_changed() -> None:
    truth, raw = drawn(120)
    before = raw.copy()
    project = make_project()
    item = assess("x", {}, raw, truth, make_folds(truth, project), project, 0.0)
    np.testing.assert_array_equal(raw, before)
    np.testing.assert_array_equal(item.raw, before)
