from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from tests.series import HISTORY, RETURNS, SEASON, make_forecast_project, make_rows

from zelo.features.preprocess import learned_window, plain_features, window_alone
from zelo.features.window import Window


def test_lags_and_means_take_the_place_of_the_window() -> None:
    window = Window("hours", first=1, history=4, lags=(1, 4), means=(2, 4))
    table = np.array([[7.0, 1.0, 2.0, 3.0, 6.0, 9.0]])
    np.testing.assert_array_equal(window.fit(table).transform(table), [[7.0, 9.0, 1.0, 6.0, 1.5, 3.0]])
    names = window.get_feature_names_out(["flights", "l1", "l2", "l3", "l4", "rise"])
    assert names.tolist() == ["flights", "rise", "hours_lag_1", "hours_lag_4", "hours_mean_2", "hours_mean_4"]


def test_returns_take_the_place_of_values() -> None:
    window = Window("hours", first=1, history=4, lags=(1, 3), means=(2, 3), returns=True)
    table = np.array([[7.0, 6.0, 4.0, 2.0, 1.0, 9.0]])
    found = window.fit(table).transform(table)
    np.testing.assert_array_equal(found, [[7.0, 9.0, 0.5, 1.0, 0.75, 2.5 / 3]])
    names = window.get_feature_names_out(["flights", "l1", "l2", "l3", "l4", "rise"]).tolist()
    assert names[2:] == ["hours_return_1", "hours_return_3", "hours_return_mean_2", "hours_return_mean_3"]


@pytest.mark.parametrize(("lags", "means"), [((2,), ()), ((), (3,))])
def test_lags_alone_or_means_alone(lags: tuple[int, ...], means: tuple[int, ...]) -> None:
    table = np.array([[1.0, 2.0, 3.0]])
    assert Window("hours", 0, 3, lags, means).fit(table).transform(table).tolist() == [[2.0]]


def test_no_rows_stay_no_rows() -> None:
    window = Window("hours", 0, 3, (1,), (2, 3)).fit(np.zeros((5, 4)))
    assert window.transform(np.zeros((0, 4))).shape == (0, 4)
    assert clone(window).get_params() == window.get_params()


@pytest.mark.parametrize("scaled", [False, True])
def test_models_of_features_read_lags_and_means_beside_the_rest(scaled: bool) -> None:
    frame, _ = make_rows(60)
    columns = dict(plain_features(make_forecast_project(), scaled=scaled))["columns"].fit(frame)
    assert [name.split("__")[1] for name in columns.get_feature_names_out()[:8]] == [
        "flights",
        "rise",
        "busy",
        "hours_lag_1",
        "hours_lag_2",
        f"hours_lag_{SEASON}",
        "hours_mean_3",
        f"hours_mean_{HISTORY}",
    ]
    matrix = columns.transform(frame)
    assert matrix.shape == (60, 8 + 3)
    if scaled:
        np.testing.assert_allclose(matrix[:, :8].mean(axis=0), 0.0, atol=1e-12)
        return
    history = frame[[f"hours_lag_{place}" for place in range(1, HISTORY + 1)]].to_numpy()
    np.testing.assert_array_equal(matrix[:, 1], history[:, 0] - history[:, 3])
    np.testing.assert_array_equal(matrix[:, 3:6], history[:, [0, 1, SEASON - 1]])
    np.testing.assert_allclose(matrix[:, 6], history[:, :3].mean(axis=1), rtol=1e-14)
    np.testing.assert_allclose(matrix[:, 7], history.mean(axis=1), rtol=1e-14)


def test_values_that_no_lag_mean_or_formula_names_are_not_read() -> None:
    frame, _ = make_rows(40)
    forecast = {"history": HISTORY, "season": SEASON, "lags": [1], "means": [3]}
    columns = dict(plain_features(make_forecast_project(forecast=forecast), scaled=False))["columns"].fit(
        frame
    )
    other = frame.copy()
    other[[f"hours_lag_{place}" for place in range(5, HISTORY + 1)]] = -1.0
    np.testing.assert_array_equal(columns.transform(other), columns.transform(frame))
    other["hours_lag_4"] = -1.0
    assert not np.array_equal(columns.transform(other), columns.transform(frame))


def test_the_window_alone_is_the_history_and_nothing_else() -> None:
    frame, _ = make_rows(10)
    (_, columns), *_ = window_alone(make_forecast_project())
    shuffled = frame[sorted(frame.columns)]
    expected = frame[[f"hours_lag_{place}" for place in range(1, HISTORY + 1)]].to_numpy()
    np.testing.assert_array_equal(columns.fit(shuffled).transform(shuffled), expected)


def test_models_of_features_read_returns_where_the_project_learns_them() -> None:
    frame, _ = make_rows(60)
    project = make_forecast_project(forecast=RETURNS)
    columns = dict(plain_features(project, scaled=False))["columns"].fit(frame)
    names = [name.split("__")[1] for name in columns.get_feature_names_out()[3:8]]
    assert names == [
        "hours_return_1",
        "hours_return_2",
        f"hours_return_{SEASON}",
        "hours_return_mean_3",
        f"hours_return_mean_{HISTORY - 1}",
    ]
    history = frame[list(project.lags)].to_numpy()
    changes = history[:, :-1] / history[:, 1:] - 1.0
    matrix = columns.transform(frame)
    np.testing.assert_array_equal(matrix[:, 3:6], changes[:, [0, 1, SEASON - 1]])
    np.testing.assert_allclose(matrix[:, 7], changes.mean(axis=1), rtol=1e-12)
    # A derived feature is what its formula says, of values.
    np.testing.assert_array_equal(matrix[:, 1], history[:, 0] - history[:, 3])


def test_the_learned_window_is_the_history_or_all_its_returns() -> None:
    frame, _ = make_rows(10)
    history = frame[list(make_forecast_project().lags)].to_numpy()
    (_, columns), *_ = learned_window(make_forecast_project())
    np.testing.assert_array_equal(columns.fit(frame).transform(frame), history)
    (_, columns), *_ = learned_window(make_forecast_project(forecast=RETURNS))
    shuffled = frame[sorted(frame.columns)]
    expected = history[:, :-1] / history[:, 1:] - 1.0
    np.testing.assert_array_equal(columns.fit(shuffled).transform(shuffled), expected)
