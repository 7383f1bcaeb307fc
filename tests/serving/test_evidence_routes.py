"""A recorded prediction names the evidence of its version, and the link answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from zelo.ledger.store import Ledger
from zelo.registry.evidence import append_evidence
from zelo.registry.proofs import Proofs
from zelo.serving.app import create_app
from zelo.serving.service import Service

from .fakes import ROW, START, AgePredictor, Client, Clock, Registry, bundle

FACTS = {"version": "1", "at": START.isoformat(), "bundle_hash": "0" * 64}


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    for action in ("register", "promote"):
        append_evidence(tmp_path, "churn", {**FACTS, "action": action})
    return tmp_path / "churn" / "evidence"


@pytest.fixture
def proved(ledger: Ledger, evidence: Path, tmp_path: Path) -> Service:
    proofs = Proofs(tmp_path, "churn")
    return Service(Registry("1", bundle(AgePredictor())), ledger, now=Clock(), proofs=proofs)


def test_the_link_of_a_prediction_leads_to_the_record_of_its_version(proved: Service) -> None:
    with Client(create_app({"churn": proved})) as client:
        given = client.post("/predict", json=ROW).json()
        told = client.get(f"/predictions/{given['id']}").json()
        assert told["evidence"] == "/projects/churn/evidence/2"
        proof = client.get(told["evidence"]).json()
        assert (proof["number"], proof["record"]["action"], proof["bundle_hash"]) == (2, "promote", "0" * 64)
        assert proof["chain"] == {"holds": True, "records": 2, "problems": []}
        assert client.get("/evidence/1").json()["record"]["action"] == "register"


def test_a_broken_chain_is_told_and_the_prediction_still_answered(proved: Service, evidence: Path) -> None:
    with Client(create_app({"churn": proved})) as client:
        given = client.post("/predict", json=ROW).json()
        (evidence / "0002.json").write_text("{", encoding="utf-8")
        assert client.get(f"/predictions/{given['id']}").json()["evidence"] == "/projects/churn/evidence/1"
        proof = client.get("/evidence/2").json()
        assert (proof["record"], proof["chain"]["holds"]) == (None, False)


@pytest.mark.parametrize(("number", "status"), [("3", 404), ("0", 422), ("x", 422), ("9" * 400, 422)])
def test_what_is_no_record_is_a_problem(proved: Service, number: str, status: int) -> None:
    with Client(create_app({"churn": proved})) as client:
        answer = client.get(f"/evidence/{number}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_service_without_evidence_links_none(client: Client) -> None:
    given = client.post("/predict", json=ROW).json()
    assert "evidence" not in client.get(f"/predictions/{given['id']}").json()
    assert client.get("/evidence/1").status_code == 404
