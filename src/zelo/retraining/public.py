"""What of a job leaves the server: no place in its file system, and no name of the machine that ran it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from zelo.ledger.jobs import Job, JobLine, Jobs

_FOLDERS = re.compile(r"(?:(?<![\w:/.])/|(?<=://)/+)(?:[^\s/:'\"]+/)+")


class PublicJobs(Jobs):
    """Jobs whose lines are told beyond the machine. ``zelo jobs`` tells them whole."""

    def lines(self, job_id: str, after: int = 0, limit: int = 500) -> list[JobLine]:
        return [replace(line, payload=_public(line.payload)) for line in super().lines(job_id, after, limit)]


def told_of(job: Job) -> dict[str, Any]:
    """A job as an answer has it."""
    return {
        "job": job.id,
        "project": job.project,
        "kind": job.kind,
        "state": job.state,
        "cancel_requested": job.cancel_requested,
        "request": job.request,
        "requested_by": job.requested_by,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "attempt": job.attempt,
        "progress": job.progress,
        "result": job.result,
        "error": None if job.error is None else _public(job.error),
    }


def _public(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _cut(value) for key, value in facts.items() if key not in ("where", "worker")}


def _cut(value: Any) -> Any:
    """The value with the files that it names, but not their folders."""
    if isinstance(value, Mapping):
        return _public(value)
    return _FOLDERS.sub("", value) if isinstance(value, str) else value
