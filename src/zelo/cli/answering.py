"""Commands around a champion at work: serve, predict, outcomes, monitor, demo."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, fits_shown, say_synthetic, show_json, show_table
from zelo.cli.workspace import Workspace, now, open_workspace
from zelo.errors import SpecError

if TYPE_CHECKING:
    from zelo.ledger.store import Ledger
    from zelo.registry.bundle import Bundle
    from zelo.serving.service import Service

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_commands(app: typer.Typer) -> None:
    for command in (serve, predict, outcomes, monitor, demo):
        app.command()(command)


def serve(
    names: Annotated[list[str], typer.Argument(help="Projects; one alone is also served at the root.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Serve champions over HTTP. A prediction that was answered is in the ledger."""
    from zelo.serving.app import create_app
    from zelo.serving.app import serve as run

    if host not in LOOPBACK:
        raise SpecError(
            "not served beyond this machine",
            where="--host",
            found=host,
            expected=f"one of {', '.join(LOOPBACK)}: there are no API keys yet",
            hint="put a reverse proxy that asks for credentials in front of it",
        )
    workspace = open_workspace()
    with workspace.ledger() as ledger:
        services = {name: open_service(workspace, name, ledger) for name in names}
        for service in services.values():
            say_synthetic(bool(service.model.bundle.manifest["synthetic"]))
            OUT.print(
                f"{service.name} version {service.model.version} "
                f"({service.model.bundle.predictor.runtime}) at http://{host}:{port}, "
                f"documentation at http://{host}:{port}/docs",
                markup=False,
            )
        settings = workspace.settings
        app = create_app(
            services, max_body_bytes=settings.max_body_bytes, max_waiting_rows=settings.max_waiting_rows
        )
        run(app, host, port)


def predict(
    name: Named,
    input_file: Annotated[Path, typer.Option("--input", help="Rows to predict: CSV, Parquet or Excel.")],
    output: Annotated[Path, typer.Option(help="The predictions, as CSV.")],
    as_json: AsJson = False,
) -> None:
    """Predict a file with the champion. Rows that break the contract are reported; then it exits 1."""
    from zelo.data.contract import bad_rows_json
    from zelo.serving.batch import score_file

    workspace = open_workspace()
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


def monitor(
    name: Named,
    days: Annotated[int, typer.Option(min=1, help="How far to look back.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Volume, quality where outcomes exist, and a drift table, of the champion."""
    from zelo.monitoring.text import render
    from zelo.monitoring.watch import watch

    workspace = open_workspace()
    project = workspace.project(name)
    version, bundle = champion(workspace, name)
    until = now()
    with workspace.ledger() as ledger:
        report = watch(ledger, bundle, version, since=until - timedelta(days=days), until=until, now=until)
    if as_json:
        show_json(report.as_dict())
    else:
        OUT.print(render(report, project))


def demo(
    project: Annotated[str, typer.Option(help="Which project tells the story.")] = "churn",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the server running at the end.")] = False,
) -> None:
    """From a CSV to a served, logged, watched model, with each command shown as it runs."""
    from zelo.cli.demo import run_demo

    run_demo(open_workspace(), project, keep=keep)


def champion(workspace: Workspace, name: str) -> tuple[str, Bundle]:
    """The champion's version and bundle, checked by hash. The project's folder is not needed for it."""
    from zelo.registry.aliases import read_aliases, resolve
    from zelo.registry.bundle import load_bundle

    if not read_aliases(workspace.settings.registry, name):
        workspace.project(name)
    found = resolve(workspace.settings.registry, workspace.settings.bundles, name)
    return found.version, load_bundle(found.bundle_path)


def open_service(workspace: Workspace, name: str, ledger: Ledger) -> Service:
    """A service on the project's champion."""
    from zelo.serving.service import Service

    return Service(lambda: champion(workspace, name), ledger)
