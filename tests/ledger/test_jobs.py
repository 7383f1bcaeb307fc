from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zelo.errors import ConflictError, UnknownError
from zelo.ledger.jobs import MOST_LOSSES, Job, Jobs
from zelo.ledger.store import Ledger

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", now=Clock()) as opened:
        yield opened


@pytest.fixture
def jobs(ledger: Ledger) -> Jobs:
    return Jobs(ledger)


def submitted(jobs: Jobs, project: str = "churn") -> Job:
    return jobs.submit(project, "train", {"only": ["lightgbm"]}, "ana")


def claimed(jobs: Jobs, job: Job, worker: str = "w1") -> Job:
    found = jobs.claim(job.id, worker)
    assert found is not None
    return found


def states(jobs: Jobs, job: Job) -> list[str]:
    return [line.payload["state"] for line in jobs.lines(job.id) if line.kind == "state"]


def now(jobs: Jobs, job: Job) -> Job:
    found = jobs.job(job.id)
    assert found is not None
    return found


def test_a_job_from_its_request_to_its_end(jobs: Jobs, ledger: Ledger) -> None:
    job = submitted(jobs)
    assert (job.state, job.attempt, job.request, job.requested_by) == (
        "queued",
        0,
        {"only": ["lightgbm"]},
        "ana",
    )
    assert not job.ended

    running = claimed(jobs, job)
    assert (running.state, running.attempt, running.worker) == ("running", 1, "w1")
    assert jobs.beat(job.id, 1) == "go"
    assert jobs.progress(job.id, 1, {"candidate": "lightgbm", "done": 3, "total": 5})
    jobs.line(job.id, "one", "two")
    assert jobs.seal(job.id, 1) == "go"
    assert jobs.finish(job.id, 1, "succeeded", result={"version": "7"})

    ended = now(jobs, job)
    assert (ended.state, ended.result, ended.error) == ("succeeded", {"version": "7"}, None)
    assert ended.ended
    assert ended.finished_at is not None
    said = [(line.kind, line.payload) for line in jobs.lines(job.id)]
    assert said == [
        ("state", {"state": "queued", "attempt": 0}),
        ("state", {"state": "running", "attempt": 1, "worker": "w1"}),
        ("progress", {"candidate": "lightgbm", "done": 3, "total": 5}),
        ("log", {"text": "one"}),
        ("log", {"text": "two"}),
        ("progress", {"candidate": "lightgbm", "done": 3, "total": 5, "stage": "registering"}),
        ("state", {"state": "succeeded", "attempt": 1}),
    ]
    event = ledger.events("churn", kind="job")[0]
    assert (event.actor, event.reason) == ("ana", "train succeeded")
    assert (event.payload["job"], event.payload["result"]) == (job.id, {"version": "7"})


def test_lines_go_on_after_the_last_one_seen(jobs: Jobs) -> None:
    job, other = submitted(jobs), submitted(jobs, "other")
    jobs.line(other.id, "not mine")
    jobs.line(job.id, "a", "b", "c")

    first = jobs.lines(job.id, limit=2)
    rest = jobs.lines(job.id, after=first[-1].seq)

    assert [line.payload for line in first] == [{"state": "queued", "attempt": 0}, {"text": "a"}]
    assert [line.payload for line in rest] == [{"text": "b"}, {"text": "c"}]
    assert jobs.lines(job.id, after=rest[-1].seq) == []


def test_a_second_job_is_queued_or_refused_by_choice(jobs: Jobs) -> None:
    first = submitted(jobs)

    second = submitted(jobs)
    with pytest.raises(ConflictError, match="a job of churn waits already") as caught:
        jobs.submit("churn", "train", {}, "rui", when_busy="refuse")
    assert first.id in caught.value.found

    claimed(jobs, first)
    with pytest.raises(ConflictError, match="runs already"):
        jobs.submit("churn", "train", {}, "rui", when_busy="refuse")
    assert jobs.submit("other", "train", {}, "rui", when_busy="refuse").state == "queued"
    assert [job.id for job in jobs.listed("churn")] == [second.id, first.id]
    assert len(jobs.listed()) == 3


def test_of_a_project_one_job_runs_at_a_time(jobs: Jobs) -> None:
    first, second, other = submitted(jobs), submitted(jobs), submitted(jobs, "other")
    assert [job.id for job in jobs.queued()] == [first.id, second.id, other.id]

    claimed(jobs, first)
    assert jobs.claim(first.id, "w2") is None
    assert jobs.claim(second.id, "w2") is None
    claimed(jobs, other, "w2")
    assert (jobs.active("churn"), jobs.queued()) == (now(jobs, first), [second])

    jobs.finish(first.id, 1, "failed", error={"what": "no luck"})
    assert jobs.active("churn") == second
    claimed(jobs, second)
    assert jobs.claim("nobody", "w1") is None


def test_many_claim_and_one_has_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with Ledger.open(url) as ledger:
        ids = [submitted(Jobs(ledger)).id for _ in range(4)]
    won: list[str] = []
    start = threading.Barrier(8)

    def claim(number: int) -> None:
        with Ledger.open(url) as mine:
            start.wait()
            found = Jobs(mine).claim(ids[number % 4], f"w{number}")
            if found is not None:
                won.append(found.id)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1


