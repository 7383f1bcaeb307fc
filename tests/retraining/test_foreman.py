from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.retraining.fake_jobs import (
    QUICK,
    claimed,
    environment,
    now,
    open_ledger,
    program,
    program_of,
    until,
    utc,
)

from zelo.ledger.jobs import Jobs
from zelo.retraining.foreman import Foreman
from zelo.retraining.pace import Pace

DONE = "jobs.finish(job_id, attempt, 'succeeded', result={})"


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    with open_ledger(tmp_path) as ledger:
        yield Jobs(ledger)


def foreman(jobs: Jobs, folder: Path, **changes: Any) -> Foreman:
    facts: Mapping[str, Any] = {
        "worker": "w2",
        "command": program_of(DONE, folder),
        "environment": environment(),
        "pace": QUICK,
        "now": utc,
    }
    return Foreman(jobs, **{**facts, **changes})


def test_it_finds_what_no_message_told_it(jobs: Jobs, tmp_path: Path) -> None:
    mine = foreman(jobs, tmp_path)
    mine.start()
    try:
        job = jobs.submit("pumps", "train", {}, "ana")
        until(lambda: now(jobs, job).ended)
    finally:
        mine.stop()

    assert (now(jobs, job).state, now(jobs, job).worker) == ("succeeded", "w2")


def test_a_message_wakes_it_at_once(jobs: Jobs, tmp_path: Path) -> None:
    mine = foreman(jobs, tmp_path, pace=Pace(nice=0, look=600.0, beat=0.05))
    mine.start()
    try:
        job = jobs.submit("pumps", "train", {}, "ana")
        mine.wake()
        until(lambda: now(jobs, job).ended)
    finally:
        mine.stop()


def test_the_oldest_first_and_past_a_busy_project(jobs: Jobs, tmp_path: Path) -> None:
    busy = claimed(jobs)
    waiting = jobs.submit(busy.project, "train", {}, "ana")
    others = [jobs.submit("others", "train", {}, "ana") for _ in range(2)]
    mine = foreman(jobs, tmp_path)

    assert mine.run_next()
    assert [now(jobs, job).state for job in (waiting, *others)] == ["queued", "succeeded", "queued"]
    assert mine.run_next()
    assert not mine.run_next()
    assert now(jobs, waiting).state == "queued"

    jobs.finish(busy.id, 1, "succeeded", result={})
    assert mine.run_next()
    assert now(jobs, waiting).state == "succeeded"


def test_it_takes_back_what_another_worker_lost(jobs: Jobs, tmp_path: Path) -> None:
    job = claimed(jobs)
    early, late = (foreman(jobs, tmp_path, now=lambda s=s: utc() + timedelta(seconds=s)) for s in (1, 3))

    assert not early.run_next()
    assert late.run_next()

    assert (now(jobs, job).state, now(jobs, job).attempt) == ("succeeded", 2)


def test_a_stop_gives_the_running_job_back(jobs: Jobs, tmp_path: Path) -> None:
    mine = foreman(jobs, tmp_path, command=lambda _job: program("import time; time.sleep(60)"))
    job = jobs.submit("pumps", "train", {}, "ana")
    mine.start()
    until(lambda: now(jobs, job).state == "running")

    mine.stop()

    assert now(jobs, job).state == "queued"


def test_a_command_that_cannot_start_is_told_and_does_not_end_the_worker(
    jobs: Jobs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mine = foreman(jobs, tmp_path, command=lambda _job: [str(tmp_path / "nowhere")])
    job = jobs.submit("pumps", "train", {}, "ana")
    mine.start()
    try:
        until(lambda: any(record.levelno == logging.ERROR for record in caplog.records))
    finally:
        mine.stop()

    assert "nowhere" in caplog.text
    assert now(jobs, job).state == "running"
