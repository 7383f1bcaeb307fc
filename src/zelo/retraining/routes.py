"""Routes of a project's training: ask for it, watch it, cancel it, and change what it is done with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.background import BackgroundTask

from zelo.errors import LedgerError, OverloadError, UnknownError
from zelo.ledger.configs import Configs
from zelo.ledger.jobs import Job, JobLine, Jobs
from zelo.ledger.store import Ledger
from zelo.retraining.config import brought, change, described, laid_over, overrides_of, refuse_stale
from zelo.retraining.events import event_stream
from zelo.retraining.public import PublicJobs, told_of
from zelo.retraining.requests import (
    ConfigRequest,
    TrainRequest,
    check_names,
    read_config,
    read_train,
)
from zelo.serving.bodies import read_json
from zelo.serving.door import caller_of
from zelo.serving.extension import Extension
from zelo.serving.openapi import answers
from zelo.spec.project import Project

TRAIN = "train"
MOST_WAITING = 50
"""Jobs of one project: beyond them nobody is waiting for an answer, something is going round in circles."""
_LISTED, _MOST_LISTED = 20, 200
_LOGGED = 100
_LINES_A_READ = 500
_TEXT = {"type": "string"}


@dataclass(frozen=True)
class Training:
    """What the training of one project stands on.

    ``project`` reads its project.yaml as it is now, and ``wake`` tells a worker of a job; where that fails,
    a worker finds the job by itself. ``actor`` is in whose name jobs and changes are recorded where they are
    asked for without a key; else it is the key's.
    """

    project: Callable[[], Project]
    ledger: Ledger
    wake: Callable[[str], object]
    actor: str
    max_body_bytes: int

    @property
    def jobs(self) -> PublicJobs:
        return PublicJobs(self.ledger)


def training_extension(name: str, training: Training) -> Extension:
    """What a project's service gets to have it trained, by whatever worker shares its ledger."""
    router = APIRouter(tags=[name])
    _add_training(router, name, training)
    _add_jobs(router, name, training)
    _add_config(router, training)
    return Extension(router, lambda: {"training": _health(name, training.jobs)})


def _add_training(router: APIRouter, name: str, training: Training) -> None:
    @router.post(
        "/train",
        status_code=202,
        responses=_accepted()
        | _problems(400, 413, 415, 422, 503)
        | _told(409, "the project is busy, or its project.yaml or its configuration is not valid"),
        openapi_extra=_takes(TrainRequest, required=False),
    )
    async def train(request: Request) -> Response:
        """Ask for a training with the project's hyperparameters, or others. A worker does it.

        The answer comes at once. The champion stays until somebody promotes what was trained.
        """
        body = await _body(request, training.max_body_bytes)
        actor = caller_of(request.scope) or training.actor
        job = await run_in_threadpool(_submit, name, training, body, actor)
        url = f"{request.url.path.removesuffix('/train')}/jobs/{job.id}"
        return Response(
            to_json({"job": job.id, "state": job.state, "url": url, "events": f"{url}/events"}),
            202,
            {"Location": url},
            "application/json",
            BackgroundTask(training.wake, job.id),
        )


def _submit(name: str, training: Training, body: bytes, actor: str) -> Job:
    asked = read_train(body)
    project = training.project()
    check_names(asked, project)
    if sum(job.project == name for job in training.jobs.queued()) >= MOST_WAITING:
        raise OverloadError(
            "too many trainings wait",
            found=f"{MOST_WAITING} jobs",
            expected="fewer that wait",
            hint="cancel some, or look whether a worker runs: zelo worker",
        )
    config = Configs(training.ledger).current(name)
    brought(project, overrides_of(config), asked.candidates)
    refuse_stale(project, laid_over(overrides_of(config), asked.candidates))
    request = asked.model_dump(mode="json", exclude={"when_busy"})
    request["config_version"] = 0 if config is None else config.version
    return training.jobs.submit(name, TRAIN, request, actor, when_busy=asked.when_busy)


