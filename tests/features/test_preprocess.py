from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline
from tests.tables import make_project, make_table

from zelo.features.columns import columns_from_frame, columns_from_rows, frame_from_columns
from zelo.features.preprocess import category_inputs, numeric_inputs, plain_features, power_features


def fitted(steps: list[tuple[str, Any]], project: Any, table: Any) -> tuple[Pipeline, np.ndarray[Any, Any]]:
    frame = frame_from_columns(columns_from_frame(project, table))
    pipeline = Pipeline(steps)
    return pipeline, pipeline.fit(frame, table["outcome"]).transform(frame)


def test_inputs_by_kind_leave_metadata_out() -> None:
    project = make_project()
    assert numeric_inputs(project) == ["age", "income", "debt"]
    assert category_inputs(project) == ["region"]


def test_plain_features_are_numbers_then_derived_then_categories() -> None:
    project, table = make_project(), make_table(rows=120)
    _, matrix = fitted(plain_features(project, scaled=False), project, table)
    assert matrix.dtype == np.float32
    assert matrix.shape == (120, 3 + 2 + 4)
    assert np.isfinite(matrix).all()
    income = table["income"].fillna(table["income"].median())
    np.testing.assert_allclose(matrix[:, 1], income, rtol=1e-6)
    np.testing.assert_allclose(matrix[:, 3], table["debt"] / (income + 1), rtol=1e-6)
    np.testing.assert_array_equal(matrix[:, 5:].sum(axis=1), 1.0)


def test_scaled_numbers_are_centred_and_categories_are_not() -> None:
    project, table = make_project(), make_table(rows=120)
    _, matrix = fitted(plain_features(project, scaled=True), project, table)
    assert matrix.dtype == np.float64
    np.testing.assert_allclose(matrix[:, :5].mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(matrix[:, :5].std(axis=0), 1.0)
    assert set(np.unique(matrix[:, 5:])) == {0.0, 1.0}


def test_an_unseen_category_is_no_category() -> None:
    project, table = make_project(), make_table(rows=120)
    pipeline, _ = fitted(plain_features(project, scaled=False), project, table)
    row = {"age": 30, "income": 10, "debt": 2, "region": "the moon"}
    matrix = pipeline.transform(frame_from_columns(columns_from_rows(project, [row])))
    np.testing.assert_array_equal(matrix[0, 5:], 0.0)


def test_rows_do_not_change_each_other() -> None:
    project, table = make_project(), make_table(rows=120)
    pipeline, matrix = fitted(plain_features(project, scaled=True), project, table)
    frame = frame_from_columns(columns_from_frame(project, table))
    for row in (0, 57, 119):
        np.testing.assert_array_equal(pipeline.transform(frame.iloc[[row]])[0], matrix[row])


@pytest.mark.parametrize("column", ["income", "region"])
def test_a_column_without_a_value_is_kept(column: str) -> None:
    project, table = make_project(), make_table(rows=60)
    table[column] = np.nan if column == "income" else ""
    _, matrix = fitted(plain_features(project, scaled=True), project, table)
    assert np.isfinite(matrix).all()


def test_a_project_of_numbers_alone() -> None:
    document = make_project().model_dump()
    document["data"]["fields"].pop("region")
    project = make_project(data=document["data"], derived={})
    _, matrix = fitted(plain_features(project, scaled=False), project, make_table(rows=60))
    assert matrix.shape == (60, 3)


def test_a_project_of_categories_alone() -> None:
    document = make_project().model_dump()
    document["data"]["fields"] = {"region": document["data"]["fields"]["region"]}
    project = make_project(data=document["data"], derived={})
    _, matrix = fitted(plain_features(project, scaled=True), project, make_table(rows=60))
    assert matrix.shape == (60, 4)


def test_power_features_encode_interact_and_cast() -> None:
    project, table = make_project(), make_table(rows=120)
    steps = power_features(project, target_encoded=["age", "no_such_field"], seed=1)
    _, matrix = fitted(steps, project, table)
    columns = 2 + 1 + 4
    assert matrix.shape == (120, columns + columns * (columns - 1) // 2)
    assert matrix.dtype == np.float32
    assert np.isfinite(matrix).all()
    np.testing.assert_allclose(matrix[:, columns], matrix[:, 0] * matrix[:, 1], rtol=1e-4, atol=1e-6)


def test_power_features_with_nothing_to_encode() -> None:
    project, table = make_project(), make_table(rows=60)
    _, matrix = fitted(power_features(project, target_encoded=[], seed=1), project, table)
    assert np.isfinite(matrix).all()
