from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.conftest import MakeHome
from tests.homes import Home
from tests.retraining.traffic import DAY, NOW, Clock, answer, served, some_pumps, tell

from zelo.ledger.store import Ledger
from zelo.registry.evidence import read_evidence
from zelo.registry.promote import promote
from zelo.registry.traffic import read_traffic
from zelo.registry.trial import start_traffic
from zelo.retraining.conduct import Conducted, conduct
from zelo.spec.acting import Canary, Retraining, Rollback
from zelo.spec.project import Project

ACCEPT = ("G02", "G05", "G06", "G07", "G08")


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    made = make_home("retrained")
    assert isinstance(made, Home)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(home: Home, clock: Clock) -> Iterator[Ledger]:
    with Ledger.open(home.workspace.settings.ledger_url, now=clock) as opened:
        yield opened


@pytest.fixture
def project(home: Home) -> Project:
    retraining = Retraining(canary=Canary(predictions=50, lasting="1h"), rollback=Rollback(watched="7d"))
    return home.project.model_copy(update={"retraining": retraining})


def started(home: Home, ledger: Ledger, mode: str, *shares: int) -> None:
    start_traffic(
        home.store,
        ledger,
        home.name,
        mode=mode,  # type: ignore[arg-type]
        shares=shares,
        approver="Ana",
        reason="a try",
        at=NOW,
        accept=ACCEPT,
    )


def judged(home: Home, ledger: Ledger, clock: Clock, rows: int, *, worse: float) -> None:
    """The champion answers, the challenger scores beside it, and the truth comes."""
    clock.at += timedelta(minutes=1)
    asked, truths = some_pumps(rows)
    champion, challenger = ("1", home.bundle("champion")), ("2", home.bundle("challenger"))
    ids = answer(ledger, home, asked, at=clock.at, version=champion, beside=challenger, worse=worse)
    tell(ledger, home, ids, truths, at=clock.at)


def looked(home: Home, ledger: Ledger, project: Project, clock: Clock) -> Conducted:
    found = conduct(ledger, home.store, project, actor="worker", now=clock.at)
    assert found is not None
    return found


def test_a_champion_alone_is_left_alone(home: Home, ledger: Ledger, project: Project) -> None:
    assert conduct(ledger, home.store, project, actor="worker", now=NOW) is None


def test_a_worse_challenger_is_taken_out(home: Home, ledger: Ledger, project: Project, clock: Clock) -> None:
    started(home, ledger, "canary", 5, 25, 100)
    judged(home, ledger, clock, 400, worse=0.3)

    found = looked(home, ledger, project, clock)

    assert (found.action, found.why, found.judged) == ("rolled back", "quality", "2")
    assert read_traffic(home.store.registry, home.name) is None
    assert home.aliases()["champion"] == "1"
    (event,) = ledger.events(home.name, kind="rollback")
    assert event.payload["why"] == "quality"
    assert event.payload["version"] == "2"
    assert event.payload["figures"]["outcomes"] == 400
    assert event.payload["figures"]["wealth"]["quality"] >= 100
    assert "quality: worse than the other version on 400 outcomes" in event.reason
    assert read_evidence(home.store.registry, home.name)[-1]["reason"] == event.reason


@pytest.mark.parametrize("mode", ["shadow", "split"])
def test_a_worse_one_leaves_a_shadow_or_a_split_too(
    home: Home, ledger: Ledger, project: Project, clock: Clock, mode: str
) -> None:
    started(home, ledger, mode, *([50] if mode == "split" else []))
    judged(home, ledger, clock, 400, worse=0.3)

    assert looked(home, ledger, project, clock).action == "rolled back"


def test_one_that_is_as_good_stays_however_often_one_looks(
    home: Home, ledger: Ledger, project: Project, clock: Clock
) -> None:
    started(home, ledger, "canary", 5, 100)
    for _ in range(5):
        judged(home, ledger, clock, 100, worse=0.0)
        assert looked(home, ledger, project, clock).action == "waits"
    assert not ledger.events(home.name, kind="rollback")


