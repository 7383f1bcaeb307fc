"""The command that serves champions over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from zelo.cli.champion import open_service, versions
from zelo.cli.show import OUT, say_synthetic
from zelo.cli.workspace import Workspace, open_workspace
from zelo.errors import SpecError

if TYPE_CHECKING:
    from zelo.ledger.store import Ledger
    from zelo.serving.extension import Extension
    from zelo.serving.service import Service

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_commands(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    names: Annotated[list[str], typer.Argument(help="Projects; one alone is also served at the root.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Serve champions over HTTP. A prediction that was answered is in the ledger."""
    from zelo.serving.app import create_app
    from zelo.serving.server import serve as run

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
