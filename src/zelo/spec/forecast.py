"""What makes a regression a forecast: what a project.yaml says under ``forecast``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zelo.spec.frozen import FieldName, Frozen


class Forecast(Frozen):
    """The target is a series: rows in order of time, each with the values before its own."""

    history: Annotated[int, Field(ge=1, le=400)] = Field(
        description="the last values of the target that a forecast is made from: inputs <target>_lag_<k>"
    )
    season: Annotated[int, Field(ge=1)] = Field(description="rows a season, within the history")
    horizon: Annotated[int, Field(ge=1, le=104)] = Field(default=1, description="how many rows ahead")
    lags: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(1,), description="of the history, what models of features read one by one"
    )
    means: tuple[Annotated[int, Field(ge=2)], ...] = Field(
        default=(), description="and the means of the last so many values that they read"
    )
    request: FieldName | None = Field(
        default=None, description="the list in a request that holds the history; last_<target> if absent"
    )
