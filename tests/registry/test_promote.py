"""What moves the champion, what refuses to, and what each leaves behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from tests.homes import Home, Ran, answered, zelo

from zelo.errors import BundleError, GateError, RegistryError
from zelo.registry.evidence import broken_links, read_evidence
from zelo.registry.model_versions import mlflow_aliases
from zelo.registry.promote import promote, rollback

MakeHome = Callable[[str], Home]
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY: dict[str, Any] = {"approver": "Ana", "reason": "better", "at": AT}


def records(home: Home) -> list[dict[str, Any]]:
    assert broken_links(home.store.registry, home.name) == []
    return read_evidence(home.store.registry, home.name)


def strict(home: Home) -> None:
    """Let the challenger's gate G05 fail from now on: no model answers in a picosecond."""
    spec = home.spec.read_text(encoding="utf-8").replace("latency_ms: 500", "latency_ms: 0.000001")
    home.spec.write_text(spec, encoding="utf-8")
    ran = zelo("train", home.name, "--candidates", "prior,logistic_regression")
    assert ran.status == 0, ran.out + ran.err


def test_the_first_promotion(make_home: MakeHome) -> None:
    home = make_home("trained")
    assert home.aliases() == {"challenger": "1"}
    moved = promote(home.store, home.name, **BY)
    assert (moved.version, moved.previous, moved.accepted) == ("1", None, ())
    assert home.aliases() == {"champion": "1"}
    assert mlflow_aliases(home.store.tracking_uri, home.name) == {"champion": "1"}


def test_evidence_tells_what_was_promoted_by_whom_and_on_what(make_home: MakeHome) -> None:
    home = make_home("trained")
    promote(home.store, home.name, **BY)
    registered, promoted = records(home)
    bundle = home.bundle("champion")
    assert (registered["action"], promoted["action"]) == ("register", "promote")
    assert promoted["approver"] == "Ana"
    assert promoted["reason"] == "better"
    assert promoted["at"] == AT.isoformat()
    assert promoted["bundle_hash"] == registered["bundle_hash"] == bundle.hash
    assert promoted["snapshot"] == bundle.manifest["snapshot"]
    assert promoted["environment"] == bundle.manifest["environment"]
    assert promoted["created"] == bundle.manifest["created"]
    assert promoted["libraries"]["scikit-learn"] == metadata.version("scikit-learn")
    compared = json.loads((bundle.path / "candidates.json").read_text(encoding="utf-8"))["candidates"]
    assert {"name": promoted["candidate"], "params": promoted["params"]} in [
        {"name": item["name"], "params": item["params"]} for item in compared
    ]
    assert set(promoted["code"]) == {"commit", "changed"}
    assert [gate["code"] for gate in promoted["gates"]] == [f"G{number:02d}" for number in range(1, 9)]
    assert promoted["metrics"]["f1"]["low"] < promoted["metrics"]["f1"]["value"]


def test_the_next_promotion_keeps_the_old_champion_as_previous(make_home: MakeHome) -> None:
    home = make_home("retrained")
    moved = promote(home.store, home.name, **BY)
    assert (moved.version, moved.previous) == ("2", "1")
    assert home.aliases() == {"champion": "2", "previous": "1"}
    assert {gate.code: gate.status for gate in moved.gates}["G03"] == "passed"
    assert records(home)[-1]["replaced"] == "1"


def test_rollback_and_back_again(make_home: MakeHome) -> None:
    home = make_home("replaced")
    for champion, previous in (("1", "2"), ("2", "1")):
        moved = rollback(home.store, home.name, approver="Rui", reason="complaints", at=AT)
        assert (moved.version, moved.previous) == (champion, previous)
        assert home.aliases() == {"champion": champion, "previous": previous}
        assert mlflow_aliases(home.store.tracking_uri, home.name) == home.aliases()
        last = records(home)[-1]
        assert (last["action"], last["version"], last["replaced"]) == ("rollback", champion, previous)
        assert (last["approver"], last["reason"]) == ("Rui", "complaints")
        assert last["bundle_hash"] == home.bundle("champion").hash


def test_nothing_to_promote_and_nothing_to_go_back_to(make_home: MakeHome) -> None:
    home = make_home("served")
    before = home.contents()
    with pytest.raises(RegistryError, match="has no challenger"):
        promote(home.store, home.name, **BY)
    with pytest.raises(RegistryError, match="has no previous"):
        rollback(home.store, home.name, **BY)
    assert home.contents() == before


def test_a_failing_gate_refuses_and_nothing_changes(make_home: MakeHome) -> None:
    home = make_home("served")
    strict(home)
    before, mirrored = home.contents(), mlflow_aliases(home.store.tracking_uri, home.name)
    with pytest.raises(GateError, match="version 2 of pumps is not promoted") as refused:
        promote(home.store, home.name, **BY)
    assert "G05" in refused.value.where
    assert "p95" in refused.value.found
    with pytest.raises(GateError):
        promote(home.store, home.name, accept=["G07"], **BY)
    assert home.contents() == before
    assert (
        mlflow_aliases(home.store.tracking_uri, home.name) == mirrored == {"champion": "1", "challenger": "2"}
    )


