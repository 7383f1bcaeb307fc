from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from zelo.errors import BundleError, SpecError
from zelo.ledger.store import Ledger
from zelo.serving.app import create_app
from zelo.serving.service import Service

from .fakes import PROJECT, ROW, AgePredictor, Client, Registry, bundle

JSON = {"content-type": "application/json"}


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["code"] == code
    assert document["title"]
    assert document["detail"]
    return document


@pytest.mark.parametrize("prefix", ["", "/projects/churn"])
def test_a_prediction_is_answered_and_found_again(client: Client, prefix: str) -> None:
    response = client.post(f"{prefix}/predict", json={**ROW, "id_cliente": 7})

    assert response.status_code == 200
    answer = response.json()
    assert answer["recommendation"] == "Acompanhar"
    found = client.get(f"{prefix}/predictions/{answer['id']}").json()
    assert {name: found[name] for name in answer} == answer
    assert found["inputs"]["idade"] == 40
    assert found["at"].endswith("Z")


def test_a_bad_row_is_told_field_by_field(client: Client) -> None:
    document = problem(client.post("/predict", json={**ROW, "idade": 200}), 422, "contract_broken")

    assert document["errors"] == [
        {"field": "idade", "found": "200", "expected": "a whole number from 0 to 100 anos"}
    ]


def test_one_bad_row_among_a_thousand(client: Client, ledger: Ledger) -> None:
    rows: list[Any] = [{**ROW, "idade": index % 101} for index in range(1000)]
    rows[500] = {**ROW, "saldo": "muito"}

    response = client.post("/predict/batch", json={"rows": rows})

    body = response.json()
    assert response.status_code == 200
    assert body["errors"] == [
        {"index": 500, "field": "saldo", "found": '"muito"', "expected": "a number R$, or null"}
    ]
    assert [one["index"] for one in body["predictions"]] == [index for index in range(1000) if index != 500]
    assert all(one["score"] == one["index"] % 101 / 100 for one in body["predictions"])
    assert body["bad_rows"] == 1
    assert ledger.count("churn") == 999


@pytest.mark.parametrize("body", [{"rows": [{}]}, {"rows": []}, {"row": 1}, []])
def test_a_batch_without_a_good_row(client: Client, body: Any) -> None:
    assert problem(client.post("/predict/batch", json=body), 422, "contract_broken")["errors"]


def test_a_body_that_is_no_json(client: Client) -> None:
    for path in ("/predict", "/predict/batch", "/outcomes"):
        document = problem(client.post(path, content=b'{"idade": 1,}', headers=JSON), 400, "malformed_body")
        assert "line 1 column" in document["found"]


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/csv"}, {"content-type": "application/jsonp"}])
def test_a_body_that_is_not_declared_as_json(client: Client, headers: dict[str, str]) -> None:
    content = json.dumps(ROW).encode()

    problem(client.post("/predict", content=content, headers=headers), 415, "wrong_content_type")


def test_json_with_its_encoding_is_taken(client: Client) -> None:
    content = json.dumps(ROW, ensure_ascii=False).encode()

    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert client.post("/predict", content=content, headers=headers).status_code == 200


def test_a_body_that_is_too_large_is_not_read_to_its_end(client: Client) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 1000:
            sent += 1
            yield b"x" * 10_000

    problem(client.post("/predict", content=b"x" * 100_001, headers=JSON), 413, "body_too_large")
    response = client.post("/predict", content=endless(), headers=JSON)

    problem(response, 413, "body_too_large")
    assert response.headers["connection"] == "close"


def test_unknown_places_and_wrong_methods(client: Client) -> None:
    problem(client.get("/predictions/nothing"), 404, "unknown")
    problem(client.get("/nowhere"), 404, "not_found")
    problem(client.get("/projects/other/health"), 404, "not_found")
    assert client.get("/predict").headers["allow"] == "POST"
    problem(client.get("/predict"), 405, "method_not_allowed")


def test_aliases_in_the_projects_own_words(client: Client) -> None:
    for name, age in (("ana", 90), ("ana", 30), ("bia", 85), ("cai", 99), ("todas", 10)):
        client.post("/predict", json={**ROW, "idade": age, "id_cliente": name})

    assert client.get("/churn/ana").json()["score"] == 0.3
    assert client.get("/churn/todas").json()["score"] == 0.1
    ranking = client.get("/churn/todas/predicoes?risco_minimo=0.8&limite=10").json()["predictions"]
    assert [(one["entity"], one["score"]) for one in ranking] == [("cai", 0.99), ("bia", 0.85)]
    assert len(client.get("/churn/todas/predicoes?limite=1").json()["predictions"]) == 1
    problem(client.get("/churn/nobody"), 404, "unknown")


@pytest.mark.parametrize(
    "query", ["risco_minimo=nan", "risco_minimo=alto", "limite=0", "limite=1001", "limite=x"]
)
def test_a_query_that_is_not_valid(client: Client, query: str) -> None:
    (error,) = problem(client.get(f"/churn/todas/predicoes?{query}"), 422, "query_not_valid")["errors"]

    assert error["field"] == query.partition("=")[0]


