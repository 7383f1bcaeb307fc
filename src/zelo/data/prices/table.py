"""From daily prices to rows: a day each, with the prices before it, and the day to come."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from zelo.spec.project import Project
from zelo.spec.series_rules import PRICE_COLUMNS, PRICE_DATE


def rows_of(prices: pd.DataFrame, project: Project) -> pa.Table:
    """The days that have their whole history before them: date, prices, volume, and the target's lags.

    Args:
        prices: the days traded, in order.
    """
    assert project.forecast is not None
    closes = prices[project.column_of(project.task.target)]
    lags = {name: closes.shift(place) for place, name in enumerate(project.lags, start=1)}
    table = prices[[PRICE_DATE, *PRICE_COLUMNS]].assign(**lags)
    return _arrow(table.iloc[project.forecast.history :])


def coming(prices: pd.DataFrame, project: Project) -> pa.Table:
    """The next weekday and what is known of it: the newest prices. On a holiday it will be another day."""
    assert project.forecast is not None
    newest = prices[project.column_of(project.task.target)].to_numpy()[: -project.forecast.history - 1 : -1]
    day = next_weekday(prices[PRICE_DATE].iloc[-1])
    return _arrow(pd.DataFrame([{PRICE_DATE: day, **dict(zip(project.lags, newest, strict=True))}]))


def next_weekday(day: pd.Timestamp) -> pd.Timestamp:
    """The first day after it that is no Saturday or Sunday."""
    return pd.Timestamp(np.busday_offset(day.date(), 1, roll="backward"))


def _arrow(table: pd.DataFrame) -> pa.Table:
    arrow = pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
    place = arrow.schema.get_field_index(PRICE_DATE)
    return arrow.set_column(place, PRICE_DATE, arrow[PRICE_DATE].cast(pa.date32()))
