"""Whether what is sent is what was agreed: volume, missing, invalid and unseen values, a model's age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

import numpy as np
from scipy.stats import poisson

from zelo.features.columns import columns_from_frame, columns_from_rows
from zelo.features.text.preparation import TextPreparation
from zelo.ledger.sampled import DAY, counts_before
from zelo.ledger.store import Ledger
from zelo.monitoring.alarms import Alarm
from zelo.monitoring.bundled import read_table
from zelo.registry.bundle import Bundle
from zelo.spec.project import Column, Project
from zelo.stats.drift import missing_share

BEFORE = 28
"""Days that a day is measured by."""
FEWEST_DAYS = 7
DROP, CHANCE = 0.5, 0.01
"""Of the median of those days, and how often a Poisson count around the lowest of them is so low."""


@dataclass(frozen=True)
class FieldCheck:
    """Shares in [0, 1] of the rows that were read of a field; ``None`` without rows or without a meaning.

    ``unseen`` are categories that the reference lacks, of a text the words that are new, on average.
    ``invalid`` are values outside of the contract's range or categories, or missing though that is refused.
    """

    field: str
    rows: int
    missing: float | None
    missing_reference: float | None
    unseen: float | None
    invalid: float | None


@dataclass(frozen=True)
class VolumeCheck:
    """Predictions of the last 24 hours (``rows``) against the median of the days before (``usual``).

    Days are 24 hours that end where the last ones begin. Where three weeks are on record they are those of
    the same weekday. ``dropped``: fewer than half of it, and fewer than a Poisson count around the lowest of
    those days gives in one day of a hundred. With fewer than 7 days on record, or none usual, nothing can be
    told, and ``ratio`` (rows / usual) is ``None``.
    """

    rows: int
    usual: float | None
    ratio: float | None
    dropped: bool


@dataclass(frozen=True)
class Staleness:
    """When the version was sealed, and the newest row of its snapshot; ``None`` where it is not known."""

    trained_at: datetime | None
    age_seconds: float | None
    newest_row: date | None
    newest_row_days: int | None


@dataclass(frozen=True)
class DataChecks:
    """What arrived, and how old the model is."""

    volume: VolumeCheck
    fields: tuple[FieldCheck, ...]
    staleness: Staleness

    def alarms(self) -> tuple[Alarm, ...]:
        """A day with far fewer predictions than usual."""
        if not self.volume.dropped:
            return ()
        return (Alarm("volume_dropped", "", found=self.volume.rows, expected=self.volume.usual),)


def check_data(
    ledger: Ledger,
    bundle: Bundle,
    rows: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
    newest_row: date | None,
) -> DataChecks:
    """Compare what arrived with the contract, the bundle's reference and the days before.

    Args:
        rows: inputs that the version answered in the window, as they were recorded.
        newest_row: of the version's snapshot, where the project's rows have dates.

    Raises:
        BundleError: the bundle's reference is missing or damaged.
        LedgerError: the ledger cannot be read.
    """
    project = bundle.project
    reference = columns_from_frame(project, read_table(bundle, "reference.parquet"))
    found = columns_from_rows(project, rows)
    # The lags of a history are one series: the newest value tells for all.
    older = set(list(project.lags)[1:])
    return DataChecks(
        volume=check_volume(counts_before(ledger, project.name, now, days=BEFORE + 1)),
        fields=tuple(
            _field(name, field, found[name], reference[name], project)
            for name, field in project.inputs.items()
            if name not in older
        ),
        staleness=_staleness(bundle, now, newest_row),
    )


def check_volume(counts: Sequence[int]) -> VolumeCheck:
    """The newest day against those before it.

    Args:
        counts: predictions of each day of 24 hours, the newest first, back to the first with any.
    """
    rows, before = (counts[0], counts[1:]) if counts else (0, ())
    alike = before[6::7]
    compared = alike if len(alike) >= 3 else before if len(before) >= FEWEST_DAYS else ()
    usual = float(median(compared)) if compared else 0.0
    if not usual:
        return VolumeCheck(rows, usual if compared else None, None, False)
    dropped = rows < DROP * usual and bool(poisson.cdf(rows, min(compared)) < CHANCE)
    return VolumeCheck(rows, usual, rows / usual, dropped)


def _field(
    name: str, field: Column, found: np.ndarray[Any, Any], reference: np.ndarray[Any, Any], project: Project
) -> FieldCheck:
    before = missing_share(reference) if len(reference) else None
    if not len(found):
        return FieldCheck(name, 0, None, before, None, None)
    return FieldCheck(
        field=name,
        rows=len(found),
        missing=missing_share(found),
        missing_reference=before,
        unseen=_unseen(field, found, reference, project),
        invalid=float(np.mean(_invalid(field, found))),
    )


def _unseen(
    field: Column, found: np.ndarray[Any, Any], reference: np.ndarray[Any, Any], project: Project
) -> float | None:
    if field.is_numeric:
        return None
    if field.type != "text":
        known = {*reference, ""}
        return float(np.mean([value not in known for value in found]))
    preparation = TextPreparation.of(project)
    vocabulary = {word for text in reference for word in preparation.apply(text).split()}
    texts = [preparation.apply(text).split() for text in found if text]
    return (
        float(np.mean([np.mean([word not in vocabulary for word in words]) for words in texts]))
        if texts
        else None
    )


def _invalid(field: Column, found: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if field.is_numeric:
        absent = np.isnan(found)
        wrong = (found < (-np.inf if field.min is None else field.min)) | (
            found > (np.inf if field.max is None else field.max)
        )
    else:
        absent = found == ""
        wrong = ~absent & ~np.isin(found, field.values) if field.values else np.zeros(len(found), dtype=bool)
    return np.asarray(wrong | (absent & (field.missing == "refused")))


def _staleness(bundle: Bundle, now: datetime, newest_row: date | None) -> Staleness:
    created = bundle.manifest.get("created")
    trained_at = datetime.fromisoformat(created) if created else None
    return Staleness(
        trained_at=trained_at,
        age_seconds=(now - trained_at) / timedelta(seconds=1) if trained_at else None,
        newest_row=newest_row,
        newest_row_days=(now.date() - newest_row) // DAY if newest_row else None,
    )
