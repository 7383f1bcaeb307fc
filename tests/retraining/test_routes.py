from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.serving.fakes import PROJECT, AgePredictor, Client, Registry, bundle

from zelo.errors import SpecError
from zelo.ledger.configs import Configs
from zelo.ledger.jobs import Jobs
from zelo.ledger.store import Ledger
from zelo.retraining.routes import MOST_WAITING, Training, training_extension
from zelo.serving.app import create_app
from zelo.serving.service import Service
from zelo.spec.loading import parse_project

SPEC = PROJECT.replace(
    "candidates: [prior]", "candidates: [prior, {lightgbm: {num_leaves: 16}}, logistic_regression]"
)
JSON = {"content-type": "application/json"}
DAY = {"candidates": {"lightgbm": {"n_estimators": 50}}, "reason": "fewer trees"}


class Wakes(list[str]):
    """Which jobs the broker was told of."""

    def __call__(self, job_id: str) -> None:
        self.append(job_id)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", busy_timeout=0.05) as opened:
        yield opened


@pytest.fixture
def jobs(ledger: Ledger) -> Jobs:
    return Jobs(ledger)


@pytest.fixture
def wakes() -> Wakes:
    return Wakes()


@pytest.fixture
def training(ledger: Ledger, wakes: Wakes) -> Training:
    return Training(
        project=lambda: parse_project(SPEC), ledger=ledger, wake=wakes, actor="Ana", max_body_bytes=2_000
    )


@pytest.fixture
def client(training: Training, ledger: Ledger) -> Iterator[Client]:
    with Client(app_of(training, ledger)) as opened:
        yield opened


def app_of(training: Training, ledger: Ledger) -> Any:
    service = Service(Registry("1", bundle(AgePredictor())), ledger)
    return create_app({"churn": service}, extensions={"churn": training_extension("churn", training)})


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert (document["status"], document["code"]) == (status, code)
    return document


def places(document: dict[str, Any]) -> list[str]:
    return [error["field"] for error in document["errors"]]


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


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"candidates": {"lightgbm": {"n_estimators": 1_000_000}}}, ["candidates.lightgbm.n_estimators"]),
        ({"candidates": {"lightgbm": {"n_estimators": 50.5}}}, ["candidates.lightgbm.n_estimators"]),
        ({"candidates": {"lightgbm": {"n_estimators": True}}}, ["candidates.lightgbm.n_estimators"]),
        ({"candidates": {"lightgbm": {"n_estimators": "50"}}}, ["candidates.lightgbm.n_estimators"]),
        ({"candidates": {"lightgbm": {"n_estimators": [50]}}}, ["candidates.lightgbm.n_estimators"]),
        ({"candidates": {"lightgbm": {"verbosity": 1}}}, ["candidates.lightgbm.verbosity"]),
        ({"candidates": {"catboost": {}}}, []),
        ({"candidates": {"catboost": {"depth": 3}}}, ["candidates.catboost"]),
        ({"candidates": {"lightgbm": 3}}, ["candidates.lightgbm"]),
        ({"candidates": [1]}, ["candidates"]),
        ({"candidates": {"UPPER": {"depth": 3}}}, ["candidates.UPPER"]),
        ({"only": ["catboost", "prior"]}, ["only.0"]),
        ({"only": []}, ["only"]),
        ({"only": "prior"}, ["only"]),
        ({"only": ["prior"], "pick": "lightgbm"}, ["pick"]),
        ({"pick": "catboost"}, ["pick"]),
        ({"trials": -1}, ["trials"]),
        ({"trials": 1_000_000}, ["trials"]),
        ({"trials": "3"}, ["trials"]),
        ({"when_busy": "wait"}, ["when_busy"]),
        ({"hyperparameters": {}}, ["hyperparameters"]),
        ({"reason": "x" * 1_001}, ["reason"]),
        ([], ["the body"]),
    ],
)
def test_a_request_that_is_not_valid_names_each_place_and_queues_nothing(
    client: Client, jobs: Jobs, body: Any, fields: list[str]
) -> None:
    response = client.post("/train", json=body)

    if not fields:
        assert response.status_code == 202
        return
    document = problem(response, 422, "contract_broken")
    assert places(document) == fields
    assert all(error["expected"] for error in document["errors"])
    assert jobs.listed("churn") == []


def test_numbers_that_json_does_not_know_are_refused(client: Client) -> None:
    for number in ("NaN", "Infinity", "1e999"):
        body = f'{{"candidates": {{"lightgbm": {{"subsample": {number}}}}}}}'.encode()
        assert client.post("/train", content=body, headers=JSON).status_code in (400, 422)


def test_bodies_that_are_no_json_or_too_large(client: Client, jobs: Jobs) -> None:
    for path in ("/train", "/config"):
        problem(client.post(path, content=b"{", headers=JSON), 400, "malformed_body")
        problem(
            client.post(path, content=b"{}", headers={"content-type": "text/plain"}),
            415,
            "wrong_content_type",
        )
        problem(client.post(path, json={"reason": "x" * 3_000}), 413, "body_too_large")
    problem(client.post("/config"), 415, "wrong_content_type")
    assert jobs.listed("churn") == []


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


def test_the_configuration_is_read_and_changed(client: Client, ledger: Ledger) -> None:
    before = client.get("/config").json()
    after = client.post("/config", json={**DAY, "version": 0})

    assert before["version"] == 0
    assert before["candidates"]["lightgbm"]["hyperparameters"]["n_estimators"]["source"] == "default"
    assert after.status_code == 200
    told = after.json()
    assert (told["version"], told["changed"]["actor"], told["changed"]["reason"]) == (1, "Ana", "fewer trees")
    trees = told["candidates"]["lightgbm"]["hyperparameters"]["n_estimators"]
    assert (trees["value"], trees["source"]) == (50, "configuration 1")
    assert client.get("/projects/churn/config").json() == told
    assert [event.kind for event in ledger.events("churn")] == ["config"]


def test_a_change_from_an_older_version_is_a_conflict(client: Client, ledger: Ledger) -> None:
    assert client.post("/config", json=DAY).status_code == 200
    problem(client.post("/config", json={**DAY, "version": 0}), 409, "conflict")
    assert len(Configs(ledger).history("churn")) == 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["candidates", "reason"]),
        ({"candidates": {}, "reason": "x"}, ["candidates"]),
        ({"candidates": DAY["candidates"], "reason": "  "}, ["reason"]),
        ({"candidates": {"lightgbm": {"subsample": 2}}, "reason": "x"}, ["candidates.lightgbm.subsample"]),
        ({**DAY, "version": -1}, ["version"]),
        ({**DAY, "actor": "Rui"}, ["actor"]),
    ],
)
def test_a_change_that_is_not_valid_is_not_made(
    client: Client, ledger: Ledger, body: Any, fields: list[str]
) -> None:
    assert places(problem(client.post("/config", json=body), 422, "contract_broken")) == fields
    assert Configs(ledger).current("churn") is None


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
        document = problem(client.post("/train"), 409, "model_unavailable")
        assert "secret" not in json.dumps(document)
        problem(client.get("/config"), 409, "model_unavailable")
        assert client.get("/health").json()["training"]["active"] is False
    assert jobs.listed("churn") == []


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
