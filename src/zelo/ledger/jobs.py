"""Jobs: what was asked for, who runs it, how far it is, what came of it, and everything it said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from zelo.errors import ConflictError, UnknownError
from zelo.ledger.engine import take_turns
from zelo.ledger.records import Event, new_id
from zelo.ledger.schema import events, job_lines, jobs
from zelo.ledger.store import Ledger

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Ending = Literal["succeeded", "failed", "cancelled"]
Verdict = Literal["go", "cancel", "lost"]
MOST_LOSSES = 3
REGISTERING = "registering"
"""The stage of a running job that can no longer be cancelled."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job. ``attempt`` counts its claims and tells apart the workers that had it."""

    id: str
    project: str
    kind: str
    state: JobState
    request: Mapping[str, Any]
    requested_by: str
    created_at: datetime
    attempt: int
    worker: str | None
    started_at: datetime | None
    beat_at: datetime | None
    finished_at: datetime | None
    cancel_requested: bool
    progress: Mapping[str, Any]
    result: Mapping[str, Any] | None
    error: Mapping[str, Any] | None

    @property
    def ended(self) -> bool:
        return self.state in ("succeeded", "failed", "cancelled")

    @property
    def registering(self) -> bool:
        """Whether its result is being registered: from here on it ends by itself."""
        return self.state == "running" and self.progress.get("stage") == REGISTERING


@dataclass(frozen=True, slots=True)
class JobLine:
    """One entry of a job's log. ``seq`` rises; ``kind`` is ``state``, ``progress`` or ``log``."""

    seq: int
    at: datetime
    kind: str
    payload: Mapping[str, Any]


