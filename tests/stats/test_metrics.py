from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings
from sklearn import metrics as sk

from zelo.spec.project import TASK_METRICS
from zelo.stats.arrays import FloatArray
from zelo.stats.metrics import CLASS_METRICS, REGRESSION_METRICS, Scored, evaluate, point

BINARY = TASK_METRICS["binary"]
MULTICLASS = TASK_METRICS["multiclass"]


def binary_rows(seed: int, rows: int, decimals: int = 9) -> Scored:
    """Few decimals make ties."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=rows)
    score = np.clip(np.round(rng.random(rows) * 0.7 + truth * 0.3, decimals), 0, 1)
    return Scored(truth, np.column_stack((1 - score, score)), (score >= 0.6).astype(np.int64), positive=1)


def class_rows(seed: int, rows: int, classes: int) -> Scored:
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=rows)
    scores = np.round(rng.random((rows, classes)), 1) + 0.01
    scores[np.arange(rows), truth] += 0.3
    scores /= scores.sum(axis=1, keepdims=True)
    return Scored(truth, scores, scores.argmax(axis=1).astype(np.int64))


def sk_decisions(scored: Scored, weights: FloatArray) -> dict[str, float]:
    truth, said = scored.truth, scored.predicted
    kept: dict[str, object] = {"sample_weight": weights}
    quiet = {**kept, "zero_division": 0}
    return {
        "accuracy": sk.accuracy_score(truth, said, **kept),
        "f1_macro": sk.f1_score(truth, said, average="macro", **quiet),
        "f1_micro": sk.f1_score(truth, said, average="micro", **quiet),
        "f1_weighted": sk.f1_score(truth, said, average="weighted", **quiet),
        "f2_weighted": sk.fbeta_score(truth, said, beta=2, average="weighted", **quiet),
        "mcc": sk.matthews_corrcoef(truth, said, **kept),
    }


def sk_binary(scored: Scored, weights: FloatArray) -> dict[str, float]:
    truth, said, score = scored.truth, scored.predicted, scored.scores[:, 1]
    kept: dict[str, object] = {"sample_weight": weights}
    quiet = {**kept, "zero_division": 0}
    return sk_decisions(scored, weights) | {
        "f1": sk.f1_score(truth, said, **quiet),
        "f2": sk.fbeta_score(truth, said, beta=2, **quiet),
        "precision": sk.precision_score(truth, said, **quiet),
        "recall": sk.recall_score(truth, said, **quiet),
        "roc_auc": sk.roc_auc_score(truth, score, **kept),
        "pr_auc": sk.average_precision_score(truth, score, **kept),
        "brier": sk.brier_score_loss(truth, score, **kept),
        "log_loss": sk.log_loss(truth, scored.scores, **kept),
    }


def sk_classes(scored: Scored, weights: FloatArray) -> dict[str, float]:
    truth, scores = scored.truth, scored.scores
    labels = list(range(scores.shape[1]))
    expected = sk_decisions(scored, weights) | {
        "roc_auc": sk.roc_auc_score(
            truth, scores, multi_class="ovr", average="macro", labels=labels, sample_weight=weights
        ),
        "pr_auc": sk.average_precision_score(
            truth[:, None] == np.array(labels), scores, average="macro", sample_weight=weights
        ),
        "brier": sk.brier_score_loss(truth, scores, labels=labels, sample_weight=weights),
        "log_loss": sk.log_loss(truth, scores, labels=labels, sample_weight=weights),
    }
    del expected["f2_weighted"]
    return expected


def test_areas_are_averaged_over_the_classes_that_have_a_row() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=60)
    scores = rng.dirichlet(np.ones(5), 60)
    scored = Scored(truth, scores, scores.argmax(axis=1))
    found = point(scored, ["roc_auc", "pr_auc"])
    each = [(truth == k, scores[:, k]) for k in range(3)]
    assert found["roc_auc"] == pytest.approx(np.mean([sk.roc_auc_score(*one) for one in each]))
    assert found["pr_auc"] == pytest.approx(np.mean([sk.average_precision_score(*one) for one in each]))
    empty = scored.where(np.zeros(60, dtype=bool))
    assert np.isnan(list(point(empty, ["roc_auc", "pr_auc"]).values())).all()


def agrees(found: dict[str, FloatArray], expected: dict[str, float]) -> None:
    for name, value in expected.items():
        assert found[name][0] == pytest.approx(value, rel=1e-9, abs=1e-10), name


def test_every_metric_of_the_spec_is_here() -> None:
    assert set(BINARY) | set(MULTICLASS) == CLASS_METRICS
    assert set(TASK_METRICS["regression"]) | {"coverage"} == REGRESSION_METRICS


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(5, 80),
    decimals=st.sampled_from([1, 9]),
    weighting=st.sampled_from(["none", "integer", "real"]),
)
def test_binary_agrees_with_scikit_learn(seed: int, rows: int, decimals: int, weighting: str) -> None:
    scored = binary_rows(seed, rows, decimals)
    assume(len(np.unique(scored.truth)) == 2)
    weights = some_weights(seed, rows, weighting)
    agrees(evaluate(scored, BINARY, weights[None]), sk_binary(scored, weights))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(20, 80),
    classes=st.integers(3, 6),
    weighting=st.sampled_from(["none", "integer", "real"]),
)
def test_classes_agree_with_scikit_learn(seed: int, rows: int, classes: int, weighting: str) -> None:
    scored = class_rows(seed, rows, classes)
    assume(len(np.unique(scored.truth)) == classes)
    weights = some_weights(seed, rows, weighting)
    agrees(evaluate(scored, MULTICLASS, weights[None]), sk_classes(scored, weights))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(2, 80),
    weighting=st.sampled_from(["none", "integer", "real"]),
)
def test_regression_agrees_with_scikit_learn(seed: int, rows: int, weighting: str) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.normal(1000, 5, size=rows)
    said = truth + rng.normal(size=rows)
    weights = some_weights(seed, rows, weighting)
    expected = {
        "mae": sk.mean_absolute_error(truth, said, sample_weight=weights),
        "rmse": sk.root_mean_squared_error(truth, said, sample_weight=weights),
        "r2": sk.r2_score(truth, said, sample_weight=weights),
        "mape": sk.mean_absolute_percentage_error(truth, said, sample_weight=weights),
    }
    agrees(evaluate(Scored(truth, said[:, None]), expected, weights[None]), expected)


def some_weights(seed: int, rows: int, weighting: str) -> FloatArray:
    rng = np.random.default_rng(seed)
    if weighting == "none":
        return np.ones(rows)
    return (
        rng.integers(1, 4, size=rows).astype(np.float64) if weighting == "integer" else rng.random(rows) + 0.1
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), classes=st.integers(2, 5))
def test_a_count_means_what_repeated_rows_mean(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    scored = binary_rows(seed, 40, 1) if classes == 2 else class_rows(seed, 40, classes)
    names = [name for name in (BINARY if classes == 2 else MULTICLASS) if name != "ece"]
    counts = rng.multinomial(40, np.full(40, 1 / 40))
    taken = np.repeat(np.arange(40), counts)
    repeated = scored.where(taken)
    weighted = evaluate(scored, names, counts[None].astype(np.float64))
    agrees(weighted, point(repeated, names))


def test_many_weightings_are_each_measured_alone() -> None:
    scored = binary_rows(1, 60, 2)
    weights = np.random.default_rng(2).random((5, 60))
    together = evaluate(scored, BINARY, weights)
    for i in range(5):
        alone = evaluate(scored, BINARY, weights[i : i + 1])
        for name in BINARY:
            assert together[name].shape == (5,)
            assert together[name][i] == pytest.approx(alone[name][0], rel=1e-12)


def test_the_positive_class_may_be_the_first() -> None:
    scored = binary_rows(3, 50)
    assert scored.predicted is not None
    turned = Scored(
        1 - scored.truth.astype(np.int64), scored.scores[:, ::-1], 1 - scored.predicted, positive=0
    )
    assert point(turned, BINARY) == pytest.approx(point(scored, BINARY), rel=1e-12)


def test_one_class_has_no_ranking() -> None:
    scores = np.array([[0.2, 0.8], [0.6, 0.4]])
    negatives = Scored(np.array([0, 0]), scores, np.array([1, 0]), positive=1)
    found = point(negatives, BINARY)
    assert np.isnan(found["roc_auc"])
    assert np.isnan(found["pr_auc"])
    assert found["recall"] == 0.0
    positives = Scored(np.array([1, 1]), scores, np.array([1, 0]), positive=1)
    found = point(positives, BINARY)
    assert np.isnan(found["roc_auc"])
    assert found["pr_auc"] == 1.0


def test_one_class_after_real_weights_has_no_ranking() -> None:
    scored = binary_rows(4, 30)
    weights = np.where(scored.truth == 1, 0.1, 0.0)[None]
    assert np.isnan(evaluate(scored, ["roc_auc"], weights)["roc_auc"][0])


def test_absent_classes_are_left_out_of_macro_means() -> None:
    scores = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1]])
    scored = Scored(np.array([0, 1, 0, 1]), scores, np.array([0, 1, 0, 1]))
    assert point(scored, ["f1_macro", "roc_auc"]) == {"f1_macro": 1.0, "roc_auc": 1.0}


def test_no_rows_have_no_metrics() -> None:
    nothing = np.empty(0, dtype=np.int64)
    for scored, names in (
        (Scored(nothing, np.empty((0, 2)), nothing, positive=1), BINARY),
        (Scored(nothing, np.empty((0, 3)), nothing), MULTICLASS),
        (Scored(nothing, np.empty(0)), tuple(REGRESSION_METRICS)),
    ):
        assert all(np.isnan(value) for value in point(scored, names).values())


def test_no_weight_has_no_metrics() -> None:
    found = evaluate(binary_rows(5, 20), BINARY, np.zeros((1, 20)))
    assert all(np.isnan(values[0]) for values in found.values())


def test_a_constant_truth_has_no_r2_and_a_zero_no_percentage() -> None:
    found = point(Scored(np.full(7, 0.1), np.arange(7.0)), ["r2", "mae"])
    assert np.isnan(found["r2"])
    assert found["mae"] > 0
    assert np.isnan(point(Scored(np.array([0.0, 1.0]), np.array([1.0, 1.0])), ["mape"])["mape"])


def test_top_label_calibration_of_several_classes() -> None:
    scores = np.tile([0.8, 0.1, 0.1], (10, 1))
    truth = np.array([0] * 6 + [1] * 4)
    found = point(Scored(truth, scores, np.zeros(10, dtype=np.int64)), ["ece"])
    assert found["ece"] == pytest.approx(0.2)


def test_certain_and_wrong_has_a_finite_log_loss() -> None:
    scored = Scored(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]]), np.array([1, 1]), positive=1)
    assert point(scored, ["log_loss"])["log_loss"] == pytest.approx(sk.log_loss([0, 1], scored.scores))


GOOD = np.array([[0.5, 0.5], [0.5, 0.5]])
INDEX = np.array([0, 1])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Scored(np.array([0, 2]), GOOD, INDEX, positive=1), "truth is not an index of 2 classes"),
        (lambda: Scored(INDEX, GOOD, np.array([0, -1]), positive=1), "predicted is not an index"),
        (lambda: Scored(np.array([0.0, 1.0]), GOOD, INDEX, positive=1), "truth is not an index"),
        (lambda: Scored(INDEX, np.full((2, 2), np.nan), INDEX), "not finite"),
        (lambda: Scored(np.array([1.0, np.inf]), np.zeros(2)), "truth holds values that are not finite"),
        (lambda: Scored(INDEX, GOOD), "without predicted classes"),
        (lambda: Scored(INDEX, np.zeros((3, 2)), INDEX), "differ in rows"),
        (lambda: Scored(INDEX, GOOD, np.array([0])), "2 rows"),
        (lambda: Scored(INDEX, np.full((2, 3), 1 / 3), INDEX, positive=1), "among 3 classes"),
        (lambda: evaluate(Scored(INDEX, GOOD, INDEX), ["f1"]), "no metric f1 here"),
        (lambda: Scored(INDEX, GOOD, INDEX, repeats=2), "not the same rows 2 times"),
        (lambda: Scored(INDEX, GOOD, INDEX, repeats=3), "not the same rows 3 times"),
        (lambda: Scored(INDEX, np.zeros(2), block=0), "a block of 0 is not within 1 and half of 2 rows"),
        (lambda: Scored(INDEX, np.zeros(2), block=2), "a block of 2 is not within 1 and half of 2 rows"),
        (lambda: Scored(INDEX, np.zeros(2), scale=np.nan), "scale nan is no mean absolute error"),
        (lambda: Scored(INDEX, np.zeros(2), scale=-1.0), "scale -1.0 is no mean absolute error"),
        (lambda: Scored(INDEX, np.zeros(2), bounds=np.zeros((2, 1))), r"bounds \(2, 1\) of 2 rows"),
        (lambda: Scored(INDEX, np.zeros(2), bounds=GOOD, level=1.0), "level 1.0 is not within"),
        (lambda: Scored(INDEX, np.zeros(2), bounds=np.array([[2.0, 1.0]] * 2)), "neither a finite lower"),
        (lambda: Scored(INDEX, np.zeros(2), bounds=np.array([[0.0, np.nan]] * 2)), "neither a finite lower"),
        (lambda: Scored(INDEX, np.zeros(2), bounds=np.array([[0.0, np.inf]] * 2)), "neither a finite lower"),
        (lambda: evaluate(Scored(INDEX, GOOD, INDEX, 1), ["mae"]), "no metric mae here"),
        (lambda: evaluate(Scored(INDEX, np.zeros(2)), ["accuracy"]), "known: coverage, mae, mape, mase"),
    ],
)
def test_what_cannot_be_measured_is_refused(make: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()  # type: ignore[operator]


def test_no_names_measure_nothing() -> None:
    assert evaluate(binary_rows(6, 10), []) == {}
