"""Compiled features against the fitted transformers: the same matrix, float32 for float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures
from tests.series import HISTORY, RETURNS, SEASON, make_forecast_project, make_rows
from tests.tables import make_project, make_table

from zelo.features.columns import Columns, columns_from_frame, columns_from_rows, count, frame_from_columns
from zelo.features.preprocess import plain_features, power_features
from zelo.features.transforms import Cast, Derive
from zelo.registry.compilation.features import emit_features
from zelo.registry.compilation.graph import DOUBLE, STRING, CannotCompile, Graph
from zelo.spec.project import Project

Array = np.ndarray[Any, Any]


def compiled(pipeline: Pipeline, project: Project, columns: Columns) -> Array:
    """The feature matrix as ONNX Runtime computes it."""
    graph = Graph()
    kinds = {name: DOUBLE if field.is_numeric else STRING for name, field in project.inputs.items()}
    inputs = {name: graph.input(name, kind) for name, kind in kinds.items()}
    tensor = emit_features(graph, [step for _, step in pipeline.steps], inputs, project)
    width = pipeline.transform(frame_from_columns(columns)).shape[1]
    session = ort.InferenceSession(
        graph.build(graph.cast(tensor, DOUBLE), "matrix", width), providers=["CPUExecutionProvider"]
    )
    feed = {value.name: columns[value.name].reshape(-1, 1) for value in session.get_inputs()}
    return np.asarray(session.run(["matrix"], feed)[0])


def fitted(steps: Any, project: Project, table: pd.DataFrame) -> Pipeline:
    return Pipeline(steps).fit(frame_from_columns(columns_from_frame(project, table)), table["outcome"])


def odd_rows(project: Project, table: pd.DataFrame, *, missing: bool = True) -> Columns:
    """Fresh rows, an unseen category, text that is no ASCII, huge and tiny values, missing values."""
    fresh = columns_from_frame(project, table)
    first = {name: values[0] for name, values in fresh.items()}
    rows = [
        {**first, "region": "☃ unseen"},
        {**first, "region": "north "},
        {**first, "age": 1e9, "income": 1e-9},
        {**first, "debt": -1e6, "income": -1.0},
        {**first, "age": 0.0, "income": 0.0, "debt": 0.0},
        *([{**first, "income": None}, {**first, "region": None}] if missing else []),
    ]
    odd = columns_from_rows(project, rows)
    return {name: np.concatenate([values, odd[name]]) for name, values in fresh.items()}


@pytest.mark.parametrize("scaled", [False, True])
def test_plain_features_are_the_same_to_the_bit(scaled: bool) -> None:
    project = make_project()
    pipeline = fitted(plain_features(project, scaled=scaled), project, make_table(rows=200))
    columns = odd_rows(project, make_table(rows=200, seed=5))
    native = pipeline.transform(frame_from_columns(columns))
    np.testing.assert_array_equal(compiled(pipeline, project, columns), native)


@pytest.mark.parametrize("means", [[], [2], [3, 7, HISTORY]])
@pytest.mark.parametrize("lags", [[1], [1, 2, SEASON]])
@pytest.mark.parametrize("scaled", [False, True])
def test_lags_and_means_are_the_same_to_the_bit(lags: list[int], means: list[int], scaled: bool) -> None:
    forecast = {"history": HISTORY, "season": SEASON, "lags": lags, "means": means}
    project = make_forecast_project(forecast=forecast)
    frame, truth = make_rows(150)
    pipeline = Pipeline(plain_features(project, scaled=scaled)).fit(frame, truth)
    fresh, _ = make_rows(300, seed=3)
    native = pipeline.transform(fresh)
    np.testing.assert_array_equal(compiled(pipeline, project, columns_from_frame(project, fresh)), native)


def test_a_history_without_lags_or_other_numbers_compiles() -> None:
    document = make_forecast_project().model_dump()
    document["data"]["fields"].pop("flights")
    forecast = {"history": HISTORY, "season": SEASON, "lags": [], "means": [4]}
    project = make_forecast_project(data=document["data"], derived={}, forecast=forecast)
    frame, truth = make_rows(60)
    pipeline = Pipeline(plain_features(project, scaled=True)).fit(frame, truth)
    fresh = columns_from_frame(project, make_rows(30, seed=3)[0])
    native = pipeline.transform(frame_from_columns(fresh))
    assert native.shape == (30, 1 + 3)
    np.testing.assert_array_equal(compiled(pipeline, project, fresh), native)


@pytest.mark.parametrize("means", [[], [3, 7, HISTORY - 1]])
@pytest.mark.parametrize("scaled", [False, True])
def test_returns_are_the_same_to_the_bit(means: list[int], scaled: bool) -> None:
    project = make_forecast_project(forecast={**RETURNS, "means": means})
    frame, truth = make_rows(150)
    pipeline = Pipeline(plain_features(project, scaled=scaled)).fit(frame, truth)
    fresh, _ = make_rows(300, seed=3)
    native = pipeline.transform(fresh)
    np.testing.assert_array_equal(compiled(pipeline, project, columns_from_frame(project, fresh)), native)


def without_missing() -> Project:
    document = make_project().model_dump()
    document["data"]["fields"]["income"]["missing"] = "refused"
    return make_project(data=document["data"])


@pytest.mark.parametrize("encoded", [[], ["age"], ["age", "debt"]])
def test_the_seed_recipes_features_are_the_same(encoded: list[str]) -> None:
    project, table = without_missing(), make_table(rows=200, missing=False)
    pipeline = fitted(power_features(project, target_encoded=encoded, seed=3), project, table)
    columns = odd_rows(project, make_table(rows=200, seed=5, missing=False), missing=False)
    native = pipeline.transform(frame_from_columns(columns))
    np.testing.assert_allclose(compiled(pipeline, project, columns), native, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "a + b - 2",
        "a * b / 3",
        "a / b",
        "a ** 2",
        "a ** b",
        "abs(a) ** 0.5",
        "-a",
        "a < b",
        "a > 0.5",
        "(a < b) * (b > 1) + pi",
        "abs(a)",
        "sqrt(a)",
        "log(a)",
        "exp(a * 300)",
        "min(a, b)",
        "max(a, b * 2)",
        "max(a / b, 1)",
        "2 * pi",
        "0 * log(a)",
    ],
)
def test_derived_features_are_the_same(text: str) -> None:
    document = make_project().model_dump()
    number = {"type": "number", "missing": "allowed"}
    document["data"]["fields"] = {"a": number, "b": number}
    project = make_project(data=document["data"], derived={"x": text})
    rng = np.random.default_rng(0)
    edges = np.array([0.0, -0.0, 1.0, -1.0, 2.5, 1e300, -1e300, 1e-300, 0.5])
    grid = np.array(np.meshgrid(edges, edges)).reshape(2, -1)
    a, b = np.concatenate([grid, rng.normal(0, 5, (2, 60))], axis=1)
    columns: Columns = {"a": a, "b": b}
    derive = Derive(("a", "b"), {"x": text})
    block = ColumnTransformer([("numbers", Pipeline([("derive", derive)]), ["a", "b"])])
    frame = frame_from_columns(columns)
    pipeline = Pipeline([("columns", block), ("cast", Cast("float64"))]).fit(frame)
    native = pipeline.transform(frame)
    assert np.isfinite(native).all()
    np.testing.assert_allclose(compiled(pipeline, project, columns), native, rtol=1e-13, atol=0)


def test_one_row_and_many_are_computed_alike() -> None:
    project = make_project()
    pipeline = fitted(plain_features(project, scaled=True), project, make_table(rows=100))
    columns = columns_from_frame(project, make_table(rows=20, seed=8))
    together = compiled(pipeline, project, columns)
    for row in range(0, count(columns), 5):
        alone = compiled(pipeline, project, {name: values[[row]] for name, values in columns.items()})
        np.testing.assert_array_equal(alone[0], together[row])


@pytest.mark.parametrize("column", ["income", "region"])
def test_a_column_without_a_value_compiles(column: str) -> None:
    project, table = make_project(), make_table(rows=80)
    table[column] = np.nan if column == "income" else ""
    pipeline = fitted(plain_features(project, scaled=True), project, table)
    columns = odd_rows(project, make_table(rows=30, seed=5))
    native = pipeline.transform(frame_from_columns(columns))
    np.testing.assert_array_equal(compiled(pipeline, project, columns), native)


def test_a_transformer_without_a_counterpart_cannot_compile() -> None:
    project = make_project()
    pipeline = fitted(
        [*plain_features(project, scaled=False), ("more", MinMaxScaler())], project, make_table(rows=60)
    )
    with pytest.raises(CannotCompile, match="MinMaxScaler"):
        compiled(pipeline, project, columns_from_frame(project, make_table(rows=5)))


def test_an_imputer_by_neighbours_compiles_only_where_nothing_is_missing() -> None:
    project = make_project()
    pipeline = fitted(power_features(project, target_encoded=[], seed=1), project, make_table(rows=80))
    with pytest.raises(CannotCompile, match="KNNImputer") as caught:
        compiled(pipeline, project, columns_from_frame(project, make_table(rows=5)))
    assert "income" in caught.value.found


def test_powers_of_columns_cannot_compile() -> None:
    project = make_project()
    steps = [*plain_features(project, scaled=False), ("squares", PolynomialFeatures(2))]
    pipeline = fitted(steps, project, make_table(rows=60))
    with pytest.raises(CannotCompile, match="PolynomialFeatures"):
        compiled(pipeline, project, columns_from_frame(project, make_table(rows=5)))


def test_target_encoding_of_several_classes_cannot_compile() -> None:
    document = without_missing().model_dump()
    project = make_project("multiclass", data=document["data"])
    table = make_table("multiclass", 90, missing=False)
    pipeline = fitted(power_features(project, target_encoded=["age"], seed=1), project, table)
    with pytest.raises(CannotCompile, match="TargetEncoder"):
        compiled(pipeline, project, columns_from_frame(project, table))
