from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.conftest import MakeHome
from tests.homes import Home
from tests.retraining.churn import Wakes
from tests.retraining.traffic import DAY, NOW, Clock, answer, some_pumps, tell

from zelo.errors import ConflictError
from zelo.ledger.jobs import Jobs
from zelo.ledger.store import Ledger
from zelo.monitoring.quality import Figure
from zelo.registry.traffic import Traffic, write_traffic
from zelo.retraining.triggers import Due, act, due, is_worse, last_training
from zelo.spec.acting import QualityBreach, Retraining
from zelo.spec.project import Project


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    made = make_home("served")
    assert isinstance(made, Home)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(home: Home, clock: Clock) -> Iterator[Ledger]:
    with Ledger.open(home.workspace.settings.ledger_url, now=clock) as opened:
        yield opened


def asking(home: Home, **retraining: Any) -> Project:
    return home.project.model_copy(update={"retraining": Retraining(**retraining)})


def found(home: Home, ledger: Ledger, project: Project, clock: Clock) -> list[Due]:
    return due(ledger, home.store, project, ("1", home.bundle("champion")), now=clock.at)


def alarmed(ledger: Ledger, home: Home, version: str = "1") -> None:
    payload = {"code": "drift", "version": version, "fields": ["age", "load"], "since": NOW.isoformat()}
    ledger.record_event(home.name, "alarm", "worker", "age moved", payload)


def test_nothing_is_due_where_nothing_is_asked(home: Home, ledger: Ledger, clock: Clock) -> None:
    alarmed(ledger, home)

    assert found(home, ledger, asking(home), clock) == []


def test_the_schedule(home: Home, ledger: Ledger, clock: Clock) -> None:
    trained = last_training(home.store, home.name)
    assert trained is not None
    project = asking(home, every="2w")

    clock.at = trained + 13 * DAY
    assert found(home, ledger, project, clock) == []
    clock.at = trained + 15 * DAY
    (one,) = found(home, ledger, project, clock)

    assert one.trigger == "schedule"
    assert f"{trained:%Y-%m-%d}" in one.reason


def test_an_alarm_of_the_champion(home: Home, ledger: Ledger, clock: Clock) -> None:
    project = asking(home, when=("drift",))
    alarmed(ledger, home, "9")
    assert found(home, ledger, project, clock) == []

    alarmed(ledger, home)
    (one,) = found(home, ledger, project, clock)

    assert one.trigger == "drift"
    assert one.figures["fields"] == ["age", "load"]
    assert "age, load" in one.reason


def test_an_alarm_that_a_training_has_answered(home: Home, ledger: Ledger, clock: Clock) -> None:
    trained = last_training(home.store, home.name)
    assert trained is not None
    clock.at = trained - DAY
    alarmed(ledger, home)

    assert found(home, ledger, asking(home, when=("drift",)), clock) == []


def test_quality_on_outcomes(home: Home, ledger: Ledger, clock: Clock) -> None:
    project = asking(home, when=("quality",), quality=QualityBreach(metric="f1", worse_by=0.2))
    rows, truths = some_pumps(200)
    ids = answer(ledger, home, rows, at=NOW - DAY, version=("1", home.bundle("champion")))
    tell(ledger, home, ids, truths, at=NOW)
    assert found(home, ledger, project, clock) == []

    tell(ledger, home, ids, [1 - truth for truth in truths], at=NOW)
    (one,) = found(home, ledger, project, clock)

    assert one.trigger == "quality"
    assert one.figures["metric"] == "f1"
    assert one.figures["value"] < 0.5 < one.figures["test"]


def test_old_outcomes_do_not_count(home: Home, ledger: Ledger, clock: Clock) -> None:
    project = asking(home, when=("quality",), quality=QualityBreach(metric="f1", within="30d"))
    rows, truths = some_pumps(200)
    ids = answer(ledger, home, rows, at=NOW - 40 * DAY, version=("1", home.bundle("champion")))
    tell(ledger, home, ids, [1 - truth for truth in truths], at=NOW)

    assert found(home, ledger, project, clock) == []


