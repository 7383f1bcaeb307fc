from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from tests.series import RETURNS, SEASON, make_forecast_project, make_rows

from zelo.errors import SpecError
from zelo.models import forecasting
from zelo.models.candidate import Setting
from zelo.models.forecasting import (
    AR,
    AUTO_ARIMA,
    AUTO_ETS,
    DRIFT,
    MOVING_AVERAGE,
    PERSISTENCE,
    SEASONAL_NAIVE,
)

EVERY = (PERSISTENCE, SEASONAL_NAIVE, MOVING_AVERAGE, DRIFT, AR, AUTO_ETS, AUTO_ARIMA)


def fitted(candidate: Any, frame: pd.DataFrame, truth: Any, **params: Any) -> Any:
    setting = Setting(make_forecast_project(), 7, 1)
    return candidate.build(setting, params).fit(frame, truth)


@pytest.mark.parametrize("candidate", EVERY, ids=lambda item: item.name)
def test_each_reads_the_history_alone(candidate: Any) -> None:
    frame, truth = make_rows(90)
    model = fitted(candidate, frame, truth)
    found = model.predict(frame)
    assert found.shape == (90,)
    other = frame.assign(flights=np.nan, base="elsewhere")[sorted(frame.columns)]
    np.testing.assert_array_equal(model.predict(other), found)
    moved = frame.copy()
    moved[[name for name in frame if "_lag_" in name]] *= 2.0
    assert not np.allclose(model.predict(moved), found)


def test_the_naive_ones_are_the_last_value_the_seasons_and_a_mean() -> None:
    frame, truth = make_rows(60)
    np.testing.assert_array_equal(fitted(PERSISTENCE, frame, truth).predict(frame), frame["hours_lag_1"])
    seasonal = fitted(SEASONAL_NAIVE, frame, truth).predict(frame)
    np.testing.assert_array_equal(seasonal, frame[f"hours_lag_{SEASON}"])
    average = fitted(MOVING_AVERAGE, frame, truth, rows=4).predict(frame)
    expected = frame[[f"hours_lag_{place}" for place in (1, 2, 3, 4)]].mean(axis=1)
    np.testing.assert_allclose(average, expected, rtol=1e-13)


def test_drift_adds_the_mean_change_or_the_mean_relative_change() -> None:
    frame, truth = make_rows(60)
    last = frame["hours_lag_1"].to_numpy()
    np.testing.assert_allclose(fitted(DRIFT, frame, truth).predict(frame), last + (truth - last).mean())
    setting = Setting(make_forecast_project(forecast=RETURNS), 7, 1)
    found = DRIFT.build(setting, {}).fit(frame, truth).predict(frame)
    np.testing.assert_allclose(found, last * (1.0 + (truth / last - 1.0).mean()))


def test_the_autoregression_learns_returns_where_the_project_does() -> None:
    frame, truth = make_rows(90)
    project = make_forecast_project(forecast=RETURNS)
    model = AR.build(Setting(project, 7, 1), {"order": 3}).fit(frame, truth)
    history = frame[list(project.lags)].to_numpy()
    changes = history[:, :-1] / history[:, 1:] - 1.0
    assert model[-1].coef_.shape == (changes.shape[1],)
    expected = history[:, 0] * (1.0 + changes @ model[-1].coef_ + model[-1].intercept_)
    np.testing.assert_allclose(model.predict(frame), expected, rtol=1e-13)


@pytest.mark.parametrize("candidate", [DRIFT, AR], ids=lambda item: item.name)
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_history_without_relative_changes_is_an_error(candidate: Any, value: float) -> None:
    frame, truth = make_rows(40)
    frame.loc[7, "hours_lag_1"] = value
    with pytest.raises(ValueError, match="above 0"):
        candidate.build(Setting(make_forecast_project(forecast=RETURNS), 7, 1), {}).fit(frame, truth)


def test_the_space_of_the_moving_average_is_taken() -> None:
    assert MOVING_AVERAGE.space is not None
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(20):
        drawn = MOVING_AVERAGE.space(study.ask())
        assert 2 <= drawn["rows"] <= 26
        model = MOVING_AVERAGE.build(Setting(make_forecast_project(), 7, 1), drawn)
        assert model[-1].rows == drawn["rows"]


@pytest.mark.parametrize("candidate", EVERY, ids=lambda item: item.name)
def test_an_unknown_parameter_is_refused(candidate: Any) -> None:
    with pytest.raises(TypeError, match=r"depth|no arguments"):
        candidate.build(Setting(make_forecast_project(), 7, 1), {"depth": 3})


@pytest.mark.parametrize("candidate", [AUTO_ETS, AUTO_ARIMA], ids=lambda item: item.name)
def test_without_statsforecast_the_extra_is_named(candidate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasting, "LIBRARIES", ("no_such_library",))
    with pytest.raises(SpecError, match="not installed") as caught:
        candidate.build(Setting(make_forecast_project(), 7, 1), {})
    assert "pip install 'zelo[forecast]'" in caught.value.hint
