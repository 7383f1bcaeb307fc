"""Compiled models against the fitted ones: real rows, odd rows, and rows beside each split point."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from lightgbm import Booster, LGBMRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from tests.registry.compilation.comparing import assert_same, native
from tests.tables import KINDS, SMALL, make_project, make_table

from zelo.features.columns import (
    Columns,
    columns_from_frame,
    columns_from_rows,
    count,
    frame_from_columns,
    take,
)
from zelo.features.preprocess import plain_features
from zelo.models.blend import Stacking, Voting, final_model, member_scores, stacking_inputs
from zelo.models.calibration import Calibrated, fit_calibration
from zelo.models.candidate import Setting
from zelo.models.catalogue import CATALOGUE
from zelo.registry.compilation.compile import compile_model
from zelo.registry.compilation.estimators import single_thresholds, without_level
from zelo.registry.compilation.graph import CannotCompile
from zelo.registry.runtime import OnnxPredictor
from zelo.spec.project import Project
from zelo.training.fit import fit_whole, scores_of
from zelo.training.truth import truth_of

Array = np.ndarray[Any, Any]

TREES = ("random_forest", "lightgbm", "xgboost", "catboost")
# A support vector machine of several classes has no compilation.
COMPILED = [
    (kind, name)
    for kind in KINDS
    for name, item in CATALOGUE.items()
    if kind in item.kinds and not (item.of_texts or item.of_series) and (kind, name) != ("multiclass", "svm")
]


def project_of(kind: str, name: str = "") -> Project:
    if name != "seed_recipe":
        return make_project(kind)
    document = make_project(kind).model_dump()
    document["data"]["fields"]["income"]["missing"] = "refused"
    return make_project(kind, data=document["data"])


@cache
def fitted(kind: str, name: str) -> Any:
    project = project_of(kind, name)
    table = make_table(kind, 240, missing=name != "seed_recipe")
    frame = frame_from_columns(columns_from_frame(project, table))
    return fit_whole(
        CATALOGUE[name], Setting(project, 7, 1), SMALL.get(name, {}), frame, truth_of(table, project)
    )


def real_rows(kind: str, *, missing: bool = True) -> Columns:
    return columns_from_frame(make_project(kind), make_table(kind, 400, seed=11, missing=missing))


def odd_rows(*, missing: bool = True) -> Columns:
    plain = {"age": 40, "income": 20.0, "debt": 11.0, "region": "north"}
    rows = [
        plain,
        {**plain, "region": "☃ unseen"},
        {**plain, "age": 1e6, "debt": 1e6},
        {**plain, "age": -1e6, "income": -1.0},
        {**plain, "age": 0.0, "income": 0.0, "debt": 0.0},
    ]
    if missing:
        rows += [{**plain, "income": None}, {**plain, "region": None}, {"age": 40, "debt": 11.0}]
    return columns_from_rows(make_project(), rows)


@pytest.mark.parametrize(("kind", "name"), COMPILED)
def test_compiled_scores_are_the_fitted_models(kind: str, name: str) -> None:
    project, missing = project_of(kind, name), name != "seed_recipe"
    assert_same(fitted(kind, name), project, real_rows(kind, missing=missing), 1e-6)
    assert_same(fitted(kind, name), project, odd_rows(missing=missing), 1e-6)


@pytest.mark.parametrize(("kind", "name"), [item for item in COMPILED if item[0] != "regression"])
def test_compiled_calibrated_scores_are_the_fitted_models(kind: str, name: str) -> None:
    project, missing = project_of(kind, name), name != "seed_recipe"
    table = make_table(kind, 240, seed=4, missing=missing)
    raw = native(fitted(kind, name), columns_from_frame(project, table), project)
    calibration = fit_calibration(truth_of(table, project), raw)
    model = Calibrated(fitted(kind, name), calibration, len(project.classes))
    assert_same(model, project, real_rows(kind, missing=missing), 1e-4)
    assert_same(model, project, odd_rows(missing=missing), 1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TREES)
def test_rows_beside_split_points_fall_on_the_same_side(kind: str, name: str) -> None:
    project, model = project_of(kind), fitted(kind, name)
    beside = beside_splits(model, project)
    # Two neighbouring numbers with different scores each: the test is of no use without them.
    assert count(beside) >= 20
    assert_same(model, project, beside, 1e-6)


def test_the_seed_recipe_is_the_same_beside_its_split_points() -> None:
    project = project_of("binary", "seed_recipe")
    model = fitted("binary", "seed_recipe")
    beside = beside_splits(model, project, missing=False)
    # Powers differ in their last bit between numpy and ONNX Runtime, so not in the very next number.
    for step in (-1e-9, 1e-9):
        numbers = {name: beside[name] * (1 + step) for name in ("age", "income", "debt")}
        near = beside | {name: values for name, values in numbers.items() if name != "age"}
        assert_same(model, project, near, 1e-6)


def beside_splits(model: Any, project: Project, *, missing: bool = True, grid: int = 40) -> Columns:
    """Both sides of each place where the fitted model's score jumps, found by bisection to the last bit."""
    rows = real_rows(project.task.kind, missing=missing)
    base = take(rows, np.full(grid, 3))
    parts = []
    for name in ("age", "income", "debt"):
        values = np.linspace(*np.nanquantile(rows[name], [0.01, 0.99]), grid)
        scores = native(model, base | {name: values}, project)
        jumps = np.flatnonzero((scores[1:] != scores[:-1]).any(axis=1))
        low, high, start = values[jumps], values[jumps + 1], scores[jumps]
        here = take(base, jumps)
        while (np.nextafter(low, np.inf) < high).any():
            middle = (low + high) / 2
            same = (native(model, here | {name: middle}, project) == start).all(axis=1)
            inner = (low < middle) & (middle < high)
            low, high = np.where(same & inner, middle, low), np.where(~same & inner, middle, high)
        parts += [here | {name: low}, here | {name: high}]
    return {name: np.concatenate([part[name] for part in parts]) for name in base}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("blend", ["voting", "stacking"])
