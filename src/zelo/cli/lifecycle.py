"""Commands from data to champion, and about its versions: train, compare, verify, history."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from zelo.cli import moving
from zelo.cli.horizons import show_horizons
from zelo.cli.projects import AsJson, Named, checked_project
from zelo.cli.show import (
    OUT,
    fits_shown,
    interval,
    number,
    say_synthetic,
    show_gates,
    show_json,
    show_table,
)
from zelo.cli.standing import show_standing
from zelo.cli.workspace import Workspace, open_workspace, threads
from zelo.decisions.decide import band_of
from zelo.registry.aliases import read_aliases, resolve
from zelo.spec.project import LATENCY, LOWER_IS_BETTER, Project, Tuning


def add_commands(app: typer.Typer) -> None:
    app.command()(train)
    app.command()(compare)
    moving.add_commands(app)
    app.command()(verify)
    app.command()(history)


def train(
    name: Named,
    append: Annotated[Path | None, typer.Option(help="A file of new labelled rows to add first.")] = None,
    trials: Annotated[int | None, typer.Option(min=0, help="Optuna's trials a candidate.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Optuna's time a candidate.")] = None,
    candidates: Annotated[str | None, typer.Option(help="Only these of the project's, by comma.")] = None,
    pick: Annotated[
        str | None, typer.Option(help="Register this candidate, whatever the comparison says.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the candidates, fit the winner, bundle it, and run its gates. The champion stays."""
    from zelo.cli.training import run_training
    from zelo.retraining.config import effective

    workspace = open_workspace()
    with workspace.ledger() as ledger:
        project = effective(checked_project(name), ledger)
    budget = Tuning(
        trials=project.tuning.trials if trials is None else trials,
        seconds=project.tuning.seconds if seconds is None else seconds,
    )
    names = [item.strip() for item in candidates.split(",")] if candidates else None
    with fits_shown(quiet=as_json) as progress:
        result = run_training(
            workspace,
            project,
            append=append,
            budget=budget,
            names=names,
            progress=progress,
            threads=threads(),
            pick=pick,
        )
    if as_json:
        show_json(result)
        return
    say_synthetic(result["synthetic"])
    for note in result["notes"]:
        OUT.print(f"note: {note}", markup=False)
    show_comparison(project, result["comparison"])
    show_standing(project, result["comparison"])
    show_metrics(project, result["metrics"], result["baseline"])
    if result["horizons"]:
        show_horizons(project, result["horizons"])
    OUT.print(
        f"\nversion {result['version']} ({result['candidate']}, {result['runtime']}), "
        f"in {result['seconds']:.0f} s",
        markup=False,
    )
    show_gates(result["gates"])
    failed = [gate["code"] for gate in result["gates"] if gate["status"] == "failed"]
    OUT.print(
        f"next: zelo promote {name}" if not failed else f"{', '.join(failed)} failed: see docs/gates.md",
        markup=False,
    )


def compare(
    name: Named,
    alias: Annotated[str, typer.Option(help="champion, challenger or previous.")] = "",
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write the metrics table here.")] = None,
    as_json: AsJson = False,
) -> None:
    """The candidates, their Pareto front, why the winner won, and its graded metrics."""
    workspace = open_workspace()
    project = workspace.project(name)
    bundle = _bundle(workspace, name, alias)
    comparison, metrics = (
        json.loads((bundle / file).read_text("utf-8")) for file in ("candidates.json", "metrics.json")
    )
    errors, ahead = bundle / "errors.html", bundle / "horizons.json"
    horizons = json.loads(ahead.read_text("utf-8")) if ahead.exists() else None
    if csv_file:
        write_metrics(project, metrics, csv_file)
    if as_json:
        page = str(errors) if errors.exists() else None
        show_json(
            {
                "project": name,
                "comparison": comparison,
                "metrics": metrics,
                "horizons": horizons,
                "error_analysis": page,
            }
        )
        return
    _say_synthetic(bundle)
    show_comparison(project, comparison)
    show_standing(project, comparison)
    show_metrics(project, metrics, None)
    if horizons:
        show_horizons(project, horizons)
    if errors.exists():
        OUT.print(f"error analysis: {errors}", markup=False, soft_wrap=True)


