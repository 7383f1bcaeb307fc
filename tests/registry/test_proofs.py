"""Which record of evidence stands behind an answer, and what the chain says of it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zelo.errors import UnknownError
from zelo.registry.evidence import append_evidence
from zelo.registry.proofs import Proofs

START = datetime(2026, 1, 1, tzinfo=UTC)
LIFE = [("register", "1"), ("promote", "1"), ("register", "2"), ("promote", "2"), ("rollback", "1")]


def append(registry: Path, action: str, version: str, day: int) -> None:
    at = (START + timedelta(days=day)).isoformat()
    facts = {
        "action": action,
        "version": version,
        "at": at,
        "bundle": version * 16,
        "bundle_hash": version * 64,
    }
    append_evidence(registry, "pumps", facts)


@pytest.fixture
def proofs(tmp_path: Path) -> Proofs:
    for day, (action, version) in enumerate(LIFE):
        append(tmp_path, action, version, day)
    return Proofs(tmp_path, "pumps")


@pytest.mark.parametrize(
    ("version", "day", "number"),
    [("1", 0, 1), ("1", 1, 2), ("1", 3.5, 2), ("1", 9, 5), ("2", 2.5, 3), ("2", 3, 4), ("2", 1, None)],
)
def test_an_answer_is_proved_by_the_last_record_of_its_version_before_it(
    proofs: Proofs, version: str, day: float, number: int | None
) -> None:
    assert proofs.number(version, START + timedelta(days=day)) == number


def test_a_record_that_is_written_meanwhile_is_found(proofs: Proofs, tmp_path: Path) -> None:
    now = START + timedelta(days=9)
    assert proofs.number("3", now) is None
    append(tmp_path, "register", "3", 6)
    assert proofs.number("3", now) == 6
    registered = proofs.registered("3")
    assert registered is not None
    assert registered["action"] == "register"


def test_a_proof_holds_the_record_its_hash_and_the_bundles(proofs: Proofs, tmp_path: Path) -> None:
    found = proofs.proof(2)
    path = tmp_path / "pumps" / "evidence" / "0002.json"
    assert found["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found["bundle_hash"], found["record"]["action"]) == ("1" * 64, "promote")
    assert found["chain"] == {"holds": True, "records": 5, "problems": []}


def test_a_record_that_was_changed_or_is_none_any_more_is_told(proofs: Proofs, tmp_path: Path) -> None:
    proofs.number("1", START)
    path = tmp_path / "pumps" / "evidence" / "0004.json"
    path.write_text(path.read_text(encoding="utf-8").replace("promote", "register"), encoding="utf-8")
    found = proofs.proof(4)
    assert found["record"]["action"] == "register"
    assert not found["chain"]["holds"]
    assert found["chain"]["problems"][0].startswith("0005.json")
    path.write_text("{", encoding="utf-8")
    assert (proofs.proof(4)["record"], proofs.proof(4)["bundle_hash"]) == (None, None)
    assert Proofs(tmp_path, "pumps").number("2", START + timedelta(days=9)) == 3


@pytest.mark.parametrize("number", [0, 6])
def test_what_is_not_there_is_unknown(proofs: Proofs, number: int) -> None:
    with pytest.raises(UnknownError, match="no such record of evidence"):
        proofs.proof(number)


def test_a_project_without_evidence_proves_nothing(tmp_path: Path) -> None:
    nothing = Proofs(tmp_path, "pumps")
    assert (nothing.number("1", START), nothing.registered("1")) == (None, None)
    with pytest.raises(UnknownError, match="no record yet"):
        nothing.proof(1)