def test_blends_compile_with_their_members(kind: str, blend: str) -> None:
    project, table = project_of(kind), make_table(kind, 240, seed=4)
    linear = "ridge" if kind == "regression" else "logistic_regression"
    members = [fitted(kind, linear), fitted(kind, "random_forest"), fitted(kind, "lightgbm")]
    classes = len(project.classes)
    model: Any = Voting(members, classes)
    if blend == "stacking":
        frame = frame_from_columns(columns_from_frame(project, table))
        inputs = (
            stacking_inputs(member_scores(members, frame, classes))
            if classes
            else np.column_stack([member.predict(frame) for member in members])
        )
        final = final_model(classes == 0).fit(inputs, truth_of(table, project))
        model = Stacking(members, final, classes)
    tolerance = 1e-4 if blend == "stacking" else 1e-6
    assert_same(model, project, real_rows(kind), tolerance)
    assert_same(model, project, odd_rows(), tolerance)


@pytest.mark.parametrize("name", ["logistic_regression", "random_forest", "naive_bayes", "prior"])
def test_a_class_that_was_never_seen_has_its_column(name: str) -> None:
    project = project_of("multiclass")
    table = make_table("multiclass", 200)
    table = table[table["outcome"] != "mid"].reset_index(drop=True)
    frame, truth = frame_from_columns(columns_from_frame(project, table)), truth_of(table, project)
    model = fit_whole(CATALOGUE[name], Setting(project, 7, 1), SMALL.get(name, {}), frame, truth)
    calibration = fit_calibration(truth, scores_of(model, frame, 3))
    assert_same(Calibrated(model, calibration, 3), project, real_rows("multiclass"), 1e-4)
    assert_same(Voting([model, fitted("multiclass", "lightgbm")], 3), project, real_rows("multiclass"), 1e-6)


def test_one_row_is_scored_as_among_many() -> None:
    project, model = project_of("binary"), fitted("binary", "lightgbm")
    predictor = OnnxPredictor(compile_model(model, project))
    rows = real_rows("binary")
    together = predictor.scores(rows)
    for row in (0, 50, 399):
        alone = predictor.scores(take(rows, np.array([row])))
        np.testing.assert_array_equal(alone[0], together[row])


def test_the_same_model_compiles_to_the_same_bytes() -> None:
    for name in ("logistic_regression", "lightgbm", "random_forest", "xgboost"):
        model = fitted("binary", name)
        assert compile_model(model, project_of("binary")) == compile_model(model, project_of("binary"))


