from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zelo.decisions.decide import band_of, decide, predicted_classes
from zelo.decisions.policy import Policy
from zelo.spec.project import Band

BANDS = (
    Band(above=0.9, label="Risco muito alto", recommendation="agir"),
    Band(above=0.7, label="Risco alto"),
    Band(above=0.5, label="Risco moderado"),
    Band(label="Risco baixo"),
)
RANK = {band.label: -place for place, band in enumerate(BANDS)}
PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def binary(threshold: float = 0.5, **changes: Any) -> Policy:
    facts: dict[str, Any] = {"kind": "binary", "classes": (0, 1), "positive": 1, "threshold": threshold}
    return Policy(**{**facts, "bands": BANDS, **changes})


def both(positive: list[float]) -> np.ndarray[Any, Any]:
    p = np.array(positive)
    return np.column_stack([1 - p, p])


@pytest.mark.parametrize(
    ("score", "label"),
    [
        (0.0, "Risco baixo"),
        (0.5, "Risco baixo"),
        (np.nextafter(0.5, 1), "Risco moderado"),
        (0.7, "Risco moderado"),
        (np.nextafter(0.7, 1), "Risco alto"),
        (0.9, "Risco alto"),
        (np.nextafter(0.9, 1), "Risco muito alto"),
        (1.0, "Risco muito alto"),
    ],
)
def test_a_band_begins_strictly_above_its_bound(score: float, label: str) -> None:
    found = band_of(score, BANDS)
    assert found is not None
    assert found.label == label
    assert decide(both([score]), binary())[0].band == label


def test_without_bands_there_is_no_label() -> None:
    assert band_of(0.3, ()) is None
    decision = decide(both([0.3]), binary(bands=()))[0]
    assert (decision.band, decision.recommendation) == (None, None)


def test_the_recommendation_is_the_bands() -> None:
    high, low = decide(both([0.95, 0.1]), binary())
    assert high.recommendation == "agir"
    assert low.recommendation is None


def test_the_threshold_itself_is_positive() -> None:
    at, below = decide(both([0.25, np.nextafter(0.25, 0)]), binary(0.25))
    assert (at.prediction, below.prediction) == (1, 0)


def test_probability_is_the_predicted_class_and_score_the_positive_one() -> None:
    sure, unlikely = decide(both([0.08, 0.3]), binary(0.25))
    assert sure.prediction == 0
    assert (sure.score, sure.probability) == pytest.approx((0.08, 0.92))
    # A low threshold predicts a class that is the less probable one.
    assert unlikely.prediction == 1
    assert (unlikely.score, unlikely.probability) == pytest.approx((0.3, 0.3))


def test_the_positive_class_may_be_the_first() -> None:
    policy = binary(0.6, classes=("bad", "good"), positive="bad")
    scores = np.array([[0.6, 0.4], [0.59, 0.41]])
    first, second = decide(scores, policy)
    assert (first.prediction, first.score, first.probability) == ("bad", 0.6, 0.6)
    assert (second.prediction, second.score, second.probability) == ("good", 0.59, 0.41)


def test_several_classes_take_the_most_probable() -> None:
    policy = Policy(kind="multiclass", classes=("low", "mid", "high"))
    first, tied = decide(np.array([[0.1, 0.2, 0.7], [0.4, 0.4, 0.2]]), policy)
    assert (first.prediction, first.score, first.probability) == ("high", 0.7, 0.7)
    assert tied.prediction == "low"
    assert (first.band, first.lower) == (None, None)


SEVERAL = Policy(kind="multiclass", classes=("low", "mid", "high", "top"))
SCORES = np.array([[0.1, 0.25, 0.6, 0.05], [0.4, 0.35, 0.2, 0.05]])


def test_the_most_probable_classes_are_listed() -> None:
    first, second = decide(SCORES, SEVERAL.model_copy(update={"top": 2}))
    assert first.classes == (("high", 0.6), ("mid", 0.25))
    assert second.classes == (("low", 0.4), ("mid", 0.35))
    assert len(decide(SCORES, SEVERAL.model_copy(update={"top": 20}))[0].classes) == 4


