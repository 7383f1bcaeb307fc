"""How many predictions were answered, when, by which version, and what they said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from zelo.features.columns import columns_from_rows
from zelo.ledger.records import PredictionRecord
from zelo.spec.project import Project
from zelo.stats.drift import missing_share

Period = Literal["hour", "day", "month"]

LONGEST_BY_HOUR, LONGEST_BY_DAY = timedelta(days=2), timedelta(days=92)


@dataclass(frozen=True)
class Count:
    """Predictions under one name, and their share of all in the window; ``None`` where there are none."""

    name: str
    rows: int
    share: float | None


@dataclass(frozen=True)
class PeriodCount:
    """Predictions from ``start`` (UTC) until the next period's start."""

    start: datetime
    rows: int


@dataclass(frozen=True)
class MissingValues:
    """The share of predictions whose request had no value for a field; ``None`` without predictions."""

    field: str
    share: float | None


@dataclass(frozen=True)
class Volume:
    """Predictions of every version in the window.

    ``periods`` cover the whole window, empty ones included. ``by_class`` is empty for a regression and
    ``by_band`` where the project names no bands; a class or band that was never answered counts 0.
    """

    rows: int
    first: datetime | None
    last: datetime | None
    period: Period
    periods: tuple[PeriodCount, ...]
    by_version: tuple[Count, ...]
    by_class: tuple[Count, ...]
    by_band: tuple[Count, ...]
    missing: tuple[MissingValues, ...]


def measure_volume(
    records: Sequence[PredictionRecord], project: Project, *, since: datetime, until: datetime
) -> Volume:
    """Count the records, all of them from ``since`` on and before ``until``."""
    period = period_of(until - since)
    starts = Counter(_floor(record.at, period) for record in records)
    times = [record.at for record in records]
    bands = [band.label for band in project.decision.bands]
    versions = sorted({record.version for record in records}, key=lambda version: (len(version), version))
    said = [record.decision for record in records]
    return Volume(
        rows=len(records),
        first=min(times, default=None),
        last=max(times, default=None),
        period=period,
        periods=tuple(PeriodCount(start, starts[start]) for start in period_starts(since, until, period)),
        by_version=counts_by_name((record.version for record in records), versions),
        by_class=counts_by_name(_named(said, "prediction"), map(str, project.classes))
        if project.classes
        else (),
        by_band=counts_by_name(_named(said, "risk_level"), bands) if bands else (),
        missing=_missing(records, project),
    )


def period_of(length: timedelta) -> Period:
    """Hours up to two days, days up to a quarter, months beyond: what a line of text can show."""
    if length <= LONGEST_BY_HOUR:
        return "hour"
    return "day" if length <= LONGEST_BY_DAY else "month"


def _named(decisions: Iterable[Mapping[str, object]], key: str) -> Iterator[str]:
    return (str(decision[key]) for decision in decisions if decision.get(key) is not None)


def counts_by_name(names: Iterable[str], expected: Iterable[str]) -> tuple[Count, ...]:
    """Counts in the expected order; names that an older version answered come after."""
    found = Counter(names)
    total = found.total()
    order = dict.fromkeys([*expected, *sorted(found)])
    return tuple(Count(name, found[name], found[name] / total if total else None) for name in order)


def _missing(records: Sequence[PredictionRecord], project: Project) -> tuple[MissingValues, ...]:
    columns = columns_from_rows(project, [record.inputs for record in records])
    return tuple(
        MissingValues(name, missing_share(values) if len(values) else None)
        for name, values in columns.items()
    )


def _floor(at: datetime, period: Period) -> datetime:
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if period == "hour":
        return hour
    return hour.replace(hour=0) if period == "day" else hour.replace(hour=0, day=1)


def period_starts(since: datetime, until: datetime, period: Period) -> Iterator[datetime]:
    start = _floor(since, period)
    # 32 days after the first of a month lie in the next one.
    step = {"hour": timedelta(hours=1), "day": timedelta(days=1), "month": timedelta(days=32)}[period]
    while start < until:
        yield start
        start = _floor(start + step, period)