@pytest.mark.parametrize("kind", KINDS)
def test_no_rows_have_no_scores(kind: str) -> None:
    project = project_of(kind)
    name = "ridge" if kind == "regression" else "logistic_regression"
    predictor = OnnxPredictor(compile_model(fitted(kind, name), project))
    assert predictor.scores(take(odd_rows(), np.array([], dtype=int))).shape == (
        0,
        max(len(project.classes), 1),
    )


def test_an_estimator_without_a_counterpart_cannot_compile() -> None:
    project, table = project_of("binary"), make_table()
    frame = frame_from_columns(columns_from_frame(project, table))
    steps = plain_features(project, scaled=True)
    model = Pipeline([*steps, ("model", KNeighborsClassifier())]).fit(frame, table["outcome"])
    with pytest.raises(CannotCompile, match="KNeighborsClassifier") as caught:
        compile_model(model, project)
    assert "LogisticRegression" in caught.value.expected
    with pytest.raises(CannotCompile, match="KNeighborsClassifier"):
        compile_model(Voting([fitted("binary", "prior"), model], 2), project)


def test_a_machine_of_several_classes_cannot_compile() -> None:
    with pytest.raises(CannotCompile, match="margin"):
        compile_model(fitted("multiclass", "svm"), project_of("multiclass"))


def test_what_is_no_pipeline_cannot_compile() -> None:
    with pytest.raises(CannotCompile, match="LogisticRegression"):
        compile_model(LogisticRegression(), project_of("binary"))


def lightgbm_points(text: str) -> Array:
    lines = [line for line in text.split("\n") if line.startswith("threshold=")]
    return np.array(" ".join(lines).replace("threshold=", "").split(), dtype=np.float64)


def test_single_thresholds_are_rounded_down_to_float32() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    model = LGBMRegressor(n_estimators=20, n_jobs=1, verbosity=-1, random_state=0).fit(X, X[:, 0] * X[:, 1])
    text = model.booster_.model_to_string()
    before, after = lightgbm_points(text), lightgbm_points(single_thresholds(text))
    assert len(before) == len(after) > 100
    np.testing.assert_array_equal(after, after.astype(np.float32))
    assert (after <= before).all()
    # The next float32 would already be above the split point.
    assert (np.nextafter(after.astype(np.float32), np.float32(np.inf)) > before).all()


def test_single_thresholds_change_no_score_of_a_float32_row() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(500, 3)).astype(np.float32)
    model = LGBMRegressor(n_estimators=20, n_jobs=1, verbosity=-1, random_state=0).fit(X, X[:, 0] * X[:, 1])
    text = model.booster_.model_to_string()
    rounded = Booster(model_str=single_thresholds(text))
    points = lightgbm_points(text)
    near = [np.nextafter(points.astype(np.float32), np.float32(end)) for end in (-np.inf, np.inf)]
    values = np.concatenate([points.astype(np.float32), *near])
    for column in range(3):
        probe = np.tile(X[0], (len(values), 1))
        probe[:, column] = values
        np.testing.assert_array_equal(
            rounded.predict(probe, num_threads=1), model.booster_.predict(probe, num_threads=1)
        )


@pytest.mark.parametrize("objective", ["regression", "poisson"])
def test_the_level_is_all_that_is_taken_out(objective: str) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(400, 3))
    model = LGBMRegressor(objective=objective, n_estimators=20, n_jobs=1, verbosity=-1, random_state=0)
    text = model.fit(X, np.exp(8.0 + 0.1 * X[:, 0])).booster_.model_to_string()
    changed, level = without_level(single_thresholds(text))
    around = Booster(model_str=changed).predict(X, raw_score=True, num_threads=1)
    whole = model.booster_.predict(X, raw_score=True, num_threads=1)
    np.testing.assert_allclose(around + level, whole, rtol=1e-12)
    assert np.abs(around).max() < 0.3 * np.abs(whole).min()


def test_trees_that_are_averaged_keep_their_levels() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 2))
    options = {"boosting_type": "rf", "subsample": 0.5, "subsample_freq": 1, "n_jobs": 1, "verbosity": -1}
    model = LGBMRegressor(n_estimators=5, **options).fit(X, 50.0 + X[:, 0])
    text = model.booster_.model_to_string()
    assert without_level(text) == (text, 0.0)
