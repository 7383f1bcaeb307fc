from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.retraining.fake_jobs import claimed, log, now, open_ledger, until

from zelo.errors import ConflictError, TrainingError
from zelo.ledger.jobs import Job, Jobs
from zelo.retraining import attempt as room
from zelo.retraining.attempt import Attempt


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    with open_ledger(tmp_path) as ledger:
        yield Jobs(ledger)


@pytest.fixture(autouse=True)
def kept_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    # The process of the tests stays as it is; what outlive() does is tested in a process of its own.
    monkeypatch.setattr(room, "outlive", lambda: None)


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def attempt(jobs: Jobs, job: Job, clock: Clock | None = None) -> Attempt:
    return Attempt(jobs, job, beat=0.02, clock=clock or Clock())


def told(jobs: Jobs, job: Job) -> list[Any]:
    lines = [line.payload for line in jobs.lines(job.id) if line.kind == "progress"]
    return [(line["candidate"], line["done"]) for line in lines if line.get("stage") == "training"]


def test_progress_is_told_twice_a_second_and_at_the_end(jobs: Jobs) -> None:
    job, clock = claimed(jobs), Clock()
    mine = attempt(jobs, job, clock)

    for done in range(11):
        mine.progress("lightgbm", done, 10)
        clock.time += 0.125
    mine.progress("lightgbm", 10, 10)

    assert told(jobs, job) == [("lightgbm", done) for done in (0, 4, 8, 10)]
    assert now(jobs, job).progress["total"] == 10


def test_progress_of_a_lost_attempt_ends_the_training(jobs: Jobs) -> None:
    job = claimed(jobs)
    jobs.requeue(job.id, 1, "lost")

    with pytest.raises(ConflictError, match="withdrawn"):
        attempt(jobs, job).progress("lightgbm", 1, 2)


def test_progress_waits_for_no_ledger(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    job = claimed(jobs)
    with failing(jobs, times=1):
        attempt(jobs, job).progress("lightgbm", 1, 2)

    assert "progress was not written" in caplog.text


class failing:
    """The ledger's next transactions cannot begin."""

    def __init__(self, jobs: Jobs, *, times: int) -> None:
        self._engine = jobs._ledger.engine
        self._left = times

    def _fail(self, *_: object) -> None:
        self._left -= 1
        if self._left >= 0:
            raise sa.exc.OperationalError("BEGIN", {}, Exception("database is locked"))

    def __enter__(self) -> None:
        sa.event.listen(self._engine, "begin", self._fail)

    def __exit__(self, *_: object) -> None:
        sa.event.remove(self._engine, "begin", self._fail)


def test_work_that_succeeds(jobs: Jobs) -> None:
    job = claimed(jobs)
    mine = attempt(jobs, job)

    def work() -> dict[str, Any]:
        mine.guard()
        sealed = now(jobs, job)
        assert sealed.registering
        until(lambda: now(jobs, job).beat_at != sealed.beat_at)
        return {"version": "4"}

    mine.run(work)

    assert (now(jobs, job).state, now(jobs, job).result) == ("succeeded", {"version": "4"})


def test_a_result_waits_for_the_ledger(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    job = claimed(jobs)

    with failing(jobs, times=3):
        attempt(jobs, job).run(lambda: {"version": "4"})

    assert now(jobs, job).state == "succeeded"
    assert caplog.text.count("the ledger is asked again") == 3


def test_a_finished_training_waits_for_the_ledger_before_it_registers(jobs: Jobs) -> None:
    job = claimed(jobs)
    mine = attempt(jobs, job)

    def work() -> dict[str, Any]:
        with failing(jobs, times=3):
            mine.guard()
        assert now(jobs, job).registering
        return {"version": "4"}

    mine.run(work)

    assert now(jobs, job).state == "succeeded"


def test_a_broken_job_waits_for_the_ledger(jobs: Jobs) -> None:
    job = claimed(jobs)

    with failing(jobs, times=3), pytest.raises(ZeroDivisionError):
        attempt(jobs, job).run(lambda: {"version": 1 / 0})

    assert now(jobs, job).state == "failed"


def test_an_error_of_the_tree_is_the_job_s(jobs: Jobs) -> None:
    job = claimed(jobs)

    def work() -> dict[str, Any]:
        raise TrainingError("no candidate could be fitted", hint="look at the data")

    with pytest.raises(TrainingError):
        attempt(jobs, job).run(work)

    assert now(jobs, job).state == "failed"
    assert now(jobs, job).error == {"what": "no candidate could be fitted", "hint": "look at the data"}


def test_any_other_error_leaves_its_trace_in_the_log(jobs: Jobs) -> None:
    job = claimed(jobs)

    with pytest.raises(ZeroDivisionError):
        attempt(jobs, job).run(lambda: {"version": 1 / 0})

    assert now(jobs, job).error == {"what": "the job broke", "found": "ZeroDivisionError: division by zero"}
    assert log(jobs, job)[0] == "Traceback (most recent call last):"


def test_a_job_that_was_cancelled_registers_nothing(jobs: Jobs) -> None:
    job = claimed(jobs)
    jobs.cancel(job.id)
    mine = attempt(jobs, job)

    def work() -> dict[str, Any]:
        mine.guard()
        raise AssertionError("registered")

    with pytest.raises(ConflictError, match="withdrawn"):
        mine.run(work)

    assert (now(jobs, job).state, now(jobs, job).error) == ("cancelled", None)


def test_a_lost_attempt_registers_nothing(jobs: Jobs) -> None:
    job = claimed(jobs)
    jobs.requeue(job.id, 1, "lost")
    again = jobs.claim(job.id, "w2")
    mine = attempt(jobs, job)

    def work() -> dict[str, Any]:
        mine.guard()
        raise AssertionError("registered")

    with pytest.raises(ConflictError, match="withdrawn"):
        mine.run(work)

    assert now(jobs, job) == again
