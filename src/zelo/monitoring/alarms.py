"""What a person has to look at: the reasons for which ``zelo monitor`` exits 1."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Code = Literal[
    "rows_dropped", "data_stale", "run_failed", "run_late", "run_never", "volume_dropped", "floor_broken"
]
ChangeKind = Literal["mean", "spread", "missing", "category", "other", "correlation"]


@dataclass(frozen=True)
class Alarm:
    """``about`` is a raw table, a command or a metric; ``on``, ``found`` and ``expected`` are what the code
    tells."""

    code: Code
    about: str
    on: date | None = None
    found: float | None = None
    expected: float | None = None


@dataclass(frozen=True)
class Change:
    """What moved the most, in the field's unit.

    ``kind``: ``mean`` or ``spread`` (standard deviation) of a number, in ``unit``; the share of ``missing``
    values, of one ``category`` or of all ``other`` ones (rare or unseen in the reference), in [0, 1]; the
    rank ``correlation`` of two fields. ``before`` is the reference's, ``after`` that of the rows from the
    onset to the alarm, ``now`` that of the newest rows; ``None`` where there is nothing to measure.
    ``measures`` says of each field what was measured of it, where that is not its value: of a text its
    length, its new words, or the words of a coordinate.
    """

    kind: ChangeKind
    fields: tuple[str, ...]
    measures: tuple[str | None, ...]
    category: str | None
    unit: str | None
    before: float | None
    after: float | None
    now: float | None

    @property
    def size(self) -> float | None:
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class DriftAlarm:
    """The evidence reached the budget at ``at``: rows are no longer like those that the model learned from.

    ``fields`` hold most of the evidence, the strongest first, with their ``shares`` of it. ``since`` is when
    the change most likely began, ``rows`` how many were read from then to the alarm, ``rows_to_see`` how many
    a change of this size takes at this budget (``None``: for ever). ``times`` is how often evidence of the
    same change reached the budget, ``last_at`` the newest time. It is ``active`` while the newest rows still
    show at least a third of the change.
    """

    version: str
    fields: tuple[str, ...]
    shares: tuple[float, ...]
    change: Change
    since: datetime
    at: datetime
    last_at: datetime
    times: int
    rows: int
    rows_to_see: int | None
    active: bool

    @property
    def key(self) -> str:
        """What tells it from another: a second look at it is no second alarm."""
        return f"{self.version} {'+'.join(self.fields)} {self.since.isoformat()}"
