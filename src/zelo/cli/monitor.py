"""The command monitor: what the ledger says of the champion."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zelo.cli.champion import champion
from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, show_json
from zelo.cli.workspace import Workspace, now, open_workspace

if TYPE_CHECKING:
    from zelo.ledger.store import Ledger
    from zelo.monitoring.look import Look
    from zelo.registry.bundle import Bundle
    from zelo.spec.project import Project


def add_commands(app: typer.Typer) -> None:
    app.command()(monitor)


def monitor(
    name: Named,
    days: Annotated[int, typer.Option(min=1, help="How far to look back.")] = 30,
    page: Annotated[Path | None, typer.Option(help="Of a forecast: write its page here, HTML.")] = None,
    export: Annotated[
        Path | None,
        typer.Option(help="Write the figures of this look and of all before it here: .csv or .parquet."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write Evidently's report of the drift here, HTML (extra report).")
    ] = None,
    export_file: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Measure a file of zelo export instead of the ledger; nothing is written."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at the champion: drift, quality with and without outcomes, what arrived.

    Drift alarms come first. They are kept to the project's budget of false alarms (monitoring.alarm_budget),
    however many fields there are and however often anybody looks; the drift table is a diagnosis. Of a
    forecast also: forecast against realised, the inputs, the raw rows, and whether the jobs ran.

    It exits 1 while an alarm stands: of drift; a day with far fewer predictions than usual; a figure that is
    surely beyond its floor (monitoring.floors); of a forecast, raw rows that fell by half, stale data, or a
    job that failed or did not run. Each alarm of drift is written into the ledger once.
    """
    from zelo.monitoring.look import record
    from zelo.monitoring.look_text import render_look
    from zelo.monitoring.series import is_watched

    workspace = open_workspace()
    project = workspace.project(name)
    version, bundle = champion(workspace, name)
    if export_file:
        _measure(export_file, bundle, version, as_json=as_json)
        return
    _refuse_files(export, report)
    if page and not is_watched(bundle.project):
        raise typer.BadParameter(
            f"{name} is no forecast of weeks or days: project.yaml has no pipeline or prices, or no forecast",
            param_hint="--page",
        )
    with workspace.ledger() as ledger:
        found = look_at(workspace, ledger, bundle, version, at=now(), days=days)
        record(ledger, found, workspace.approver)
        _write_files(ledger, bundle, found, export, report)
    if page:
        _write(workspace, project, found, page)
    if as_json:
        show_json(found.as_dict())
    else:
        OUT.print(render_look(found, project))
        for label, path in (("page", page), ("figures", export), ("Evidently's report", report)):
            if path:
                OUT.print(f"{label}: {path}", markup=False, soft_wrap=True)
    if found.status == "alarm":
        raise typer.Exit(1)


def look_at(
    workspace: Workspace, ledger: Ledger, bundle: Bundle, version: str, *, at: datetime, days: int
) -> Look:
    """A look with whatever of data sets and snapshots this machine has."""
    from zelo.monitoring.look import look

    datasets, snapshots = workspace.settings.datasets, workspace.settings.snapshots
    return look(ledger, bundle, version, now=at, days=days, datasets=datasets, snapshots=snapshots)


def _write(workspace: Workspace, project: Project, found: Look, page: Path) -> None:
    from zelo.monitoring.page import render_page
    from zelo.registry.evidence import read_evidence

    assert found.series is not None
    evidence = read_evidence(workspace.settings.registry, project.name)
    html = render_page(found.series, project, evidence, found.drift)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html, encoding="utf-8")


def _measure(path: Path, bundle: Bundle, version: str, *, as_json: bool) -> None:
    """The report of an export, which knows no alarm: those are kept by the ledger."""
    from zelo.monitoring.exported import watch_export
    from zelo.monitoring.text import render

    found = watch_export(path, bundle, version, now=now())
    show_json(found.as_dict()) if as_json else OUT.print(render(found, bundle.project))


def _refuse_files(export: Path | None, report: Path | None) -> None:
    from zelo.monitoring.evidently_report import refuse_report
    from zelo.monitoring.export import refuse_export

    if export:
        refuse_export(export)
    if report:
        refuse_report()


def _write_files(
    ledger: Ledger, bundle: Bundle, found: Look, export: Path | None, report: Path | None
) -> None:
    if export:
        from zelo.monitoring.export import export_figures

        export_figures(ledger, bundle.project, export)
    if report:
        from zelo.monitoring.evidently_report import MOST_ROWS, write_evidently

        window = found.report
        newest = ledger.predictions(
            found.project, version=found.version, since=window.since, until=window.until, limit=MOST_ROWS
        )
        write_evidently(bundle, newest[::-1], report)
