"""The watch over a forecast as one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

from zelo.monitoring.accuracy import Accuracy
from zelo.monitoring.alarms import DriftAlarm
from zelo.monitoring.arrivals import TableRows
from zelo.monitoring.drawing import Drawing, errors_of, months_of, over_time, rows_of, tip_of
from zelo.monitoring.drift_words import sentence
from zelo.monitoring.features import NOTE
from zelo.monitoring.forecasts import Week
from zelo.monitoring.pace import pace_of
from zelo.monitoring.series import SeriesReport
from zelo.monitoring.series_words import COVERAGE_NOTE, MONTHS_NOTE, ROWS_NOTE, STALENESS_NOTE, WINDOWS_NOTE
from zelo.monitoring.terminal import moment
from zelo.monitoring.watch import SYNTHETIC
from zelo.monitoring.words import Words
from zelo.spec.project import Project

TEMPLATE = "monitor.html.j2"
NOTES = {
    "features": NOTE,
    "windows": WINDOWS_NOTE,
    "coverage": COVERAGE_NOTE,
    "months": MONTHS_NOTE,
    "rows": ROWS_NOTE,
    "staleness": STALENESS_NOTE,
}


def render_page(
    report: SeriesReport,
    project: Project,
    evidence: Sequence[Mapping[str, Any]],
    drift: Sequence[DriftAlarm] = (),
) -> str:
    """The page. Whatever comes from people is escaped.

    Args:
        report: what was found.
        project: for its title and language.
        evidence: the project's records, oldest first; those that tell a decision are its log.
        drift: alarms of drift; those that stand are shown beside the report's own.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    words = Words(project.language, pace_of(project))
    template = (resources.files(__package__) / TEMPLATE).read_text(encoding="utf-8")
    decisions = [record["decision"] for record in reversed(evidence) if record.get("decision")]
    page = environment.from_string(template).render(
        r=report,
        p=project,
        w=words,
        page=Page(report, words),
        notes=NOTES,
        decisions=decisions,
        synthetic=SYNTHETIC,
        drift=[sentence(alarm, words) for alarm in drift if alarm.active],
    )
    return page.lstrip()


@dataclass(frozen=True)
class Page:
    """What the template asks for: charts, parts of lists, and values as they are shown."""

    report: SeriesReport
    words: Words

    @property
    def forecast(self) -> list[Week]:
        """The weeks that were forecast, and those to come."""
        return [week for week in self.report.weeks if week.forecast is not None]

    @property
    def judged(self) -> list[Week]:
        """Of those the ones that have come."""
        return [week for week in self.forecast if week.realised is not None]

    @property
    def to_come(self) -> list[Week]:
        """And those that have not."""
        return [week for week in self.forecast if week.realised is None]

    @property
    def recent(self) -> list[Week]:
        """The last quarter of the judged, the newest first."""
        return self.judged[: -self.words.pace.quarter - 1 : -1]

    @property
    def last(self) -> Week | None:
        """The newest judged week."""
        return self.judged[-1] if self.judged else None

    @property
    def quarter(self) -> Accuracy:
        """How the last quarter went."""
        return self.report.quarter.accuracy

    def over_time(self) -> Drawing:
        """Everything by week."""
        return over_time(self.report.weeks, self.words)

    def errors(self) -> Drawing:
        """The errors by week."""
        return errors_of(self.judged, self.words)

    def months(self) -> Drawing:
        """Sums by month."""
        return months_of(self.report.months, self.words)

    def rows(self, table: TableRows) -> Drawing:
        """Rows of a raw table by week."""
        return rows_of(table, self.words)

    def tip(self, week: Week) -> str:
        """A week on one line."""
        return tip_of(week, self.words)

    def moment(self, at: datetime | None) -> str:
        """A time in UTC."""
        return self.words("never") if at is None else f"{moment(at)} UTC"
