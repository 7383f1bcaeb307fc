"""Which scope a key must have for which route: the one table of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from zelo.ledger.keys import SCOPES, Scope
from zelo.serving.problems import MEDIA_TYPE

Need = Scope | Literal["nothing", "any"]
"""``nothing``: no key at all. ``any``: a key, whatever its scopes."""

_READ, _WRITE = ("GET", "HEAD"), ("POST",)
# Beneath a project, or at the root where one project is served alone.
_OF_A_PROJECT: tuple[tuple[tuple[str, ...], str, Need], ...] = (
    (_READ, "/ready", "nothing"),
    (_WRITE, "/predict", "predict"),
    (_WRITE, "/predict/batch", "predict"),
    (_READ, "/sample-data", "any"),
    (_READ, "/model", "any"),
    (_WRITE, "/outcomes", "outcomes"),
    (_READ, "/predictions", "read"),
    (_READ, "/predictions/[^/]+", "read"),
    (_READ, "/queue", "read"),
    (_READ, "/evidence/[^/]+", "read"),
    (_READ, "/health", "watch"),
    (_READ, "/metrics", "watch"),
    (_WRITE, "/train", "train"),
    (_READ, "/jobs", "train"),
    (_READ, "/jobs/[^/]+", "train"),
    (_READ, "/jobs/[^/]+/events", "train"),
    (_WRITE, "/jobs/[^/]+/cancel", "train"),
    (_READ, "/config", "train"),
    (_WRITE, "/config", "train"),
    (_WRITE, "/model/reload", "admin"),
)
_AT_THE_ROOT: tuple[tuple[tuple[str, ...], str, Need], ...] = (
    (_READ, "/docs", "any"),
    (_READ, "/docs/oauth2-redirect", "any"),
    (_READ, "/redoc", "any"),
    (_READ, "/openapi.json", "any"),
    (_READ, "/static-offline-docs/[^/]+", "any"),
    (_READ, "/v2", "any"),
    (_READ, "/v2/health/live", "nothing"),
    (_READ, "/v2/health/ready", "nothing"),
)
_MODEL = r"/v2/models/(?P<project>[^/]+)(?:/versions/[^/]+)?"
_OF_A_MODEL: tuple[tuple[tuple[str, ...], str, Need], ...] = (
    (_READ, "", "any"),
    (_READ, "/ready", "nothing"),
    (_WRITE, "/infer", "predict"),
)
_PLACEHOLDER = re.compile(r"\\\{[^}]*\\\}")
_REMEMBERED = 4_096


_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer zelo_..."},
    "key_header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_REFUSALS = {
    401: "no API key, or none that is valid",
    403: "the key lacks the scope, or is not for this project",
    429: "the key asks too often: Retry-After says when to come again",
}


class Place(NamedTuple):
    """What a request needs, and of which project it is: ``None`` where it is of all that are served."""

    need: Need
    project: str | None


class Places:
    """From a request's method and path to what it needs. What is in no table needs ``admin``.

    ``alone`` is the project that is also served at the root. ``aliases`` are paths that projects name
    themselves, as a route's template, each with its project: they read predictions.
    """

    def __init__(self, *, alone: str | None, aliases: Mapping[str, str]) -> None:
        self._alone = alone
        self._rows = [
            (frozenset(methods), re.compile(pattern), need, project)
            for methods, pattern, need, project in _rows(alone, aliases)
        ]
        self.of = lru_cache(_REMEMBERED)(self._of)

    def listed(self, method: str, path: str) -> bool:
        """Whether a table holds it: what is not listed was not thought about."""
        return self._row(method, path) is not None

    def _of(self, method: str, path: str) -> Place:
        return self._row(method, path) or Place("admin", None)

    def _row(self, method: str, path: str) -> Place | None:
        for methods, pattern, need, project in self._rows:
            if method in methods and (found := pattern.fullmatch(path)):
                return Place(need, found.groupdict().get("project") or project)
        return None


def _rows(
    alone: str | None, aliases: Mapping[str, str]
) -> list[tuple[tuple[str, ...], str, Need, str | None]]:
    own: list[tuple[tuple[str, ...], str, Need, str | None]] = []
    for methods, path, need in _OF_A_PROJECT:
        own.append((methods, f"/projects/(?P<project>[^/]+){path}", need, None))
        own.append((methods, path, need, alone))
    own += [(methods, path, need, None) for methods, path, need in _AT_THE_ROOT]
    own += [(methods, _MODEL + path, need, None) for methods, path, need in _OF_A_MODEL]
    named: list[tuple[tuple[str, ...], str, Need, str | None]] = [
        (_READ, _PLACEHOLDER.sub("[^/]+", re.escape(template)), "read", project)
        for template, project in aliases.items()
    ]
    return own + named


def told(document: dict[str, Any], places: Places, *, keys: bool) -> dict[str, Any]:
    """The OpenAPI document, with how every route may refuse and, with ``keys``, what it needs."""
    if keys:
        document["components"]["securitySchemes"] = _SCHEMES
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            refusals = {503: "try again later: the answer took too long"}
            if keys:
                refusals |= _guarded(operation, places.of(method.upper(), path).need)
            for status, meaning in refusals.items():
                operation["responses"].setdefault(str(status), {"description": meaning, "content": problem})
    return document


def _guarded(operation: dict[str, Any], need: Need) -> dict[int, str]:
    """Tell what a route needs. Returns how it refuses."""
    if need == "nothing":
        operation["security"] = []
        return {}
    scopes = f"the scope {need}: {SCOPES[need]}" if need != "any" else "any scope"
    operation["security"] = [{name: []} for name in _SCHEMES]
    operation["description"] = f"{operation.get('description', '')}\n\nNeeds a key with {scopes}."
    return _REFUSALS
