"""The candidates that read a series' last values and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.pipeline import Pipeline

from zelo.features.preprocess import learned_window, window_alone
from zelo.models.candidate import VALUES, Candidate, Params, Setting
from zelo.models.extras import require
from zelo.models.returns import learning
from zelo.models.series import AutoRegression, Drift, LinearFilter, MovingAverage, Repeated
from zelo.models.state_space import AutoArima, AutoEts

if TYPE_CHECKING:
    import optuna

LIBRARIES = ("statsforecast",)


def persistence(setting: Setting, params: Params) -> Pipeline:
    return _pipeline(setting, Repeated(**params))


def seasonal_naive(setting: Setting, params: Params) -> Pipeline:
    assert setting.project.forecast is not None
    return _pipeline(setting, Repeated(**{"lag": setting.project.forecast.season, **params}))


def moving_average(setting: Setting, params: Params) -> Pipeline:
    return _pipeline(setting, MovingAverage(**params))


def moving_average_space(trial: optuna.Trial) -> dict[str, Any]:
    return {"rows": trial.suggest_int("rows", 2, 26)}


def drift(setting: Setting, params: Params) -> Pipeline:
    assert setting.project.forecast is not None
    returns = setting.project.forecast.learns == "returns"
    return _pipeline(setting, Drift(returns, **params))


def ar(setting: Setting, params: Params) -> Pipeline:
    steps = [*learned_window(setting.project), ("model", AutoRegression(**params))]
    return learning(setting.project, steps)


def auto_ets(setting: Setting, params: Params) -> Pipeline:
    return _by_statsforecast(setting, AutoEts(**params))


def auto_arima(setting: Setting, params: Params) -> Pipeline:
    return _by_statsforecast(setting, AutoArima(**params))


def _by_statsforecast(setting: Setting, model: LinearFilter) -> Pipeline:
    require(
        setting.project,
        LIBRARIES,
        what="auto_ets and auto_arima need",
        expected="statsforecast",
        extras="forecast",
    )
    return _pipeline(setting, model)


def _pipeline(setting: Setting, model: LinearFilter) -> Pipeline:
    return Pipeline([*window_alone(setting.project), ("model", model)])


PERSISTENCE = Candidate("persistence", VALUES, persistence, of_series=True)
SEASONAL_NAIVE = Candidate("seasonal_naive", VALUES, seasonal_naive, of_series=True)
MOVING_AVERAGE = Candidate("moving_average", VALUES, moving_average, moving_average_space, of_series=True)
DRIFT = Candidate("drift", VALUES, drift, of_series=True)
AR = Candidate("ar", VALUES, ar, of_series=True)
AUTO_ETS = Candidate("auto_ets", VALUES, auto_ets, of_series=True)
AUTO_ARIMA = Candidate("auto_arima", VALUES, auto_arima, of_series=True)
