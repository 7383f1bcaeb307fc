from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from tests.series import SEASON, make_forecast_project, make_rows

from zelo.errors import SpecError
from zelo.models import forecasting
from zelo.models.candidate import Setting
from zelo.models.forecasting import AUTO_ARIMA, AUTO_ETS, MOVING_AVERAGE, PERSISTENCE, SEASONAL_NAIVE

EVERY = (PERSISTENCE, SEASONAL_NAIVE, MOVING_AVERAGE, AUTO_ETS, AUTO_ARIMA)


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