@pytest.mark.parametrize(
    ("metric", "value", "low", "high", "worse"),
    [
        ("f1", 0.6, 0.5, 0.7, True),
        ("f1", 0.6, 0.4, 0.85, False),
        ("f1", 0.7, 0.65, 0.75, False),
        ("mae", 13.0, 11.0, 15.0, False),
        ("mae", 10.5, 9.9, 11.0, True),
        ("mae", 10.5, 7.9, 13.0, False),
    ],
)
def test_worse_by_its_share_and_by_more_than_chance(
    metric: str, value: float, low: float, high: float, worse: bool
) -> None:
    test = 0.8 if metric == "f1" else 8.0 if worse or value < 12 else 12.5
    figure = Figure(metric, "computed", None, value, low, high, test, test, test)

    assert is_worse(figure, 0.2) is worse


def test_the_number_of_outcomes(home: Home, ledger: Ledger, clock: Clock) -> None:
    project = asking(home, when=("outcomes",), outcomes=50)
    rows, truths = some_pumps(60)
    ids = answer(ledger, home, rows, at=NOW - DAY, version=("1", home.bundle("champion")))
    tell(ledger, home, ids[:49], truths[:49], at=NOW)
    tell(ledger, home, ids[:20], truths[:20], at=NOW)
    assert found(home, ledger, project, clock) == []

    tell(ledger, home, ids[49:], truths[49:], at=NOW)
    (one,) = found(home, ledger, project, clock)

    assert (one.trigger, one.figures["rows"]) == ("outcomes", 60)


def test_a_proposal_writes_why_and_starts_nothing(home: Home, ledger: Ledger, clock: Clock) -> None:
    project, wakes = asking(home, when=("drift",), cool_down="7d"), Wakes()
    alarmed(ledger, home)

    job = act(ledger, project, found(home, ledger, project, clock), actor="worker", notify=wakes)

    assert (job, wakes) == (None, [])
    assert Jobs(ledger).listed(home.name) == []
    (event,) = ledger.events(home.name, kind="trigger")
    assert event.payload["trigger"] == "drift"
    assert event.payload["job"] is None
    assert "age, load" in event.reason


def test_a_training_is_started_and_cools_down(home: Home, ledger: Ledger, clock: Clock) -> None:
    project, wakes = asking(home, when=("drift",), every="1d", action="train", cool_down="7d"), Wakes()
    alarmed(ledger, home)

    job = act(ledger, project, found(home, ledger, project, clock), actor="worker", notify=wakes)

    assert job is not None
    assert wakes == [job.id]
    assert job.request["outcomes"] is True
    (event,) = ledger.events(home.name, kind="trigger")
    assert event.payload["job"] == job.id
    assert event.payload["triggers"] == ["schedule", "drift"]

    Jobs(ledger).cancel(job.id)
    clock.at += 6 * DAY
    assert found(home, ledger, project, clock) == []
    clock.at += 2 * DAY
    assert [one.trigger for one in found(home, ledger, project, clock)] == ["schedule", "drift"]


def test_nothing_is_due_while_a_job_runs_or_a_trial_does(home: Home, ledger: Ledger, clock: Clock) -> None:
    project = asking(home, every="1d")
    reasons = found(home, ledger, project, clock)
    assert reasons
    job = Jobs(ledger).submit(home.name, "train", {}, "Ana")
    assert found(home, ledger, project, clock) == []
    with pytest.raises(ConflictError):
        act(ledger, asking(home, action="train"), reasons, actor="worker", notify=Wakes())
    Jobs(ledger).cancel(job.id)

    beside = Traffic(
        mode="shadow", version="2", bundle="b", share=0, started=NOW, since=NOW, actor="Ana", reason=""
    )
    write_traffic(home.store.registry, home.name, beside)
    assert found(home, ledger, project, clock) == []


def test_a_version_without_the_figure_that_is_asked_for_breaks_no_round(
    home: Home, ledger: Ledger, clock: Clock
) -> None:
    project = asking(home, when=("quality",), quality=QualityBreach(metric="f2"))
    assert "f2" not in home.bundle("champion").project.select.measured

    assert found(home, ledger, project, clock) == []
