"""What makes a regression a forecast: what a project.yaml says under ``forecast``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from zelo.spec.frozen import FieldName, Frozen, Name

Volatility = Literal["ewma", "garch", "gjr_garch", "quantile"]


class Forecast(Frozen):
    """The target is a series: rows in order of time, each with the values before its own."""

    history: Annotated[int, Field(ge=1, le=400)] = Field(
        description="the last values of the target that a forecast is made from: inputs <target>_lag_<k>"
    )
    season: Annotated[int, Field(ge=1)] = Field(description="rows a season, within the history; 1: none")
    horizon: Annotated[int, Field(ge=1, le=104)] = Field(default=1, description="how many rows ahead")
    learns: Literal["values", "returns"] = Field(
        default="values",
        description="what models of features read and learn: the values, or each value's relative change "
        "from the one before, as of prices; what they answer is a value either way",
    )
    lags: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(1,), description="of the history, what models of features read one by one"
    )
    means: tuple[Annotated[int, Field(ge=2)], ...] = Field(
        default=(), description="and the means of the last so many that they read"
    )
    fallback: Name | None = Field(
        default=None,
        description="the candidate that serves unless another beats it out of fold by more than chance",
    )
    intervals: tuple[Volatility, ...] = Field(
        default=(),
        description="models of volatility, of which the best out of fold makes the intervals; none: one "
        "width, from the errors out of fold",
    )
    request: FieldName | None = Field(
        default=None, description="the list in a request that holds the history; last_<target> if absent"
    )
    answer: FieldName | None = Field(
        default=None, description="a name of the forecast in an answer, beside prediction"
    )
