"""What the log tells of requests: a line each, and which fields were refused; values where harmless."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence

from zelo.serving.schema import FieldError
from zelo.spec.project import Project

_LOG = logging.getLogger(__name__)
_MOST_FIELDS = 10
_OTHER = "a field that the contract does not have"


def log_answered(
    project: str,
    method: str,
    route: str,
    status: int,
    seconds: float,
    *,
    code: str | None,
    caller: str | None,
) -> None:
    """One request: its route as a template, never as it was asked for, for a path may name somebody.

    ``caller`` is the name of its key.
    """
    if not _LOG.isEnabledFor(logging.INFO):
        return
    facts = {
        "project": project or None,
        "method": method,
        "route": route,
        "status": status,
        "ms": round(1000 * seconds, 1),
        "code": code,
        "caller": caller,
    }
    problem = f" {code}" if code else ""
    _LOG.info("%s %s %d %.1f ms%s", method, route, status, 1000 * seconds, problem, extra={"facts": facts})


def log_refused(project: Project, errors: Sequence[FieldError]) -> None:
    """The fields that broke the contract, and what is wrong with them.

    A value is told where the contract says that the field's are harmless. A name that is no field's is the
    caller's own text, and is not told.
    """
    if errors:
        _LOG.warning(
            "refused: %s", "; ".join(_told(project, errors)), extra={"facts": {"project": project.name}}
        )


def _told(project: Project, errors: Sequence[FieldError]) -> Iterator[str]:
    times = Counter(_one(project, error) for error in errors)
    for said, number in times.most_common(_MOST_FIELDS):
        yield said if number == 1 else f"{said} ({number} times)"
    if (more := len(times) - _MOST_FIELDS) > 0:
        yield f"and {more} more"


def _one(project: Project, error: FieldError) -> str:
    name = error.field.partition("[")[0]
    field = project.fields.get(name)
    history = project.forecast is not None and name == project.history_name
    if field is None and not history and name not in (project.data.key, project.serving.entity):
        return f"{_OTHER} ({error.fault})"
    found = f", found {error.found}" if field is not None and field.harmless else ""
    return f"{name} ({error.fault}{found})"
