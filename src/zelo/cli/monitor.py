"""The command monitor: what the ledger says of the champion."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zelo.cli.champion import champion
from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, show_json
from zelo.cli.workspace import Workspace, now, open_workspace

if TYPE_CHECKING:
    from zelo.ledger.store import Ledger
    from zelo.monitoring.series import SeriesReport
    from zelo.monitoring.watch import Report
    from zelo.registry.bundle import Bundle
    from zelo.spec.project import Project


def add_commands(app: typer.Typer) -> None:
    app.command()(monitor)


def monitor(
    name: Named,
    days: Annotated[int, typer.Option(min=1, help="How far to look back.")] = 30,
    page: Annotated[Path | None, typer.Option(help="Of a forecast: write its page here, HTML.")] = None,
    as_json: AsJson = False,
) -> None:
    """Volume, quality where outcomes exist, and a drift table, of the champion.

    Of a forecast also: forecast against realised, by month and window, the inputs against the training,
    the raw rows of each week, and whether the jobs ran. It exits 1 where there is an alarm: raw rows fell by
    half, the data are stale, or a job failed or did not run.
    """
    from zelo.monitoring.series import is_watched
    from zelo.monitoring.text import render
    from zelo.monitoring.watch import watch

    workspace = open_workspace()
    project = workspace.project(name)
    version, bundle = champion(workspace, name)
    if page and not is_watched(bundle.project):
        raise typer.BadParameter(
            f"{name} is no forecast of weeks or days: project.yaml has no pipeline or prices, or no forecast",
            param_hint="--page",
        )
    until = now()
    with workspace.ledger() as ledger:
        report = watch(ledger, bundle, version, since=until - timedelta(days=days), until=until, now=until)
        series = _series(workspace, ledger, bundle, version, until) if is_watched(bundle.project) else None
        summary = series.summary() if series else _summary(report)
        ledger.record_event(name, "monitor", workspace.approver, summary["status"], summary)
    if page and series:
        _write(workspace, project, series, page)
    if as_json:
        show_json(report.as_dict() | ({"series": series.as_dict()} if series else {}))
    else:
        OUT.print(render(report, project, series))
        if page:
            OUT.print(f"page: {page}", markup=False, soft_wrap=True)
    if series and series.alarms:
        raise typer.Exit(1)


def _series(
    workspace: Workspace, ledger: Ledger, bundle: Bundle, version: str, until: datetime
) -> SeriesReport:
    from zelo.monitoring.series import watch_series
    from zelo.monitoring.weekly import read_weekly, trained_until

    settings = workspace.settings
    return watch_series(
        ledger,
        bundle,
        version,
        read_weekly(settings.datasets, bundle.project),
        trained_until=trained_until(bundle, settings.snapshots),
        now=until,
    )


def _write(workspace: Workspace, project: Project, series: SeriesReport, page: Path) -> None:
    from zelo.monitoring.page import render_page
    from zelo.registry.evidence import read_evidence

    html = render_page(series, project, read_evidence(workspace.settings.registry, project.name))
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html, encoding="utf-8")


def _summary(report: Report) -> dict[str, Any]:
    """What the ledger keeps of a run where nothing raises an alarm: the version and its figures."""
    figures = {figure.metric: figure.value for figure in report.quality.figures}
    return {
        "status": "ok",
        "version": report.version,
        "alarms": [],
        "rows": report.quality.outcomes,
        **figures,
    }
