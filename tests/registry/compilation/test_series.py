"""Compiled forecasts against the fitted ones: of values, and of relative changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.registry.compilation.comparing import assert_same, native
from tests.series import HISTORY, RETURNS, SEASON, make_forecast_project, make_rows
from tests.tables import SMALL

from zelo.decisions.policy import Policy
from zelo.features.columns import columns_from_frame, take
from zelo.models.blend import Stacking, Voting, final_model
from zelo.models.candidate import Setting
from zelo.models.catalogue import CATALOGUE
from zelo.registry.compilation.compile import compile_model
from zelo.registry.parity import certify, probes_of
from zelo.registry.runtime import NativePredictor, OnnxPredictor
from zelo.training.fit import fit_whole

SERIES: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name, item in CATALOGUE.items() if item.of_series},
    **{
        name: (name, SMALL.get(name, {}))
        for name in ("ridge", "mlp", "random_forest", "lightgbm", "catboost")
    },
    "lstm": ("lstm", {"hidden": 12, "epochs": 3}),
    "poisson": ("lightgbm", {**SMALL["lightgbm"], "objective": "poisson"}),
    "tweedie": ("lightgbm", {**SMALL["lightgbm"], "objective": "tweedie"}),
    "counts": ("xgboost", {**SMALL["xgboost"], "objective": "count:poisson"}),
}
# ONNX Runtime computes an LSTM in float32.
EXACT = ("ridge", "mlp", *(name for name, item in CATALOGUE.items() if item.of_series and name != "lstm"))
OF_RETURNS = [name for name in SERIES if name not in ("poisson", "tweedie", "counts")]
"""What counts cannot fall."""


def fitted_to_a_series(name: str, **changes: Any) -> Any:
    estimator, params = SERIES[name]
    setting = Setting(make_forecast_project(**changes), 7, 1)
    return fit_whole(CATALOGUE[estimator], setting, params, *make_rows(120))


@pytest.mark.parametrize("name", SERIES)
def test_compiled_forecasts_are_the_fitted_models(name: str) -> None:
    project, model = make_forecast_project(), fitted_to_a_series(name)
    frame, _ = make_rows(200, seed=5)
    columns = columns_from_frame(project, frame)
    # XGBoost itself sums and takes the exponential in float32.
    tolerance = 1e-12 if name in EXACT else 1e-5 if name == "counts" else 1e-6
    assert_same(model, project, columns, tolerance)
    jump = {key: values * 1e3 if "_lag_" in key else values for key, values in columns.items()}
    assert_same(model, project, jump, tolerance)


@pytest.mark.parametrize("name", OF_RETURNS)
def test_compiled_forecasts_of_returns_are_the_fitted_models(name: str) -> None:
    project = make_forecast_project(forecast=RETURNS)
    model = fitted_to_a_series(name, forecast=RETURNS)
    columns = columns_from_frame(project, make_rows(200, seed=5)[0])
    assert_same(model, project, columns, 1e-12 if name in EXACT else 1e-6)


@pytest.mark.parametrize(
    "forecast", [RETURNS, {"history": HISTORY, "season": SEASON}], ids=["returns", "values"]
)
def test_a_recurrent_forecast_is_certified(forecast: dict[str, Any]) -> None:
    project = make_forecast_project(forecast=forecast)
    setting = Setting(project, 7, 1)
    model = fit_whole(CATALOGUE["lstm"], setting, {"hidden": 8, "epochs": 8}, *make_rows(160))
    rows = columns_from_frame(project, make_rows(120, seed=5)[0])
    compiled = OnnxPredictor(compile_model(model, project))
    probes = probes_of(NativePredictor(model, project), rows, project, seed=1)
    certificate = certify(probes, compiled, Policy(kind="regression"))
    assert certificate.passed, certificate.reason
    assert {case.name for case in certificate.cases} >= {"real rows", "range ends", "beside split points"}


def test_no_rows_of_a_recurrent_forecast_have_no_scores() -> None:
    project = make_forecast_project()
    predictor = OnnxPredictor(compile_model(fitted_to_a_series("lstm"), project))
    columns = columns_from_frame(project, make_rows(5)[0])
    assert predictor.scores(take(columns, np.array([], dtype=int))).shape == (0, 1)


@pytest.mark.parametrize("objective", ["regression", "poisson"])
def test_a_boosting_that_found_no_split_compiles(objective: str) -> None:
    project, (frame, truth) = make_forecast_project(), make_rows(20)
    params = {"objective": objective, "min_child_samples": 30}
    model = fit_whole(CATALOGUE["lightgbm"], Setting(project, 7, 1), params, frame, truth)
    assert np.ptp(model.predict(frame)) == 0.0
    assert_same(model, project, columns_from_frame(project, frame), 1e-12)


@pytest.mark.parametrize("name", ["poisson", "tweedie", "counts"])
def test_what_counts_is_linked_by_the_logarithm(name: str) -> None:
    model = fitted_to_a_series(name)
    found = model.predict(make_rows(50, seed=5)[0])
    # Values around 100: a score that was not exponentiated would be around 4.6.
    assert (found > 20.0).all()
    assert np.ptp(found) > 5.0


def test_blends_of_forecasts_compile() -> None:
    project, (frame, truth) = make_forecast_project(), make_rows(120)
    members = [fitted_to_a_series(name) for name in ("auto_ets", "ridge", "poisson")]
    final = final_model(True).fit(np.column_stack([member.predict(frame) for member in members]), truth)
    columns = columns_from_frame(project, make_rows(200, seed=5)[0])
    for model in (Voting(members, 0), Stacking(members, final, 0)):
        assert_same(model, project, columns, 1e-6)


def test_many_trees_around_a_large_level_stay_within_a_hundred_thousandth_of_the_spread() -> None:
    project, (frame, truth) = make_forecast_project(), make_rows(200)
    setting, params = Setting(project, 7, 1), {"objective": "poisson", "n_estimators": 400}
    model = fit_whole(CATALOGUE["lightgbm"], setting, params, frame, truth * 1000.0)
    columns = columns_from_frame(project, make_rows(400, seed=5)[0])
    expected = native(model, columns, project)
    found = OnnxPredictor(compile_model(model, project)).scores(columns)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * expected.std())
