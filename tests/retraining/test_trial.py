from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.conftest import MakeHome
from tests.homes import Home
from tests.retraining.traffic import DAY, NOW, Clock, answer, some_pumps, tell

from zelo.ledger.jobs import Jobs
from zelo.ledger.store import Ledger
from zelo.registry.traffic import read_traffic
from zelo.retraining.replay import replayed
from zelo.retraining.trial import begin
from zelo.spec.acting import Canary, Retraining
from zelo.spec.project import Project
from zelo.spec.watching import Costs


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    made = make_home("retrained")
    assert isinstance(made, Home)
    return made


@pytest.fixture
def ledger(home: Home) -> Iterator[Ledger]:
    with Ledger.open(home.workspace.settings.ledger_url, now=Clock()) as opened:
        yield opened


@pytest.fixture
def project(home: Home) -> Project:
    retraining = Retraining(every="30d", action="canary", canary=Canary(steps=(10, 100)))
    costs = Costs(false_positive=10, false_negative=100)
    return home.project.model_copy(update={"retraining": retraining, "costs": costs})


def triggered(ledger: Ledger, home: Home, action: str = "canary", version: str = "2") -> None:
    """A trigger whose job has made a version."""
    jobs = Jobs(ledger)
    job = jobs.claim(jobs.submit(home.name, "train", {}, "worker").id, "w1")
    assert job is not None
    ledger.record_event(home.name, "trigger", "worker", "due", {"action": action, "job": job.id})
    jobs.finish(job.id, job.attempt, "succeeded", result={"version": version})


def test_what_passes_gets_its_first_share(home: Home, ledger: Ledger, project: Project) -> None:
    triggered(ledger, home)

    found = begin(ledger, home.store, project, actor="worker", now=NOW)

    assert found is not None
    assert found.passes
    traffic = read_traffic(home.store.registry, home.name)
    assert traffic is not None
    assert (traffic.mode, traffic.version, traffic.share, traffic.steps) == ("canary", "2", 10, (10, 100))
    assert begin(ledger, home.store, project, actor="worker", now=NOW) is None


@pytest.mark.parametrize(("action", "version"), [("train", "2"), ("canary", "7")])
def test_only_what_a_trigger_made_for_it(
    home: Home, ledger: Ledger, project: Project, action: str, version: str
) -> None:
    assert begin(ledger, home.store, project, actor="worker", now=NOW) is None
    triggered(ledger, home, action, version)

    assert begin(ledger, home.store, project, actor="worker", now=NOW) is None
    assert read_traffic(home.store.registry, home.name) is None


def test_a_dear_one_is_refused_once(home: Home, ledger: Ledger, project: Project) -> None:
    """The truths are what the champion says: whatever the challenger changes is a mistake."""
    champion = ("1", home.bundle("champion"))
    rows, _ = some_pumps(400)
    ids = answer(ledger, home, rows, at=NOW - DAY, version=champion)
    said = [int(ledger.prediction(one).decision["prediction"]) for one in ids]  # type: ignore[union-attr]
    tell(ledger, home, ids, said, at=NOW)
    triggered(ledger, home)

    found = begin(ledger, home.store, project, actor="worker", now=NOW)

    assert found is not None
    assert not found.passes
    assert read_traffic(home.store.registry, home.name) is None
    (event,) = ledger.events(home.name, kind="traffic")
    assert (event.payload["what"], event.payload["version"]) == ("refused", "2")
    assert event.reason == "on rows with an outcome the challenger is dearer"
    assert begin(ledger, home.store, project, actor="worker", now=NOW) is None


def test_somebody_who_looked_at_the_replay_has_not_tried_it(
    home: Home, ledger: Ledger, project: Project
) -> None:
    triggered(ledger, home)
    replayed(ledger, home.store, project, actor="Ana", now=NOW)

    assert begin(ledger, home.store, project, actor="worker", now=NOW) is not None
    assert read_traffic(home.store.registry, home.name) is not None
