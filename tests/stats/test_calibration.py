from __future__ import annotations

import numpy as np
import pytest

from zelo.stats.calibration import calibration_error, gap_matrix, mass_bins, reliability, wilson_interval


def test_bins_hold_equal_numbers_of_rows() -> None:
    probability = np.random.default_rng(0).random(1000) ** 4
    index = mass_bins(probability)
    assert np.bincount(index).tolist() == [100] * 10
    assert (np.diff(index[np.argsort(probability)]) >= 0).all()


def test_equal_values_share_a_bin() -> None:
    probability = np.array([0.0] * 50 + [0.5] * 30 + [1.0] * 20)
    index = mass_bins(probability)
    assert len(np.unique(index)) == 3
    for value in (0.0, 0.5, 1.0):
        assert len(np.unique(index[probability == value])) == 1


def test_bins_are_counted_without_gaps() -> None:
    assert mass_bins(np.full(5, 0.3)).tolist() == [0] * 5
    assert mass_bins(np.empty(0)).tolist() == []
    assert sorted(set(mass_bins(np.array([0.1, 0.9]), bins=10))) == [0, 1]


def test_the_error_is_the_mean_gap() -> None:
    probability = np.array([0.2] * 10 + [0.8] * 10)
    truth = np.array([True] * 3 + [False] * 7 + [True] * 6 + [False] * 4)
    assert calibration_error(truth, probability) == pytest.approx(0.5 * 0.1 + 0.5 * 0.2)


def test_weights_count_as_rows_do() -> None:
    probability = np.array([0.2, 0.2, 0.8, 0.8])
    truth = np.array([True, False, True, False])
    weights = np.array([1.0, 3.0, 6.0, 0.0])
    expected = (abs(1 - 4 * 0.2) + abs(6 - 6 * 0.8)) / 10
    assert calibration_error(truth, probability, weights=weights) == pytest.approx(expected)
    gaps = np.abs(weights[None] @ gap_matrix(truth, probability)).sum(axis=1) / weights.sum()
    assert gaps[0] == pytest.approx(expected)


def test_a_calibrated_model_has_little_error() -> None:
    rng = np.random.default_rng(1)
    probability = rng.random(50_000)
    truth = rng.random(50_000) < probability
    assert calibration_error(truth, probability) < 0.01
    assert calibration_error(truth, probability**3) > 0.1


def test_no_rows_have_no_error() -> None:
    nothing = np.empty(0, dtype=bool)
    assert np.isnan(calibration_error(nothing, np.empty(0)))
    assert len(reliability(nothing, np.empty(0)).rows) == 0


def test_the_table_tells_each_bin() -> None:
    rng = np.random.default_rng(2)
    probability = rng.random(2000)
    table = reliability(rng.random(2000) < probability, probability, bins=5)
    assert table.rows.tolist() == [400] * 5
    assert (np.diff(table.predicted) > 0).all()
    assert ((table.low <= table.observed) & (table.observed <= table.high)).all()
    assert ((table.low <= table.predicted) & (table.predicted <= table.high)).sum() >= 4


def test_wilson_at_the_ends_and_in_a_known_case() -> None:
    low, high = wilson_interval(np.array([0.0, 1.0, 0.5]), np.array([10, 10, 10]))
    assert low[0] == 0.0
    assert high[1] == 1.0
    # Wilson's interval of 5 in 10, as statsmodels and R's binom give it.
    assert (low[2], high[2]) == pytest.approx((0.236593, 0.763407), abs=1e-6)
    assert high[0] == pytest.approx(0.277533, abs=1e-6)
