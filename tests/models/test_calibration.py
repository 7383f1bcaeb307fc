from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from zelo.models.calibration import (
    BetaCalibration,
    Calibrated,
    TemperatureCalibration,
    aligned,
    fit_calibration,
)

Array = np.ndarray[Any, Any]


def two_classes(rows: int = 6000, seed: int = 0) -> tuple[Array, Array]:
    """Truth and the very probabilities that it was drawn from."""
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(-1.0, 1.5, rows))
    return (rng.random(rows) < p).astype(int), np.column_stack([1 - p, p])


def three_classes(rows: int = 6000, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    p = softmax(rng.normal(0.0, 1.2, (rows, 3)), axis=1)
    return (p.cumsum(axis=1) > rng.random((rows, 1))).argmax(axis=1), p


def brier(truth: Array, scores: Array) -> float:
    return float(((scores - np.eye(scores.shape[1])[truth]) ** 2).sum(axis=1).mean())


@pytest.mark.parametrize("draw", [two_classes, three_classes])
def test_calibrated_scores_stay_as_they_are(draw: Any) -> None:
    truth, scores = draw()
    np.testing.assert_allclose(fit_calibration(truth, scores).apply(scores), scores, atol=0.03)


def test_the_unfitted_calibrations_are_the_identity() -> None:
    _, two = two_classes(200)
    _, three = three_classes(200)
    np.testing.assert_allclose(BetaCalibration().apply(two), two, atol=1e-12)
    np.testing.assert_allclose(TemperatureCalibration().apply(three), three, atol=1e-12)


@pytest.mark.parametrize(
    "distort",
    [lambda p: p**3, lambda p: expit(4 * (p - 0.2)), lambda p: 0.5 + 0.5 * p, np.sqrt],
    ids=["understated", "sigmoid", "overstated", "root"],
)
def test_beta_mends_what_was_distorted(distort: Any) -> None:
    truth, scores = two_classes()
    fresh_truth, fresh_scores = two_classes(seed=1)
    wrong, fresh_wrong = distort(scores[:, 1]), distort(fresh_scores[:, 1])
    calibration = fit_calibration(truth, np.column_stack([1 - wrong, wrong]))
    before = np.column_stack([1 - fresh_wrong, fresh_wrong])
    after = calibration.apply(before)
    assert brier(fresh_truth, after) < brier(fresh_truth, before)
    assert brier(fresh_truth, after) < 1.02 * brier(fresh_truth, fresh_scores)
    assert after[:, 1].mean() == pytest.approx(fresh_truth.mean(), abs=0.02)


@pytest.mark.parametrize("temperature", [0.4, 2.5])
def test_temperature_is_found_again(temperature: float) -> None:
    truth, scores = three_classes()
    wrong = TemperatureCalibration(1 / temperature).apply(scores)
    calibration = fit_calibration(truth, wrong)
    assert isinstance(calibration, TemperatureCalibration)
    assert calibration.temperature == pytest.approx(temperature, rel=0.1)
    assert brier(truth, calibration.apply(wrong)) < brier(truth, wrong)


def test_the_share_of_a_rare_class_survives_oversampling() -> None:
    truth, scores = two_classes(20_000)
    odds = 20 * scores[:, 1] / scores[:, 0]
    shifted = odds / (1 + odds)
    after = fit_calibration(truth, np.column_stack([1 - shifted, shifted])).apply(
        np.column_stack([1 - shifted, shifted])
    )
    assert after[:, 1].mean() == pytest.approx(truth.mean(), abs=0.005)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=4, max_size=40).filter(
        lambda rows: len({label for label, _ in rows}) == 2
    )
)
def test_beta_never_turns_an_order_round(rows: list[tuple[bool, float]]) -> None:
    truth = np.array([label for label, _ in rows]).astype(int)
    p = np.array([score for _, score in rows])
    calibration = BetaCalibration.fit(truth, np.column_stack([1 - p, p]))
    grid = np.linspace(0, 1, 101)
    after = calibration.apply(np.column_stack([1 - grid, grid]))
    assert np.isfinite(after).all()
    assert (np.diff(after[:, 1]) >= -1e-12).all()
    np.testing.assert_allclose(after.sum(axis=1), 1.0)


@pytest.mark.parametrize("scores", [[[1.0, 0.0]] * 4, [[0.0, 1.0]] * 4, [[0.5, 0.5]] * 4])
def test_constant_scores_get_the_share(scores: list[list[float]]) -> None:
    truth = np.array([0, 0, 0, 1])
    after = fit_calibration(truth, np.array(scores)).apply(np.array(scores))
    assert after[:, 1] == pytest.approx(0.25, abs=0.01)


def test_temperature_takes_impossible_scores() -> None:
    truth, scores = np.array([0, 1, 2]), np.eye(3)[[1, 1, 2]]
    assert np.isfinite(fit_calibration(truth, scores).apply(scores)).all()


def test_a_class_that_was_never_seen_has_probability_0() -> None:
    full = aligned(np.array([[0.3, 0.7]]), np.array([0, 2]), 3)
    np.testing.assert_array_equal(full, [[0.3, 0.0, 0.7]])


def test_calibrated_has_a_column_for_each_class() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.repeat([0, 2], 30)
    model = Calibrated(LogisticRegression().fit(X, y), TemperatureCalibration(2.0), 3)
    scores = model.predict_proba(X)
    assert scores.shape == (60, 3)
    assert model.fit(X, y) is model
    assert (scores[:, 1] < 1e-3).all()
    np.testing.assert_allclose(scores.sum(axis=1), 1.0)
