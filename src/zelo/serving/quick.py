"""POST /predict and /predict/batch as plain ASGI: a framework's route costs more than a model's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from zelo.errors import ZeloError
from zelo.serving.problems import problem_of, refused
from zelo.serving.routes import Served, predicted, predicted_many

PLACE = "zelo.place"
"""Where a request's scope holds its project and its route's template."""
_HEADERS = ((b"content-type", b"application/json"),)


class Quick:
    """One of the two routes of a project. Questions with a query string go the framework's way."""

    def __init__(self, served: Served, place: tuple[str, str], *, many: bool) -> None:
        self._served = served
        self._place = place
        self._answer = predicted_many if many else predicted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[PLACE] = self._place
        try:
            body = orjson.dumps(await self._answer(self._served, Request(scope, receive)))
        except ZeloError as error:
            await problem_of(error)(scope, receive, send)
            return
        except HTTPException as error:
            await refused(error)(scope, receive, send)
            return
        headers = [*_HEADERS, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def quick_routes(served: Sequence[Served]) -> Mapping[str, Quick]:
    """By path, as the app serves them."""
    found = {}
    for one in served:
        for prefix in (f"/projects/{one.name}", *([""] if len(served) == 1 else [])):
            for route, many in (("/predict", False), ("/predict/batch", True)):
                found[prefix + route] = Quick(one, (one.name, route), many=many)
    return found
