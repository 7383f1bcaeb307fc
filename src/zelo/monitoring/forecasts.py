"""What was forecast of each week, or day, beside what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from zelo.ledger.records import PredictionRecord
from zelo.ledger.store import Ledger
from zelo.monitoring.pace import pace_of
from zelo.monitoring.weekly import Weekly
from zelo.spec.project import Project


@dataclass(frozen=True)
class Forecast:
    """The forecast of a week, made last of those with this horizon; values are in the target's unit.

    ``naive`` is the seasonal naive's: the value of a season before, as the model's own inputs held it.
    """

    week: date
    horizon: int
    version: str
    made_at: datetime
    value: float
    lower: float | None
    upper: float | None
    naive: float | None


@dataclass(frozen=True)
class Week:
    """A week with its realised value and its forecast of the smallest horizon; ``None`` where there is none.

    ``error`` is the forecast less what came, ``within`` whether the interval held it.
    """

    week: date
    realised: float | None
    forecast: float | None = None
    lower: float | None = None
    upper: float | None = None
    horizon: int | None = None
    version: str | None = None
    error: float | None = None
    within: bool | None = None


@dataclass(frozen=True)
class Told:
    """A year of weeks in order of time, and those to come: each one's truth, and its forecasts by horizon."""

    weeks: tuple[date, ...]
    realised: Mapping[date, float]
    forecasts: Mapping[date, Mapping[int, Forecast]]

    @property
    def newest(self) -> date | None:
        """The newest realised week."""
        return max(self.realised, default=None)

    def nearest(self, week: date) -> Forecast | None:
        """The week's forecast of the smallest horizon."""
        by_horizon = self.forecasts.get(week)
        return by_horizon[min(by_horizon)] if by_horizon else None

    def judged(self, *, weeks: int, horizon: int | None = None) -> list[Forecast]:
        """Forecasts of the realised weeks among the last so many: the nearest ones, or those of a horizon."""
        if self.newest is None:
            return []
        until_newest = [week for week in self.weeks if week <= self.newest]
        found = (
            self.nearest(week) if horizon is None else self.forecasts.get(week, {}).get(horizon)
            for week in until_newest[-weeks:]
            if week in self.realised
        )
        return [forecast for forecast in found if forecast is not None]


def told(ledger: Ledger, project: Project, weekly: Weekly | None, now: datetime) -> Told:
    """From the first month that began a year before the newest week, to the last week that can be forecast.

    What is realised is what the data set says, and of weeks that it lacks what the ledger says. Of prices it
    is the other way round: after a split the ledger alone tells what came on the scale of the forecast.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    assert project.forecast is not None
    pace = pace_of(project)
    this_week = pace.row_of(now.date())
    newest = (weekly.newest if weekly else None) or this_week
    # Whole months: of one that is cut its sums would say nothing.
    start = newest.replace(year=newest.year - 1, day=1)
    first = newest - (newest - start) // pace.length * pace.length
    weeks = tuple(pace.between(first, pace.after(max(newest, this_week), project.forecast.horizon)))
    by_name = {week.isoformat(): week for week in weeks}
    realised: dict[date, float] = {}
    forecasts: dict[date, dict[int, Forecast]] = {}
    for record, outcome in ledger.about(project.name, by_name):
        week = by_name[record.entity or ""]
        if outcome is not None and isinstance(outcome.value, int | float):
            realised[week] = float(outcome.value)
        if forecast := _forecast(record, week, project):
            forecasts.setdefault(week, {})[forecast.horizon] = forecast
    known = weekly.realised(project) if weekly else {}
    known = {week: known[week] for week in weeks if week in known}
    return Told(weeks, known | realised if project.prices else realised | known, forecasts)


def by_week(found: Told) -> tuple[Week, ...]:
    """Every week of them that has a truth or a forecast."""
    weeks = (_week(week, found.realised.get(week), found.nearest(week)) for week in found.weeks)
    return tuple(week for week in weeks if week.realised is not None or week.forecast is not None)


def _week(week: date, realised: float | None, forecast: Forecast | None) -> Week:
    if forecast is None:
        return Week(week, realised)
    lower, upper = forecast.lower, forecast.upper
    within = None
    if realised is not None and lower is not None and upper is not None:
        within = lower <= realised <= upper
    return Week(
        week=week,
        realised=realised,
        forecast=forecast.value,
        lower=lower,
        upper=upper,
        horizon=forecast.horizon,
        version=forecast.version,
        error=None if realised is None else forecast.value - realised,
        within=within,
    )


def _forecast(record: PredictionRecord, week: date, project: Project) -> Forecast | None:
    horizon = record.decision.get("horizon")
    # A row that somebody posted tells no horizon: it may be about the past.
    if horizon is None or record.score is None:
        return None
    assert project.forecast is not None
    history: Sequence[float] = record.inputs.get(project.history_name) or ()
    season = project.forecast.season
    # The values of the last rows are forecasts themselves: as many whole seasons back as lead before them.
    back = season * -(-horizon // season)
    return Forecast(
        week=week,
        horizon=horizon,
        version=record.version,
        made_at=record.at,
        value=record.score,
        lower=record.decision.get("lower"),
        upper=record.decision.get("upper"),
        naive=history[-back] if len(history) >= back else None,
    )
