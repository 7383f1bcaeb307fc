from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.conftest import MakeHome
from tests.homes import NAME, Home, answered, zelo

from zelo.cli.run_job import run_job
from zelo.errors import SpecError
from zelo.ledger.jobs import Job, Jobs
from zelo.ledger.store import Ledger
from zelo.retraining.attempt import Attempt


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    made = make_home("trained")
    assert isinstance(made, Home)
    return made


@pytest.fixture
def ledger(home: Home) -> Iterator[Ledger]:
    with home.workspace.ledger() as opened:
        yield opened


@pytest.fixture
def jobs(ledger: Ledger) -> Jobs:
    return Jobs(ledger)


def running(jobs: Jobs, kind: str = "train") -> Job:
    found = jobs.claim(jobs.submit(NAME, kind, {}, "ana").id, "w1")
    assert found is not None
    return found


def test_a_project_without_jobs(home: Home) -> None:
    assert answered("jobs", NAME).out == "no jobs\n"
    assert answered("jobs", NAME, "--json").json == []


def test_jobs_are_listed_with_how_far_they_are(jobs: Jobs) -> None:
    done = running(jobs)
    jobs.finish(done.id, 1, "succeeded", result={"version": "2", "candidate": "lightgbm"})
    broken = running(jobs)
    jobs.finish(broken.id, 1, "failed", error={"what": "no luck", "found": "exit status 3"})
    now = running(jobs)
    jobs.progress(now.id, 1, {"stage": "training", "candidate": "lightgbm", "done": 3, "total": 5})
    jobs.submit(NAME, "train", {}, "rui")

    lines = [line.split() for line in answered("jobs", NAME).out.splitlines()[1:]]

    assert [line[1] for line in lines] == ["queued", "running", "failed", "succeeded"]
    assert lines[0][4:] == ["rui", "0"]
    assert [" ".join(line[6:]) for line in lines[1:]] == [
        "training: lightgbm 3/5",
        "no luck: exit status 3",
        "version 2 (lightgbm)",
    ]
    listed = answered("jobs", NAME, "--json").json
    assert [job["state"] for job in listed] == ["queued", "running", "failed", "succeeded"]
    assert listed[3]["result"]["version"] == "2"


def test_cancel(jobs: Jobs) -> None:
    first = running(jobs)
    second = jobs.submit(NAME, "train", {}, "ana")

    assert answered("jobs", NAME, "--cancel", second.id, "--json").json[0]["state"] == "cancelled"
    assert "stopping" in answered("jobs", NAME, "--cancel", first.id).out
    again = zelo("jobs", NAME, "--cancel", second.id)

    assert again.status == 2
    assert "can no longer be cancelled" in again.err


def test_the_log_of_a_job(jobs: Jobs) -> None:
    job = running(jobs)
    jobs.line(job.id, *(f"line {number} [bold]" for number in range(600)))

    text = answered("jobs", NAME, "--log", job.id).out.splitlines()
    told = answered("jobs", NAME, "--log", job.id, "--json").json

    assert len(text) == len(told) == 602
    assert text[0].endswith("state: queued, attempt: 0")
    assert text[-1].endswith("line 599 [bold]")
    assert told[-1]["text"] == "line 599 [bold]"


def test_a_job_of_another_project_is_not_shown(jobs: Jobs) -> None:
    other = jobs.submit("other", "train", {}, "ana")

    for option in ("--cancel", "--log"):
        ran = zelo("jobs", NAME, option, other.id)
        assert ran.status == 2
        assert "no such job" in ran.err
    assert jobs.queued() == [other]


def test_a_worker_whose_broker_is_not_ours(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZELO_BROKER_URL", "amqp://ana:secret@host//")

    ran = zelo("worker")

    assert ran.status == 2
    assert "ZELO_BROKER_URL" in ran.err
    assert "secret" not in ran.err + ran.out


def test_a_job_of_an_unknown_kind(home: Home, ledger: Ledger, jobs: Jobs) -> None:
    job = running(jobs, "dance")

    with pytest.raises(SpecError, match="does not know"):
        run_job(home.workspace, ledger, job, Attempt(jobs, job, beat=1.0), threads=1)
