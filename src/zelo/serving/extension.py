"""What another layer adds to a served project: routes of its own, and its part of the project's health."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter


@dataclass(frozen=True)
class Extension:
    """``router`` is served under /projects/{name}, and at the root where the project is the only one; its tag
    is the project's name, which metrics and the API's document go by.

    ``health`` is called at each /health, in a thread, and its keys stand beside the project's own.
    """

    router: APIRouter
    health: Callable[[], dict[str, Any]]
