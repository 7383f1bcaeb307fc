from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.tables import make_project
from tests.weeks import HISTORY, make_weekly_project

from zelo.features.columns import columns_from_rows
from zelo.features.history import gathered, spread

PROJECT = make_weekly_project()
VALUES = [float(value) for value in range(1, HISTORY + 1)]


def test_the_newest_value_is_the_first_lag() -> None:
    row = spread({"annual_sin": 0.5, "last_effort": VALUES}, PROJECT)
    assert row["effort_lag_1"] == HISTORY
    assert row[f"effort_lag_{HISTORY}"] == 1
    assert "last_effort" not in row
    assert row["annual_sin"] == 0.5


@given(st.lists(st.floats(allow_nan=False), min_size=HISTORY, max_size=HISTORY))
def test_gathering_undoes_spreading(values: list[float]) -> None:
    row = {"annual_sin": 0.5, "date": "2024-01-01", "last_effort": values}
    assert gathered(spread(row, PROJECT), PROJECT) == row


def test_rows_without_a_history_stay() -> None:
    row = {"age": 3}
    assert spread(row, make_project()) == row
    assert gathered(row, make_project()) == row
    assert gathered(row, PROJECT) == row


def test_lists_and_lags_give_the_same_columns() -> None:
    listed = {"annual_sin": 0.5, "flown_lag_1": 2.0, "last_effort": VALUES}
    columns = columns_from_rows(PROJECT, [listed, spread(listed, PROJECT)])
    assert list(columns) == list(PROJECT.inputs)
    assert all(np.array_equal(values[:1], values[1:]) for values in columns.values())
    assert columns["effort_lag_2"].tolist() == [HISTORY - 1] * 2
