"""Commands around a champion's answers: predict a file, load outcomes, the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zelo.cli.champion import open_service
from zelo.cli.forecast import run_forecast
from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, fits_shown, show_json, show_table
from zelo.cli.workspace import now, open_workspace


def add_commands(app: typer.Typer) -> None:
    for command in (predict, outcomes, demo):
        app.command()(command)


def predict(
    name: Named,
    input_file: Annotated[
        Path | None,
        typer.Option("--input", help="Rows to predict: CSV, Parquet or Excel. Without: what is to come."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The predictions, as CSV; what is to come has a place of its own.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Predict a file, or the coming weeks or day from the newest data, with the champion.

    Rows that break the contract are reported; then it exits 1.
    """
    from zelo.data.contract import bad_rows_json
    from zelo.serving.batch import score_file

    workspace = open_workspace()
    if input_file is None:
        run_forecast(workspace, workspace.project(name), output, as_json=as_json)
        return
    if output is None:
        raise typer.BadParameter("a file of predictions needs a place", param_hint="--output")
    with workspace.ledger() as ledger, fits_shown(quiet=as_json, unit="rows") as progress:
        service = open_service(workspace, name, ledger)
        scored = score_file(
            service, input_file, output, progress=lambda done, total: progress(name, done, total)
        )
    if as_json:
        show_json(
            {
                "project": name,
                "output": str(scored.output),
                "answered": scored.answered,
                "model_version": scored.version,
                "bad_rows": bad_rows_json(scored.bad_rows),
                "absent": scored.absent,
            }
        )
    else:
        for field in scored.absent:
            OUT.print(f"note: there is no column of {field}: it is missing in every row", markup=False)
        OUT.print(
            f"{scored.answered} rows predicted by version {scored.version}: {scored.output}",
            markup=False,
            soft_wrap=True,
        )
        if scored.bad_rows:
            show_table(
                f"{len(scored.bad_rows)} value(s) break the contract; their rows were not predicted",
                ("row", "field", "found", "expected"),
                [(str(row.row), row.field, row.found, row.expected) for row in scored.bad_rows[:20]],
            )
    if scored.bad_rows:
        raise typer.Exit(1)


def outcomes(
    name: Named,
    input_file: Annotated[Path, typer.Option("--input", help="The truth, by prediction_id or entity.")],
    as_json: AsJson = False,
) -> None:
    """Load the truth and join it to predictions."""
    from zelo.serving.batch import load_outcomes

    workspace = open_workspace()
    project = workspace.project(name)
    with workspace.ledger() as ledger:
        counts = load_outcomes(ledger, project, input_file, now=now)
    if as_json:
        show_json(
            {
                "project": name,
                "joined": counts.joined,
                "repeated": counts.repeated,
                "unknown": list(counts.unknown),
            }
        )
    else:
        OUT.print(
            f"{counts.joined} outcomes joined, {counts.repeated} of them to a prediction that had one, "
            f"{len(counts.unknown)} name no prediction",
            markup=False,
        )
    if not counts.joined:
        raise typer.Exit(1)


def demo(
    project: Annotated[str, typer.Option(help="Which project tells the story.")] = "churn",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the server running at the end.")] = False,
) -> None:
    """From a CSV to a served, logged, watched model, with each command shown as it runs."""
    from zelo.cli.demo import run_demo

    run_demo(open_workspace(), project, keep=keep)
