"""The verb ``monitor``: what the ledger says of a served version in a window of time.

It looks and compares. It raises no alarm and starts nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from zelo.errors import SpecError
from zelo.ledger.records import PredictionRecord
from zelo.ledger.store import Ledger
from zelo.monitoring.bundled import read_json
from zelo.monitoring.drift import DriftTable, measure_drift
from zelo.monitoring.quality import Quality, measure_quality
from zelo.monitoring.volume import Volume, measure_volume
from zelo.registry.bundle import Bundle
from zelo.registry.examination import BASELINE

SYNTHETIC = "The model was trained on SYNTHETIC data: a generator made them, nobody measured them."
PARTIAL_TRUTH = (
    "Quality is that of the predictions whose outcome is known; those still without one may differ from them."
)
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


def watch(
    ledger: Ledger, bundle: Bundle, version: str, *, since: datetime, until: datetime, now: datetime
) -> Report:
    """Read the window once and measure it.

    Args:
        ledger: the durable record; it is only read.
        bundle: of ``version``: its project, its reference and its figures on the test set.
        version: the served version; quality and drift are about it alone, volume about all.
        since: the first moment of the window, with a time zone.
        until: the first moment after it.
        now: when the report is made.

    Raises:
        SpecError: the window is empty, or a time has no time zone.
        BundleError: a file of the bundle is missing or damaged.
        LedgerError: the ledger cannot be read.
    """
    _refuse_window(since, until)
    project = bundle.project
    records = ledger.predictions(project.name, since=since, until=until, order="oldest")
    served = [record for record in records if record.version == version and _one_ahead(record)]
    judged = ledger.judged(project.name, version=version, since=since, until=until)
    quality = measure_quality(
        [row for row in judged if _one_ahead(row.prediction)],
        project,
        read_json(bundle, "metrics.json"),
        predictions=len(served),
        scale=read_json(bundle, BASELINE)["scale"] if project.forecast else None,
    )
    synthetic = bool(bundle.manifest.get("synthetic"))
    notes = {
        SYNTHETIC: synthetic,
        PARTIAL_TRUTH: 0 < quality.outcomes < quality.predictions,
        ONE_AHEAD: project.forecast is not None,
    }
    return Report(
        project=project.name,
        version=version,
        since=since,
        until=until,
        made_at=now,
        synthetic=synthetic,
        notes=tuple(note for note, holds in notes.items() if holds),
        volume=measure_volume(records, project, since=since, until=until),
        quality=quality,
        drift=measure_drift(served, bundle),
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
