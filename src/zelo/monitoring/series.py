"""The watch over a forecast of weeks or days: what was said and what came, and whether data and runs come."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from zelo.ledger.store import Ledger
from zelo.monitoring.accuracy import Horizon, Month, Window, by_horizon, by_month, windows
from zelo.monitoring.alarms import Alarm
from zelo.monitoring.arrivals import Arrivals, count_arrivals
from zelo.monitoring.bundled import read_json, read_table
from zelo.monitoring.features import Feature, compare_features
from zelo.monitoring.forecasts import Week, by_week, told
from zelo.monitoring.pace import pace_of
from zelo.monitoring.runs import Job, last_runs
from zelo.monitoring.watch import plain
from zelo.monitoring.weekly import Weekly
from zelo.registry.bundle import Bundle
from zelo.registry.examination import HORIZONS
from zelo.spec.project import Project

"""The bundle's figures by horizon."""


@dataclass(frozen=True)
class SeriesReport:
    """A forecast project at ``made_at``, with the champion ``version``.

    ``dataset`` names the newest weekly data set, ``trained_until`` the newest week that the model was fitted
    on, ``weeks_since`` how many whole weeks ago that began; ``None`` where it is not known here. ``weeks``
    are a year's and those to come. The forecasts are those that people got, whatever version made them.
    Of daily prices all of this is in days.
    """

    project: str
    version: str
    made_at: datetime
    synthetic: bool
    unit: str | None
    dataset: str | None
    trained_until: date | None
    weeks_since: int | None
    alarms: tuple[Alarm, ...]
    weeks: tuple[Week, ...]
    windows: tuple[Window, ...]
    horizons: tuple[Horizon, ...]
    months: tuple[Month, ...]
    features: tuple[Feature, ...]
    arrivals: Arrivals
    jobs: tuple[Job, ...]

    @property
    def status(self) -> Literal["ok", "alarm"]:
        return "alarm" if self.alarms else "ok"

    @property
    def quarter(self) -> Window:
        """The last quarter: 13 weeks, or 63 days."""
        return self.windows[1]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: dates in ISO 8601, what is not defined is null."""
        return {"status": self.status, **plain(asdict(self))}

    def summary(self) -> dict[str, Any]:
        """What the ledger keeps of a run: the status, the alarms, and the figures of a quarter."""
        found = self.quarter.accuracy
        return {
            "status": self.status,
            "version": self.version,
            "dataset": self.dataset,
            "alarms": [plain(asdict(alarm)) for alarm in self.alarms],
            "weeks": found.rows,
            **{name: measure.value for name, measure in found.found.items()},
            "naive_mae": found.naive["mae"].value,
        }


def is_watched(project: Project) -> bool:
    """Whether the project forecasts weeks, or days of prices, from a data set that Zelo makes."""
    return project.forecast is not None and project.is_made


def watch_series(
    ledger: Ledger,
    bundle: Bundle,
    version: str,
    weekly: Weekly | None,
    *,
    trained_until: date | None,
    now: datetime,
) -> SeriesReport:
    """Read what was forecast of a year of weeks or days, and compare it with what came.

    Args:
        ledger: the durable record; it is only read.
        bundle: of ``version``, the champion, of a project that :func:`is_watched`.
        weekly: the newest data set; ``None`` where there is none.
        trained_until: the newest week that the model was fitted on, where that is known.
        now: with a time zone.

    Raises:
        BundleError: a file of the bundle is missing or damaged.
        LedgerError: the ledger cannot be read.
    """
    project, pace = bundle.project, pace_of(bundle.project)
    horizons = read_json(bundle, HORIZONS)
    reference = read_table(bundle, "reference.parquet")
    found = told(ledger, project, weekly, now)
    arrivals = count_arrivals(weekly, project, now)
    jobs = last_runs(ledger, project.name, now, pace.latest)
    return SeriesReport(
        project=project.name,
        version=version,
        made_at=now,
        synthetic=bool(bundle.manifest.get("synthetic")),
        unit=project.task.unit,
        dataset=weekly.name if weekly else None,
        trained_until=trained_until,
        weeks_since=(now.date() - trained_until) // pace.length if trained_until else None,
        alarms=(*arrivals.alarms(), *(alarm for job in jobs for alarm in job.alarms())),
        weeks=by_week(found),
        windows=windows(found, project, horizons, version),
        horizons=by_horizon(found, project, horizons, version),
        months=by_month(found, project),
        features=compare_features(weekly, reference, project) if weekly else (),
        arrivals=arrivals,
        jobs=jobs,
    )
