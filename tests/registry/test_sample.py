from __future__ import annotations

import numpy as np
from tests.weeks import HISTORY, make_weekly_project, make_weekly_table

from zelo.registry.sample import sample_of

PROJECT = make_weekly_project()
TABLE = make_weekly_table(60)


def test_the_sample_is_the_newest_history_with_its_dates() -> None:
    shuffled = TABLE.sample(frac=1, random_state=0)
    sample = sample_of(shuffled, PROJECT)
    assert sample is not None
    assert sample["last_effort"] == TABLE["effort"].tolist()[-HISTORY:]
    assert sample["dates"] == [f"{day:%Y-%m-%d}" for day in TABLE["date"][-HISTORY:]]


def test_rows_without_a_truth_are_not_the_newest() -> None:
    table = TABLE.copy()
    table.loc[table.index[-2:], "effort"] = np.nan
    sample = sample_of(table, PROJECT)
    assert sample is not None
    assert sample["last_effort"] == TABLE["effort"].tolist()[-HISTORY - 2 : -2]


def test_a_history_that_is_not_that_of_the_last_rows_has_no_dates() -> None:
    short = sample_of(TABLE.tail(HISTORY - 1), PROJECT)
    gap = sample_of(TABLE.drop(index=TABLE.index[-3]), PROJECT)
    for sample in (short, gap):
        assert sample == {"last_effort": TABLE["effort"].tolist()[-HISTORY:]}


def test_without_a_forecast_there_is_no_sample() -> None:
    assert sample_of(TABLE, make_weekly_project(forecast=None)) is None
