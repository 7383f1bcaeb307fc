"""The web app: services in, FastAPI out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from functools import partial
from types import MappingProxyType

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi_offline import FastAPIOffline
from pydantic_core import to_json
from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send

from zelo import __version__
from zelo.errors import SpecError
from zelo.serving.batching import Batcher
from zelo.serving.deadlines import Deadlines
from zelo.serving.door import LOOK_SECONDS, Door, KeyDoor
from zelo.serving.evidence_routes import evidence_router
from zelo.serving.extension import Extension
from zelo.serving.follow import looking
from zelo.serving.frame import Frame
from zelo.serving.inference_protocol import protocol_router
from zelo.serving.metrics import Metrics
from zelo.serving.openapi import document
from zelo.serving.places import Places, told
from zelo.serving.problems import add_problem_handlers
from zelo.serving.quick import quick_routes
from zelo.serving.routes import Served, alias_router, metrics_endpoint, project_router, readiness
from zelo.serving.service import Service
from zelo.serving.siblings import Siblings


class App:
    """The web app: FastAPI, and past it the routes that are asked most."""

    def __init__(self, api: FastAPI, quick: Mapping[str, ASGIApp]) -> None:
        self.api = api
        self._quick = quick

    @property
    def state(self) -> State:
        return self.api.state

    @property
    def router(self) -> APIRouter:
        return self.api.router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = self.api
        if scope["type"] == "http" and scope["method"] == "POST" and not scope["query_string"]:
            app = self._quick.get(scope["path"], app)
        await app(scope, receive, send)


def create_app(
    services: Mapping[str, Service],
    *,
    max_body_bytes: int = 4 << 20,
    max_waiting_rows: int = 10_000,
    extensions: Mapping[str, Extension] = MappingProxyType({}),
    meanwhile: AbstractContextManager[None] | None = None,
    siblings: Siblings | None = None,
    door: Door | None = None,
    request_seconds: float = 60.0,
) -> App:
    """An app that serves each project under /projects/{name}, and the only one also at the root.

    ``extensions`` are what other layers add to a project, by its name. ``meanwhile`` is entered when the app
    starts, and left when the last question is answered. ``siblings`` are the other workers of this server.
    ``door`` says who is let in, everybody where there is none; it looks around in a thread of its own. A
    request without an answer after ``request_seconds`` is told so.

    The services, and their ledger, stay the caller's to close once the app has stopped.

    Raises:
        SpecError: a project's aliases cannot be served.
    """
    metrics = Metrics(services, siblings=siblings)
    deadlines = Deadlines(request_seconds)
    served = [
        Served(
            service,
            Batcher(service.predict, max_waiting_rows=max_waiting_rows),
            metrics,
            max_body_bytes,
            extensions.get(name),
        )
        for name, service in services.items()
    ]

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with deadlines.kept():
            with meanwhile or nullcontext(), _looked(door):
                yield
                app.state.stopping = True
                for one in served:
                    await one.close()

    # The documentation page carries its own scripts: FastAPI alone would load them from a CDN.
    app = FastAPIOffline(title="Zelo", version=__version__, lifespan=lifespan)
    app.state.stopping = False
    app.state.metrics = metrics
    app.state.siblings = siblings
    add_problem_handlers(app)
    places = Places(alone=served[0].name if len(served) == 1 else None, aliases=_aliases(served))
    framed = partial(Frame, metrics=metrics, places=places, deadlines=deadlines, door=door)
    app.add_middleware(framed)
    _add_routes(app, served, metrics)
    keys = isinstance(door, KeyDoor)
    app.openapi = lambda: told(document(app, services), places, keys=keys)  # type: ignore[method-assign]
    return App(app, {path: framed(quick) for path, quick in quick_routes(served).items()})


def _add_routes(app: FastAPI, served: Sequence[Served], metrics: Metrics) -> None:
    for one in served:
        _add_project(app, one, f"/projects/{one.name}")
    if len(served) == 1:
        _add_project(app, served[0], "")
    else:
        _add_root(app, served, metrics)
    for one in served:
        app.include_router(alias_router(one))
    app.include_router(protocol_router(served))


def _looked(door: Door | None) -> AbstractContextManager[None]:
    return looking([door.look], seconds=LOOK_SECONDS) if isinstance(door, KeyDoor) else nullcontext()


def _add_project(app: FastAPI, served: Served, prefix: str) -> None:
    app.include_router(project_router(served), prefix=prefix)
    app.include_router(evidence_router(served.service), prefix=prefix)
    if served.extension is not None:
        app.include_router(served.extension.router, prefix=prefix)


def _add_root(app: FastAPI, served: Sequence[Served], metrics: Metrics) -> None:
    @app.get("/health")
    def health() -> Response:
        """How each service is."""
        each = {one.name: one.health() for one in served}
        well = all(one["status"] == "ok" for one in each.values())
        return Response(
            to_json({"status": "ok" if well else "degraded", "projects": each}), media_type="application/json"
        )

    @app.get("/ready")
    def ready(request: Request) -> Response:
        """Whether requests can be answered now."""
        return readiness([one.service for one in served], stopping=request.app.state.stopping)

    @app.get("/metrics", response_class=Response)
    def counted() -> Response:
        """What Prometheus reads."""
        return metrics_endpoint(metrics)


def _aliases(served: Sequence[Served]) -> Mapping[str, str]:
    """The paths that projects name themselves, each with its project."""
    taken: dict[str, str] = {}
    for one in served:
        aliases = one.service.model.bundle.project.serving.aliases
        for path in (aliases.ranking, aliases.latest):
            if path is not None and taken.setdefault(path, one.name) != one.name:
                raise SpecError(
                    "two projects have the same alias",
                    where=one.name,
                    found=path,
                    expected=f"a path that {taken[path]} does not have",
                )
    return taken
