"""Errors as RFC 9457 problem documents. HTTP status codes live here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from zelo.errors import (
    ConflictError,
    LedgerError,
    OverloadError,
    RegistryError,
    RequestError,
    SpecError,
    UnknownError,
    ZeloError,
)
from zelo.serving.schema import FieldError, shown

MEDIA_TYPE = "application/problem+json"
CODE = "zelo.problem"
"""Where a request's scope holds the code of the problem that answered it."""
RETRY_AFTER_SECONDS = 1

# Looked through from the top: the first class that fits.
_KINDS: tuple[tuple[type[ZeloError], int, str], ...] = (
    (UnknownError, 404, "unknown"),
    (ConflictError, 409, "conflict"),
    (OverloadError, 503, "overloaded"),
    (LedgerError, 503, "ledger_unavailable"),
    (RegistryError, 409, "model_unavailable"),
    (SpecError, 409, "project_not_valid"),
    (ZeloError, 500, "failed"),
)
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 415: "wrong_content_type"}


class Problem(Response):
    """A problem document that leaves its code in the scope, for whoever counts requests."""

    media_type = MEDIA_TYPE

    def __init__(self, document: bytes, status: int, headers: Mapping[str, str], code: str) -> None:
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS), **headers}
        super().__init__(document, status, headers)
        self._code = code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[CODE] = self._code
        await super().__call__(scope, receive, send)


def problem(
    status: int,
    detail: str,
    *,
    code: str,
    more: Mapping[str, Any] | None = None,
    errors: Iterable[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document. ``code`` is stable, for programs; ``detail`` is for people."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **(more or {}),
    }
    if listed := [error.as_dict() for error in errors]:
        document["errors"] = listed
    return Problem(to_json(document), status, headers or {}, code)


def problem_of(error: ZeloError) -> Response:
    """The problem document of an error. Where it happened stays in the server: that may be a path."""
    more = {name: text for name, text in error.as_dict().items() if name in ("found", "expected", "hint")}
    status, code = kind_of(error)
    errors = error.errors if isinstance(error, RequestError) else ()
    return problem(status, error.what, code=code, more=more, errors=errors)


def kind_of(error: ZeloError) -> tuple[int, str]:
    """The status of an error, and its code for programs."""
    if isinstance(error, RequestError):
        return (422, "contract_broken") if error.errors else (400, "malformed_body")
    return next((status, code) for kind, status, code in _KINDS if isinstance(error, kind))


def add_problem_handlers(app: FastAPI) -> None:
    """Have the app answer every error with a problem document."""
    app.add_exception_handler(ZeloError, _zelo)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _query)


def _zelo(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ZeloError)
    return problem_of(error)


def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refused(error)


def refused(error: HTTPException) -> Response:
    """The problem document of what the framework, or a route, refuses by its status."""
    code = _HTTP_CODES.get(error.status_code, "http_error")
    return problem(error.status_code, error.detail, code=code, headers=error.headers)


def _query(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        FieldError(str(details["loc"][-1]), shown(details["input"]), str(details["msg"]))
        for details in error.errors()
    ]
    return problem(422, "the query is not valid", code="query_not_valid", errors=errors)
