from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.tables import KINDS, make_project, make_table

from zelo.features.columns import Columns, columns_from_frame, frame_from_columns
from zelo.models.candidate import Setting
from zelo.models.catalogue import CATALOGUE
from zelo.training.fit import fit_whole, scores_of
from zelo.training.importance import importances
from zelo.training.rows import Rows
from zelo.training.truth import truth_of


def rows_of(kind: str, size: int = 300) -> Rows:
    project, table = make_project(kind), make_table(kind, size)
    return Rows(columns_from_frame(project, table), truth_of(table, project), np.arange(size))


@pytest.mark.parametrize("kind", KINDS)
def test_what_drives_the_outcome_comes_first(kind: str) -> None:
    project, rows = make_project(kind), rows_of(kind)
    name = "ridge" if kind == "regression" else "logistic_regression"
    frame = frame_from_columns(rows.columns)
    model = fit_whole(CATALOGUE[name], Setting(project, 1, 1), {}, frame, rows.truth)

    def predict(columns: Columns) -> Any:
        return scores_of(model, frame_from_columns(columns), len(project.classes))

    found = importances(predict, rows, project, seed=1)
    assert list(found) == sorted(found, key=lambda field: -found[field])
    assert set(found) == set(project.inputs)
    assert next(iter(found)) == "debt"
    assert found["debt"] > 5 * abs(found["income"])
    assert importances(predict, rows, project, seed=1) == found


def test_a_field_that_the_model_ignores_is_worth_nothing() -> None:
    project, rows = make_project(), rows_of("binary")

    def predict(columns: Columns) -> Any:
        positive = np.where(columns["debt"] > 15, 0.9, 0.1)
        return np.column_stack([1 - positive, positive])

    found = importances(predict, rows, project, seed=1)
    assert found["debt"] > 0
    assert found["age"] == found["region"] == found["income"] == pytest.approx(0.0, abs=1e-12)


def test_the_rise_is_that_of_the_absolute_error() -> None:
    project, rows = make_project("regression"), rows_of("regression")
    found = importances(lambda columns: columns["debt"][:, None], rows, project, seed=1, repeats=20)
    debt, truth = rows.columns["debt"], rows.truth
    every_pair = np.abs(debt[:, None] - truth[None, :]).mean()
    assert found["debt"] == pytest.approx(every_pair - np.abs(debt - truth).mean(), rel=0.1)


def test_it_asks_once_a_field_and_for_few_rows() -> None:
    asked = []

    def predict(columns: Columns) -> Any:
        asked.append(len(columns["age"]))
        return np.full((len(columns["age"]), 2), 0.5)

    rows = rows_of("binary")
    before = {name: values.copy() for name, values in rows.columns.items()}
    importances(predict, rows, make_project(), seed=1, max_rows=50, repeats=4)
    assert asked == [50, 200, 200, 200, 200]
    for name, values in rows.columns.items():
        np.testing.assert_array_equal(values, before[name])


def test_a_sure_mistake_costs_much_and_not_infinitely() -> None:
    rows = rows_of("binary", 60)

    def predict(columns: Columns) -> Any:
        return np.eye(2)[(columns["debt"] > 15).astype(int)]

    assert all(np.isfinite(value) for value in importances(predict, rows, make_project(), seed=1).values())
