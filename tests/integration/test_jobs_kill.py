"""Jobs whose worker, broker or server is killed, in real processes: none is lost, none is done twice."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from tests.homes import NAME, PROJECT, pumps, stage
from tests.processes import Redis, Worker, World, opened_world
from tests.retraining.fake_jobs import alive, now, until

from zelo.ledger.jobs import Job, Jobs
from zelo.registry.evidence import broken_links, read_evidence
from zelo.retraining.broker import make_app, notify

pytestmark = pytest.mark.slow
LONGER = "folds: 10, repeats: 20"
"""Long enough that a signal still meets the training on a quick machine."""
MINUTES = 180.0


@contextmanager
def made(root: Path) -> Iterator[tuple[World, Jobs]]:
    """A world whose jobs are equals of the tests that run beside them, and are given up soon."""
    with opened_world(root, root / "projects") as world, world.ledger() as ledger:
        world.environment |= {"ZELO_JOBS_NICE": "0", "ZELO_JOBS_LOST_AFTER": "4"}
        yield world, Jobs(ledger)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[World, Jobs]]:
    raw = tmp_path / "projects" / NAME / "data" / "raw"
    raw.mkdir(parents=True)
    (raw.parents[1] / "project.yaml").write_text(PROJECT.replace("folds: 3", LONGER), encoding="utf-8")
    pumps().to_csv(raw / "pumps.csv", index=False)
    with made(tmp_path) as found:
        yield found


@pytest.fixture
def redis() -> Iterator[Redis]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = Redis()
    yield server
    server.kill()


def submit(jobs: Jobs) -> Job:
    return jobs.submit(NAME, "train", {"only": ["prior", "lightgbm"]}, "ana")


def trains(jobs: Jobs, job: Job, attempt: int) -> Callable[[], bool]:
    def reached() -> bool:
        found = now(jobs, job)
        return found.attempt == attempt and found.progress.get("done", 0) > 0

    return reached


def only_child(worker: Worker) -> int:
    (child,) = psutil.Process(worker.process.pid).children()
    return int(child.pid)


def name_of(worker: Worker) -> str:
    return worker.log.read_text(encoding="utf-8").split(" waits for jobs")[0].removeprefix("worker ")


def registered(world: World) -> list[str]:
    """The versions of which there is evidence; beside them nothing half made may lie."""
    home = world.root / "home"
    assert broken_links(home / "registry", NAME) == []
    records = read_evidence(home / "registry", NAME)
    assert [record["action"] for record in records] == ["register"] * len(records)
    kept = sorted(path.name for path in (home / "bundles" / NAME).iterdir())
    assert kept == sorted(record["bundle"] for record in records)
    return [record["version"] for record in records]


def test_a_worker_killed_in_every_stage_of_a_training(opened: tuple[World, Jobs]) -> None:
    world, jobs = opened
    job = submit(jobs)

    first = world.worker()
    until(trains(jobs, job, 1), MINUTES)
    child = only_child(first)
    first.send(signal.SIGKILL)
    until(lambda: not alive(child), 10)
    assert now(jobs, job).state == "running"

    second = world.worker()
    until(trains(jobs, job, 2), MINUTES)
    child = only_child(second)
    assert second.send(signal.SIGTERM) == 0
    assert not alive(child)
    assert (now(jobs, job).state, now(jobs, job).worker) == ("queued", None)
    assert not (world.root / "home" / "bundles").exists()

    third = world.worker()
    until(lambda: now(jobs, job).registering, MINUTES)
    third.send(signal.SIGKILL)
    fourth = world.worker()
    until(lambda: now(jobs, job).ended, MINUTES)

    ended = now(jobs, job)
    assert (ended.state, ended.attempt, ended.worker) == ("succeeded", 3, name_of(third))
    assert ended.result is not None
    assert registered(world) == [ended.result["version"]] == ["1"]
    reasons = [line.payload.get("why", "") for line in jobs.lines(job.id) if line.kind == "state"]
    assert any("no sign of life" in reason for reason in reasons)
    assert "the worker was stopped" in reasons
    assert fourth.send(signal.SIGTERM) == 0


def test_a_training_killed_while_it_registers(opened: tuple[World, Jobs]) -> None:
    world, jobs = opened
    worker = world.worker()
    jobs_done = []
    for pause in (0.5, 2.0, None):
        job = submit(jobs)
        until(lambda job=job: now(jobs, job).registering, MINUTES)
        if pause is not None:
            child = only_child(worker)
            time.sleep(pause)
            os.kill(child, signal.SIGKILL)
        until(lambda job=job: now(jobs, job).ended, MINUTES)
        jobs_done.append(now(jobs, job))

    killed, last = jobs_done[:-1], jobs_done[-1]
    assert last.result is not None
    home = world.root / "home"
    records = read_evidence(home / "registry", NAME)
    assert broken_links(home / "registry", NAME) == []
    assert records[-1]["version"] == last.result["version"]
    assert world.json("verify", NAME)["holds"] is True
    for job in killed:
        # It may have been quicker than the signal.
        assert job.state == "succeeded" or (job.error or {})["found"] == "ended by SIGKILL"


def test_redis_restarted_with_queued_jobs_and_two_workers(opened: tuple[World, Jobs], redis: Redis) -> None:
    world, jobs = opened
    world.environment["ZELO_BROKER_URL"] = redis.url
    app = make_app(redis.url, world.root)
    queued = [submit(jobs) for _ in range(4)]
    assert all(notify(app, job.id) for job in queued)
    redis.kill()
    assert not notify(app, queued[0].id)

    workers = [world.worker() for _ in range(2)]
    until(lambda: now(jobs, queued[0]).state == "running", MINUTES)
    redis.start()
    told = world.json("jobs", NAME, "--cancel", queued[2].id)
    assert told[0]["state"] == "cancelled"
    until(trains(jobs, queued[1], 1), MINUTES)
    assert jobs.active(NAME) == now(jobs, queued[1])
    world.zelo("jobs", NAME, "--cancel", queued[1].id)
    until(lambda: now(jobs, queued[3]).ended, MINUTES)

    ended = [now(jobs, job) for job in queued]
    assert [job.state for job in ended] == ["succeeded", "cancelled", "cancelled", "succeeded"]
    assert [job.attempt for job in ended] == [1, 1, 0, 1]
    ran = sorted((job.started_at, job.finished_at) for job in ended if job.started_at and job.finished_at)
    assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(ran))
    assert registered(world) == ["1", "2"]
    assert [worker.send(signal.SIGTERM) for worker in workers] == [0, 0]
    logs = "".join(worker.log.read_text(encoding="utf-8") for worker in workers)
    assert Redis.PASSWORD not in logs


def test_a_server_killed_with_queued_jobs(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    shutil.copytree(stage(tmp_path_factory, "served"), tmp_path, dirs_exist_ok=True)
    with made(tmp_path) as (world, jobs):
        server = world.serve(NAME)
        body = {"only": ["prior", "logistic_regression"]}
        answers = [httpx.post(f"{server.url}/train", json=body, timeout=30) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [202, 202]
        server.send(signal.SIGKILL)

        world.worker()
        until(lambda: all(job.ended for job in jobs.listed(NAME)), MINUTES)

        assert [job.state for job in jobs.listed(NAME)] == ["succeeded", "succeeded"]
        assert {answer.json()["job"] for answer in answers} == {job.id for job in jobs.listed(NAME)}
        aliases = world.json("history", NAME)
        assert [record["action"] for record in aliases] == ["register", "promote", "register", "register"]