def verify(name: Named, as_json: AsJson = False) -> None:
    """Check that everything still is what the evidence says. Exits 1 where it is not."""
    from zelo.registry.verify import verify as run

    workspace = open_workspace()
    workspace.project(name)
    findings = run(workspace.store(), name)
    if as_json:
        show_json(
            {
                "project": name,
                "holds": all(item.holds for item in findings),
                "findings": [vars(item) for item in findings],
            }
        )
    else:
        rows = [("holds" if item.holds else "BROKEN", item.subject, item.detail) for item in findings]
        show_table("", ("", "what", "detail"), rows)
    if not all(item.holds for item in findings):
        raise typer.Exit(1)


def history(name: Named, as_json: AsJson = False) -> None:
    """What happened to the project's versions, when, by whom and why."""
    from zelo.registry.evidence import read_evidence

    workspace = open_workspace()
    workspace.project(name)
    records = read_evidence(workspace.settings.registry, name)
    if as_json:
        show_json(records)
        return
    rows = [
        (
            record["at"][:19].replace("T", " "),
            record["action"],
            record["version"],
            record["candidate"],
            record.get("replaced") or "–",
            record.get("approver", "–"),
            record.get("reason") or record.get("why", ""),
        )
        for record in records
    ]
    show_table("", ("at (UTC)", "action", "version", "candidate", "replaced", "by", "why"), rows)
    for record in records:
        if decision := record.get("decision"):
            OUT.print(f"- {decision}", markup=False)


def show_comparison(project: Project, comparison: dict[str, Any]) -> None:
    """Candidates from best to worst in the primary metric, and why one of them won."""
    metrics = project.select.measured
    rows, failed = [], []
    for item in comparison["candidates"]:
        if item["error"]:
            failed.append(f"{item['name']} could not be fitted: {item['error']}")
            continue
        mark = ("> " if item["name"] == comparison["winner"] else "  ") + ("*" if item["on_front"] else " ")
        primary, *others = (item["metrics"][metric] for metric in metrics)
        values = [number(found["value"]) for found in others]
        values.append(number(item.get(LATENCY)))
        rows.append((f"{mark} {item['name']}", interval(primary), *values))
    heads = ("    candidate", f"{metrics[0]} [95 %]", *metrics[1:], LATENCY)
    show_table("Candidates, out of fold (> the winner, * on the Pareto front)", heads, rows)
    for line in failed:
        OUT.print(line, markup=False)
    OUT.print(comparison["why"], markup=False)


def show_metrics(project: Project, metrics: dict[str, Any], baseline: dict[str, float] | None) -> None:
    """The test set's metrics with intervals, the baseline's beside them, and the project's grades."""
    rows = [
        (
            metric,
            interval(found),
            *([number(baseline.get(metric))] if baseline else []),
            grade(project, metric, found),
        )
        for metric, found in metrics.items()
    ]
    heads = ("metric", "test [95 %]", *(["baseline"] if baseline else []), "grade" if project.grades else "")
    show_table("\nTest set, opened once", heads, rows)


def grade(project: Project, metric: str, found: dict[str, Any]) -> str:
    """The project's word for a figure; none for what is better when lower."""
    if not project.grades or metric in LOWER_IS_BETTER or found["value"] is None:
        return ""
    band = band_of(found["value"], project.grades)
    return band.label if band else ""


def write_metrics(project: Project, metrics: dict[str, Any], path: Path) -> None:
    """The metrics table as CSV."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("metric", "value", "low", "high", "grade"))
        for metric, found in metrics.items():
            writer.writerow(
                (metric, found["value"], found["low"], found["high"], grade(project, metric, found))
            )


def _bundle(workspace: Workspace, name: str, alias: str) -> Path:
    from zelo.registry.bundle import check_files

    settings = workspace.settings
    known = read_aliases(settings.registry, name)
    wanted = alias or ("challenger" if "challenger" in known else "champion")
    path = resolve(settings.registry, settings.bundles, name, wanted).bundle_path
    check_files(path)
    return path


def _say_synthetic(bundle: Path) -> None:
    say_synthetic(json.loads((bundle / "manifest.json").read_text("utf-8"))["synthetic"])
