from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from tests.series import RETURNS, make_forecast_project, make_rows
from tests.tables import SMALL

from zelo.models.candidate import Setting
from zelo.models.catalogue import CATALOGUE
from zelo.models.returns import ReturnsPipeline, learning
from zelo.registry.native import read_pipeline, write_pipeline
from zelo.training.fit import fit_whole

PARAMS = {**SMALL, "lstm": {"hidden": 8, "epochs": 2}}
LEARN = ("ridge", "random_forest", "lightgbm", "xgboost", "catboost", "mlp", "ar", "lstm")
"""What learns relative changes where the project says so."""


def fitted(name: str, *, factor: float = 1.0) -> Any:
    """A model of prices at a level, with the frame that it was fitted on."""
    project = make_forecast_project(forecast=RETURNS, derived={})
    frame, truth = make_rows(120)
    frame[list(project.lags)] *= factor
    setting = Setting(project, 7, 1)
    return fit_whole(CATALOGUE[name], setting, PARAMS.get(name, {}), frame, truth * factor), frame


@pytest.mark.parametrize("name", LEARN)
def test_a_series_at_another_level_is_forecast_alike(name: str) -> None:
    # By a power of two, so that every relative change is the same to the last bit.
    (model, frame), (other, higher) = fitted(name), fitted(name, factor=1024.0)
    np.testing.assert_array_equal(other.predict(higher), 1024.0 * model.predict(frame))
    np.testing.assert_array_equal(model.predict(higher), 1024.0 * model.predict(frame))


@pytest.mark.parametrize("name", LEARN)
def test_what_it_says_is_a_value_near_the_last(name: str) -> None:
    model, frame = fitted(name)
    _, truth = make_rows(120)
    found = model.predict(frame)
    assert isinstance(model, ReturnsPipeline)
    assert np.abs(found / truth - 1).mean() < 0.2


@pytest.mark.parametrize("name", ["persistence", "auto_ets", "drift"])
def test_what_reads_values_goes_on_to_do_so(name: str) -> None:
    setting = Setting(make_forecast_project(forecast=RETURNS), 7, 1)
    assert type(CATALOGUE[name].build(setting, {})) is Pipeline


def test_values_are_learned_where_the_project_says_nothing() -> None:
    setting = Setting(make_forecast_project(), 7, 1)
    assert all(type(CATALOGUE[name].build(setting, {})) is Pipeline for name in LEARN)


@pytest.mark.parametrize("value", [0.0, -3.0, np.nan])
def test_values_without_a_relative_change_are_an_error(value: float) -> None:
    project = make_forecast_project(forecast=RETURNS)
    frame, truth = make_rows(40)
    frame.loc[0, project.lag(RETURNS["history"])] = value
    with pytest.raises(ValueError, match="above 0"):
        CATALOGUE["ridge"].build(Setting(project, 7, 1), {}).fit(frame, truth)


def test_it_can_be_cloned_and_stored(tmp_path: Path) -> None:
    model, frame = fitted("ridge")
    again = clone(model)
    assert again.lags == model.lags
    assert again[-1].get_params() == model[-1].get_params()
    write_pipeline(model, tmp_path / "pipeline.skops")
    found = read_pipeline(tmp_path / "pipeline.skops").predict(frame)
    np.testing.assert_array_equal(found, model.predict(frame))


def test_only_a_forecast_of_returns_learns_them() -> None:
    steps: Any = [("model", None)]
    assert type(learning(make_forecast_project(), steps)) is Pipeline
    assert type(learning(make_forecast_project(forecast=RETURNS), steps)) is ReturnsPipeline
