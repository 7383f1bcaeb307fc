"""Where daily prices come from: what a project.yaml says under ``prices``."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

from zelo.spec.frozen import Frozen

Ticker = Annotated[str, Field(pattern=r"^[A-Za-z0-9^][A-Za-z0-9^=.\-]{0,19}$")]


class Prices(Frozen):
    """Open, high, low, close and volume a day: from a file among the raw data, or collected."""

    ticker: Ticker = Field(description="as Yahoo Finance names it")
    files: str = Field(description="a glob below the raw data; without such a file prices are collected")
    since: dt.date | None = Field(default=None, description="the first day that is used")
    spike: Annotated[float, Field(gt=0, le=10)] = Field(
        default=0.5,
        description="a relative change from one day to the next that nobody believes unseen: 0.5 is half as "
        "much again, or two thirds of it",
    )
    gap: Annotated[int, Field(ge=2)] = Field(
        default=7, description="days without a row that are too many, weekends and holidays among them"
    )
