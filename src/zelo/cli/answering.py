"""Commands around a champion at work: serve, predict, outcomes, demo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zelo.cli.champion import open_service, versions
from zelo.cli.forecast import run_forecast
from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, fits_shown, say_synthetic, show_json, show_table
from zelo.cli.workspace import Workspace, now, open_workspace
from zelo.errors import SpecError

if TYPE_CHECKING:
    from zelo.ledger.store import Ledger
    from zelo.serving.extension import Extension
    from zelo.serving.service import Service

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_commands(app: typer.Typer) -> None:
    for command in (serve, predict, outcomes, demo):
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
            services,
            max_body_bytes=settings.max_body_bytes,
            max_waiting_rows=settings.max_waiting_rows,
            extensions=_trainings(workspace, names, ledger),
            meanwhile=_followed(workspace, services, ledger),
        )
        OUT.print("trainings that are asked for at /train are done by: zelo worker", markup=False)
        run(app, host, port)


@contextmanager
def _followed(workspace: Workspace, services: Mapping[str, Service], ledger: Ledger) -> Iterator[None]:
    """Each service follows the registry, and tells the ledger how its versions do."""
    from zelo.serving.follow import Follower, looking
    from zelo.serving.minutes import Minutes

    minutes = [Minutes(ledger, name) for name in services]
    for one, service in zip(minutes, services.values(), strict=True):
        service.watch(one.committed)
    followers = [Follower(service, versions(workspace, name)) for name, service in services.items()]
    with looking([*(one.look for one in followers), *(one.look for one in minutes)]):
        yield
    for one in minutes:
        one.close()


def _trainings(workspace: Workspace, names: list[str], ledger: Ledger) -> dict[str, Extension]:
    """What lets each project be trained and configured over HTTP."""
    from zelo.retraining.broker import make_app, notify
    from zelo.retraining.routes import Training, training_extension

    settings = workspace.settings
    broker = make_app(settings.broker_url, settings.broker)
    return {
        name: training_extension(
            name,
            Training(
                project=partial(workspace.project, name),
                ledger=ledger,
                wake=partial(notify, broker),
                actor=workspace.approver,
                max_body_bytes=settings.max_body_bytes,
            ),
        )
        for name in names
    }


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
