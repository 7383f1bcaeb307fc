from __future__ import annotations

from datetime import timedelta

import pytest

from zelo.monitoring.alarms import Alarm
from zelo.monitoring.pace import WEEKLY
from zelo.monitoring.runs import Job, last_runs

from .weekly_fakes import NOW, Watched


def runs(watched: Watched) -> dict[str, Job]:
    return {job.command: job for job in last_runs(watched.ledger, watched.project.name, NOW, WEEKLY.latest)}


def test_jobs_that_ran(watched: Watched) -> None:
    watched.clock.time = NOW - timedelta(days=3)
    watched.run("data", status="built")
    watched.clock.time = NOW - timedelta(days=1)
    watched.run("data", status="unchanged")
    watched.run("forecast", version="7")
    watched.run("monitor", status="alarm")

    found = runs(watched)

    assert found["data"] == Job("data", NOW - timedelta(days=1), "unchanged", NOW - timedelta(days=1), 1.0, 8)
    assert (found["predict"].status, found["predict"].days) == ("done", 1.0)
    assert [job.alarms() for job in found.values()] == [(), ()]


def test_a_failed_run_is_an_alarm_and_no_good_one(watched: Watched) -> None:
    good = NOW - timedelta(days=2)
    watched.clock.time = good
    watched.run("data", status="built")
    watched.clock.time = NOW
    watched.run("data", status="failed")

    job = runs(watched)["data"]

    assert (job.last, job.status, job.last_good, job.days) == (NOW, "failed", good, 2.0)
    assert job.alarms() == (Alarm("run_failed", "data", on=NOW.date()),)


@pytest.mark.parametrize(("days", "alarms"), [(8.0, []), (8.1, ["run_late"])])
def test_a_job_that_is_late(watched: Watched, days: float, alarms: list[str]) -> None:
    watched.clock.time = NOW - timedelta(days=days)
    watched.run("forecast")

    found = runs(watched)["predict"].alarms()

    assert [alarm.code for alarm in found] == alarms
    for alarm in found:
        assert (alarm.about, alarm.on, alarm.expected) == ("predict", watched.clock.time.date(), 8)


def test_a_job_that_never_ran_or_never_went_well(watched: Watched) -> None:
    watched.run("data", status="failed")

    found = runs(watched)

    assert [alarm.code for alarm in found["data"].alarms()] == ["run_failed", "run_never"]
    assert found["predict"] == Job("predict", None, None, None, None, 8)
    assert [alarm.code for alarm in found["predict"].alarms()] == ["run_never"]
