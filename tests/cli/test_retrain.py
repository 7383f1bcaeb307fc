from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.conftest import MakeHome
from tests.homes import NAME, Home, answered, zelo
from tests.retraining.traffic import answer, some_pumps, tell

from zelo.cli.run_job import run_job
from zelo.data.snapshot import BATCH, read_snapshot
from zelo.ledger.jobs import Jobs
from zelo.ledger.store import Ledger
from zelo.registry.traffic import traffic_path
from zelo.retraining.attempt import Attempt


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    made = make_home("served")
    assert isinstance(made, Home)
    return made


@pytest.fixture
def ledger(home: Home) -> Iterator[Ledger]:
    with home.workspace.ledger() as opened:
        yield opened


def asks(home: Home, retraining: str) -> None:
    text = home.spec.read_text(encoding="utf-8")
    home.spec.write_text(
        f"{text}costs: {{false_positive: 10, false_negative: 100}}\nretraining: {retraining}\n",
        encoding="utf-8",
    )


def came(home: Home, ledger: Ledger, rows: int) -> None:
    """Traffic of now, with its truth."""
    asked, truths = some_pumps(rows)
    at = datetime.now(UTC)
    tell(
        ledger,
        home,
        answer(ledger, home, asked, at=at, version=("1", home.bundle("champion"))),
        truths,
        at=at,
    )


def a_round(*names: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = answered("retrain", *names, "--due", "--json").json
    return told


def worked(home: Home, ledger: Ledger, job_id: str) -> None:
    """Run a job as a worker's child does."""
    job = Jobs(ledger).claim(job_id, "w1")
    assert job is not None
    attempt = Attempt(Jobs(ledger), job, beat=1.0)
    attempt.run(lambda: run_job(home.workspace, ledger, job, attempt, threads=1))


@pytest.mark.parametrize("arguments", [(), (NAME, "--due", "--replay")])
def test_what_cannot_be_asked(home: Home, arguments: tuple[str, ...]) -> None:
    assert zelo("retrain", *arguments).status == 2


def test_there_is_nothing_to_replay(home: Home) -> None:
    ran = zelo("retrain", NAME, "--replay")

    assert ran.status == 2
    assert "nothing to replay" in ran.err


def test_a_training_learns_the_new_outcomes(home: Home, ledger: Ledger) -> None:
    came(home, ledger, 60)

    told = answered("retrain", NAME, "--json").json

    assert told["version"] == "2"
    assert "60 new labelled rows from the ledger" in told["notes"]
    snapshot = read_snapshot(home.store.snapshots, NAME, told["snapshot"])
    assert (snapshot.frame()[BATCH] == 1).sum() == 60
    assert home.aliases() == {"champion": "1", "challenger": "2"}

    replayed = answered("retrain", NAME, "--replay")
    assert "Replay of version 2 beside champion 1" in replayed.out


def test_a_quiet_round(home: Home) -> None:
    (told,) = a_round()

    assert (told["project"], told["version"]) == (NAME, "1")
    assert (told["traffic"], told["replay"], told["due"], told["job"]) == (None, None, [], None)
    assert NAME in answered("retrain", "--due").out


def test_from_outcomes_to_a_replay(home: Home, ledger: Ledger) -> None:
    """A trigger, its job, and the replay of what it made, round by round."""
    asks(home, "{when: [outcomes], outcomes: 50, action: canary, canary: {steps: [10, 100]}}")
    came(home, ledger, 60)

    (first,) = a_round(NAME)
    assert [one["trigger"] for one in first["due"]] == ["outcomes"]
    (again,) = a_round(NAME)
    assert (again["due"], again["job"]) == ([], None)

    worked(home, ledger, first["job"])
    job = Jobs(ledger).job(first["job"])
    assert job is not None
    assert job.result is not None
    assert job.result["version"] == "2"

    (second,) = a_round()
    assert second["replay"]["challenger"] == "2"
    assert second["replay"]["rows"] == 60

    (third,) = a_round()
    assert third["replay"] is None
    assert len(ledger.events(NAME, kind="replay")) == 1


def test_a_project_at_fault_does_not_hold_up_the_others(home: Home) -> None:
    broken = home.root / "projects" / "broken"
    broken.mkdir()
    (broken / "project.yaml").write_text("name: [", encoding="utf-8")

    ran = zelo("retrain", "--due")

    assert ran.status == 2
    assert "broken" in ran.err
    assert NAME in ran.out


def test_traffic_that_cannot_be_read_does_not_keep_a_round_from_looking(home: Home, ledger: Ledger) -> None:
    traffic_path(home.store.registry, NAME).write_text("{", encoding="utf-8")

    ran = zelo("retrain", "--due")

    assert ran.status == 2
    assert "damaged" in ran.err
    assert len(ledger.events(NAME, kind="monitor")) == 1


def test_what_nobody_foresaw_in_a_project_is_told_and_the_round_goes_on(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ArithmeticError("no")

    monkeypatch.setattr("zelo.retraining.conduct.conduct", broken)

    assert zelo("retrain", "--due").status == 2
    assert f"the round of {NAME} failed" in caplog.text
