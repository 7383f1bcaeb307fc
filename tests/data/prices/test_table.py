from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from tests.data.prices.price_files import HISTORY, make_price_project, make_prices

from zelo.data.prices.table import coming, next_weekday, rows_of

PROJECT = make_price_project()
PRICES = make_prices(20)


def test_each_day_knows_the_prices_before_it_and_none_of_its_own_or_later() -> None:
    table = rows_of(PRICES, PROJECT).to_pandas()

    assert len(table) == 20 - HISTORY
    closes = PRICES["close"].tolist()
    for place, row in enumerate(table.to_dict("records"), start=HISTORY):
        assert row["date"] == PRICES["date"][place].date()
        assert row["close"] == closes[place]
        assert [row[lag] for lag in PROJECT.lags] == closes[place - HISTORY : place][::-1]


def test_the_coming_day_has_the_newest_prices() -> None:
    (row,) = coming(PRICES, PROJECT).to_pylist()

    assert row["date"] == dt.date(2024, 1, 30)
    assert [row[lag] for lag in PROJECT.lags] == PRICES["close"].tolist()[: -HISTORY - 1 : -1]
    assert set(row) == {"date", *PROJECT.lags}


def test_another_target_and_another_name_of_it() -> None:
    task = {"kind": "regression", "target": "highest", "column": "high"}
    project = make_price_project(task=task)

    table = rows_of(PRICES, project).to_pandas()

    assert table["highest_lag_1"].tolist() == PRICES["high"].tolist()[HISTORY - 1 : -1]
    assert table["high"].tolist() == PRICES["high"].tolist()[HISTORY:]


@pytest.mark.parametrize(
    ("day", "following"),
    [("2025-06-26", "2025-06-27"), ("2025-06-27", "2025-06-30"), ("2025-06-28", "2025-06-30")],
)
def test_the_next_weekday(day: str, following: str) -> None:
    assert next_weekday(pd.Timestamp(day)) == pd.Timestamp(following)
