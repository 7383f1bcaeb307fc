"""Commands around jobs: worker, jobs, and the hidden run-job that a worker starts."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from zelo.cli.projects import AsJson, Named
from zelo.cli.show import OUT, show_json, show_table
from zelo.cli.workspace import Workspace, now, open_workspace, threads
from zelo.errors import ConflictError, UnknownError

if TYPE_CHECKING:
    from zelo.ledger.jobs import Job, JobLine, Jobs
    from zelo.retraining.pace import Pace


def add_commands(app: typer.Typer) -> None:
    app.command()(worker)
    app.command()(jobs)
    app.command("run-job", hidden=True)(run_job)


def worker() -> None:
    """Run the jobs that services were asked for, one after the other, until it is stopped.

    A job that runs when it is stopped goes back to the queue. Every ZELO_ROUND_SECONDS it makes a round over
    all projects, as zelo retrain --due does.
    """
    from zelo.ledger.jobs import Jobs
    from zelo.retraining.broker import listen, make_app
    from zelo.retraining.foreman import Foreman
    from zelo.retraining.rounds import Rounds

    workspace = open_workspace()
    settings = workspace.settings
    app = make_app(settings.broker_url, settings.broker)
    name = f"{socket.gethostname()}:{os.getpid()}"
    with workspace.ledger() as ledger:
        foreman = Foreman(
            Jobs(ledger),
            worker=name,
            command=_command,
            environment={"OMP_NUM_THREADS": str(_threads())} | dict(os.environ),
            pace=_pace(workspace),
            now=now,
        )
        rounds = Rounds(
            [sys.executable, "-m", "zelo", "retrain", "--due"],
            seconds=settings.round_seconds,
            environment={"OMP_NUM_THREADS": "1"} | dict(os.environ),
        )
        where = app.connection().as_uri() if settings.broker_url else str(settings.broker)
        OUT.print(f"worker {name} waits for jobs; broker: {where}", markup=False, soft_wrap=True)
        foreman.start()
        rounds.start()
        try:
            status = listen(app, foreman.wake, name=f"zelo@{socket.gethostname()}")
        finally:
            rounds.stop()
            foreman.stop()
    raise typer.Exit(status)


def jobs(
    name: Named,
    cancel: Annotated[str | None, typer.Option(help="Cancel the job of this id.")] = None,
    log: Annotated[str | None, typer.Option(help="Show what the job of this id said.")] = None,
    as_json: AsJson = False,
) -> None:
    """The project's jobs, the newest first."""
    from zelo.ledger.jobs import Jobs

    workspace = open_workspace()
    project = workspace.project(name).name
    with workspace.ledger() as ledger:
        found = Jobs(ledger)
        if cancel:
            _of_project(found, project, cancel)
            _show_jobs([found.cancel(cancel)], as_json=as_json)
        elif log:
            _of_project(found, project, log)
            _show_log(_all_lines(found, log), as_json=as_json)
        else:
            _show_jobs(found.listed(project), as_json=as_json)


def run_job(job_id: str, attempt: int, parent: int) -> None:
    """Run one attempt at a job; a worker starts it."""
    from zelo.cli.run_job import run_job as run
    from zelo.ledger.jobs import Jobs
    from zelo.retraining.attempt import Attempt
    from zelo.retraining.lifeline import die_with

    die_with(parent)
    workspace = open_workspace()
    with workspace.ledger() as ledger:
        found = Jobs(ledger)
        job = found.job(job_id)
        if job is None or (job.state, job.attempt) != ("running", attempt):
            raise ConflictError("the job is not this attempt's", where=f"job {job_id}, attempt {attempt}")
        mine = Attempt(found, job, beat=_pace(workspace).beat)
        mine.run(lambda: run(workspace, ledger, job, mine, threads=_threads()))


def _command(job: Job) -> Sequence[str]:
    return [sys.executable, "-m", "zelo", "run-job", job.id, str(job.attempt), str(os.getpid())]


def _pace(workspace: Workspace) -> Pace:
    from zelo.retraining.pace import Pace

    return Pace(lost=workspace.settings.jobs_lost_after, nice=workspace.settings.jobs_nice)


def _threads() -> int:
    """One core stays with serving, where there are two."""
    return max(1, threads() - 1)


def _of_project(found: Jobs, project: str, job_id: str) -> None:
    job = found.job(job_id)
    if job is None or job.project != project:
        raise UnknownError(
            "no such job", where=project, found=job_id, hint=f"zelo jobs {project} lists those there are"
        )


def _all_lines(found: Jobs, job_id: str) -> list[JobLine]:
    lines: list[JobLine] = []
    while some := found.lines(job_id, after=lines[-1].seq if lines else 0):
        lines.extend(some)
    return lines


def _show_jobs(listed: Sequence[Job], *, as_json: bool) -> None:
    if as_json:
        show_json([asdict(job) for job in listed])
        return
    heads = ("job", "state", "asked", "by", "attempt", "")
    rows = [
        (
            job.id,
            "stopping" if job.cancel_requested and not job.ended else job.state,
            f"{job.created_at:%Y-%m-%d %H:%M:%S}",
            job.requested_by,
            str(job.attempt),
            _in_words(job),
        )
        for job in listed
    ]
    show_table("", heads, rows) if rows else OUT.print("no jobs")


def _in_words(job: Job) -> str:
    if job.error:
        return f"{job.error['what']}: {job.error.get('found', '')}".removesuffix(": ")
    if job.result:
        return f"version {job.result['version']} ({job.result['candidate']})"
    told = job.progress
    if "done" in told:
        return f"{told['stage']}: {told['candidate']} {told['done']}/{told['total']}"
    return ""


def _show_log(lines: Sequence[JobLine], *, as_json: bool) -> None:
    if as_json:
        show_json([{"seq": line.seq, "at": line.at, "kind": line.kind, **line.payload} for line in lines])
        return
    for line in lines:
        said = line.payload
        text = said["text"] if line.kind == "log" else ", ".join(f"{key}: {said[key]}" for key in said)
        OUT.print(f"{line.at:%Y-%m-%d %H:%M:%S}  {text}", markup=False, soft_wrap=True)
