from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.series import HISTORY, make_series, windows_of

from zelo.models.series import AutoRegression, Drift, MovingAverage, Repeated, whole_series


@pytest.mark.parametrize("lag", [1, 12, HISTORY])
def test_a_repeated_value_is_to_the_bit_the_one_so_many_rows_before(lag: int) -> None:
    series = make_series(100)
    windows, truth = windows_of(series)
    found = Repeated(lag).fit(windows, truth).predict(windows)
    np.testing.assert_array_equal(found, series[HISTORY - lag : 100 - lag])


@pytest.mark.parametrize("rows", [1, 8, HISTORY])
def test_a_moving_average_is_the_mean_of_the_newest_rows(rows: int) -> None:
    windows, truth = windows_of(make_series(80))
    found = MovingAverage(rows).fit(windows, truth).predict(windows)
    np.testing.assert_allclose(found, windows[:, :rows].mean(axis=1), rtol=1e-13)


def test_a_shorter_history_is_taken_whole() -> None:
    windows, truth = windows_of(make_series(40), history=5)
    np.testing.assert_array_equal(Repeated(9).fit(windows, truth).predict(windows), windows[:, -1])
    average = MovingAverage(26).fit(windows, truth).predict(windows)
    np.testing.assert_allclose(average, windows.mean(axis=1), rtol=1e-13)


def test_the_series_is_put_together_from_the_windows_and_the_last_truth() -> None:
    series = make_series(70)
    np.testing.assert_array_equal(whole_series(*windows_of(series)), series)


@pytest.mark.parametrize("left_out", [[5], [5, 6, 7], [5, 9, 20]])
def test_a_row_that_is_left_out_is_in_the_windows_after_it(left_out: list[int]) -> None:
    series = make_series(70)
    windows, truth = windows_of(series)
    kept = np.setdiff1d(np.arange(len(truth)), left_out)
    np.testing.assert_array_equal(whole_series(windows[kept], truth[kept]), series)


def test_after_a_gap_longer_than_the_history_the_new_window_follows() -> None:
    series = make_series(120)
    windows, truth = windows_of(series)
    kept = [0, 1, HISTORY + 9]
    expected = np.concatenate([series[: HISTORY + 1], series[HISTORY + 9 : 2 * HISTORY + 10]])
    np.testing.assert_array_equal(whole_series(windows[kept], truth[kept]), expected)


def test_one_row_is_its_window_and_its_truth() -> None:
    windows, truth = windows_of(make_series(HISTORY + 1))
    np.testing.assert_array_equal(whole_series(windows, truth), make_series(HISTORY + 1))


def autoregressive(weights: list[float], rows: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """A series around 5, each value weighing those before it, with noise [rows]."""
    rng = np.random.default_rng(seed)
    values = [0.0] * len(weights)
    for _ in range(rows + 100):
        values.append(float(np.dot(weights, values[: -len(weights) - 1 : -1]) + rng.normal()))
    return 5.0 + np.array(values[-rows:])


@pytest.mark.parametrize("weights", [[0.7], [0.5, -0.4], [0.2, 0.0, 0.6]])
def test_the_order_of_an_autoregression_is_found_with_its_weights(weights: list[float]) -> None:
    windows, truth = windows_of(autoregressive(weights, 1500))
    model = AutoRegression().fit(windows, truth)
    assert np.count_nonzero(model.coef_) == len(weights)
    np.testing.assert_allclose(model.coef_[: len(weights)], weights, atol=0.06)
    # The constant is around 5 times what the weights leave.
    assert abs(model.intercept_ - 5.0 * (1 - sum(weights))) < 0.3


def test_noise_has_no_order_and_is_forecast_by_its_mean() -> None:
    windows, truth = windows_of(np.random.default_rng(3).normal(2.0, 1.0, 800))
    model = AutoRegression().fit(windows, truth)
    assert not model.coef_.any()
    np.testing.assert_allclose(model.predict(windows), truth.mean(), rtol=1e-12)


def test_an_order_is_at_most_the_history_and_what_is_asked() -> None:
    windows, truth = windows_of(autoregressive([0.2, 0.0, 0.6], 400))
    assert not AutoRegression(order=1).fit(windows, truth).coef_[1:].any()
    short = AutoRegression(order=10).fit(windows[:, :2], truth)
    assert short.coef_.shape == (2,)


def test_a_constant_series_goes_on() -> None:
    windows, truth = windows_of(np.full(60, 4.0))
    for model in (AutoRegression(), Drift(), Drift(returns=True)):
        np.testing.assert_allclose(model.fit(windows, truth).predict(windows), 4.0, rtol=1e-12)


def test_a_straight_line_and_a_constant_growth_go_on_by_drift() -> None:
    windows, truth = windows_of(10.0 + 2.0 * np.arange(50))
    np.testing.assert_allclose(Drift().fit(windows, truth).predict(windows), truth, rtol=1e-12)
    windows, truth = windows_of(10.0 * 1.01 ** np.arange(50))
    np.testing.assert_allclose(Drift(returns=True).fit(windows, truth).predict(windows), truth, rtol=1e-12)
