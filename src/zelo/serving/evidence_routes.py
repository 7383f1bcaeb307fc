"""The route of a project's evidence: what put a version in service, and whether the chain still holds it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic_core import to_json

from zelo.errors import UnknownError
from zelo.serving.openapi import answers
from zelo.serving.service import Service

_MOST = 1_000_000


def evidence_router(service: Service) -> APIRouter:
    """The route of one project, without a prefix."""
    router = APIRouter(tags=[service.name])

    @router.get("/evidence/{number}", responses=answers("the record of evidence", None, 404, 422))
    def evidence(number: Annotated[int, Path(ge=1, le=_MOST)]) -> Response:
        """A record of evidence with its sha256, its bundle's hash, and whether the chain is whole."""
        if service.proofs is None:
            raise UnknownError("no evidence is kept here", where=service.name)
        return Response(to_json(service.proofs.proof(number)), media_type="application/json")

    return router