def test_a_ranking_wins_over_an_entity_of_its_shape(registry: Registry, ledger: Ledger) -> None:
    text = PROJECT.replace("ranking: /churn/todas/predicoes", "ranking: /churn/todas")
    registry.current = ("1", bundle(AgePredictor(), text))

    with Client(create_app({"churn": Service(registry, ledger)})) as client:
        assert client.get("/churn/todas").json() == {"predictions": []}


@pytest.mark.parametrize(
    "change",
    [
        ("/churn/{id_cliente}", "/churn"),
        ("/churn/{id_cliente}", "churn/{id_cliente}"),
        ("/churn/{id_cliente}", "/churn/{a}/{b}"),
        ("/churn/{id_cliente}", "/churn/{id:path}"),
        ("/churn/todas/predicoes", "/churn/{x}/predicoes"),
    ],
)
def test_an_alias_that_cannot_be_served(registry: Registry, ledger: Ledger, change: tuple[str, str]) -> None:
    registry.current = ("1", bundle(AgePredictor(), PROJECT.replace(*change)))

    with pytest.raises(SpecError, match="cannot be served"):
        create_app({"churn": Service(registry, ledger)})


def test_predictions_are_listed(client: Client) -> None:
    ids = [client.post("/predict", json={**ROW, "id_cliente": n % 2}).json()["id"] for n in range(4)]

    assert [one["id"] for one in client.get("/predictions").json()["predictions"]] == ids[::-1]
    assert len(client.get("/predictions?entity=1&limit=1").json()["predictions"]) == 1
    assert client.get("/predictions?since=2027-01-01T00:00:00Z").json() == {"predictions": []}
    problem(client.get("/predictions?since=2027-01-01"), 422, "query_not_valid")
    # Seconds since 1970, to pydantic.
    problem(client.get("/predictions?until=0.5"), 422, "query_not_valid")


def test_outcomes_over_http(client: Client) -> None:
    given = client.post("/predict", json=ROW).json()
    body = {"outcomes": [{"prediction_id": given["id"], "value": 1}, {"entity": "nobody", "value": 1}]}

    counts = client.post("/outcomes", json=body)

    assert counts.json() == {
        "received": 2,
        "joined": 1,
        "repeated": 0,
        "unknown": [{"index": 1, "entity": "nobody"}],
    }
    assert client.get(f"/predictions/{given['id']}").json()["outcome"]["value"] == 1
    problem(client.post("/outcomes", json={"outcomes": [{"entity": "nobody", "value": 1}]}), 404, "unknown")
    problem(
        client.post("/outcomes", json={"outcomes": [{"entity": "a", "value": 5}]}), 422, "contract_broken"
    )


def test_reload_over_http(client: Client, registry: Registry, predictor: AgePredictor) -> None:
    registry.current = ("2", bundle(predictor))
    assert client.post("/model/reload").json() == {
        "previous_version": "1",
        "model_version": "2",
        "changed": True,
    }

    registry.current = BundleError("the model file is cut short", where="/secret/path")
    response = client.post("/model/reload")

    assert "cut short" in problem(response, 409, "model_unavailable")["detail"]
    assert "secret" not in response.text
    assert client.get("/model").json()["model_version"] == "2"
    assert client.post("/predict", json=ROW).json()["model_version"] == "2"


def test_a_locked_ledger_is_a_503_and_heals(client: Client, ledger: Ledger) -> None:
    other = sqlite3.connect(Path(ledger.place), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    response = client.post("/predict", json=ROW)
    other.execute("ROLLBACK")
    other.close()

    problem(response, 503, "ledger_unavailable")
    assert response.headers["retry-after"] == "1"
    assert client.post("/predict", json=ROW).status_code == 200
    assert ledger.count("churn") == 1


def test_too_much_waiting_is_a_503(registry: Registry, ledger: Ledger) -> None:
    app = create_app({"churn": Service(registry, ledger)}, max_waiting_rows=3)

    async def storm(http: httpx.AsyncClient) -> list[httpx.Response]:
        return await asyncio.gather(*[http.post("/predict", json=ROW) for _ in range(30)])

    with Client(app) as client:
        responses = client.run(storm)

    answered = [response for response in responses if response.status_code == 200]
    refused = [response for response in responses if response.status_code != 200]
    assert refused
    for response in refused:
        problem(response, 503, "overloaded")
        assert response.headers["retry-after"] == "1"
    assert ledger.count("churn") == len(answered)


def test_health_and_readiness(client: Client, ledger: Ledger, app_of: FastAPI) -> None:
    assert client.get("/health").json()["status"] == "ok"
    assert client.get("/ready").json() == {"ready": True}
    app_of.state.stopping = True
    problem(client.get("/ready"), 503, "not_ready")


@pytest.fixture
def app_of(client: Client) -> FastAPI:
    return client.app
