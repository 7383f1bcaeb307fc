from __future__ import annotations

import math

import numpy as np
import pytest

from zelo.stats.conformal import (
    class_limits,
    half_widths_by_horizon,
    in_sets,
    interval_half_width,
)


def test_the_rank_has_the_finite_sample_correction() -> None:
    residuals = np.array([-3.0, 1.0, -2.0, 5.0, 4.0, -6.0, 7.0, 8.0, -9.0])
    # 10 rows with the new one: the ninth of nine at 90 %, the eighth at 80 %.
    assert interval_half_width(residuals, 0.9) == 9.0
    assert interval_half_width(residuals, 0.8) == 8.0
    assert interval_half_width(residuals, 0.5) == 5.0


def test_too_few_rows_promise_nothing() -> None:
    assert interval_half_width(np.ones(8), 0.9) == math.inf
    assert interval_half_width(np.empty(0), 0.5) == math.inf


def test_new_rows_are_covered_at_least_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    covered = [
        abs(rng.standard_t(3)) <= interval_half_width(rng.standard_t(3, size=30), 0.9) for _ in range(4000)
    ]
    assert 0.885 <= np.mean(covered) <= 0.95


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="level 1 is not within"):
        interval_half_width(np.ones(3), 1)
    with pytest.raises(ValueError, match="NaN"):
        interval_half_width(np.array([1.0, np.nan]))


def test_each_horizon_has_its_own_width_from_what_is_known() -> None:
    rng = np.random.default_rng(3)
    residuals = rng.normal(size=(40, 3)) * [1.0, 2.0, 4.0]
    residuals[35:, 2] = np.nan
    expected = [interval_half_width(residuals[: 35 if h == 2 else 40, h], 0.9) for h in range(3)]
    assert half_widths_by_horizon(residuals, 0.9).tolist() == expected
    assert half_widths_by_horizon(np.empty((0, 2))).tolist() == [math.inf, math.inf]
    assert half_widths_by_horizon(np.empty((9, 0))).tolist() == []


def test_what_is_farther_is_not_surer() -> None:
    residuals = np.tile(np.arange(1.0, 20.0)[:, None], 4) * [1.0, 3.0, 2.0, 5.0]
    assert half_widths_by_horizon(residuals, 0.9).tolist() == [18.0, 54.0, 54.0, 90.0]
    residuals[5:, 3] = np.nan
    assert half_widths_by_horizon(residuals, 0.9)[3] == math.inf


def test_forecasts_are_covered_at_each_horizon() -> None:
    rng = np.random.default_rng(4)
    held = np.zeros((1500, 3))
    for run in range(1500):
        # Errors of a random walk, which grow with the steps ahead.
        errors = rng.standard_t(4, size=(60, 3)).cumsum(axis=1)
        held[run] = np.abs(errors[-1]) <= half_widths_by_horizon(errors[:-1], 0.9)
    assert (held.mean(axis=0) > 0.88).all()
    assert (held.mean(axis=0) < 0.94).all()


def drawn(rng: np.random.Generator, rows: int, shares: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Classes by their shares, and scores that lean to the true one, to some classes more than to others."""
    truth = rng.choice(len(shares), rows, p=shares)
    alpha = np.full((rows, len(shares)), 0.6)
    alpha[np.arange(rows), truth] = 0.8 + truth
    raw = rng.gamma(alpha)
    return truth.astype(np.int64), raw / raw.sum(axis=1, keepdims=True)


def test_sets_are_those_of_crepes() -> None:
    from crepes import ConformalClassifier
    from crepes.extras import hinge

    rng = np.random.default_rng(1)
    shares = [0.5, 0.3, 0.2]
    truth, scores = drawn(rng, 400, shares)
    _, new = drawn(rng, 300, shares)
    found = in_sets(new, class_limits(truth, scores, 0.9))
    expected = np.empty_like(found)
    for index in range(3):
        classifier = ConformalClassifier()
        classifier.fit(hinge(scores, np.arange(3), truth)[truth == index])
        sets = classifier.predict_set(hinge(new), confidence=0.9, smoothing=False)
        expected[:, index] = sets[:, index].astype(bool)
    # crepes leaves sets empty; here the most probable class is always within.
    expected[np.arange(300), new.argmax(axis=1)] = True
    np.testing.assert_array_equal(found, expected)


def test_each_class_is_covered_as_often_as_promised() -> None:
    rng = np.random.default_rng(2)
    shares = [0.6, 0.3, 0.1]
    covered = np.zeros((300, 3))
    for run in range(300):
        truth, scores = drawn(rng, 250, shares)
        limits = class_limits(truth, scores, 0.8)
        new_truth, new = drawn(rng, 400, shares)
        held = in_sets(new, limits)[np.arange(400), new_truth]
        covered[run] = [held[new_truth == index].mean() for index in range(3)]
    assert (covered.mean(axis=0) >= 0.8 - 0.01).all()
    assert covered[:, 0].mean() < 0.9


def test_rare_classes_share_a_limit() -> None:
    truth = np.array([0] * 20 + [1] * 5 + [2] * 5 + [3] * 20)
    scores = np.full((50, 4), 0.1)
    scores[np.arange(50), truth] = np.linspace(0.3, 0.7, 50)
    limits = class_limits(truth, scores, 0.9)
    rare = (truth == 1) | (truth == 2)
    own = interval_half_width(1 - scores[rare, truth[rare]], 0.9)
    assert limits[1] == limits[2] == own
    assert limits[0] == interval_half_width(1 - scores[truth == 0, 0], 0.9)
    assert limits[0] > own > limits[3]


def test_classes_of_which_nothing_is_known_are_in_every_set() -> None:
    truth = np.zeros(30, dtype=np.int64)
    scores = np.tile([0.8, 0.2, 0.0], (30, 1))
    limits = class_limits(truth, scores, 0.9)
    assert limits.tolist() == [pytest.approx(0.2), 1.0, 1.0]
    assert in_sets(np.array([[1.0, 0.0, 0.0]]), limits).all()


def test_no_set_is_empty() -> None:
    scores = np.array([[0.4, 0.35, 0.25], [0.34, 0.33, 0.33]])
    assert in_sets(scores, np.zeros(3)).tolist() == [[True, False, False], [True, False, False]]
    assert in_sets(np.empty((0, 3)), np.zeros(3)).shape == (0, 3)
