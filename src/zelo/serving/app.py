"""The web app: services in, FastAPI out."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from time import perf_counter
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi_offline import FastAPIOffline
from pydantic_core import to_json
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from zelo import __version__
from zelo.errors import SpecError
from zelo.ledger.records import new_id
from zelo.logs import REQUEST
from zelo.serving.batching import Batcher
from zelo.serving.extension import Extension
from zelo.serving.metrics import Metrics
from zelo.serving.openapi import document
from zelo.serving.problems import CODE, add_problem_handlers, problem
from zelo.serving.quick import PLACE, Quick, quick_routes
from zelo.serving.request_log import log_answered
from zelo.serving.routes import Served, alias_router, metrics_endpoint, project_router, readiness
from zelo.serving.service import Service

_LOG = logging.getLogger(__name__)
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_CLIENT_LEFT = 499


def create_app(
    services: Mapping[str, Service],
    *,
    max_body_bytes: int = 4 << 20,
    max_waiting_rows: int = 10_000,
    extensions: Mapping[str, Extension] = MappingProxyType({}),
    meanwhile: AbstractContextManager[None] | None = None,
) -> FastAPI:
    """An app that serves each project under /projects/{name}, and the only one also at the root.

    ``extensions`` are what other layers add to a project, by its name. ``meanwhile`` is entered when the app
    starts, and left when the last question is answered: a signal ends the process before its caller goes on.

    The services, and their ledger, stay the caller's to close once the app has stopped.

    Raises:
        SpecError: a project's aliases cannot be served.
    """
    metrics = Metrics(services)
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
        with meanwhile or nullcontext():
            yield
            app.state.stopping = True
            for one in served:
                await one.batcher.close()

    # The documentation page carries its own scripts: FastAPI alone would load them from a CDN.
    app = FastAPIOffline(title="Zelo", version=__version__, lifespan=lifespan)
    app.state.stopping = False
    app.state.metrics = metrics
    add_problem_handlers(app)
    quick = quick_routes(served)
    app.add_middleware(_Frame, metrics=metrics, quick=quick)
    for one in served:
        _add_project(app, one, f"/projects/{one.name}")
    if len(served) == 1:
        _add_project(app, served[0], "")
    else:
        _add_root(app, served, metrics)
    _add_aliases(app, served)
    app.openapi = lambda: document(app, services)  # type: ignore[method-assign]
    return app


def _add_project(app: FastAPI, served: Served, prefix: str) -> None:
    app.include_router(project_router(served), prefix=prefix)
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


def _add_aliases(app: FastAPI, served: list[Served]) -> None:
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
        app.include_router(alias_router(one))


class _Frame:
    """Around every request: its id, its metrics, and a problem document where the code fails.

    A POST that a browser sends for another site's page is refused: whoever is served here asks by no page but
    our own, and a page that somebody visits shall start no training.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, quick: Mapping[str, Quick]) -> None:
        self._app = app
        self._metrics = metrics
        self._quick = quick

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        REQUEST.set(request_id.decode())
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id)]
            await send(message)

        started = perf_counter()
        self._metrics.in_progress.inc()
        try:
            await self._answering(scope)(scope, receive, send_with_id)
        except ClientDisconnect:
            status = _CLIENT_LEFT
            scope[CODE] = "client_left"
        except Exception:
            _LOG.exception("request %s failed", request_id.decode())
            if status:
                raise
            failed = problem(500, "the server failed; its log names this request's id", code="failed")
            await failed(scope, receive, send_with_id)
        finally:
            self._metrics.in_progress.dec()
            project, route = _place(scope)
            seconds, code = perf_counter() - started, scope.get(CODE)
            self._metrics.answered(project, route, status, seconds, code)
            log_answered(project, scope["method"], route, status, seconds, code=code)

    def _answering(self, scope: Scope) -> ASGIApp:
        if _cross_site(scope):
            return _refusal
        if scope["method"] == "POST" and not scope["query_string"] and scope["path"] in self._quick:
            return self._quick[scope["path"]]
        return self._app


def _cross_site(scope: Scope) -> bool:
    return scope["method"] == "POST" and (b"sec-fetch-site", b"cross-site") in scope["headers"]


async def _refusal(scope: Scope, receive: Receive, send: Send) -> None:
    refused = problem(403, "a page of another site may not ask for this", code="cross_site")
    await refused(scope, receive, send)


def _request_id(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            given: bytes = value
            return given
    return new_id().encode()


def _place(scope: Scope) -> tuple[str, str]:
    """The project and the route's template: never a path as it was asked for, of which there is no end."""
    if quick := scope.get(PLACE):
        place: tuple[str, str] = quick
        return place
    route: Any = scope.get("route")
    tags = getattr(route, "tags", None)
    return (str(tags[0]) if tags else "", getattr(route, "path", "unknown"))