def test_a_failing_gate_may_be_accepted_by_name_and_that_is_written_down(make_home: MakeHome) -> None:
    home = make_home("served")
    strict(home)
    failed = [gate["code"] for gate in records(home)[-1]["gates"] if gate["status"] == "failed"]
    assert "G05" in failed
    moved = promote(home.store, home.name, accept=[*failed, "G01"], **BY | {"reason": "latency is fine"})
    # G01 passed, so there was nothing of it to accept.
    assert moved.accepted == tuple(failed)
    last = records(home)[-1]
    assert (last["accepted"], last["reason"]) == (failed, "latency is fine")
    assert home.aliases() == {"champion": "2", "previous": "1"}


def test_a_candidate_picked_by_hand_is_served_where_someone_answers_for_it(make_home: MakeHome) -> None:
    home = make_home("served")
    ran = zelo("train", home.name, "--candidates", "prior,logistic_regression", "--pick", "prior", "--json")
    assert ran.status == 0, ran.out + ran.err
    assert ran.json["candidate"] == "prior"
    why = "prior was picked by hand; the comparison would have taken logistic_regression: "
    assert ran.json["comparison"]["why"].startswith(why)
    with pytest.raises(GateError, match="not promoted") as refused:
        promote(home.store, home.name, **BY)
    assert "G02" in refused.value.where
    failed = refused.value.where.split(", ")
    accepted = [part for code in failed for part in ("--accept", code)]
    promoted = zelo("promote", home.name, *accepted, "--reason", "a constant to compare with")
    assert promoted.status == 0, promoted.out + promoted.err
    registered, last = records(home)[-2:]
    assert registered["why"].startswith(why)
    assert registered["instead_of"] == last["instead_of"] == "logistic_regression"
    assert (last["approver"], last["reason"]) == ("Ana", "a constant to compare with")
    assert last["accepted"] == failed
    assert {gate["code"]: gate["status"] for gate in last["gates"]}["G02"] == "failed"
    told = answered("history", home.name).out
    assert "prior was picked by hand" in " ".join(told.split())
    assert last["decision"].endswith("; the comparison would have taken logistic_regression")
    card = (home.bundle_path("champion") / "model_card.md").read_text(encoding="utf-8")
    assert "**Picked by hand; the comparison would have taken logistic_regression.**" in card


@pytest.mark.parametrize(("names", "picked"), [("prior,lightgbm", "logistic_regression"), ("", "magic")])
def test_only_who_is_compared_can_be_picked(make_home: MakeHome, names: str, picked: str) -> None:
    home = make_home("served")
    before = home.contents()
    ran = zelo("train", home.name, *(["--candidates", names] if names else []), "--pick", picked, "--json")
    assert ran.status == 2
    error = ran.json["error"]
    assert (error["kind"], error["where"], error["found"]) == ("SpecError", "pumps: pick", picked)
    assert "lightgbm" in error["expected"]
    assert home.contents() == before


def test_an_unknown_gate_cannot_be_accepted(make_home: MakeHome) -> None:
    home = make_home("trained")
    with pytest.raises(RegistryError, match="no such gate") as refused:
        promote(home.store, home.name, accept=["G99"], **BY)
    assert refused.value.found == "G99"
    assert home.aliases() == {"challenger": "1"}


def test_a_damaged_challenger_is_not_promoted(make_home: MakeHome) -> None:
    home = make_home("retrained")
    (home.bundle_path("challenger") / "model.onnx").write_bytes(b"")
    before = home.contents()
    with pytest.raises(BundleError):
        promote(home.store, home.name, **BY)
    assert home.contents() == before


def test_a_damaged_previous_version_is_not_rolled_back_to(make_home: MakeHome) -> None:
    home = make_home("replaced")
    shutil.rmtree(home.bundle_path("previous"))
    before = home.contents()
    with pytest.raises(BundleError):
        rollback(home.store, home.name, **BY)
    assert home.contents() == before


def test_where_mlflow_cannot_be_reached_nothing_changes(
    make_home: MakeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home("replaced")
    before = home.contents()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home.spec}/mlflow.db")
    with pytest.raises(RegistryError, match="MLflow's registry cannot be used"):
        rollback(home.store, home.name, **BY)
    assert home.contents() == before


def test_where_mlflow_does_not_know_the_version_nothing_changes(
    make_home: MakeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home("trained")
    before = home.contents()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home.root}/another.db")
    with pytest.raises(RegistryError, match="MLflow's registry cannot be used"):
        promote(home.store, home.name, **BY)
    assert home.contents() == before


def test_where_another_process_was_first_the_champion_stays(
    make_home: MakeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home("retrained")

    def beaten(source: Path, target: Path) -> None:
        raise FileExistsError(str(target))

    monkeypatch.setattr("os.link", beaten)
    before = home.contents()
    with pytest.raises(RegistryError, match="at the same time"):
        promote(home.store, home.name, **BY)
    assert home.contents() == before
    assert home.aliases() == {"champion": "1", "challenger": "2"}


def test_history_tells_the_story(make_home: MakeHome) -> None:
    home = make_home("replaced")
    ran: Ran = zelo("history", home.name, "--json")
    told = [(record["action"], record["version"], record.get("replaced")) for record in ran.json]
    assert told == [
        ("register", "1", None),
        ("promote", "1", None),
        ("register", "2", None),
        ("promote", "2", "1"),
    ]
