"""What the ledger keeps, as plain objects. Every time is in UTC and knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import uuid_utils

Variant = Literal["champion", "challenger"]
"""Which alias the version that answered had."""


class PredictionRecord(NamedTuple):
    """One answered prediction: a tuple, since a thousand of them are made for one answer.

    ``score`` is what ranks it (:class:`zelo.decisions.decide.Decision`); ``decision`` is the answered body
    without the id and the version, which have their own places here.
    """

    id: str
    project: str
    version: str
    at: datetime
    inputs: Mapping[str, Any]
    decision: Mapping[str, Any]
    score: float | None = None
    entity: str | None = None
    variant: Variant = "champion"


class ShadowRecord(NamedTuple):
    """What another version said of the same inputs as an answered prediction; nobody was told."""

    prediction_id: str
    project: str
    version: str
    at: datetime
    decision: Mapping[str, Any]
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Paired:
    """A prediction with what another version said of it, and with its truth."""

    prediction: PredictionRecord
    shadow: ShadowRecord
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """The truth about one prediction, named by its id, or by its entity as of ``observed_at``."""

    value: int | float | str
    observed_at: datetime
    prediction_id: str | None = None
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """What became of a set of outcomes.

    ``joined`` were stored; ``repeated`` of them belong to a prediction that already had one.
    ``unknown`` are the positions of those that name no known prediction: these were not stored.
    """

    joined: int
    repeated: int
    unknown: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A stored outcome."""

    prediction_id: str
    value: int | float | str
    observed_at: datetime
    recorded_at: datetime
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A prediction with its truth."""

    prediction: PredictionRecord
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a project: who did what, and why."""

    id: str
    project: str
    kind: str
    actor: str
    reason: str
    at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)


def new_id() -> str:
    """A UUID of version 7: sorted by the time it was made, also within this process's millisecond."""
    return str(uuid_utils.uuid7())


def utc_now() -> datetime:
    return datetime.now(UTC)
