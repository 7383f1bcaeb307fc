"""When a project is trained again, how a new version earns its traffic, and when it loses it."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from zelo.spec.frozen import Frozen

Duration = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}[smhdw]$")]
"""A number with s, m, h, d or w: 30m, 12h, 7d, 2w."""
Share = Annotated[float, Field(gt=0, lt=1)]
Percent = Annotated[int, Field(ge=1, le=100)]
_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def length(duration: str) -> timedelta:
    """How long a duration is."""
    return int(duration[:-1]) * _UNITS[duration[-1]]


def _rising(steps: tuple[int, ...]) -> tuple[int, ...]:
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise ValueError("expected shares that rise, in percent")
    return steps


class QualityBreach(Frozen):
    """Quality on outcomes so much worse than on the test set, by more than its interval."""

    metric: str
    worse_by: Share = Field(default=0.2, description="of the bundle's figure on the test set")
    within: Duration = "60d"


class Canary(Frozen):
    """The shares of the traffic that a challenger gets, one after the other, and what each step asks for."""

    steps: Annotated[tuple[Percent, ...], Field(min_length=1), AfterValidator(_rising)] = (5, 25, 100)
    predictions: Annotated[int, Field(ge=1)] = Field(
        default=200, description="the challenger's own at a step, at the least"
    )
    lasting: Duration = Field(default="1d", description="a step, at the least")


class Rollback(Frozen):
    """What takes a challenger, or a new champion, out of the traffic by itself."""

    errors: Share = Field(default=0.05, description="share of its answers that failed")
    latency_ms: Annotated[float, Field(gt=0)] = Field(default=500.0, description="p95 of its answers")
    false_alarms: Share = Field(
        default=0.01,
        description="the chance that one as good as the other is ever taken out, however often one looks",
    )
    watched: Duration | None = Field(
        default=None,
        description="how long after a promotion the version before scores every row beside the champion",
    )


class Retraining(Frozen):
    """What makes a training, and how far it may go without a person."""

    every: Duration | None = Field(default=None, description="schedule: so long after the last training")
    when: tuple[Literal["drift", "quality", "outcomes"], ...] = ()
    quality: QualityBreach | None = None
    outcomes: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="new outcomes since the champion was trained"
    )
    cool_down: Duration = "7d"
    action: Literal["propose", "train", "canary"] = Field(
        default="propose",
        description="propose: an event says so; train: a job is started, a person promotes; canary: what "
        "passes the gates and the replay is given its first share of the traffic",
    )
    replay: Duration = Field(default="30d", description="how much logged traffic a challenger scores first")
    canary: Canary = Canary()
    rollback: Rollback = Rollback()
