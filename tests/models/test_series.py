from __future__ import annotations

import numpy as np
import pytest
from tests.series import HISTORY, make_series, windows_of

from zelo.models.series import MovingAverage, Repeated, whole_series


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
