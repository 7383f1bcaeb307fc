from __future__ import annotations

from typing import Any

import numpy as np
from tests.weeks import HISTORY, make_weekly_project, make_weekly_table

from zelo.features.ahead import known_ahead, steps, unroll
from zelo.features.columns import Columns, columns_from_frame, take

PROJECT = make_weekly_project()
COLUMNS = columns_from_frame(PROJECT, make_weekly_table(20))
ORIGINS = take(COLUMNS, np.array([3, 7]))
CALENDARS: list[Columns] = [{"annual_sin": np.array([0.1, 0.2])}, {"annual_sin": np.array([0.3, 0.4])}]


def mean_of_two(columns: Columns) -> np.ndarray[Any, Any]:
    return ((columns["effort_lag_1"] + columns["effort_lag_2"]) / 2)[:, None]


def test_the_calendar_alone_is_known_ahead() -> None:
    assert known_ahead(PROJECT) == ("annual_sin",)


def test_each_forecast_is_the_newest_value_of_the_next() -> None:
    found = unroll(mean_of_two, ORIGINS, CALENDARS, PROJECT)
    newest, older = ORIGINS["effort_lag_1"], ORIGINS["effort_lag_2"]
    first = (newest + older) / 2
    second = (first + newest) / 2
    assert np.array_equal(found, np.column_stack([first, second, (second + first) / 2]))


def test_what_comes_is_not_known_but_for_the_calendar() -> None:
    taken = [inputs for inputs, _ in steps(mean_of_two, ORIGINS, CALENDARS, PROJECT)]
    assert all(np.array_equal(inputs["flown_lag_1"], ORIGINS["flown_lag_1"]) for inputs in taken)
    assert taken[2]["annual_sin"].tolist() == [0.3, 0.4]
    assert np.array_equal(taken[2][f"effort_lag_{HISTORY}"], ORIGINS[f"effort_lag_{HISTORY - 2}"])


def test_the_origins_are_left_as_they_were() -> None:
    before = {name: values.copy() for name, values in ORIGINS.items()}
    unroll(mean_of_two, ORIGINS, CALENDARS, PROJECT)
    assert all(np.array_equal(ORIGINS[name], values) for name, values in before.items())