def _add_jobs(router: APIRouter, name: str, training: Training) -> None:
    jobs = training.jobs

    @router.get("/jobs", responses=answers("the project's jobs", None, 422, 503))
    def listed(limit: Annotated[int, Query(ge=1, le=_MOST_LISTED)] = _LISTED) -> Response:
        """The newest jobs first."""
        return _json({"jobs": [told_of(job) for job in jobs.listed(name, limit)]})

    @router.get("/jobs/{job_id}", responses=answers("the job", None, 404, 503))
    def job(job_id: str) -> Response:
        """How far a job is, what came of it, and the end of its log."""
        found = _job(jobs, name, job_id)
        return _json({**told_of(found), "log": [_line(line) for line in _log(jobs, job_id)]})

    @router.get(
        "/jobs/{job_id}/events",
        response_class=Response,
        responses=_problems(404, 422, 503)
        | {200: {"description": "the job's events", "content": {"text/event-stream": {"schema": _TEXT}}}}
        | _told(204, "the job has ended, and everything it said was read before: do not come again"),
    )
    async def events(job_id: str, request: Request) -> Response:
        """What a job says, as it says it, in server-sent events: state, progress and log, then end.

        Last-Event-ID takes the stream up where it was left.
        """
        await run_in_threadpool(_job, jobs, name, job_id)
        return await event_stream(request, jobs, job_id, end=told_of)

    @router.post(
        "/jobs/{job_id}/cancel",
        responses=answers("the job", None, 404, 503) | _told(409, "the job has ended, or is as good as done"),
    )
    def cancel(job_id: str) -> Response:
        """Take a job back: one that waits is cancelled at once, one that runs is stopped by its worker."""
        _job(jobs, name, job_id)
        return _json(told_of(jobs.cancel(job_id)))


def _add_config(router: APIRouter, training: Training) -> None:
    def shown() -> Response:
        project = training.project()
        return _json(described(project, Configs(training.ledger).current(project.name)))

    @router.get(
        "/config",
        responses=answers("the hyperparameters", None, 503) | _told(409, "the project.yaml is not valid"),
    )
    def config() -> Response:
        """Each candidate's hyperparameters with value, range, and where the value comes from."""
        return shown()

    def changed(body: bytes, actor: str) -> Response:
        asked = read_config(body)
        project = training.project()
        change(
            project,
            training.ledger,
            asked.candidates,
            actor=actor,
            reason=asked.reason,
            version=asked.version,
        )
        return shown()

    @router.post(
        "/config",
        responses=answers("the hyperparameters as they are now", None, 400, 413, 415, 422, 503)
        | _told(409, "another change came between, or what was configured before is not valid any more"),
        openapi_extra=_takes(ConfigRequest, required=True),
    )
    async def reconfigure(request: Request) -> Response:
        """Change hyperparameters of the trainings to come; each change is a version, and recorded."""
        body = await read_json(request, training.max_body_bytes)
        return await run_in_threadpool(changed, body, caller_of(request.scope) or training.actor)


def _health(name: str, jobs: Jobs) -> dict[str, Any]:
    try:
        job, waiting = jobs.active(name), jobs.queued()
    except LedgerError as error:
        return {"active": None, "reason": error.what}
    return {
        "active": job is not None and job.state == "running",
        "job": None if job is None else {"job": job.id, "state": job.state, "progress": job.progress},
        "queued": sum(one.project == name for one in waiting),
    }


def _job(jobs: Jobs, name: str, job_id: str) -> Job:
    found = jobs.job(job_id)
    if found is None or found.project != name:
        raise UnknownError("no such job", found=job_id[:100], expected="the id of one of the project's jobs")
    return found


def _log(jobs: Jobs, job_id: str) -> deque[JobLine]:
    """The last lines but for the progress, which the job itself tells."""
    kept: deque[JobLine] = deque(maxlen=_LOGGED)
    after = 0
    while lines := jobs.lines(job_id, after, _LINES_A_READ):
        kept.extend(line for line in lines if line.kind != "progress")
        after = lines[-1].seq
    return kept


def _line(line: JobLine) -> dict[str, Any]:
    return {"at": line.at, "kind": line.kind, **line.payload}


async def _body(request: Request, limit: int) -> bytes:
    """The body; none where there is none, whatever its declared type."""
    headers = request.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return b""
    return await read_json(request, limit)


def _json(content: Any) -> Response:
    return Response(to_json(content, inf_nan_mode="null"), media_type="application/json")


def _accepted() -> dict[int | str, dict[str, Any]]:
    properties = {"job": _TEXT, "state": _TEXT, "url": _TEXT, "events": _TEXT}
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {202: {"description": "the job", "content": {"application/json": {"schema": schema}}}}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    found = answers("", None, *statuses)
    return {status: found[status] for status in statuses}


def _told(status: int, meaning: str) -> dict[int | str, dict[str, Any]]:
    if status == 204:
        return {status: {"description": meaning}}
    return {status: {**_problems(409)[409], "description": meaning}}


def _takes(body: type[BaseModel], *, required: bool) -> dict[str, Any]:
    content = {"application/json": {"schema": body.model_json_schema()}}
    return {"requestBody": {"required": required, "content": content}}
