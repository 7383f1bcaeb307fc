"""Points for what artefacts prove, and none for anything else."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.homes import NAME, Home, answered

import zelo.registry.ml_test_score
from zelo.errors import BundleError
from zelo.ledger.store import Ledger
from zelo.registry.ml_test_score.artefacts import Artefacts, gather
from zelo.registry.ml_test_score.score import MEANINGS, SECTIONS, Score, score
from zelo.registry.ml_test_score.words import PORTUGUESE, Words

NOW = datetime(2031, 1, 1, tzinfo=UTC)
ROOMS = Path(zelo.registry.ml_test_score.__file__).parent


def artefacts(home: Home, *, now: datetime | None = None) -> Artefacts:
    with home.workspace.ledger() as ledger:
        return gather(
            home.store,
            ledger,
            home.project,
            folder=home.folder,
            deploy=home.root / "deploy",
            tests=home.root / "tests" / "projects",
            now=now or datetime.now(UTC),
        )


def points(found: Score) -> dict[str, float]:
    return {item.code: item.verdict.points for section in found.sections for item in section.items}


def scored(home: Home) -> dict[str, float]:
    return points(score(artefacts(home)))


@pytest.fixture
def trained(make_home: Callable[[str], Home]) -> Home:
    return make_home("trained")


@pytest.fixture
def served(make_home: Callable[[str], Home]) -> Home:
    return make_home("served")


@pytest.fixture
def retrained(make_home: Callable[[str], Home]) -> Home:
    return make_home("retrained")


@pytest.fixture
def ledger(retrained: Home) -> Iterator[Ledger]:
    with retrained.workspace.ledger() as opened:
        yield opened


def test_there_are_28_items_in_four_sections() -> None:
    codes = [code for _, items in SECTIONS for code, _, _ in items]
    assert [len(items) for _, items in SECTIONS] == [7, 7, 7, 7]
    assert len(set(codes)) == 28


def test_a_project_without_a_version_has_no_point(trained: Home) -> None:
    for path in (trained.root / "home" / "registry").rglob("*"):
        if path.is_file():
            path.unlink()
    found = score(artefacts(trained))
    assert points(found) == dict.fromkeys(points(found), 0.0)
    assert found.points == 0
    assert found.meaning == MEANINGS[0][1]
    assert all(item.verdict.wants for section in found.sections for item in section.items)


def test_the_score_is_the_least_of_the_sections(served: Home) -> None:
    found = score(artefacts(served))
    assert found.points == min(section.points for section in found.sections)
    assert any(section.points > found.points for section in found.sections)


def test_what_a_trained_version_proves(trained: Home) -> None:
    found = scored(trained)
    # Its gates, parity and importances are there; nobody served, promoted, watched or took anything back.
    assert (found["D1"], found["D7"], found["M5"], found["O1"]) == (1, 1, 1, 0.5)
    assert [found[code] for code in ("I3", "I4", "I6", "I7", "M2", "M4", "O4", "O7")] == [0] * 8


def test_every_point_names_something_that_is_there(served: Home) -> None:
    found = score(artefacts(served))
    for section in found.sections:
        for item in section.items:
            assert bool(item.verdict.points) == bool(item.verdict.proofs)
            assert item.verdict.points == 1 or item.verdict.wants
            for proof in item.verdict.proofs:
                if proof.where.startswith(("bundles/", "registry/")):
                    assert (served.root / "home" / proof.where).exists()


def test_a_promotion_earns_its_item_and_a_gate_taken_by_hand_half(retrained: Home) -> None:
    assert scored(retrained)["I4"] == 1
    last = sorted(retrained.evidence.glob("0*.json"))[1]
    record = json.loads(last.read_text(encoding="utf-8"))
    assert record["action"] == "promote"
    record["gates"][1]["status"] = "failed"
    last.write_text(json.dumps(record), encoding="utf-8")
    assert scored(retrained)["I4"] == 0.5


def test_a_second_training_measures_what_age_does(retrained: Home) -> None:
    assert scored(retrained)["M4"] == 0.5


Event = tuple[str, dict[str, Any]]
QUALITY = {"name": "zelo_model_quality", "labels": {"metric": "f1", "kind": "outcomes"}, "value": 0.7}


@pytest.mark.parametrize(
    ("code", "events", "points"),
    [
        ("I6", [("traffic", {"what": "started", "mode": "canary", "version": "9"})], 0.5),
        ("I6", [("traffic", {"what": "started", "mode": "canary", "version": "1"})], 1),
        ("I6", [("traffic", {"what": "started", "mode": "watch", "version": "1"})], 0),
        ("I7", [("rollback", {"why": "person", "version": "1"})], 0.5),
        ("I7", [("rollback", {"why": "quality", "version": "1"})], 1),
        ("M2", [("monitor", {"version": "1", "gauges": [QUALITY]})], 0.5),
        ("M2", [("monitor", {"version": version, "gauges": [QUALITY]}) for version in "12"], 1),
        ("M2", [("monitor", {"version": "1", "gauges": []})], 0),
        ("O2", [("monitor", {"version": "1"})], 0.5),
        ("O2", [("monitor", {"version": "1"})] * 2, 1),
        ("O3", [("monitor", {"version": "1"})] * 2, 1),
        ("O5", [], 0.5),
        ("O5", [("serving", {})], 1),
        ("O6", [("serving", {})], 0.5),
        ("O7", [("monitor", {"version": "1", "gauges": [QUALITY]})] * 2, 0.5),
    ],
)
def test_what_happened_earns_points(
    retrained: Home, ledger: Ledger, code: str, events: list[Event], points: float
) -> None:
    for kind, payload in events:
        ledger.record_event(NAME, kind, "test", "", payload)
    assert scored(retrained)[code] == points


def test_a_floor_with_looks_earns_the_last_item(retrained: Home, ledger: Ledger) -> None:
    text = retrained.spec.read_text(encoding="utf-8")
    retrained.spec.write_text(text + "monitoring: {floors: {f1: 0.5}}\n", encoding="utf-8")
    for _ in range(2):
        ledger.record_event(NAME, "monitor", "test", "", {"version": "1", "gauges": [QUALITY]})
    assert scored(retrained)["O7"] == 1


def test_an_alert_earns_its_item_only_beside_traffic(retrained: Home, ledger: Ledger) -> None:
    rules = retrained.root / "deploy" / "prometheus" / "rules"
    rules.mkdir(parents=True)
    (rules / "alerts.yml").write_text("- alert: HighLatency\n", encoding="utf-8")
    assert scored(retrained)["O6"] == 0.5
    ledger.record_event(NAME, "serving", "zelo serve", "", {})
    assert scored(retrained)["O6"] == 1


def test_a_version_may_grow_too_old(retrained: Home) -> None:
    text = retrained.spec.read_text(encoding="utf-8")
    retrained.spec.write_text(text + "retraining: {every: 30d}\n", encoding="utf-8")
    assert points(score(artefacts(retrained)))["O4"] == 1
    later = datetime.now(UTC) + timedelta(days=31)
    assert points(score(artefacts(retrained, now=later)))["O4"] == 0.5


@pytest.mark.parametrize(
    ("heading", "code"), [("## Privacidade e LGPD", "D5"), ("# Fairness", "M7"), ("### Inclusão", "M7")]
)
def test_what_is_written_down_is_half_a_point(trained: Home, heading: str, code: str) -> None:
    assert scored(trained)[code] == 0
    (trained.folder / "README.md").write_text(f"# Pumps\n\n{heading}\n\nText.\n", encoding="utf-8")
    assert scored(trained)[code] == 0.5


def test_a_test_of_the_project_is_half_a_point(trained: Home) -> None:
    tests = trained.root / "tests" / "projects"
    tests.mkdir(parents=True)
    (tests / f"test_{NAME}.py").touch()
    assert scored(trained)["I2"] == 0.5


def test_a_damaged_bundle_proves_nothing(trained: Home) -> None:
    (trained.bundle_path("challenger") / "importances.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError):
        artefacts(trained)


def test_the_command_tells_each_item_in_the_projects_language(served: Home) -> None:
    told = answered("score", NAME, "--json").json
    assert told["score"] == min(section["points"] for section in told["sections"])
    assert sum(len(section["items"]) for section in told["sections"]) == 28
    text = answered("score", NAME).out
    assert "Serving models can be rolled back" in text
    spec = served.spec.read_text(encoding="utf-8").replace("language: en", "language: pt-BR")
    served.spec.write_text(spec, encoding="utf-8")
    assert "Modelos em serviço podem ser revertidos" in answered("score", NAME).out


def phrases() -> set[str]:
    """Every phrase that the rooms of the score may say."""
    found = {text for _, text in MEANINGS} | {title for title, _ in SECTIONS}
    found |= {name for _, items in SECTIONS for _, name, _ in items}
    for path in [*ROOMS.glob("*.py"), ROOMS.parents[1] / "cli" / "score.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("Said", "nothing")
            ):
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(first.value)
    return found


def test_every_phrase_is_translated_and_no_translation_is_left_over() -> None:
    assert phrases() == set(PORTUGUESE)


def test_a_translation_has_the_places_of_its_phrase() -> None:
    import string

    def places(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert [phrase for phrase, text in PORTUGUESE.items() if places(phrase) != places(text)] == []


def test_numbers_are_written_as_the_language_does() -> None:
    assert (Words("pt-BR").points(0.5), Words("en").points(0.5)) == ("0,5", "0.5")
