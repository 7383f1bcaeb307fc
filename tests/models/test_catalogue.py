from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline as SamplingPipeline
from sklearn.pipeline import Pipeline
from tests.series import make_forecast_project, make_rows
from tests.tables import KINDS, SMALL, make_project, make_table

from zelo.errors import SpecError
from zelo.features.columns import columns_from_frame, frame_from_columns
from zelo.models.candidate import Setting, without_sampler
from zelo.models.catalogue import BLENDS, CATALOGUE, chosen
from zelo.training.fit import FIT_ERRORS, fit_whole, scores_of
from zelo.training.truth import truth_of

ABLE = [
    (kind, name)
    for kind in KINDS
    for name, item in CATALOGUE.items()
    if kind in item.kinds and not (item.of_texts or item.of_series)
]


@cache
def rows(kind: str) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    project, table = make_project(kind), make_table(kind, 160)
    return frame_from_columns(columns_from_frame(project, table)), truth_of(table, project)


def scores(kind: str, name: str, *, threads: int = 1, **changes: Any) -> np.ndarray[Any, Any]:
    project = make_project(kind, **changes)
    frame, truth = rows(kind)
    model = fit_whole(CATALOGUE[name], Setting(project, 7, threads), SMALL.get(name, {}), frame, truth)
    return scores_of(model, frame, len(project.classes))


@pytest.mark.parametrize(("kind", "name"), ABLE)
def test_each_candidate_fits_learns_and_gives_the_same_scores_twice(kind: str, name: str) -> None:
    found = scores(kind, name)
    _, truth = rows(kind)
    assert found.shape == (160, {"binary": 2, "multiclass": 3, "regression": 1}[kind])
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(scores(kind, name), found)
    if kind != "regression":
        np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)
    if name != "prior":
        assert learned(found, truth)


def learned(scores: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]) -> bool:
    if scores.shape[1] == 1:
        return bool(np.corrcoef(scores[:, 0], truth)[0, 1] > 0.5)
    return all(scores[truth == k, k].mean() > scores[truth != k, k].mean() for k in range(scores.shape[1]))


def test_threads_change_no_bit_of_a_forest() -> None:
    first = scores("regression", "random_forest", threads=2)
    for _ in range(5):
        np.testing.assert_array_equal(scores("regression", "random_forest", threads=2), first)


@pytest.mark.parametrize("imbalance", ["class_weight", "smote"])
@pytest.mark.parametrize("name", ["logistic_regression", "random_forest", "lightgbm", "catboost", "svm"])
def test_imbalance_is_answered_by_higher_scores_of_the_rare_class(name: str, imbalance: str) -> None:
    plain, answered = scores("binary", name), scores("binary", name, imbalance=imbalance)
    assert answered[:, 1].mean() > plain[:, 1].mean() + 0.02


def test_a_sampler_is_for_fitting_alone() -> None:
    project = make_project(imbalance="smote")
    pipeline = CATALOGUE["logistic_regression"].build(Setting(project, 1, 1), {})
    assert isinstance(pipeline, SamplingPipeline)
    plain = without_sampler(pipeline)
    assert type(plain) is Pipeline
    assert "smote" not in dict(plain.steps)
    assert without_sampler(plain) is plain


def test_regression_knows_no_sampler() -> None:
    project = make_project("regression", imbalance="smote")
    assert type(CATALOGUE["ridge"].build(Setting(project, 1, 1), {})) is Pipeline


def test_chosen_puts_the_baseline_first_and_leaves_blends_out() -> None:
    project = make_project(candidates=["lightgbm", "voting", {"svm": {"C": 2.0}}, "stacking"])
    assert [item.name for item in chosen(project)] == ["prior", "lightgbm", "svm"]
    again = make_project(candidates=["svm", "prior"])
    assert [item.name for item in chosen(again)] == ["prior", "svm"]


def test_a_forecast_begins_with_its_baselines_named_or_not() -> None:
    naive = ["seasonal_naive", "persistence", "moving_average"]
    candidates = ["ridge", {"moving_average": {"rows": 4}}, "voting", "auto_ets", "prior"]
    found = chosen(make_forecast_project(candidates=candidates))
    assert [item.name for item in found] == [*naive, "ridge", "auto_ets", "prior"]
    longer = make_forecast_project(candidates=[{"longer": {"estimator": "moving_average", "rows": 26}}])
    assert [item.name for item in chosen(longer)] == [*naive, "longer"]


@pytest.mark.parametrize("name", [name for name, item in CATALOGUE.items() if item.of_series])
def test_candidates_of_series_want_a_forecast(name: str) -> None:
    with pytest.raises(SpecError, match=f"no candidate {name}") as caught:
        chosen(make_project("regression", candidates=["ridge", name]))
    assert name not in caught.value.expected.removeprefix("one of ").split(", ")
    assert name in [item.name for item in chosen(make_forecast_project(candidates=["ridge", name]))]


def test_what_begins_at_random_is_seeded() -> None:
    networks = {"mlp", "lstm", "text_cnn", "bilstm", "transformer", "setfit"}
    assert {name for name, item in CATALOGUE.items() if item.seeded} == networks


@pytest.mark.parametrize("objective", ["poisson", "tweedie"])
def test_lightgbm_counts_by_the_objective_of_its_entry(objective: str) -> None:
    frame, truth = make_rows(120)
    setting = Setting(make_forecast_project(), 7, 1)
    params = {**SMALL["lightgbm"], "objective": objective}
    model = fit_whole(CATALOGUE["lightgbm"], setting, params, frame, truth)
    assert model[-1].booster_.model_to_string().find(f"objective={objective}") > 0
    assert (model.predict(frame) > 0).all()
    assert np.corrcoef(model.predict(frame), truth)[0, 1] > 0.5


@pytest.mark.parametrize("target", [-1.0, 0.0])
def test_targets_that_cannot_be_counted_are_an_error_of_the_candidate(target: float) -> None:
    frame, _ = make_rows(60)
    setting = Setting(make_forecast_project(), 7, 1)
    with pytest.raises(FIT_ERRORS):
        fit_whole(
            CATALOGUE["lightgbm"], setting, {"objective": "poisson"}, frame, np.full(len(frame), target)
        )


@pytest.mark.parametrize(
    ("kind", "name", "hint"),
    [
        ("binary", "lightbgm", "lightgbm"),
        ("binary", "stackign", "stacking"),
        ("binary", "ridge", ""),
        ("regression", "svm", ""),
        ("multiclass", "seed_recipe", ""),
        ("binary", "zzz", ""),
    ],
)
def test_an_unknown_candidate_is_named_with_those_that_are_able(kind: str, name: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        chosen(make_project(kind, candidates=["prior", name]))
    error = caught.value
    assert error.found == name
    assert "candidates" in error.where
    assert kind in error.what
    assert all(other in error.expected for other in ("prior", *BLENDS))
    assert name not in error.expected.removeprefix("one of ").split(", ")
    if hint:
        assert f"did you mean {hint}?" in error.hint


@pytest.mark.parametrize(("kind", "name"), [item for item in ABLE if CATALOGUE[item[1]].space])
def test_each_space_draws_what_its_estimator_takes(kind: str, name: str) -> None:
    space = CATALOGUE[name].space
    assert space is not None
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for _ in range(5):
        drawn = space(study.ask())
        pipeline = CATALOGUE[name].build(Setting(make_project(kind), 1, 1), drawn)
        taken = pipeline[-1].get_params()
        for key, value in drawn.items():
            assert taken.get(key, taken.get(f"estimator__{key}")) == value
