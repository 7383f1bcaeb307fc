"""The command that serves champions over HTTP."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zelo.cli.champion import open_service, versions
from zelo.cli.show import OUT, say_synthetic
from zelo.cli.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from zelo.ledger.store import Ledger
    from zelo.serving.app import App
    from zelo.serving.door import Door
    from zelo.serving.extension import Extension
    from zelo.serving.service import Service
    from zelo.serving.siblings import Siblings
    from zelo.serving.workers import Place

_SETTLE_SECONDS = 0.2
_NICE = 10


def add_commands(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    names: Annotated[list[str], typer.Argument(help="Projects; one alone is also served at the root.")],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer.")] = 1,
    drain_seconds: Annotated[
        float,
        typer.Option(min=0, help="How long requests are still taken at a stop, when /ready says no already."),
    ] = 0.2,
    keys: Annotated[bool, typer.Option("--keys", help="Ask for API keys on this machine too.")] = False,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Let everybody in who reaches it, on any address.")
    ] = False,
) -> None:
    """Serve champions over HTTP. A prediction that was answered is in the ledger."""
    command = _Command(
        tuple(names), host, port, drain_seconds, keys=keys, without_keys=without_keys, workers=workers
    )
    if workers == 1:
        command.alone()
    else:
        command.together(workers)


@dataclass(frozen=True)
class _Command:
    """What is served, and where: the same in every process."""

    names: tuple[str, ...]
    host: str
    port: int
    drain_seconds: float
    keys: bool
    without_keys: bool
    workers: int

    def alone(self) -> None:
        from zelo.serving.server import serve

        workspace = open_workspace()
        with workspace.ledger() as ledger:
            services = self._services(workspace, ledger)
            app = self._app(workspace, services, ledger)
            self._say(services)
            serve(app, self.host, self.port, drain_seconds=self.drain_seconds)

    def together(self, workers: int) -> None:
        """Run workers, and settle what they append: their parent has nothing else to do."""
        from zelo.serving.siblings import bury
        from zelo.serving.workers import Workers

        with (
            tempfile.TemporaryDirectory(prefix="zelo-serve-") as folder,
            open_workspace().ledger() as ledger,
            settling(ledger),
        ):
            # Refused here, where nobody can come in: each worker would refuse by itself.
            self._door(ledger)
            several = Workers(
                partial(_work, self, Path(folder)), workers, self.drain_seconds, partial(bury, Path(folder))
            )
            status = several.run(self.host, self.port)
        if status:
            raise typer.Exit(status)

    def worker(self, folder: Path, place: Place) -> None:
        from zelo.serving.follow import looking
        from zelo.serving.server import serve_on
        from zelo.serving.siblings import TELL_SECONDS, Siblings

        workspace = open_workspace()
        siblings = Siblings(folder)
        with workspace.ledger() as ledger:
            services = self._services(workspace, ledger)
            if place.first:
                self._say(services)
            app = self._app(workspace, services, ledger, siblings)
            with looking([siblings.tell], seconds=TELL_SECONDS):
                serve_on(app, place.listening, place.line, drain_seconds=self.drain_seconds)
            siblings.tell()

    def _services(self, workspace: Workspace, ledger: Ledger) -> dict[str, Service]:
        return {name: open_service(workspace, name, ledger) for name in self.names}

    def _door(self, ledger: Ledger) -> Door | None:
        from zelo.cli.keys import door_for

        return door_for(
            ledger, self.host, keys=self.keys, without_keys=self.without_keys, workers=self.workers
        )

    def _say(self, services: Mapping[str, Service]) -> None:
        for service in services.values():
            bundle = service.model.bundle
            say_synthetic(bool(bundle.manifest["synthetic"]))
            OUT.print(
                f"{service.name} version {service.model.version} "
                f"({bundle.predictor.runtime}) at http://{self.host}:{self.port}, "
                f"documentation at http://{self.host}:{self.port}/docs",
                markup=False,
            )
        if self.without_keys:
            OUT.print("no key is asked for: whoever reaches this address is answered", markup=False)
        OUT.print("trainings that are asked for at /train are done by: zelo worker", markup=False)

    def _app(
        self,
        workspace: Workspace,
        services: Mapping[str, Service],
        ledger: Ledger,
        siblings: Siblings | None = None,
    ) -> App:
        from zelo.serving.app import create_app

        settings = workspace.settings
        return create_app(
            services,
            max_body_bytes=settings.max_body_bytes,
            max_waiting_rows=settings.max_waiting_rows,
            extensions=_trainings(workspace, self.names, ledger),
            meanwhile=_meanwhile(workspace, services, ledger, siblings),
            siblings=siblings,
            door=self._door(ledger),
            request_seconds=settings.request_seconds,
        )


def _work(command: _Command, folder: Path, place: Place) -> None:
    """A worker, from its first line on: a program of its own, with the logs and the errors of one."""
    from zelo.cli.app import as_program, set_up_logs

    set_up_logs()
    as_program(partial(command.worker, folder, place))


@contextmanager
def _meanwhile(
    workspace: Workspace, services: Mapping[str, Service], ledger: Ledger, siblings: Siblings | None
) -> Iterator[None]:
    """Each service follows the registry, and tells the ledger how its versions do.

    Alone, the process also settles what it appends to the ledger.
    """
    from zelo.serving.follow import Follower, looking
    from zelo.serving.minutes import Minutes

    minutes = [Minutes(ledger, name) for name in services]
    for one, service in zip(minutes, services.values(), strict=True):
        service.watch(one.committed)
    called = siblings.called if siblings else lambda: None
    followers = [
        Follower(service, versions(workspace, name), called=called) for name, service in services.items()
    ]
    settled = nullcontext() if siblings else settling(ledger)
    with settled, looking([*(one.look for one in followers), *(one.look for one in minutes)]):
        yield
    for one in minutes:
        one.close()


@contextmanager
def settling(ledger: Ledger) -> Iterator[None]:
    """What is answered is moved to its tables, and the database's log into its file, beside answering."""
    from zelo.serving.follow import looking

    with (
        looking([ledger.settle], seconds=_SETTLE_SECONDS),
        looking([ledger.checkpoint], seconds=_SETTLE_SECONDS, nice=_NICE),
    ):
        yield


def _trainings(workspace: Workspace, names: tuple[str, ...], ledger: Ledger) -> dict[str, Extension]:
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
