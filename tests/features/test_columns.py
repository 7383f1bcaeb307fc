from __future__ import annotations

import numpy as np
import pandas as pd
from tests.tables import make_project, make_table

from zelo.features.columns import columns_from_frame, columns_from_rows, count, frame_from_columns, take


def test_rows_become_columns_in_the_order_of_the_contract() -> None:
    rows = [
        {"region": "north", "age": 30, "debt": 1.5, "income": None, "day": "2025-01-01", "extra": 1},
        {"age": 41, "income": 10, "debt": 0},
    ]
    columns = columns_from_rows(make_project(), rows)
    assert list(columns) == ["age", "income", "debt", "region"]
    assert columns["age"].dtype == np.float64
    np.testing.assert_array_equal(columns["income"], [np.nan, 10.0])
    assert columns["region"].dtype == object
    assert columns["region"].tolist() == ["north", ""]
    assert count(columns) == 2


def test_no_rows_are_columns_of_no_length() -> None:
    columns = columns_from_rows(make_project(), [])
    assert count(columns) == 0
    assert columns["age"].dtype == np.float64
    assert columns["region"].dtype == object


def test_frame_and_rows_give_the_same_columns() -> None:
    project, table = make_project(), make_table(rows=40)
    from_frame = columns_from_frame(project, table)
    missing = table.astype(object).where(table.notna(), None)
    from_rows = columns_from_rows(project, missing.to_dict("records"))
    for name in project.inputs:
        assert from_frame[name].dtype == from_rows[name].dtype
        np.testing.assert_array_equal(from_frame[name], from_rows[name])


def test_a_missing_category_of_a_frame_is_the_empty_text() -> None:
    table = make_table(rows=3)
    table["region"] = pd.Series(["north", None, np.nan], dtype=object)
    assert columns_from_frame(make_project(), table)["region"].tolist() == ["north", "", ""]


def test_frame_and_back_is_the_same() -> None:
    project = make_project()
    columns = columns_from_frame(project, make_table(rows=30))
    frame = frame_from_columns(columns)
    assert frame["region"].dtype == object
    again = columns_from_frame(project, frame)
    for name, values in columns.items():
        np.testing.assert_array_equal(again[name], values)


def test_take_keeps_the_order_asked_for() -> None:
    columns = columns_from_frame(make_project(), make_table(rows=5, missing=False))
    taken = take(columns, np.array([3, 0, 3]))
    assert taken["age"].tolist() == columns["age"][[3, 0, 3]].tolist()
    assert count(taken) == 3
