from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.retraining.churn import DAY, Wakes, app_of, problem
from tests.serving.fakes import Client

from zelo.errors import SpecError
from zelo.ledger.jobs import Jobs
from zelo.ledger.store import Ledger
from zelo.retraining import events
from zelo.retraining.routes import MOST_WAITING, Training


def test_a_server_that_takes_trainings_loads_no_library_of_training() -> None:
    code = "import sys, zelo.retraining.routes, zelo.retraining.broker; print(*sys.modules)"

    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    heavy = {"sklearn", "pandas", "lightgbm", "catboost", "xgboost", "torch", "mlflow", "optuna"}
    assert heavy.isdisjoint(modules.split())


@pytest.mark.parametrize("prefix", ["", "/projects/churn"])
def test_a_training_is_queued_and_answered_with_its_place(
    client: Client, jobs: Jobs, wakes: Wakes, prefix: str
) -> None:
    response = client.post(f"{prefix}/train")

    assert response.status_code == 202
    answer = response.json()
    (job,) = jobs.listed("churn")
    url = f"{prefix}/jobs/{job.id}"
    assert answer == {"job": job.id, "state": "queued", "url": url, "events": f"{url}/events"}
    assert response.headers["location"] == url
    assert (job.state, job.kind, job.requested_by) == ("queued", "train", "Ana")
    assert wakes == [job.id]
    assert client.get(url).json()["state"] == "queued"


def test_the_job_keeps_what_was_asked_for(client: Client, jobs: Jobs) -> None:
    body = {
        "candidates": {"lightgbm": {"n_estimators": 20, "learning_rate": 0.1, "num_leaves": None}},
        "only": ["prior", "lightgbm"],
        "pick": "lightgbm",
        "trials": 3,
        "reason": "to see",
    }

    assert client.post("/train", json=body).status_code == 202

    assert jobs.listed("churn")[0].request == {**body, "config_version": 0}


def test_a_job_holds_the_configuration_of_its_day(client: Client, jobs: Jobs) -> None:
    client.post("/config", json=DAY)
    client.post("/train", json={})
    assert jobs.listed("churn")[0].request["config_version"] == 1


def test_a_second_training_waits_or_is_refused_as_its_request_says(client: Client, jobs: Jobs) -> None:
    first = client.post("/train").json()["job"]

    document = problem(client.post("/train", json={"when_busy": "refuse"}), 409, "conflict")
    assert first in document["found"]
    assert client.post("/train", json={"when_busy": "queue"}).status_code == 202
    assert len(jobs.listed("churn")) == 2


def test_a_queue_has_an_end(client: Client, jobs: Jobs) -> None:
    for _ in range(MOST_WAITING):
        jobs.submit("churn", "train", {}, "Ana")
    jobs.submit("man_hours", "train", {}, "Rui")

    problem(client.post("/train"), 503, "overloaded")
    client.post(f"/jobs/{jobs.queued()[0].id}/cancel")
    assert client.post("/train").status_code == 202


def test_a_broker_that_fails_loses_no_job(training: Training, ledger: Ledger, jobs: Jobs) -> None:
    def fails(job_id: str) -> bool:
        return False

    with Client(app_of(replace(training, wake=fails), ledger)) as client:
        assert client.post("/train").status_code == 202
    assert len(jobs.queued()) == 1


def test_a_job_is_seen_from_its_first_to_its_last_moment(client: Client, jobs: Jobs) -> None:
    job_id = client.post("/train").json()["job"]
    assert jobs.claim(job_id, "w1") is not None
    jobs.progress(job_id, 1, {"stage": "training", "candidate": "prior", "done": 1, "total": 5})
    jobs.line(job_id, "hello", "there")

    running = client.get(f"/jobs/{job_id}").json()
    jobs.finish(job_id, 1, "failed", error={"what": "no rows"})
    ended = client.get(f"/jobs/{job_id}").json()

    assert (running["state"], running["attempt"], running["progress"]["done"]) == ("running", 1, 1)
    assert [line.get("text") or line["state"] for line in running["log"]] == [
        "queued",
        "running",
        "hello",
        "there",
    ]
    assert (ended["state"], ended["error"], ended["result"]) == ("failed", {"what": "no rows"}, None)
    assert ended["created_at"] <= ended["started_at"] <= ended["finished_at"]
    assert [one["job"] for one in client.get("/jobs").json()["jobs"]] == [job_id]


