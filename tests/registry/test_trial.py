"""A challenger's trial: what starts, moves and ends it, what refuses to, and what each leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.homes import PROJECT, Home, zelo

from zelo.errors import GateError, RegistryError
from zelo.ledger.store import Ledger
from zelo.registry.aliases import read_aliases, write_aliases
from zelo.registry.bundle import Bundle, load_bundle
from zelo.registry.contracts import differences
from zelo.registry.evidence import broken_links, read_evidence
from zelo.registry.gates.run import GATES
from zelo.registry.model_versions import mlflow_aliases
from zelo.registry.promote import promote, rollback
from zelo.registry.traffic import Traffic, answers_other, read_traffic, traffic_path
from zelo.registry.trial import end_traffic, start_traffic, step_traffic
from zelo.registry.verify import verify
from zelo.spec.loading import parse_project

MakeHome = Callable[[str], Home]
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY: dict[str, Any] = {"approver": "Ana", "reason": "let us see", "at": AT}
NARROWER = PROJECT.replace("{type: number, unit: kW", "{type: number, use: metadata, unit: kW").replace(
    "derived: {effort: age * load}", ""
)
CANARY: dict[str, Any] = {"mode": "canary", "shares": (5, 25, 100)}


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    return make_home("retrained")


@pytest.fixture
def ledger(home: Home) -> Iterator[Ledger]:
    with home.workspace.ledger() as opened:
        yield opened


def divided(home: Home) -> Traffic | None:
    return read_traffic(home.store.registry, home.name)


def told(ledger: Ledger, home: Home) -> list[tuple[str, Any]]:
    events = [event for event in reversed(ledger.events(home.name)) if event.reason == BY["reason"]]
    return [(event.kind, event.payload.get("what") or event.payload.get("why")) for event in events]


def records(home: Home) -> list[dict[str, Any]]:
    assert broken_links(home.store.registry, home.name) == []
    return read_evidence(home.store.registry, home.name)


def test_a_canary_climbs_its_steps_and_ends_as_champion(home: Home, ledger: Ledger) -> None:
    started = start_traffic(home.store, ledger, home.name, **CANARY, **BY)
    assert started.champion == "1"
    assert {gate.status for gate in started.gates} <= {"passed", "skipped"}
    assert divided(home) == started.traffic
    assert (started.traffic.share, started.traffic.next_share) == (5, 25)
    assert home.aliases() == {"champion": "1", "challenger": "2"}

    shares = []
    for hours in (1, 2):
        later = BY | {"at": AT + timedelta(hours=hours)}
        stepped = step_traffic(home.store, ledger, home.name, **later)
        shares.append(stepped.share)
        assert (stepped.started, stepped.since) == (AT, later["at"])
    assert shares == [25, 100]
    with pytest.raises(RegistryError, match="no further step"):
        step_traffic(home.store, ledger, home.name, **BY)

    ended = end_traffic(home.store, ledger, home.name, promote=True, **BY)
    assert (ended.champion, ended.replaced, ended.watched) == ("2", "1", False)
    assert divided(home) is None
    assert home.aliases() == {"champion": "2", "previous": "1"}
    assert mlflow_aliases(home.store.tracking_uri, home.name) == home.aliases()
    traffic = [("traffic", what) for what in ("started", "stepped", "stepped", "ended")]
    assert told(ledger, home) == [*traffic, ("promotion", None)]
    assert all(finding.holds for finding in verify(home.store, home.name))


def test_evidence_tells_each_move_of_a_trial(home: Home, ledger: Ledger) -> None:
    start_traffic(home.store, ledger, home.name, **CANARY, **BY)
    step_traffic(home.store, ledger, home.name, **BY)
    end_traffic(home.store, ledger, home.name, promote=False, why="quality", figures={"wealth": 120.0}, **BY)
    *_, started, stepped, ended = records(home)
    assert [one["action"] for one in (started, stepped, ended)] == ["traffic"] * 3
    assert [(one["what"], one["share"]) for one in (started, stepped, ended)] == [
        ("started", 5),
        ("stepped", 25),
        ("ended", 25),
    ]
    assert {gate["code"] for gate in started["gates"]} >= {"G01", "G05"}
    assert started["bundle_hash"] == home.bundle("challenger").hash
    assert (started["champion"], started["version"], started["approver"]) == ("1", "2", "Ana")
    assert "began to answer 5% of the traffic of model 1" in started["decision"]
    assert (ended["why"], ended["figures"]) == ("quality", {"wealth": 120.0})
    assert "model 2" in ended["decision"]
    assert "answers alone" in ended["decision"]


def test_what_is_taken_out_leaves_an_event_that_says_why(home: Home, ledger: Ledger) -> None:
    start_traffic(home.store, ledger, home.name, **CANARY, **BY)
    ended = end_traffic(
        home.store, ledger, home.name, promote=False, why="errors", figures={"failed": 9}, **BY
    )
    assert (ended.champion, ended.replaced) == ("1", None)
    assert divided(home) is None
    assert home.aliases() == {"champion": "1", "challenger": "2"}
    (event,) = ledger.events(home.name, kind="rollback")
    assert event.payload == {
        "version": "2",
        "champion": "1",
        "mode": "canary",
        "why": "errors",
        "figures": {"failed": 9},
    }


def test_a_new_champion_is_watched_and_goes_back(home: Home, ledger: Ledger) -> None:
    moved = promote(home.store, home.name, watch=True, **BY)
    assert moved.watched
    watching = divided(home)
    assert watching is not None
    assert (watching.mode, watching.version, watching.share) == ("watch", "1", 0)
    assert not any(answers_other(str(entity), watching) for entity in range(1_000))

    ended = end_traffic(home.store, ledger, home.name, promote=True, why="latency", **BY)

    assert (ended.champion, ended.replaced) == ("1", "2")
    assert divided(home) is None
    assert home.aliases() == {"champion": "1", "previous": "2"}
    (event,) = ledger.events(home.name, kind="rollback")
    assert (event.payload["version"], event.payload["champion"], event.payload["why"]) == (
        "2",
        "1",
        "latency",
    )
    assert records(home)[-1]["action"] == "rollback"
    assert records(home)[-1]["why"] == "latency"


def test_a_watch_that_finds_nothing_ends_without_a_move(home: Home, ledger: Ledger) -> None:
    promote(home.store, home.name, watch=True, **BY)
    ended = end_traffic(home.store, ledger, home.name, promote=False, **BY)
    assert (ended.champion, divided(home)) == ("2", None)
    assert home.aliases() == {"champion": "2", "previous": "1"}
    assert [kind for kind, _ in told(ledger, home)] == ["traffic"]


def test_a_promotion_ends_the_trial_of_the_same_version(home: Home, ledger: Ledger) -> None:
    start_traffic(home.store, ledger, home.name, mode="shadow", **BY)
    moved = promote(home.store, home.name, **BY)
    assert moved.ended is not None
    assert moved.ended.mode == "shadow"
    assert divided(home) is None


def call_challenger(home: Home, alias: str) -> None:
    """Another version becomes challenger, as a training would make one."""
    aliases = read_aliases(home.store.registry, home.name)
    write_aliases(home.store.registry, home.name, aliases | {"challenger": aliases[alias]})


def test_a_rollback_lets_the_champion_answer_alone(make_home: MakeHome) -> None:
    home = make_home("replaced")
    call_challenger(home, "previous")
    codes = [gate.code for gate in GATES]
    with home.workspace.ledger() as ledger:
        start_traffic(home.store, ledger, home.name, mode="split", shares=(50,), accept=codes, **BY)
    assert divided(home) is not None
    rollback(home.store, home.name, **BY)
    assert divided(home) is None
    assert home.aliases()["champion"] == "1"


def test_the_version_that_was_tried_is_promoted_and_no_newer_challenger(home: Home, ledger: Ledger) -> None:
    start_traffic(home.store, ledger, home.name, **CANARY, **BY)
    call_challenger(home, "champion")
    before = home.contents()
    with pytest.raises(RegistryError, match="divided with another version"):
        promote(home.store, home.name, **BY)
    assert home.contents() == before
    end_traffic(home.store, ledger, home.name, promote=True, **BY)
    assert home.aliases() == {"champion": "2", "challenger": "1", "previous": "1"}


def test_one_challenger_at_a_time(home: Home, ledger: Ledger) -> None:
    start_traffic(home.store, ledger, home.name, mode="shadow", **BY)
    before = home.contents()
    with pytest.raises(RegistryError, match="divided already"):
        start_traffic(home.store, ledger, home.name, **CANARY, **BY)
    with pytest.raises(RegistryError, match="no further step"):
        step_traffic(home.store, ledger, home.name, **BY)
    assert home.contents() == before


def test_there_must_be_two_versions_and_a_division(make_home: MakeHome) -> None:
    home = make_home("trained")
    before = home.contents()
    with home.workspace.ledger() as ledger:
        with pytest.raises(RegistryError, match="has no champion"):
            start_traffic(home.store, ledger, home.name, **CANARY, **BY)
        with pytest.raises(RegistryError, match="is not divided"):
            end_traffic(home.store, ledger, home.name, promote=True, **BY)
        assert ledger.events(home.name) == []
    assert home.contents() == before


def test_a_failing_gate_gets_no_traffic(home: Home, ledger: Ledger) -> None:
    spec = home.spec.read_text(encoding="utf-8").replace("latency_ms: 500", "latency_ms: 0.000001")
    home.spec.write_text(spec, encoding="utf-8")
    ran = zelo("train", home.name, "--candidates", "prior,logistic_regression")
    assert ran.status == 0, ran.err
    failed = [gate["code"] for gate in records(home)[-1]["gates"] if gate["status"] == "failed"]
    with pytest.raises(GateError, match="not promoted"):
        start_traffic(home.store, ledger, home.name, **CANARY, **BY)
    assert divided(home) is None
    started = start_traffic(home.store, ledger, home.name, accept=failed, **CANARY, **BY)
    assert started.accepted == started.traffic.accepted == tuple(failed)
    # What was accepted at the start holds for the end.
    assert end_traffic(home.store, ledger, home.name, promote=True, **BY).champion == "3"


def test_a_version_that_reads_other_inputs_gets_no_traffic(
    home: Home, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrower = parse_project(NARROWER)
    challenger = home.bundle_path("challenger")

    def load(path: Path) -> Bundle:
        found = load_bundle(path)
        return replace(found, project=narrower) if path == challenger else found

    monkeypatch.setattr("zelo.registry.trial.load_bundle", load)
    before = home.contents()
    with pytest.raises(RegistryError, match="versions 1 and 2 cannot score the same rows") as refused:
        start_traffic(home.store, ledger, home.name, **CANARY, **BY)
    assert refused.value.found == "load: number and none"
    assert home.contents() == before


def test_what_makes_two_contracts_differ() -> None:
    one = parse_project(PROJECT)
    wider = parse_project(PROJECT.replace("min: 0, max: 60", "min: 0, max: 90"))
    typed = parse_project(PROJECT.replace("{type: integer, unit: years", "{type: number, unit: years"))
    assert differences(one, wider) == []
    assert differences(one, typed) == ["age: integer and number"]
    assert differences(one, parse_project(NARROWER)) == ["load: number and none"]


def test_a_damaged_division_is_named(home: Home) -> None:
    traffic_path(home.store.registry, home.name).write_text('{"mode": "canary"', encoding="utf-8")
    with pytest.raises(RegistryError, match="the division of the traffic is damaged"):
        divided(home)


def test_an_entity_stays_where_it_is_while_the_share_grows() -> None:
    five = Traffic(
        mode="canary",
        version="2",
        bundle="b",
        share=5,
        steps=(5, 25, 100),
        started=AT,
        since=AT,
        actor="Ana",
        reason="",
    )
    entities = [f"c{number}" for number in range(20_000)]
    chosen = {
        share: {e for e in entities if answers_other(e, five.stepped(share, AT))} for share in (5, 25, 100)
    }
    assert chosen[5] < chosen[25] < chosen[100]
    assert len(chosen[100]) == len(entities)
    # Five binomial standard deviations.
    assert abs(len(chosen[5]) - 1_000) < 5 * 31
    assert abs(len(chosen[25]) - 5_000) < 5 * 62
    other = five.model_copy(update={"version": "3"})
    again = {entity for entity in entities if answers_other(entity, other)}
    assert len(again & chosen[5]) < len(chosen[5]) / 4
