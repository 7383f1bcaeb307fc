"""A job's lines as server-sent events, for as long as the job and its watcher stay."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from time import monotonic
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic_core import to_json

from zelo.errors import LedgerError, RequestError, UnknownError
from zelo.ledger.jobs import Job, JobLine, Jobs
from zelo.serving.schema import FieldError, shown

POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 15.0
LATE_SECONDS = 2.0
"""How long a job that has ended must be silent: its last words are written down after its end."""
_LINES_A_READ = 500
_HEADERS = {"X-Accel-Buffering": "no"}
_SEQ = re.compile(r"[0-9]{1,18}")


async def event_stream(
    request: Request, jobs: Jobs, job_id: str, *, end: Callable[[Job], dict[str, Any]]
) -> Response:
    """Every line after the one that ``Last-Event-ID`` names, then ``end`` of the job.

    No content, where the job has ended and the watcher knows it: a browser then stops asking.

    Raises:
        RequestError: Last-Event-ID is none of ours.
    """
    after = _last_seen(request)
    job, lines = await run_in_threadpool(_news, jobs, job_id, after)
    if job.ended and after and not lines:
        return Response(status_code=204)
    return EventSourceResponse(
        _events(jobs, job_id, after, end, lambda: bool(request.app.state.stopping)), headers=_HEADERS
    )


async def _events(
    jobs: Jobs, job_id: str, after: int, end: Callable[[Job], dict[str, Any]], stopping: Callable[[], bool]
) -> AsyncIterator[bytes]:
    told = monotonic()
    quiet_since: float | None = None
    while not stopping():
        try:
            job, lines = await run_in_threadpool(_news, jobs, job_id, after)
        except LedgerError as error:
            # It may be locked, and heals by itself: the watcher stays.
            yield format_sse_event(comment=error.what)
            await asyncio.sleep(POLL_SECONDS)
            continue
        for line in lines:
            yield format_sse_event(data_str=_told(line), event=line.kind, id=str(line.seq))
            after, told = line.seq, monotonic()
        if len(lines) == _LINES_A_READ:
            continue
        if job.ended and (lines or quiet_since is None):
            quiet_since = monotonic()
        if quiet_since is not None and monotonic() - quiet_since >= LATE_SECONDS:
            yield format_sse_event(data_str=_as_text(end(job)), event="end")
            return
        if monotonic() - told > HEARTBEAT_SECONDS:
            yield format_sse_event(comment="still here")
            told = monotonic()
        await asyncio.sleep(POLL_SECONDS)


def _news(jobs: Jobs, job_id: str, after: int) -> tuple[Job, list[JobLine]]:
    # The job before its lines: the line of its end is among them. What its process still said comes later.
    job = jobs.job(job_id)
    if job is None:
        raise UnknownError("no such job", found=job_id)
    return job, jobs.lines(job_id, after, _LINES_A_READ)


def _last_seen(request: Request) -> int:
    given = request.headers.get("last-event-id", "0")
    if not _SEQ.fullmatch(given):
        fault = FieldError("Last-Event-ID", shown(given), "the id of an event of this job")
        raise RequestError("the header is not valid", errors=[fault])
    return int(given)


def _told(line: JobLine) -> str:
    return _as_text({"at": line.at, **line.payload})


def _as_text(content: dict[str, Any]) -> str:
    return to_json(content, inf_nan_mode="null").decode()
