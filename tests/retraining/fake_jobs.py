"""A ledger with one claimed job, and small programs in a training's place."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import psutil

from zelo.ledger.jobs import Job, Jobs
from zelo.ledger.store import Ledger
from zelo.retraining.pace import Pace

QUICK = Pace(lost=2.0, nice=0, look=0.05, beat=0.05, grace=0.5)
NAME = "pumps"


def utc() -> datetime:
    return datetime.now(UTC)


def open_ledger(folder: Path) -> Ledger:
    return Ledger.open(f"sqlite:///{folder / 'ledger.db'}")


def claimed(jobs: Jobs, worker: str = "w1") -> Job:
    found = jobs.claim(jobs.submit(NAME, "train", {}, "ana").id, worker)
    assert found is not None
    return found


def now(jobs: Jobs, job: Job) -> Job:
    found = jobs.job(job.id)
    assert found is not None
    return found


def log(jobs: Jobs, job: Job) -> list[str]:
    return [line.payload["text"] for line in jobs.lines(job.id) if line.kind == "log"]


def program(text: str) -> Sequence[str]:
    """A child that runs ``text``."""
    return [sys.executable, "-c", text]


def program_of(text: str, folder: Path) -> Callable[[Job], Sequence[str]]:
    """A child that knows its job and the ledger in ``folder``."""
    head = (
        "import os, signal, sys, time\n"
        "from zelo.ledger.jobs import Jobs\n"
        "from zelo.ledger.store import Ledger\n"
        f"ledger = Ledger.open('sqlite:///{folder / 'ledger.db'}')\n"
        "jobs, job_id, attempt = Jobs(ledger), sys.argv[1], int(sys.argv[2])\n"
    )
    return lambda job: [*program(head + text), job.id, str(job.attempt)]


def environment(**more: str) -> Mapping[str, str]:
    return {**os.environ, **more}


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.02)


def alive(process: int) -> bool:
    """Whether it runs; one that nobody has buried yet does not."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
