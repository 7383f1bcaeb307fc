"""Around every request: its id, what is counted and logged of it, and what no route is asked."""

from __future__ import annotations

import logging
import re
from time import perf_counter
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from zelo.ledger.records import new_id
from zelo.logs import REQUEST
from zelo.serving.deadlines import Deadlines
from zelo.serving.door import Door, caller_of
from zelo.serving.exchange import Exchange
from zelo.serving.metrics import Metrics
from zelo.serving.places import Places
from zelo.serving.problems import CODE, problem
from zelo.serving.quick import PLACE
from zelo.serving.request_log import log_answered

_LOG = logging.getLogger(__name__)
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_CLIENT_LEFT = 499
_ARRIVED_LATE = 408
LATE = "zelo.late"
"""Where a request's scope says that its body was not waited for any longer."""
_MOST_HEADERS = 100
_LONGEST_URL = 8_192
_OWN_PAGES = (b"same-origin", b"none")


class Frame:
    """Around every request: its id, its metrics, and a problem document where the code fails.

    A POST that a browser sends for another site's page is refused: whoever is served here asks by no page but
    our own, and a page that somebody visits shall start no training. So is who the door does not admit.
    """

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, places: Places, deadlines: Deadlines, door: Door | None
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._places = places
        self._deadlines = deadlines
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        REQUEST.set(request_id.decode())
        exchange = Exchange(scope, receive, send, request_id)
        self._metrics.in_progress.inc()
        self._deadlines.begin(exchange)
        try:
            await (self._refusal(scope) or self._app)(scope, receive, exchange.send)
        except ClientDisconnect:
            late = LATE in scope
            exchange.status = exchange.status or (_ARRIVED_LATE if late else _CLIENT_LEFT)
            scope.setdefault(CODE, "body_too_slow" if late else "client_left")
        except Exception:
            _LOG.exception("request %s failed", request_id.decode())
            if exchange.status:
                raise
            failed = problem(500, "the server failed; its log names this request's id", code="failed")
            await failed(scope, receive, exchange.send)
        finally:
            self._deadlines.end(exchange)
            self._metrics.in_progress.dec()
            project, route = _place(scope)
            seconds, code = perf_counter() - exchange.started, scope.get(CODE)
            self._metrics.answered(project, route, exchange.status, seconds, code)
            log_answered(
                project, scope["method"], route, exchange.status, seconds, code=code, caller=caller_of(scope)
            )

    def _refusal(self, scope: Scope) -> Response | None:
        if len(scope["headers"]) > _MOST_HEADERS:
            return problem(431, f"more than {_MOST_HEADERS} headers", code="too_many_headers")
        if len(scope["path"]) + len(scope["query_string"]) > _LONGEST_URL:
            return problem(414, f"a URL of more than {_LONGEST_URL} bytes", code="url_too_long")
        if scope["method"] not in ("GET", "HEAD") and _of_another_page(scope["headers"]):
            return problem(403, "a page of another site may not ask for this", code="cross_site")
        if self._door is None:
            return None
        return self._door.admit(scope, self._places.of(scope["method"], scope["path"]))


def _of_another_page(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"sec-fetch-site" and value not in _OWN_PAGES for name, value in headers)


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
