"""The verb ``monitor``: what the ledger says of a served version in a window of time.

It looks and compares. It raises no alarm and starts nothing: :mod:`zelo.monitoring.look` does the former.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from zelo.errors import SpecError
from zelo.ledger.records import Judged, PredictionRecord
from zelo.ledger.store import Ledger
from zelo.monitoring.bundled import read_json
from zelo.monitoring.drift import DriftTable, measure_drift
from zelo.monitoring.quality import Quality, measure_quality
from zelo.monitoring.rescored import distribution
from zelo.monitoring.volume import Volume, measure_volume
from zelo.registry.bundle import Bundle
from zelo.registry.examination import BASELINE

SYNTHETIC = "The model was trained on SYNTHETIC data: a generator made them, nobody measured them."
PARTIAL_TRUTH = (
    "Quality is that of the predictions whose outcome is known; those still without one may differ from them."
)
SAMPLED = (
    "Quality, and the words of texts, are measured on a sample of the rows, drawn by chance; "
    "counts, shares and all other drift are of every row."
)
NEWEST = (
    "Read are the newest 100,000 predictions of the window and as many outcomes; "
    "zelo monitor --from reads all of an export."
)
MOST_READ = 100_000
"""Predictions of a window, and outcomes: about 300 MB. What is larger is exported first."""
ONE_AHEAD = "Quality and drift are those of forecasts one row ahead, as the figures of the test set are."


@dataclass(frozen=True)
class Report:
    """Volume of the whole project, quality and drift of one version, from ``since`` on and before ``until``.

    ``synthetic`` tells that the version was trained on generated data; ``notes`` say how to read the figures.
    """

    project: str
    version: str
    since: datetime
    until: datetime
    made_at: datetime
    synthetic: bool
    notes: tuple[str, ...]
    volume: Volume
    quality: Quality
    drift: DriftTable

    def as_dict(self) -> dict[str, Any]:
        """For JSON: times in ISO 8601, what is not defined is null."""
        found: dict[str, Any] = plain(asdict(self))
        return found


@dataclass(frozen=True)
class Window:
    """What the ledger holds from ``since`` on and before ``until``, in order of time.

    ``records`` are of every version, ``served`` and ``judged`` the version's own, of a forecast one ahead.
    ``cut``: there were more, and these are the newest.
    """

    version: str
    since: datetime
    until: datetime
    records: Sequence[PredictionRecord]
    served: Sequence[PredictionRecord]
    judged: Sequence[Judged]
    cut: bool = False


def read_window(ledger: Ledger, project: str, version: str, *, since: datetime, until: datetime) -> Window:
    """Read the window once.

    Args:
        ledger: the durable record; it is only read.
        since: the first moment of the window, with a time zone.
        until: the first moment after it.

    Raises:
        SpecError: the window is empty, or a time has no time zone.
        LedgerError: the ledger cannot be read.
    """
    _refuse_window(since, until)
    records = ledger.predictions(project, since=since, until=until, order="newest", limit=MOST_READ)[::-1]
    newest = ledger.judged(
        project, version=version, since=since, until=until, order="newest", limit=MOST_READ
    )
    judged = newest[::-1]
    return Window(
        version=version,
        since=since,
        until=until,
        records=records,
        served=[record for record in records if record.version == version and _one_ahead(record)],
        judged=[row for row in judged if _one_ahead(row.prediction)],
        cut=max(len(records), len(judged)) == MOST_READ,
    )


def watch(window: Window, bundle: Bundle, *, now: datetime) -> Report:
    """Measure the window.

    Args:
        window: of the served version; quality and drift are about it alone, volume about all.
        bundle: of the version: its project, its reference and its figures on the test set.
        now: when the report is made.

    Raises:
        BundleError: a file of the bundle is missing or damaged.
    """
    project = bundle.project
    quality = measure_quality(
        window.judged,
        project,
        read_json(bundle, "metrics.json"),
        predictions=len(window.served),
        scale=read_json(bundle, BASELINE)["scale"] if project.forecast else None,
        distribution=partial(distribution, bundle=bundle),
    )
    synthetic = bool(bundle.manifest.get("synthetic"))
    notes = {
        SYNTHETIC: synthetic,
        PARTIAL_TRUTH: 0 < quality.outcomes < quality.predictions,
        NEWEST: window.cut,
        ONE_AHEAD: project.forecast is not None,
    }
    return Report(
        project=project.name,
        version=window.version,
        since=window.since,
        until=window.until,
        made_at=now,
        synthetic=synthetic,
        notes=tuple(note for note, holds in notes.items() if holds),
        volume=measure_volume(window.records, project, since=window.since, until=window.until),
        quality=quality,
        drift=measure_drift(window.served, bundle),
    )


def _one_ahead(record: PredictionRecord) -> bool:
    """Forecasts from forecasts are another matter; what is no forecast tells no horizon."""
    return bool(record.decision.get("horizon", 1) == 1)


def _refuse_window(since: datetime, until: datetime) -> None:
    if since.utcoffset() is None or until.utcoffset() is None or since >= until:
        raise SpecError(
            "the window cannot be watched",
            found=f"{since.isoformat()} to {until.isoformat()}",
            expected="two times with their offsets, the first before the second",
            hint="look at --since and --until",
        )


def plain(value: Any) -> Any:
    """A value as JSON can hold it: times and dates in ISO 8601."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value