def test_below_the_confidence_an_answer_abstains_with_its_best_guess() -> None:
    sure, unsure = decide(SCORES, SEVERAL.model_copy(update={"confidence": 0.6}))
    assert (sure.prediction, sure.abstain) == ("high", False)
    assert (unsure.prediction, unsure.abstain) == ("low", True)
    assert decide(SCORES, SEVERAL)[0].abstain is None


def test_thresholds_of_classes_weigh_their_probabilities() -> None:
    policy = SEVERAL.model_copy(update={"class_thresholds": (2.0, 1.0, 1.0, 1.0), "confidence": 0.38})
    assert predicted_classes(SCORES, policy).tolist() == [2, 1]
    first, second = decide(SCORES, policy)
    assert (second.prediction, second.probability, second.abstain) == ("mid", 0.35, True)
    # What is listed are probabilities, as they are.
    assert second.classes[0] == ("low", 0.4)
    assert first.prediction == "high"


def test_a_set_holds_the_classes_within_their_limits_and_the_answer() -> None:
    limits = {"set_limits": (0.5, 0.7, 0.3, 0.95)}
    first, second = decide(SCORES, SEVERAL.model_copy(update=limits))
    assert first.label_set == ("high", "top")
    assert second.label_set == ("low", "mid", "top")
    moved = SEVERAL.model_copy(update=limits | {"class_thresholds": (4.0, 4.0, 1.0, 4.0)})
    assert decide(SCORES, moved)[1].label_set == ("low", "mid", "high", "top")
    assert decide(SCORES, SEVERAL)[0].label_set == ()


def test_a_value_has_its_interval() -> None:
    policy = Policy(kind="regression", half_width=1.5)
    decision = decide(np.array([[10.0]]), policy)[0]
    assert (decision.prediction, decision.score, decision.lower, decision.upper) == (10.0, 10.0, 8.5, 11.5)
    assert decision.probability is None
    bare = decide(np.array([[10.0]]), Policy(kind="regression"))[0]
    assert (bare.lower, bare.upper) == (None, None)


def test_no_rows_no_decisions() -> None:
    assert decide(np.empty((0, 2)), binary()) == []
    assert decide(np.empty((0, 1)), Policy(kind="regression")) == []


@pytest.mark.parametrize("policy", [binary(), Policy(kind="multiclass", classes=("a", "b"))])
def test_decisions_are_plain_python(policy: Policy) -> None:
    decision = decide(both([0.4]), policy)[0]
    assert type(decision.prediction) in (int, str)
    assert type(decision.score) is float
    assert type(decision.probability) is float


@settings(deadline=None, max_examples=60)
@given(PROBABILITIES, st.floats(0, 1))
def test_the_higher_the_score_the_higher_the_risk(positive: list[float], threshold: float) -> None:
    ordered = sorted(positive)
    decisions = decide(both(ordered), binary(threshold))
    scores = [decision.score for decision in decisions]
    ranks = [RANK[decision.band or ""] for decision in decisions]
    predictions = [decision.prediction for decision in decisions]
    assert scores == sorted(scores)
    assert ranks == sorted(ranks)
    assert predictions == sorted(predictions, key=int)


@settings(deadline=None, max_examples=60)
@given(PROBABILITIES, st.floats(0, 1), st.floats(0, 1))
def test_a_lower_threshold_loses_no_positive(positive: list[float], one: float, other: float) -> None:
    low, high = sorted((one, other))
    scores = both(positive)
    assert (predicted_classes(scores, binary(low)) >= predicted_classes(scores, binary(high))).all()


@settings(deadline=None, max_examples=60)
@given(PROBABILITIES)
def test_rows_are_decided_apart(positive: list[float]) -> None:
    scores = both(positive)
    together = decide(scores, binary(0.4))
    assert together == [decide(scores[[row]], binary(0.4))[0] for row in range(len(scores))]