def test_neither_folders_nor_workers_are_told_beyond_the_machine(
    client: Client, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LATE_SECONDS", 0.0)
    job_id = client.post("/train").json()["job"]
    jobs.claim(job_id, "machine:17")
    jobs.line(
        job_id, 'File "/srv/secret/train.py", line 3', "at sqlite:////srv/secret/ledger.db", "3/20 of /a"
    )
    error = {
        "what": "no rows",
        "where": "/srv/secret/rows.csv: 3",
        "found": "nothing in '/srv/secret/rows.csv'",
    }
    jobs.finish(job_id, 1, "failed", error=error)

    told = client.get(f"/jobs/{job_id}").json()

    assert told["error"] == {"what": "no rows", "found": "nothing in 'rows.csv'"}
    said = ['File "train.py", line 3', "at sqlite://ledger.db", "3/20 of /a"]
    assert [line["text"] for line in told["log"] if line["kind"] == "log"] == said
    for path in ("/jobs", f"/jobs/{job_id}", f"/jobs/{job_id}/events"):
        text = client.get(path).text
        assert not any(word in text for word in ("secret", "machine:17"))
    assert "where" in (jobs.listed("churn")[0].error or {})


def test_a_long_log_is_told_by_its_end(client: Client, jobs: Jobs) -> None:
    job_id = client.post("/train").json()["job"]
    jobs.claim(job_id, "w1")
    for start in range(0, 1_200, 300):
        jobs.line(job_id, *(f"line {number}" for number in range(start, start + 300)))

    log = client.get(f"/jobs/{job_id}").json()["log"]

    assert [line["text"] for line in log] == [f"line {number}" for number in range(1_100, 1_200)]


def test_a_job_is_cancelled_once(client: Client, jobs: Jobs) -> None:
    queued, running = (client.post("/train").json()["job"] for _ in range(2))
    jobs.claim(running, "w1")

    assert client.post(f"/jobs/{queued}/cancel").json()["state"] == "cancelled"
    stopping = client.post(f"/jobs/{running}/cancel").json()
    assert (stopping["state"], stopping["cancel_requested"]) == ("running", True)
    assert jobs.beat(running, 1) == "cancel"
    problem(client.post(f"/jobs/{queued}/cancel"), 409, "conflict")


@pytest.mark.parametrize("path", ["/jobs/{}", "/jobs/{}/events"])
def test_a_job_that_is_not_the_projects_is_unknown(client: Client, jobs: Jobs, path: str) -> None:
    other = jobs.submit("man_hours", "train", {}, "Rui")
    for job_id in (other.id, "nothing", "%00", "x" * 500):
        problem(client.get(path.format(job_id)), 404, "unknown")
    problem(client.post(f"/jobs/{other.id}/cancel"), 404, "unknown")
    assert jobs.queued() == [other]
    assert client.get("/jobs").json() == {"jobs": []}


def test_health_tells_of_the_training(client: Client, jobs: Jobs) -> None:
    assert client.get("/health").json()["training"] == {"active": False, "job": None, "queued": 0}

    first, _ = (client.post("/train").json()["job"] for _ in range(2))
    jobs.submit("man_hours", "train", {}, "Rui")
    waiting = client.get("/health").json()["training"]
    jobs.claim(first, "w1")
    running = client.get("/projects/churn/health").json()["training"]

    assert (waiting["active"], waiting["queued"], waiting["job"]["job"]) == (False, 2, first)
    assert (running["active"], running["queued"], running["job"]["state"]) == (True, 1, "running")


def test_health_stands_where_the_ledger_does_not(client: Client, ledger: Ledger, tmp_path: Path) -> None:
    ledger.close()
    (tmp_path / "ledger.db").write_bytes(b"no database" * 100)

    told = client.get("/health")

    assert told.status_code == 200
    assert told.json()["training"]["active"] is None
    problem(client.post("/train"), 503, "ledger_unavailable")


def test_a_project_that_is_no_longer_there_is_served_but_not_trained(
    training: Training, ledger: Ledger, jobs: Jobs
) -> None:
    def gone() -> Any:
        raise SpecError("no such project", where="/somewhere/secret", found="'churn'")

    with Client(app_of(replace(training, project=gone), ledger)) as client:
        document = problem(client.post("/train"), 409, "project_not_valid")
        assert "secret" not in json.dumps(document)
        problem(client.get("/config"), 409, "project_not_valid")
        assert client.get("/health").json()["training"]["active"] is False
    assert jobs.listed("churn") == []


def test_every_reference_of_the_apis_document_leads_somewhere(client: Client) -> None:
    document = client.get("/openapi.json").json()

    def references(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if isinstance(part.get("$ref"), str):
                yield part["$ref"]
            part = list(part.values())
        if isinstance(part, list):
            for one in part:
                yield from references(one)

    found = set(references(document))
    assert found
    for reference in found:
        root, *steps = reference.split("/")
        assert root == "#"
        place = document
        for step in steps:
            place = place[step]


def test_events_are_documented_as_a_stream(client: Client) -> None:
    answers = client.get("/openapi.json").json()["paths"]["/jobs/{job_id}/events"]["get"]["responses"]
    assert set(answers["200"]["content"]) == {"text/event-stream"}


def test_the_api_tells_of_training(client: Client) -> None:
    document = client.get("/openapi.json").json()

    paths = document["paths"]
    for path in (
        "/train",
        "/jobs",
        "/jobs/{job_id}",
        "/jobs/{job_id}/events",
        "/jobs/{job_id}/cancel",
        "/config",
    ):
        assert f"/projects/churn{path}" in paths
    train = paths["/train"]["post"]
    assert train["tags"] == ["churn"]
    schema = train["requestBody"]["content"]["application/json"]["schema"]
    assert {"candidates", "only", "pick", "trials", "when_busy", "reason"} == set(schema["properties"])
    assert {"202", "409", "422"} <= set(train["responses"])
    assert "200" not in train["responses"]
