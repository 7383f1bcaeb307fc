"""A look at a served version: everything that is known of it now, and what of it is an alarm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from zelo.ledger.records import Event
from zelo.ledger.standing import standing
from zelo.ledger.store import Ledger
from zelo.monitoring.alarms import Alarm, DriftAlarm
from zelo.monitoring.data_checks import DataChecks, check_data
from zelo.monitoring.drift_words import sentence
from zelo.monitoring.estimate import Estimate, estimate
from zelo.monitoring.gauges import Gauge, gauges
from zelo.monitoring.quality import Quality, broken_floors
from zelo.monitoring.series import SeriesReport, is_watched, watch_series
from zelo.monitoring.streams import Evidence, gather_evidence
from zelo.monitoring.watch import Report, plain, read_window, watch
from zelo.monitoring.weekly import read_weekly, trained_until
from zelo.monitoring.words import Language, Words
from zelo.registry.bundle import Bundle
from zelo.spec.project import Project

ALARM, MONITOR = "alarm", "monitor"
"""The kind of the event that an alarm of drift leaves, once."""


@dataclass(frozen=True)
class Look:
    """What a look found of ``version`` at ``made_at``.

    ``report`` is about a window of days, ``evidence`` about all rows since the version began to answer,
    ``estimate`` about quality without outcomes, ``checks`` about what arrived, ``series`` about a forecast of
    weeks or days. ``alarms`` are those that are not of drift: data, jobs, volume, and broken floors.
    """

    project: str
    language: Language
    version: str
    made_at: datetime
    report: Report
    evidence: Evidence
    estimate: Estimate
    checks: DataChecks
    series: SeriesReport | None
    alarms: tuple[Alarm, ...]
    gauges: tuple[Gauge, ...] = ()

    @property
    def drift(self) -> tuple[DriftAlarm, ...]:
        """Every alarm of drift, the oldest first."""
        return self.evidence.alarms

    @property
    def active(self) -> tuple[DriftAlarm, ...]:
        """Those that still stand."""
        return tuple(alarm for alarm in self.drift if alarm.active)

    @property
    def status(self) -> Literal["ok", "alarm"]:
        return "alarm" if self.active or self.alarms else "ok"

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the report's own keys, and beside them what the look adds."""
        return {
            **self.report.as_dict(),
            "status": self.status,
            "alarms": [*self._drift_alarms(), *(plain(asdict(alarm)) for alarm in self.alarms)],
            "evidence": {
                name: value for name, value in plain(asdict(self.evidence)).items() if name != "alarms"
            },
            "estimate": plain(asdict(self.estimate)),
            "checks": plain(asdict(self.checks)),
            "gauges": list(self.gauges),
            **({"series": self.series.as_dict()} if self.series else {}),
        }

    def summary(self) -> dict[str, Any]:
        """What the ledger keeps of a look: the status, the alarms that stand, the figures and the gauges."""
        figures = {figure.metric: figure.value for figure in self.report.quality.figures}
        own = (
            self.series.summary()
            if self.series
            else {"version": self.version, "rows": self.report.quality.outcomes, **figures}
        )
        standing = [alarm for alarm in self._drift_alarms() if alarm["active"]]
        others = [plain(asdict(alarm)) for alarm in self.alarms]
        return {**own, "status": self.status, "alarms": [*standing, *others], "gauges": list(self.gauges)}

    def _drift_alarms(self) -> list[dict[str, Any]]:
        return [{"code": "drift", **plain(asdict(alarm))} for alarm in self.drift]


def look(
    ledger: Ledger,
    bundle: Bundle,
    version: str,
    *,
    now: datetime,
    days: int,
    datasets: Path | None = None,
    snapshots: Path | None = None,
) -> Look:
    """Read the ledger and measure. Nothing is written.

    Args:
        ledger: the durable record; it is only read.
        bundle: of ``version``.
        now: the moment of the look, with a time zone.
        days: how far back quality, volume and what arrived are measured.
        datasets: the folder of the data sets; without it a forecast's weeks or days are not watched.
        snapshots: the folder of the snapshots: a machine that serves may lack them.

    Raises:
        BundleError: a file of the bundle is missing or damaged.
        DataError: the newest data set is damaged.
        LedgerError: the ledger cannot be read.
    """
    project = bundle.project
    since = now - timedelta(days=days)
    weekly = read_weekly(datasets, project) if datasets and is_watched(project) else None
    newest = trained_until(bundle, snapshots) if snapshots and project.split.by == "time" else None
    window = read_window(ledger, project.name, version, since=since, until=now)
    report = watch(window, bundle, now=now)
    series = (
        watch_series(ledger, bundle, version, weekly, trained_until=newest, now=now)
        if datasets and is_watched(project)
        else None
    )
    inputs = [record.inputs for record in window.served]
    checks = check_data(ledger, bundle, inputs, now=now, newest_row=newest)
    found = Look(
        project=project.name,
        language=project.language,
        version=version,
        made_at=now,
        report=report,
        evidence=gather_evidence(ledger, bundle, version, now=now, weekly=weekly, trained_until=newest),
        estimate=estimate(window.served, window.judged, bundle),
        checks=checks,
        series=series,
        alarms=(
            *(series.alarms if series else ()),
            *checks.alarms(),
            *_floor_alarms(report.quality, project),
        ),
    )
    stands = standing(ledger, project.name, since=since, until=now)
    return replace(found, gauges=gauges(found, bundle, stands))


def record(
    ledger: Ledger, found: Look, actor: str, *, unless_since: timedelta | None = None
) -> tuple[Event, ...]:
    """Write the event ``monitor``, and an event ``alarm`` for each alarm of drift that is not on record yet.

    Args:
        unless_since: a look with the same alarms is not written again for so long; always if absent.

    Returns:
        The new events ``alarm``.

    Raises:
        LedgerError: the ledger cannot be written.
    """
    told = {event.payload.get("key") for event in ledger.events(found.project, kind=ALARM)}
    words = Words(found.language)
    written = []
    for alarm in found.drift:
        if alarm.key in told:
            continue
        text = sentence(alarm, words)
        payload = {
            "code": "drift",
            "key": alarm.key,
            **plain(asdict(alarm)),
            "size": alarm.change.size,
            "unit": alarm.change.unit,
            "text": text,
        }
        written.append(ledger.record_event(found.project, ALARM, actor, text, payload))
    summary = found.summary()
    last = ledger.events(found.project, kind=MONITOR, limit=1)
    known = last and unless_since and found.made_at - last[0].at < unless_since
    if not (known and _says_the_same(last[0].payload, summary)):
        ledger.record_event(found.project, MONITOR, actor, found.status, summary)
    return tuple(written)


def _says_the_same(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """The same version, and the same alarms whatever their figures are by now."""

    def told(summary: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        alarms = plain(list(summary.get("alarms", ())))
        return [tuple(str(one.get(name)) for name in ("code", "about", "fields", "since")) for one in alarms]

    return before.get("version") == now["version"] and told(before) == told(now)


def _floor_alarms(quality: Quality, project: Project) -> tuple[Alarm, ...]:
    """A figure below its floor by chance is told, and is no alarm."""
    return tuple(
        Alarm("floor_broken", breach.metric, found=breach.value, expected=breach.floor)
        for breach in broken_floors(quality, project)
        if breach.sure
    )