def test_who_lost_a_job_changes_nothing(jobs: Jobs) -> None:
    job = submitted(jobs)
    claimed(jobs, job)
    jobs.requeue_lost(START + timedelta(days=1))
    claimed(jobs, job, "w2")
    before = now(jobs, job)

    assert jobs.beat(job.id, 1) == "lost"
    assert jobs.seal(job.id, 1) == "lost"
    assert not jobs.progress(job.id, 1, {"done": 9})
    assert not jobs.finish(job.id, 1, "succeeded", result={"version": "1"})
    assert not jobs.requeue(job.id, 1, "mine")

    assert now(jobs, job) == before
    assert (before.worker, before.attempt) == ("w2", 2)


def test_only_a_job_without_a_sign_of_life_is_lost(jobs: Jobs, ledger: Ledger) -> None:
    silent, alive = submitted(jobs), submitted(jobs, "other")
    claimed(jobs, silent)
    claimed(jobs, alive)
    since = ledger.now()
    jobs.beat(alive.id, 1)

    lost = jobs.requeue_lost(since)

    assert [(job.id, job.state, job.worker) for job in lost] == [(silent.id, "queued", None)]
    assert "no sign of life of its worker" in jobs.lines(silent.id)[-1].payload["why"]
    assert now(jobs, alive).state == "running"


def test_a_job_that_is_lost_again_and_again_has_failed(jobs: Jobs, ledger: Ledger) -> None:
    job = submitted(jobs)
    for _ in range(MOST_LOSSES):
        claimed(jobs, job)
        jobs.requeue_lost(START + timedelta(days=1))

    ended = now(jobs, job)
    assert (ended.state, ended.attempt) == ("failed", MOST_LOSSES)
    assert ended.error is not None
    assert ended.error["what"] == "the job was lost too often"
    assert ended.error["found"].startswith("3 times; no sign of life of its worker")
    assert ledger.events("churn", kind="job")[0].reason == "train failed"


def test_a_job_given_back_runs_again(jobs: Jobs) -> None:
    job = submitted(jobs)
    claimed(jobs, job)
    jobs.progress(job.id, 1, {"done": 2})

    assert jobs.requeue(job.id, 1, "the worker was stopped")

    given = now(jobs, job)
    assert (given.state, given.worker, given.progress) == ("queued", None, {})
    assert jobs.lines(job.id)[-1].payload["why"] == "the worker was stopped"
    assert claimed(jobs, job, "w2").attempt == 2


def test_a_job_given_back_was_not_lost(jobs: Jobs) -> None:
    job = submitted(jobs)
    for attempt in range(1, MOST_LOSSES + 2):
        claimed(jobs, job)
        assert jobs.requeue(job.id, attempt, "the worker was stopped")

    for loss in range(1, MOST_LOSSES):
        claimed(jobs, job)
        jobs.requeue_lost(START + timedelta(days=1))
        assert (now(jobs, job).state, jobs.lines(job.id)[-1].payload["losses"]) == ("queued", loss)
    claimed(jobs, job)
    jobs.requeue_lost(START + timedelta(days=1))

    assert now(jobs, job).state == "failed"


def test_cancel_a_job_that_waits(jobs: Jobs, ledger: Ledger) -> None:
    job = submitted(jobs)

    assert jobs.cancel(job.id).state == "cancelled"

    assert jobs.claim(job.id, "w1") is None
    assert jobs.queued() == []
    assert ledger.events("churn", kind="job")[0].payload["state"] == "cancelled"


def test_cancel_a_job_that_runs(jobs: Jobs) -> None:
    job = submitted(jobs)
    claimed(jobs, job)

    asked = jobs.cancel(job.id)
    assert (asked.state, asked.cancel_requested) == ("running", True)
    assert jobs.cancel(job.id).cancel_requested

    assert jobs.beat(job.id, 1) == "cancel"
    assert jobs.seal(job.id, 1) == "cancel"
    assert jobs.finish(job.id, 1, "cancelled")
    assert states(jobs, job) == ["queued", "running", "running", "cancelled"]


def test_a_cancelled_job_whose_worker_is_lost_does_not_run_again(jobs: Jobs) -> None:
    job = submitted(jobs)
    claimed(jobs, job)
    jobs.cancel(job.id)

    jobs.requeue_lost(START + timedelta(days=1))

    assert now(jobs, job).state == "cancelled"


def test_what_is_too_late_to_cancel(jobs: Jobs) -> None:
    job = submitted(jobs)
    claimed(jobs, job)
    jobs.seal(job.id, 1)

    assert now(jobs, job).registering
    with pytest.raises(ConflictError, match="can no longer be cancelled") as caught:
        jobs.cancel(job.id)
    assert caught.value.found == "its result is being registered"
    assert jobs.beat(job.id, 1) == "go"

    jobs.finish(job.id, 1, "succeeded", result={})
    with pytest.raises(ConflictError, match="can no longer be cancelled"):
        jobs.cancel(job.id)
    with pytest.raises(UnknownError):
        jobs.cancel("nobody")
    assert jobs.job("nobody") is None
