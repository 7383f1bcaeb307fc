from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.conftest import MakeHome
from tests.homes import Home
from tests.retraining.traffic import DAY, NOW, Clock, answer, served, some_pumps, tell

from zelo.errors import RegistryError
from zelo.ledger.store import Ledger
from zelo.registry.evidence import read_evidence
from zelo.registry.gates.gate import GateResult
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


def test_two_rounds_at_once_promote_once(
    home: Home, ledger: Ledger, project: Project, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second has judged the canary of before; done to the watch, its promotion would be a rollback."""
    champion, challenger = ("1", home.bundle("champion")), ("2", home.bundle("challenger"))
    started(home, ledger, "canary", 100)
    clock.at += timedelta(hours=2)
    asked, _ = some_pumps(60)
    answer(ledger, home, asked, at=clock.at, version=challenger, beside=champion, variant="challenger")
    before = read_traffic(home.store.registry, home.name)
    assert looked(home, ledger, project, clock).action == "promoted"

    monkeypatch.setattr("zelo.retraining.conduct.read_traffic", lambda *_: before)
    monkeypatch.setattr(
        "zelo.retraining.conduct.read_aliases", lambda *_: {"champion": {"version": "1", "bundle": ""}}
    )
    with pytest.raises(RegistryError, match="was moved meanwhile"):
        looked(home, ledger, project, clock)

    assert home.aliases()["champion"] == "2"
    assert not ledger.events(home.name, kind="rollback")


def test_a_promotion_that_was_cut_off_is_ended_and_not_made_twice(
    home: Home, ledger: Ledger, project: Project, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The aliases are written and the division is not: a second promotion would forget the version before."""
    started(home, ledger, "canary", 100)

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("zelo.registry.promote.write_traffic", killed)
        with pytest.raises(SystemExit):
            promote(home.store, home.name, approver="Ana", reason="", at=NOW, accept=ACCEPT)
    left = home.aliases()
    assert left["champion"] == "2"
    assert read_traffic(home.store.registry, home.name) is not None

    found = looked(home, ledger, project, clock)

    assert (found.action, home.aliases()) == ("ended", left)
    assert read_traffic(home.store.registry, home.name) is None


def test_a_gate_that_fails_by_now_holds_the_last_step_and_no_round(
    home: Home, ledger: Ledger, project: Project, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion, challenger = ("1", home.bundle("champion")), ("2", home.bundle("challenger"))
    started(home, ledger, "canary", 100)
    clock.at += timedelta(hours=2)
    asked, _ = some_pumps(60)
    answer(ledger, home, asked, at=clock.at, version=challenger, beside=champion, variant="challenger")
    failing = GateResult("G07", "slices", "failed", "worse", "as good")
    monkeypatch.setattr("zelo.registry.promote.run_gates", lambda *_: [failing])

    found = looked(home, ledger, project, clock)

    assert found.action == "waits"
    assert "gates fail by now: G07" in found.reason
    assert home.aliases()["champion"] == "1"


def test_rows_that_neither_can_answer_speak_against_nobody(
    home: Home, ledger: Ledger, project: Project, clock: Clock
) -> None:
    started(home, ledger, "canary", 5, 100)
    bad = {"rows": 50, "failed": 50, "calls": 50, "p95_ms": 1.0}
    served(ledger, home, v2=bad, v1=bad)

    found = looked(home, ledger, project, clock)

    assert (found.action, found.figures["failed"]) == ("waits", 0)
    assert found.figures["mean_loss_difference"] == {"log_loss": None, "cost": None}
