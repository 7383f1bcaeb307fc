"""POST /predict and /predict/batch as plain ASGI: a framework's route costs more than a model's answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fastapi import Request, Response
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from zelo.errors import ZeloError
from zelo.serving.problems import problem_of, refused

if TYPE_CHECKING:
    from zelo.serving.routes import Served

PLACE = "zelo.place"
"""Where a request's scope holds its project and its route's template."""


class Quick:
    """One of the two routes of a project. Questions with a query go the framework's way."""

    def __init__(self, served: Served, place: tuple[str, str], *, many: bool) -> None:
        self._served = served
        self._place = place
        self._many = many

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[PLACE] = self._place
        try:
            answer = await self._answer(Request(scope, receive))
        except ZeloError as error:
            answer = problem_of(error)
        except HTTPException as error:
            answer = refused(error)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        from zelo.serving.routes import predicted, predicted_many

        answer = await (predicted_many if self._many else predicted)(self._served, request)
        return Response(to_json(answer), media_type="application/json")


def quick_routes(served: Sequence[Served]) -> Mapping[str, Quick]:
    """By path, as the app serves them."""
    found = {}
    for one in served:
        for prefix in (f"/projects/{one.name}", *([""] if len(served) == 1 else [])):
            for route, many in (("/predict", False), ("/predict/batch", True)):
                found[prefix + route] = Quick(one, (one.name, route), many=many)
    return found
