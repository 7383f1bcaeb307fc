"""The command ``predict`` without a file: the coming weeks, or the coming day, from the newest data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from zelo.cli.champion import open_service
from zelo.cli.data import make_rows
from zelo.cli.show import OUT, say_synthetic, show_json, show_table
from zelo.cli.workspace import Workspace
from zelo.errors import DataError
from zelo.spec.project import Project

if TYPE_CHECKING:
    from zelo.data.pipeline.dataset import Dataset
    from zelo.serving.coming import Forecast
    from zelo.serving.service import Service


def run_forecast(workspace: Workspace, project: Project, output: Path | None, *, as_json: bool) -> None:
    """Bring the data up to date, forecast the coming rows with the champion, and show them.

    Raises:
        PipelineError: the newest data are at fault; nothing is forecast from older ones.
    """
    from zelo.serving.coming import forecast_coming

    if project.forecast is None or not project.is_made:
        raise typer.BadParameter(
            f"{project.name} needs a file of rows to predict; only a forecast with a pipeline or prices "
            "knows the next",
            param_hint="--input",
        )
    with workspace.ledger() as ledger:
        service = open_service(workspace, project.name, ledger)
        built = make_rows(workspace, project, quiet=as_json).built
        assert built is not None
        dataset = built.dataset
        assert dataset is not None
        _refuse_other_world(service, dataset)
        coming = dataset.read("coming")
        first = f"{coming[project.column_of(project.date)].iloc[0]:%Y-%m-%d}"
        place = output or workspace.settings.reports / project.name / f"forecast-{first}.csv"
        found = forecast_coming(service, coming, place)
        payload = {
            "version": found.version,
            "dataset": dataset.name,
            f"{_row(project)}s": len(found.days),
            "first": found.days[0],
            "last": found.days[-1],
        }
        reason = f"{_count(project, found)} from {found.days[0]} on"
        ledger.record_event(project.name, "forecast", workspace.approver, reason, payload)
    if as_json:
        facts = {"project": project.name, "synthetic": dataset.synthetic, **payload}
        show_json(facts | _told(project, found))
    else:
        _show(project, dataset, found)


def _refuse_other_world(service: Service, dataset: Dataset) -> None:
    """A model of generated data does not forecast observed ones, nor the reverse."""
    model = service.model
    if bool(model.bundle.manifest["synthetic"]) != dataset.synthetic:
        kinds = {True: "synthetic", False: "observed"}
        raise DataError(
            "the champion knows another kind of data",
            where=service.name,
            found=f"data set {dataset.name}, {kinds[dataset.synthetic]}; version {model.version} was trained "
            f"on {kinds[not dataset.synthetic]} data",
            expected="both the same",
            hint=f"zelo train {service.name}, then zelo promote {service.name}",
        )


def _row(project: Project) -> str:
    """What a row stands for."""
    return "day" if project.prices else "week"


def _count(project: Project, found: Forecast) -> str:
    rows = len(found.days)
    return f"{rows} {_row(project)}{'s' if rows > 1 else ''}"


def _told(project: Project, found: Forecast) -> dict[str, Any]:
    pairs = zip(found.days, found.answers, strict=True)
    forecasts = [{_row(project): day, **answer} for day, answer in pairs]
    return {"output": str(found.output), "forecasts": forecasts}


def _show(project: Project, dataset: Dataset, found: Forecast) -> None:
    say_synthetic(dataset.synthetic)
    unit = f" [{project.task.unit}]" if project.task.unit else ""
    digits = 2 if project.prices else 1
    rows = [
        (
            day,
            str(answer["horizon"]),
            f"{answer['prediction']:.{digits}f}",
            f"{answer['lower']:.{digits}f} – {answer['upper']:.{digits}f}" if "lower" in answer else "–",
        )
        for day, answer in zip(found.days, found.answers, strict=True)
    ]
    heads = ("day" if project.prices else "week of", "ahead", f"{project.task.target}{unit}", "90 % interval")
    OUT.print(f"version {found.version}, from the data set {dataset.name}", markup=False)
    show_table("", heads, rows)
    OUT.print(f"{_count(project, found)} forecast and recorded: {found.output}", markup=False, soft_wrap=True)
