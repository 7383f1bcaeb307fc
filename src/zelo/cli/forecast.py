"""The command ``predict`` without a file: the coming weeks, from the newest data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from zelo.cli.champion import open_service
from zelo.cli.data import run_pipeline
from zelo.cli.show import OUT, say_synthetic, show_json, show_table
from zelo.cli.workspace import Workspace
from zelo.spec.project import Project

if TYPE_CHECKING:
    from zelo.data.pipeline.dataset import Dataset
    from zelo.serving.coming import Forecast


def run_forecast(workspace: Workspace, project: Project, output: Path | None, *, as_json: bool) -> None:
    """Bring the data up to date, forecast the coming weeks with the champion, and show them.

    Raises:
        PipelineError: the newest data are at fault; nothing is forecast from older ones.
    """
    from zelo.serving.coming import forecast_coming

    if project.pipeline is None or project.forecast is None:
        raise typer.BadParameter(
            f"{project.name} needs a file of rows to predict; only a forecast with a pipeline knows the next",
            param_hint="--input",
        )
    with workspace.ledger() as ledger:
        service = open_service(workspace, project.name, ledger)
        built = run_pipeline(workspace, project, quiet=as_json).built
        assert built is not None
        dataset = built.dataset
        assert dataset is not None
        coming = dataset.read("coming")
        first = f"{coming[project.column_of(project.date)].iloc[0]:%Y-%m-%d}"
        place = output or workspace.settings.reports / project.name / f"forecast-{first}.csv"
        found = forecast_coming(service, coming, place)
        payload = {
            "version": found.version,
            "dataset": dataset.name,
            "weeks": len(found.weeks),
            "first": found.weeks[0],
            "last": found.weeks[-1],
        }
        reason = f"{len(found.weeks)} weeks from {found.weeks[0]} on"
        ledger.record_event(project.name, "forecast", workspace.approver, reason, payload)
    if as_json:
        show_json({"project": project.name, "synthetic": dataset.synthetic, **payload, **_told(found)})
    else:
        _show(project, dataset, found)


def _told(found: Forecast) -> dict[str, Any]:
    pairs = zip(found.weeks, found.answers, strict=True)
    return {"output": str(found.output), "forecasts": [{"week": week, **answer} for week, answer in pairs]}


def _show(project: Project, dataset: Dataset, found: Forecast) -> None:
    say_synthetic(dataset.synthetic)
    unit = f" [{project.task.unit}]" if project.task.unit else ""
    rows = [
        (
            week,
            str(answer["horizon"]),
            f"{answer['prediction']:.1f}",
            f"{answer['lower']:.1f} – {answer['upper']:.1f}" if "lower" in answer else "–",
        )
        for week, answer in zip(found.weeks, found.answers, strict=True)
    ]
    heads = ("week of", "ahead", f"{project.task.target}{unit}", "90 % interval")
    OUT.print(f"version {found.version}, from the data set {dataset.name}", markup=False)
    show_table("", heads, rows)
    OUT.print(f"{len(rows)} weeks forecast and recorded: {found.output}", markup=False, soft_wrap=True)
