"""What a project is willing to pay for being watched, and what its mistakes cost."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from zelo.spec.frozen import Frozen

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Cost = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Sample = Annotated[int, Field(ge=50, le=100_000)]


class AlarmBudget(Frozen):
    """False alarms of drift, however many fields there are and however often anybody looks."""

    false_alarms: Positive = 1.0
    per_days: Positive = 90.0

    @property
    def days(self) -> float:
        """Days between two false alarms, on average at least."""
        return self.per_days / self.false_alarms


class AtRisk(Frozen):
    """A band that nobody has the hands for where it grows beyond so many entities."""

    band: str
    most: Annotated[int, Field(ge=0)] = 1000


class Monitoring(Frozen):
    """How a served version is watched."""

    alarm_budget: AlarmBudget = AlarmBudget()
    rows_a_day: Sample = Field(
        default=1000, description="rows that the sequential test reads of a day; drawn by the prediction's id"
    )
    floors: dict[str, float] = Field(
        default_factory=dict,
        description="metric -> the value that it must keep on outcomes: at least, or at most of an error",
    )
    at_risk: AtRisk | None = None
    minutes_by_hand: Positive | None = Field(
        default=None, description="minutes of a person that a right prediction saves: labelling, sorting"
    )


class Costs(Frozen):
    """What a mistake costs, in ``currency``: of two classes by side, of several any, of a value a unit."""

    currency: Annotated[str, Field(min_length=1, max_length=8)] = "R$"
    false_positive: Cost | None = None
    false_negative: Cost | None = None
    wrong: Cost | None = Field(default=None, description="of several classes: an answer that is not true")
    over: Cost | None = Field(default=None, description="a unit of the target forecast above what came")
    under: Cost | None = Field(default=None, description="a unit of the target forecast below what came")