def test_one_that_fails_is_taken_out_at_once(
    home: Home, ledger: Ledger, project: Project, clock: Clock
) -> None:
    started(home, ledger, "canary", 5, 100)
    served(
        ledger,
        home,
        v2={"rows": 3, "failed": 3, "calls": 3, "p95_ms": 0.0},
        v1={"rows": 60, "failed": 0, "calls": 60, "p95_ms": 4.0},
    )

    found = looked(home, ledger, project, clock)

    assert (found.action, found.why) == ("rolled back", "errors")
    assert "3 of 3 answers failed" in found.reason


def test_a_slow_one_is_taken_out_unless_the_machine_is_slow(
    home: Home, ledger: Ledger, project: Project, clock: Clock
) -> None:
    started(home, ledger, "canary", 5, 100)
    for _ in range(6):
        slow = {"rows": 60, "failed": 0, "calls": 60, "p95_ms": 900.0}
        served(ledger, home, v2=slow, v1=slow)
    assert looked(home, ledger, project, clock).action == "waits"
    for _ in range(6):
        served(ledger, home, v2=slow, v1={"rows": 60, "failed": 0, "calls": 60, "p95_ms": 5.0})

    found = looked(home, ledger, project, clock)

    assert (found.action, found.why) == ("rolled back", "latency")
    assert "in 6 of 6 windows" in found.reason


def test_a_canary_climbs_and_is_promoted_and_watched(
    home: Home, ledger: Ledger, project: Project, clock: Clock
) -> None:
    started(home, ledger, "canary", 5, 100)
    asked, _ = some_pumps(60)
    champion, challenger = ("1", home.bundle("champion")), ("2", home.bundle("challenger"))

    def answered_by_challenger() -> None:
        answer(ledger, home, asked, at=clock.at, version=challenger, beside=champion, variant="challenger")

    clock.at += timedelta(minutes=30)
    answered_by_challenger()
    assert looked(home, ledger, project, clock).action == "waits"

    clock.at += timedelta(minutes=31)
    assert looked(home, ledger, project, clock).action == "stepped"
    traffic = read_traffic(home.store.registry, home.name)
    assert traffic is not None
    assert (traffic.share, traffic.since) == (100, clock.at)

    clock.at += timedelta(hours=2)
    assert looked(home, ledger, project, clock).action == "waits"
    answered_by_challenger()
    assert looked(home, ledger, project, clock).action == "promoted"
    assert home.aliases()["champion"] == "2"
    watch = read_traffic(home.store.registry, home.name)
    assert watch is not None
    assert (watch.mode, watch.version) == ("watch", "1")

    clock.at += 6 * DAY
    assert looked(home, ledger, project, clock).action == "waits"
    clock.at += 2 * DAY
    assert looked(home, ledger, project, clock).action == "ended"
    assert read_traffic(home.store.registry, home.name) is None
    assert home.aliases()["champion"] == "2"


def test_a_new_champion_that_turns_out_worse_gives_its_place_back(
    home: Home, ledger: Ledger, project: Project, clock: Clock
) -> None:
    promote(home.store, home.name, approver="Ana", reason="better", at=NOW, accept=ACCEPT, watch=True)
    clock.at += timedelta(minutes=1)
    asked, truths = some_pumps(400)
    ids = answer(
        ledger,
        home,
        asked,
        at=clock.at,
        version=("1", home.bundle("previous")),
        beside=("2", home.bundle("champion")),
        worse=0.3,
    )
    tell(ledger, home, ids, truths, at=clock.at)

    found = looked(home, ledger, project, clock)

    assert (found.action, found.mode, found.judged) == ("rolled back", "watch", "2")
    assert home.aliases()["champion"] == "1"
    (event,) = ledger.events(home.name, kind="rollback")
    assert (event.payload["version"], event.payload["champion"]) == ("2", "1")


def test_a_shadow_waits_for_a_person(home: Home, ledger: Ledger, project: Project, clock: Clock) -> None:
    started(home, ledger, "shadow")
    clock.at += 90 * DAY

    found = looked(home, ledger, project, clock)

    assert found.action == "waits"
    assert found.reason == "nothing was found against it; a person decides"