class Jobs:
    """The jobs of a ledger. Every method raises :class:`LedgerError` as the ledger's own do.

    A job is one worker's at a time: who claimed it names it by id and attempt, and whoever comes with an
    attempt that is over changes nothing. Of a project one job runs at a time.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def submit(
        self,
        project: str,
        kind: str,
        request: Mapping[str, Any],
        requested_by: str,
        *,
        when_busy: Literal["queue", "refuse"] = "queue",
    ) -> Job:
        """Write down a job to be run.

        Raises:
            ConflictError: the project has a job that runs or waits, and ``when_busy`` is ``refuse``.
        """
        job_id = new_id()
        row = {
            "id": job_id,
            "project": project,
            "kind": kind,
            "state": "queued",
            "request": dict(request),
            "requested_by": requested_by,
            "created_at": self._ledger.now(),
            "attempt": 0,
            "cancel_requested": False,
            "progress": {},
        }
        with self._ledger.writing() as connection:
            take_turns(connection, project)
            busy = _first(connection, _active(project)) if when_busy == "refuse" else None
            if busy is not None:
                raise ConflictError(
                    f"a job of {project} {'runs' if busy.state == 'running' else 'waits'} already",
                    found=f"job {busy.id}, {busy.state}",
                    expected="no job that runs or waits",
                    hint="wait for it, cancel it, or ask to be queued",
                )
            connection.execute(sa.insert(jobs), row)
            self._say(connection, job_id, "state", {"state": "queued", "attempt": 0})
            return _known(connection, job_id)

    def job(self, job_id: str) -> Job | None:
        """The job of that id; ``None`` where there is none."""
        with self._ledger.reading() as connection:
            return _first(connection, sa.select(jobs).where(jobs.c.id == job_id))

    def listed(self, project: str | None = None, limit: int = 100) -> list[Job]:
        """The newest jobs first, of a project or of all."""
        query = sa.select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)
        return self._read(query if project is None else query.where(jobs.c.project == project))

    def active(self, project: str) -> Job | None:
        """The job that runs, else the one that has waited longest."""
        with self._ledger.reading() as connection:
            return _first(connection, _active(project))

    def queued(self) -> list[Job]:
        """Every job that waits, the oldest first."""
        return self._read(
            sa.select(jobs).where(jobs.c.state == "queued").order_by(jobs.c.created_at, jobs.c.id)
        )

    def claim(self, job_id: str, worker: str) -> Job | None:
        """The job, running and with a new attempt; ``None`` where it does not wait or its project is busy."""
        with self._ledger.writing() as connection:
            job = _locked(connection, job_id)
            if job is None or job.state != "queued":
                return None
            take_turns(connection, job.project)
            if (busy := _first(connection, _active(job.project))) is not None and busy.state == "running":
                return None
            now = self._ledger.now()
            self._change(
                connection,
                job,
                {"state": "running", "attempt": job.attempt + 1, "progress": {}}
                | {"worker": worker, "started_at": now, "beat_at": now},
            )
            self._say(
                connection,
                job_id,
                "state",
                {"state": "running", "attempt": job.attempt + 1, "worker": worker},
            )
            return _known(connection, job_id)

    def beat(self, job_id: str, attempt: int) -> Verdict:
        """A sign of life. ``lost`` where the job is not this attempt's any more."""
        with self._ledger.writing() as connection:
            job = _mine(connection, job_id, attempt)
            if job is None:
                return "lost"
            self._change(connection, job, {"beat_at": self._ledger.now()})
            return "cancel" if job.cancel_requested else "go"

    def progress(self, job_id: str, attempt: int, facts: Mapping[str, Any]) -> bool:
        """How far it is, in place of what was told before. False where it is not ours any more."""
        with self._ledger.writing() as connection:
            job = _mine(connection, job_id, attempt)
            if job is None:
                return False
            self._change(connection, job, {"progress": dict(facts)})
            self._say(connection, job_id, "progress", facts)
            return True

    def seal(self, job_id: str, attempt: int) -> Verdict:
        """Go on to register the result, unless cancelled or lost: after ``go`` no cancel is taken."""
        with self._ledger.writing() as connection:
            job = _mine(connection, job_id, attempt)
            if job is None:
                return "lost"
            if job.cancel_requested:
                return "cancel"
            facts = {**job.progress, "stage": REGISTERING}
            self._change(connection, job, {"progress": facts, "beat_at": self._ledger.now()})
            self._say(connection, job_id, "progress", facts)
            return "go"

    def line(self, job_id: str, *texts: str) -> None:
        """Add to the job's log, in one transaction."""
        with self._ledger.writing() as connection:
            _locked(connection, job_id)
            for text in texts:
                self._say(connection, job_id, "log", {"text": text})

    def lines(self, job_id: str, after: int = 0, limit: int = 500) -> list[JobLine]:
        """What was said and done after the line ``after``, in order."""
        query = (
            sa.select(job_lines.c.id, job_lines.c.at, job_lines.c.kind, job_lines.c.payload)
            .where(job_lines.c.job_id == job_id, job_lines.c.id > after)
            .order_by(job_lines.c.id)
            .limit(limit)
        )
        with self._ledger.reading() as connection:
            return [JobLine(*row) for row in connection.execute(query)]

    def finish(
        self,
        job_id: str,
        attempt: int,
        state: Ending,
        result: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> bool:
        """Write down what came of it. False where it is not ours any more."""
        with self._ledger.writing() as connection:
            job = _mine(connection, job_id, attempt)
            if job is None:
                return False
            self._end(connection, job, state, result=result, error=error)
            return True

    def requeue(self, job_id: str, attempt: int, why: str) -> bool:
        """Give a running job back. False where it is not ours any more."""
        with self._ledger.writing() as connection:
            job = _mine(connection, job_id, attempt)
            if job is None:
                return False
            self._give_back(connection, job, why)
            return True

    def requeue_lost(self, older_than: datetime) -> list[Job]:
        """Give back every running job whose last sign of life is older; at its third loss it has failed.

        Returns:
            The jobs as they are now.
        """
        query = sa.select(jobs).where(jobs.c.state == "running", jobs.c.beat_at < older_than)
        if not (stale := self._read(query)):
            return []
        with self._ledger.writing() as connection:
            lost = [
                job
                for found in stale
                if (job := _mine(connection, found.id, found.attempt)) is not None
                and job.beat_at is not None
                and job.beat_at < older_than
            ]
            for job in lost:
                self._lose(connection, job)
            return [_known(connection, job.id) for job in lost]

    def cancel(self, job_id: str) -> Job:
        """A job that waits is cancelled; one that runs is asked to stop.

        Raises:
            UnknownError: there is no such job.
            ConflictError: it has ended, or its result is being registered.
        """
        with self._ledger.writing() as connection:
            job = _locked(connection, job_id)
            if job is None:
                raise UnknownError("no such job", found=job_id, hint="list the jobs of the project")
            if job.ended or job.registering:
                raise ConflictError(
                    "the job can no longer be cancelled",
                    where=f"job {job.id}",
                    found="its result is being registered" if job.registering else job.state,
                    expected="a job that waits or trains",
                )
            if job.state == "queued":
                self._end(connection, job, "cancelled")
            elif not job.cancel_requested:
                self._change(connection, job, {"cancel_requested": True})
                self._say(
                    connection,
                    job_id,
                    "state",
                    {"state": "running", "attempt": job.attempt, "why": "asked to stop"},
                )
            return _known(connection, job_id)

    def _lose(self, connection: sa.Connection, job: Job) -> None:
        found = f"no sign of life of its worker since {job.beat_at:%Y-%m-%d %H:%M:%S} UTC"
        losses = _losses(connection, job.id) + 1
        if losses < MOST_LOSSES:
            self._give_back(connection, job, found, losses=losses)
            return
        error = {
            "what": "the job was lost too often",
            "found": f"{losses} times; {found}",
            "hint": "look at the job's log and at the workers' memory, then ask again",
        }
        self._end(connection, job, "failed", error=error)

    def _give_back(self, connection: sa.Connection, job: Job, why: str, **facts: int) -> None:
        if job.cancel_requested:
            self._end(connection, job, "cancelled")
            return
        self._change(connection, job, {"state": "queued", "worker": None, "beat_at": None, "progress": {}})
        said = {"state": "queued", "attempt": job.attempt, "why": why, **facts}
        self._say(connection, job.id, "state", said)

    def _end(
        self,
        connection: sa.Connection,
        job: Job,
        state: Ending,
        *,
        result: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> None:
        now = self._ledger.now()
        self._change(connection, job, {"state": state, "finished_at": now, "result": result, "error": error})
        facts = {"state": state, "attempt": job.attempt}
        self._say(connection, job.id, "state", facts | ({} if error is None else {"error": error}))
        payload = {"job": job.id, **facts, "result": result, "error": error}
        event = Event(new_id(), job.project, "job", job.requested_by, f"{job.kind} {state}", now, payload)
        connection.execute(sa.insert(events), asdict(event))

    def _change(self, connection: sa.Connection, job: Job, facts: Mapping[str, Any]) -> None:
        connection.execute(sa.update(jobs).where(jobs.c.id == job.id).values(**facts))

    def _say(self, connection: sa.Connection, job_id: str, kind: str, payload: Mapping[str, Any]) -> None:
        line = {"job_id": job_id, "at": self._ledger.now(), "kind": kind, "payload": dict(payload)}
        connection.execute(sa.insert(job_lines), line)

    def _read(self, query: sa.Select[Any]) -> list[Job]:
        with self._ledger.reading() as connection:
            return [Job(**row._mapping) for row in connection.execute(query)]


def _active(project: str) -> sa.Select[Any]:
    # "running" comes after "queued" in the alphabet.
    return (
        sa.select(jobs)
        .where(jobs.c.project == project, jobs.c.state.in_(("queued", "running")))
        .order_by(jobs.c.state.desc(), jobs.c.created_at, jobs.c.id)
        .limit(1)
    )


def _first(connection: sa.Connection, query: sa.Select[Any]) -> Job | None:
    row = connection.execute(query).first()
    return None if row is None else Job(**row._mapping)


def _locked(connection: sa.Connection, job_id: str) -> Job | None:
    """The job, held until the transaction ends; so a job's lines are seen in the order of their numbers."""
    return _first(connection, sa.select(jobs).where(jobs.c.id == job_id).with_for_update())


def _losses(connection: sa.Connection, job_id: str) -> int:
    """How often its worker was lost; a worker that was stopped gave it back, and is no loss."""
    query = sa.select(job_lines.c.payload).where(job_lines.c.job_id == job_id, job_lines.c.kind == "state")
    return max((said.get("losses", 0) for said in connection.scalars(query)), default=0)


def _mine(connection: sa.Connection, job_id: str, attempt: int) -> Job | None:
    job = _locked(connection, job_id)
    return job if job is not None and job.state == "running" and job.attempt == attempt else None


def _known(connection: sa.Connection, job_id: str) -> Job:
    return Job(**connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).one()._mapping)
