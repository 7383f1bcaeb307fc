from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.retraining.churn import DAY, JSON, SPEC, app_of, places, problem
from tests.serving.fakes import Client

from zelo.ledger.configs import Configs
from zelo.ledger.jobs import Jobs
from zelo.ledger.store import Ledger
from zelo.retraining.routes import Training
from zelo.spec.loading import parse_project


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"candidates": {"lightgbm": {"n_estimators": 1_000_000}}}, ["candidates.lightgbm.n_estimators"]),
        ({"candidates": {"lightgbm": {"n_estimators": 50.5}}}, ["candidates.lightgbm.n_estimators"]),
        ({"candidates": {"lightgbm": {"n_estimators": True}}}, ["candidates.lightgbm.n_estimators"]),
        ({"candidates": {"lightgbm": {"n_estimators": "50"}}}, ["candidates.lightgbm.n_estimators"]),
        ({"candidates": {"lightgbm": {"n_estimators": [50]}}}, ["candidates.lightgbm.n_estimators"]),
        ({"candidates": {"lightgbm": {"verbosity": 1}}}, ["candidates.lightgbm.verbosity"]),
        ({"candidates": {"catboost": {}}}, ["candidates.catboost"]),
        ({"candidates": {"catboost": None}}, ["candidates.catboost"]),
        ({"candidates": {"lightgbm": {"zzz": None}}}, ["candidates.lightgbm.zzz"]),
        ({"candidates": {"lightgbm": {"n-jobs": 1}}}, ["candidates.lightgbm.n-jobs"]),
        ({"candidates": {"lightgbm": {"num_leaves": 10**400}}}, ["candidates.lightgbm.num_leaves"]),
        ({"candidates": {"lightgbm": {"num_leaves": 8}}, "only": ["prior"]}, ["candidates.lightgbm"]),
        ({"only": ["voting"]}, ["only"]),
        ({"only": ["prior", "voting"], "pick": "voting"}, ["only"]),
        ({"trials": 10**400}, ["trials"]),
        ({"reason": "a\x00b"}, ["reason"]),
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

    document = problem(response, 422, "contract_broken")
    assert places(document) == fields
    assert all(error["expected"] for error in document["errors"])
    assert jobs.listed("churn") == []


def test_what_a_project_has_may_be_asked_for(client: Client) -> None:
    bodies: list[dict[str, Any]] = [
        {"candidates": {"lightgbm": {}}},
        {"candidates": {"logistic_regression": {"C": 0.5}}},
        {"only": ["lightgbm", "voting"], "pick": "voting"},
        {"pick": "voting"},
    ]
    for body in bodies:
        assert client.post("/train", json=body).status_code == 202


def test_a_name_that_cannot_be_one_is_told_by_what_can(client: Client) -> None:
    def expected(body: Any) -> str:
        told: str = client.post("/train", json=body).json()["errors"][0]["expected"]
        return told

    assert expected({"candidates": {"UPPER": {}}}) == "a name of small letters, digits and _"
    assert expected({"candidates": {"lightgbm": {"n-jobs": 1}}}) == "a name of letters, digits and _"
    assert expected({"reason": "a\x00b"}) == "text without the character NUL"


def test_what_was_configured_and_no_longer_fits_is_a_conflict_until_it_is_taken_back(
    training: Training, ledger: Ledger
) -> None:
    with Client(app_of(training, ledger)) as client:
        client.post("/config", json={"candidates": {"logistic_regression": {"C": 2.0}}, "reason": "x"})
    later = replace(training, project=lambda: parse_project(SPEC.replace(", logistic_regression", "")))
    with Client(app_of(later, ledger)) as client:
        for response in (client.post("/train"), client.post("/config", json=DAY)):
            document = problem(response, 409, "conflict")
            assert document["found"] == "logistic_regression"
            assert "takes back" in document["hint"]
        (stale,) = client.get("/config").json()["stale"]
        assert (stale["hyperparameter"], stale["value"]) == ("logistic_regression.C", 2.0)
        back = {"logistic_regression": {"C": None}}
        assert client.post("/train", json={"candidates": back}).status_code == 202
        after = client.post("/config", json={"candidates": back, "reason": "gone"})
        assert (after.status_code, after.json()["stale"]) == (200, [])
        assert client.post("/train").status_code == 202


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


def test_another_sites_page_starts_no_training(client: Client, jobs: Jobs) -> None:
    def post(site: str) -> httpx.Response:
        return client.post("/train", headers={"Sec-Fetch-Site": site})

    assert problem(post("cross-site"), 403, "cross_site")["detail"]
    assert jobs.listed("churn") == []
    assert client.get("/jobs", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
    assert [post(site).status_code for site in ("same-origin", "none")] == [202, 202]
