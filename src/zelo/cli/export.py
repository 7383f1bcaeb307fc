"""The command export: the ledger's predictions and their truth as Parquet."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from zelo.cli.champion import champion
from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, fits_shown, show_json
from zelo.cli.workspace import now, open_workspace


def add_commands(app: typer.Typer) -> None:
    app.command()(export)


def export(
    name: Named,
    output: Annotated[Path, typer.Option(help="The Parquet file to write.")],
    days: Annotated[int, typer.Option(min=1, help="How far to look back.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Write what was answered, and what turned out to be true, as one Parquet file.

    Its columns are those of the champion's contract. zelo monitor --from FILE measures it without the ledger.
    """
    from zelo.ledger.exported import export_predictions

    workspace = open_workspace()
    _, bundle = champion(workspace, name)
    until = now()
    with workspace.ledger() as ledger, fits_shown(quiet=as_json, unit="rows") as progress:
        rows = export_predictions(
            ledger,
            bundle.project,
            output,
            since=until - timedelta(days=days),
            until=until,
            progress=lambda done, total: progress(name, done, total),
        )
    if as_json:
        show_json({"project": name, "output": str(output), "rows": rows})
    else:
        OUT.print(f"{rows} predictions written: {output}", markup=False, soft_wrap=True)
