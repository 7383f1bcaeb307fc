from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from zelo.stats.confusion import DECISION_METRICS
from zelo.stats.metrics import Scored, point
from zelo.stats.thresholds import FEWEST_ROWS, best_class_thresholds, best_threshold


def value_at(truth: np.ndarray, score: np.ndarray, metric: str, threshold: float) -> float:
    scores = np.column_stack((1 - score, score))
    said = (score >= threshold).astype(np.int64)
    return point(Scored(truth.astype(np.int64), scores, said, positive=1), [metric])[metric]


@settings(max_examples=60, deadline=None)
@given(
    metric=st.sampled_from(sorted(DECISION_METRICS)),
    data=st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=40).filter(
        lambda pairs: len({positive for positive, _ in pairs}) == 2
    ),
)
def test_no_other_threshold_is_better(metric: str, data: list[tuple[bool, int]]) -> None:
    truth = np.array([positive for positive, _ in data])
    score = np.array([level for _, level in data]) / 12
    cut = best_threshold(truth, score, metric)
    assert value_at(truth, score, metric, cut.threshold) == pytest.approx(cut.value, abs=1e-9)
    assert 0 <= cut.threshold <= 1
    for other in (*score, 0.0, 1.0):
        assert value_at(truth, score, metric, other) <= cut.value + 1e-9


def test_it_lies_halfway_between_scores() -> None:
    cut = best_threshold(np.array([0, 0, 1, 1]), np.array([0.1, 0.3, 0.5, 0.9]), "f1")
    assert cut.threshold == pytest.approx(0.4)
    assert cut.value == 1.0


def test_it_is_robust_to_rounding() -> None:
    rng = np.random.default_rng(0)
    score = rng.random(500)
    truth = rng.random(500) < score
    cut = best_threshold(truth, score, "f1")
    rounded = score.astype(np.float32).astype(np.float64)
    assert ((rounded >= cut.threshold) == (score >= cut.threshold)).all()


def test_the_middle_of_the_widest_plateau_is_taken() -> None:
    # Two of three are right where all are called positive, and where the highest alone is.
    truth = np.array([1, 0, 1])
    cut = best_threshold(truth, np.array([0.95, 0.5, 0.4]), "accuracy")
    assert cut.value == pytest.approx(2 / 3)
    assert cut.threshold == pytest.approx(0.725)
    assert best_threshold(truth, np.array([0.9, 0.5, 0.48]), "accuracy").threshold == pytest.approx(0.24)


def test_neighbouring_floats_are_told_apart() -> None:
    low = 0.5
    high = float(np.nextafter(low, 1.0))
    cut = best_threshold(np.array([0, 1]), np.array([low, high]), "f1")
    assert cut.threshold == high
    assert cut.value == 1.0


def test_a_constant_score_calls_all_or_none() -> None:
    truth = np.array([1, 1, 0])
    score = np.full(3, 0.4)
    assert best_threshold(truth, score, "accuracy").threshold == pytest.approx(0.2)
    assert best_threshold(1 - truth, score, "accuracy").threshold == pytest.approx(0.7)


def test_scores_of_one_stay_positive() -> None:
    cut = best_threshold(np.array([0, 0, 1]), np.array([1.0, 1.0, 1.0]), "accuracy")
    assert cut.value == pytest.approx(1 / 3)
    assert cut.threshold <= 1.0


def test_it_is_quick_on_many_rows() -> None:
    rng = np.random.default_rng(1)
    score = rng.random(200_000)
    cut = best_threshold(rng.random(200_000) < score, score, "mcc")
    assert cut.threshold == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("truth", "score", "metric", "message"),
    [
        ([0, 1], [0.1, 0.2], "roc_auc", "no threshold maximises roc_auc; known: accuracy"),
        ([0, 1], [0.1, 1.2], "f1", "not probabilities"),
        ([0, 1], [0.1, np.nan], "f1", "not probabilities"),
        ([], [], "f1", "not probabilities"),
        ([1, 1], [0.1, 0.2], "f1", "one class alone"),
        ([0, 0], [0.1, 0.2], "f1", "one class alone"),
    ],
)
def test_what_cannot_be_learned_is_refused(
    truth: list[int], score: list[float], metric: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        best_threshold(np.array(truth, dtype=bool), np.array(score), metric)


CLASS_METRICS = ["accuracy", "f1_macro", "f1_micro", "f1_weighted", "mcc"]


def skewed(rows: int = 900, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Three classes, and scores that are too high for the first."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, rows, p=[0.6, 0.3, 0.1]).astype(np.int64)
    odds = rng.normal(size=(rows, 3))
    odds[np.arange(rows), truth] += 1.5
    odds[:, 0] += 1.2
    raw = np.exp(odds)
    return truth, raw / raw.sum(axis=1, keepdims=True)


def decided(truth: np.ndarray, scores: np.ndarray, thresholds: np.ndarray, metric: str) -> float:
    said = (scores / thresholds).argmax(axis=1)
    return point(Scored(truth, scores, said), [metric])[metric]


@pytest.mark.parametrize("metric", CLASS_METRICS)
def test_class_thresholds_help_on_new_rows_too(metric: str) -> None:
    truth, scores = skewed()
    thresholds = best_class_thresholds(truth, scores, metric)
    assert thresholds[0] > thresholds[1]
    new_truth, new = skewed(4000, seed=1)
    neutral = np.ones(3)
    assert decided(truth, scores, thresholds, metric) > decided(truth, scores, neutral, metric)
    assert decided(new_truth, new, thresholds, metric) > decided(new_truth, new, neutral, metric)
    np.testing.assert_array_equal(thresholds, best_class_thresholds(truth, scores, metric))


def test_a_rare_class_keeps_the_neutral_threshold() -> None:
    truth, scores = skewed()
    few = np.flatnonzero(truth == 2)[: FEWEST_ROWS - 1]
    kept = np.concatenate([np.flatnonzero(truth != 2), few])
    thresholds = best_class_thresholds(truth[kept], scores[kept], "f1_macro")
    assert thresholds[2] == 1.0
    assert thresholds[0] != 1.0


def test_where_nothing_is_gained_the_most_probable_class_is_taken() -> None:
    truth = np.arange(60) % 3
    scores = np.eye(3)[truth] * 0.7 + 0.1
    assert best_class_thresholds(truth, scores, "f1_macro").tolist() == [1.0, 1.0, 1.0]
    assert best_class_thresholds(np.zeros(5, dtype=np.int64), scores[:5], "mcc").tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("metric", ["roc_auc", "f1", "recall"])
def test_class_thresholds_need_a_metric_of_all_classes(metric: str) -> None:
    truth, scores = skewed(50)
    with pytest.raises(ValueError, match=f"maximise {metric}; known: accuracy"):
        best_class_thresholds(truth, scores, metric)
    with pytest.raises(ValueError, match="not probabilities"):
        best_class_thresholds(truth, scores + 1, "mcc")
