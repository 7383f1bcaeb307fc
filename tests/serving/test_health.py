from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter

from zelo.errors import LedgerError
from zelo.ledger.store import Ledger
from zelo.registry.bundle import seal
from zelo.serving.app import create_app
from zelo.serving.extension import Extension
from zelo.serving.service import Service

from .fakes import ROW, AgePredictor, Client, Registry, bundle
from .prices import make_prices_bundle


def made(health: Any = dict) -> Extension:
    """An extension with a route of its own, which knows its project no other way than by its place."""
    router = APIRouter(tags=["churn"])

    @router.get("/jobs/{job_id}")
    def job(job_id: str) -> dict[str, str]:
        """A job."""
        return {"job": job_id}

    return Extension(router, health)


@pytest.fixture
def extended(service: Service) -> Iterator[Client]:
    training = {"training": {"active": True, "queued": 2}}
    with Client(create_app({"churn": service}, extensions={"churn": made(lambda: training)})) as opened:
        yield opened


def test_an_extension_is_served_with_its_project_and_told_in_its_health(extended: Client) -> None:
    assert extended.get("/jobs/7").json() == {"job": "7"}
    assert extended.get("/projects/churn/jobs/7").json() == {"job": "7"}
    health = extended.get("/health").json()
    assert health["training"] == {"active": True, "queued": 2}
    assert health["model_version"] == "1"
    assert extended.post("/predict", json=ROW).status_code == 200


def test_an_extension_is_in_the_document_under_its_project(extended: Client) -> None:
    route = extended.get("/openapi.json").json()["paths"]["/projects/churn/jobs/{job_id}"]["get"]
    assert route["tags"] == ["churn"]
    extended.get("/projects/churn/jobs/7")
    assert 'project="churn",route="/jobs/{job_id}"' in extended.get("/metrics").text


def test_of_two_projects_each_has_its_own_extension(service: Service, ledger: Ledger) -> None:
    quotes = Service(Registry("3", make_prices_bundle()), ledger)
    extension = made(lambda: {"training": {"active": False}})
    app = create_app({"churn": service, "quotes": quotes}, extensions={"quotes": extension})
    with Client(app) as client:
        projects = client.get("/health").json()["projects"]
        assert "training" not in projects["churn"]
        assert projects["quotes"]["training"] == {"active": False}
        assert client.get("/projects/quotes/jobs/1").status_code == 200
        assert client.get("/projects/churn/jobs/1").status_code == 404
        assert client.get("/jobs/1").status_code == 404


def test_an_extension_without_its_ledger_leaves_the_rest_told(service: Service) -> None:
    def gone() -> dict[str, Any]:
        raise LedgerError("the ledger is locked")

    with Client(create_app({"churn": service}, extensions={"churn": made(gone)})) as client:
        response = client.get("/health")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    assert response.json()["extension"] == {"reason": "the ledger is locked"}


def test_health_tells_machine_files_and_monitoring(client: Client) -> None:
    health = client.get("/health").json()
    assert health["status"] == "ok"
    assert health["cpu"]["cores"] >= 1
    assert health["cpu"]["process_percent"] >= 0
    assert health["cpu"]["load_1_minute"] >= 0
    assert 10 < health["memory"]["resident_mb"] < 100_000
    assert health["memory"]["available_mb"] > 0
    assert health["artifacts"] == {"bundle": "0", "sha256": "0" * 16, "files": 0, "missing": []}
    assert health["drift_monitoring"] == {"status": "never run", "last_run": None}


def test_the_last_monitoring_is_told(service: Service, ledger: Ledger) -> None:
    ledger.record_event("churn", "monitor", "ana", "calm", {"status": "calm"})
    last = ledger.record_event("churn", "monitor", "ana", "alarm", {"status": "alarm"})
    ledger.record_event("other", "monitor", "ana", "calm", {"status": "calm"})
    assert service.health()["drift_monitoring"] == {"status": "alarm", "last_run": last.at}


def test_monitoring_is_unknown_without_the_ledger(
    service: Service, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise LedgerError("the ledger is locked")

    monkeypatch.setattr(ledger, "events", gone)
    assert service.health()["drift_monitoring"]["status"] == "unknown"


def test_a_bundle_whose_file_is_gone_is_told_without_its_place(
    tmp_path: Path, ledger: Ledger, predictor: AgePredictor
) -> None:
    staging = tmp_path / "staging"
    staging.mkdir()
    (staging / "model.onnx").write_bytes(b"x")
    folder = seal(staging, tmp_path / "bundles", {})
    files = json.loads((folder / "manifest.json").read_text())["files"]
    loaded = bundle(predictor, files=files)
    placed = type(loaded)(folder, folder.name * 4, loaded.project, loaded.policy, loaded.manifest, predictor)
    service = Service(Registry("1", placed), ledger)
    assert service.health()["artifacts"]["missing"] == []
    (folder / "model.onnx").unlink()
    health = service.health()
    assert health["status"] == "degraded"
    assert health["artifacts"] == {
        "bundle": folder.name,
        "sha256": folder.name,
        "files": 1,
        "missing": ["model.onnx"],
    }
    assert str(tmp_path) not in str(health)
