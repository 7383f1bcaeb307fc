from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.retraining.fake_jobs import (
    QUICK,
    alive,
    claimed,
    environment,
    log,
    now,
    open_ledger,
    program,
    program_of,
    until,
)

from zelo.ledger.jobs import Job, Jobs
from zelo.retraining.supervise import supervise

SLEEP = "import time; print('ready', flush=True); time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    with open_ledger(tmp_path) as ledger:
        yield Jobs(ledger)


def run(jobs: Jobs, job: Job, command: Sequence[str], *, nice: int = 0) -> None:
    pace = replace(QUICK, nice=nice)
    supervise(jobs, job, command, environment=environment(), pace=pace, stop=threading.Event())


class Running:
    """A supervised job in a thread, once its child is there."""

    def __init__(self, jobs: Jobs, command: Sequence[str]) -> None:
        self.job = claimed(jobs)
        self.stop = threading.Event()
        self.thread = threading.Thread(
            target=supervise,
            args=(jobs, self.job, command),
            kwargs={"environment": environment(), "pace": QUICK, "stop": self.stop},
        )
        self.thread.start()
        until(lambda: "ready" in log(jobs, self.job))

    def end(self) -> None:
        self.thread.join(30)
        assert not self.thread.is_alive()


def test_a_child_that_writes_its_result(jobs: Jobs, tmp_path: Path) -> None:
    job = claimed(jobs)
    text = "print('trained'); jobs.finish(job_id, attempt, 'succeeded', result={'version': '1'})"

    run(jobs, job, program_of(text, tmp_path)(job))

    assert (now(jobs, job).state, now(jobs, job).result) == ("succeeded", {"version": "1"})
    assert log(jobs, job) == ["trained"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import sys; print('no room'); sys.exit(3)", "exit status 3"),
        ("import os; print('no room', flush=True); os.kill(os.getpid(), 9)", "ended by SIGKILL"),
        ("print('no room')", "exit status 0"),
    ],
)
def test_a_child_that_ends_without_a_result_has_failed(jobs: Jobs, text: str, found: str) -> None:
    job = claimed(jobs)

    run(jobs, job, program(text))

    error = now(jobs, job).error
    assert now(jobs, job).state == "failed"
    assert error is not None
    assert (error["what"], error["found"]) == ("the job's process ended without a result", found)
    assert error["log"] == ["no room"]


def test_it_beats_while_the_child_runs(jobs: Jobs) -> None:
    running = Running(jobs, program(SLEEP))
    first = now(jobs, running.job).beat_at
    assert first is not None

    until(lambda: (now(jobs, running.job).beat_at or first) > first)

    running.stop.set()
    running.end()


@pytest.mark.parametrize("text", [SLEEP, DEAF])
def test_cancel_ends_the_child_also_by_force(jobs: Jobs, text: str) -> None:
    running = Running(jobs, program(text))

    jobs.cancel(running.job.id)
    running.end()

    assert now(jobs, running.job).state == "cancelled"


def test_a_stopped_worker_gives_the_job_back(jobs: Jobs) -> None:
    running = Running(jobs, program(SLEEP))

    running.stop.set()
    running.end()

    given = now(jobs, running.job)
    assert (given.state, given.attempt, given.worker) == ("queued", 1, None)
    assert jobs.lines(given.id)[-1].payload["why"] == "the worker was stopped"


def test_a_stopped_worker_waits_for_a_result_that_is_being_registered(jobs: Jobs, tmp_path: Path) -> None:
    text = (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); jobs.seal(job_id, attempt)\n"
        "print('ready', flush=True); time.sleep(2)\n"
        "jobs.finish(job_id, attempt, 'succeeded', result={})"
    )
    job = claimed(jobs)
    stop = threading.Event()
    thread = threading.Thread(
        target=supervise,
        args=(jobs, job, program_of(text, tmp_path)(job)),
        kwargs={"environment": environment(), "pace": QUICK, "stop": stop},
    )
    thread.start()
    until(lambda: now(jobs, job).registering)

    stop.set()
    thread.join(30)

    assert now(jobs, job).state == "succeeded"


def test_a_job_that_was_lost_ends_here_and_changes_nothing(jobs: Jobs) -> None:
    running = Running(jobs, program(SLEEP))

    assert jobs.requeue(running.job.id, 1, "as if it were lost")
    again = jobs.claim(running.job.id, "w2")
    running.end()

    assert again is not None
    assert (now(jobs, again).state, now(jobs, again).worker) == ("running", "w2")


def test_a_ledger_that_does_not_answer_for_a_while(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    running = Running(jobs, program(SLEEP))
    engine = jobs._ledger.engine
    failing = True

    def fail(*_: object) -> None:
        if failing:
            raise sa.exc.OperationalError("BEGIN", {}, Exception("database is locked"))

    sa.event.listen(engine, "begin", fail)
    until(lambda: caplog.records)
    failing = False

    jobs.cancel(running.job.id)
    running.end()

    assert now(jobs, running.job).state == "cancelled"


@pytest.mark.skipif(sys.platform != "linux", reason="classes of scheduling are Linux's")
def test_the_child_steps_back_and_still_gets_its_share(jobs: Jobs) -> None:
    job = claimed(jobs)
    text = (
        "import os; time = __import__('time'); time.sleep(0.5); print(os.nice(0), os.sched_getscheduler(0))"
    )

    run(jobs, job, program(text), nice=19)

    assert log(jobs, job) == [f"19 {os.SCHED_OTHER}"]


def test_a_child_that_may_not_step_back_runs(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "setpriority", refused)
    job = claimed(jobs)

    run(jobs, job, program_of("jobs.finish(job_id, attempt, 'succeeded', result={})", tmp_path)(job), nice=10)

    assert now(jobs, job).state == "succeeded"
    assert "does not step back: [Errno 13] Permission denied" in caplog.text


LINKED = """
import sys, subprocess
child = subprocess.Popen([sys.executable, "-c", sys.argv[1], str(__import__("os").getpid())])
print(child.pid, flush=True)
child.wait()
"""
TIED = """
import sys, time
from zelo.retraining.lifeline import die_with
die_with(int(sys.argv[1]))
print("tied", flush=True)
{more}
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the tie to the parent is Linux's")
@pytest.mark.parametrize(
    ("more", "survives"),
    [
        ("", False),
        ("from zelo.retraining.lifeline import outlive; outlive(); print('free', flush=True)", True),
    ],
)
def test_a_child_dies_with_its_worker_unless_it_registers(more: str, survives: bool) -> None:
    parent = subprocess.Popen([sys.executable, "-c", LINKED, TIED.format(more=more)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    for _ in range(2 if survives else 1):
        parent.stdout.readline()

    parent.kill()
    parent.wait()
    parent.stdout.close()

    if survives:
        time.sleep(0.3)
        os.kill(child, signal.SIGTERM)
        time.sleep(0.3)
        assert alive(child)
        os.kill(child, signal.SIGKILL)
    until(lambda: not alive(child), 10)


def test_a_process_without_its_worker_does_not_start() -> None:
    text = "from zelo.retraining.lifeline import die_with; die_with(1 << 22)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "a job's process runs under its worker alone" in done.stderr
