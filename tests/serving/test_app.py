from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from typing import Any

import httpx
import numpy as np
import pytest

from zelo.errors import SpecError
from zelo.features.columns import Columns
from zelo.ledger.store import Ledger
from zelo.serving.app import create_app
from zelo.serving.service import Service

from .fakes import PROJECT, REGRESSION, ROW, AgePredictor, Client, Registry, bundle


class Hours:
    runtime = "native"

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        return columns["flights"].reshape(-1, 1) * 2


@pytest.fixture
def two(registry: Registry, ledger: Ledger) -> dict[str, Service]:
    hours = Service(Registry("9", bundle(Hours(), REGRESSION, synthetic=True)), ledger)
    return {"churn": Service(registry, ledger), "man_hours": hours}


def test_serving_imports_no_training_library() -> None:
    code = "import sys, zelo.serving.app; print(*sys.modules)"

    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    heavy = {
        "mlflow",
        "sklearn",
        "pandas",
        "matplotlib",
        "scipy",
        "ibis",
        "duckdb",
        "optuna",
        "alembic",
        "pyarrow",
    }
    assert heavy.isdisjoint(modules.split())


def test_the_service_imports_no_web_framework() -> None:
    code = "import sys, zelo.serving.service, zelo.serving.batching; print(*sys.modules)"

    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert {"fastapi", "starlette", "uvicorn"}.isdisjoint(modules.split())


def test_two_projects_have_each_their_place(two: dict[str, Service]) -> None:
    with Client(create_app(two)) as client:
        assert client.post("/projects/man_hours/predict", json={"flights": 4}).json()["prediction"] == 8.0
        assert client.post("/projects/churn/predict", json=ROW).json()["prediction"] == 0
        assert client.post("/predict", json=ROW).status_code == 404
        assert client.get("/churn/todas/predicoes").status_code == 200
        health = client.get("/health").json()
        assert health["status"] == "ok"
        assert health["projects"]["man_hours"]["data"]["synthetic"] is True
        assert client.get("/ready").json() == {"ready": True}
        metrics = client.get("/metrics").text
        assert (
            'zelo_model_info{project="man_hours",runtime="native",synthetic="true",version="9"} 1.0'
            in metrics
        )
        assert client.get("/projects/churn/metrics").status_code == 200


def test_two_projects_cannot_have_the_same_alias(registry: Registry, ledger: Ledger) -> None:
    other = Service(
        Registry("1", bundle(AgePredictor(), PROJECT.replace("name: churn", "name: other"))), ledger
    )

    with pytest.raises(SpecError, match="same alias"):
        create_app({"churn": Service(registry, ledger), "other": other})


def test_metrics_count_what_happened(client: Client) -> None:
    client.post("/predict", json={**ROW, "idade": 95})
    client.post("/projects/churn/predict/batch", json={"rows": [ROW, ROW, {}]})
    client.post("/predict", json={})
    client.get("/wp-admin.php")
    client.get("/predictions/some-id")

    metrics = client.get("/metrics").text

    for line in (
        'zelo_requests_total{project="churn",route="/predict",status="200"} 1.0',
        'zelo_requests_total{project="churn",route="/predict",status="422"} 1.0',
        'zelo_requests_total{project="churn",route="/predict/batch",status="200"} 1.0',
        'zelo_requests_total{project="churn",route="/predictions/{prediction_id}",status="404"} 1.0',
        'zelo_requests_total{project="",route="unknown",status="404"} 1.0',
        'zelo_predictions_total{label="Risco alto",project="churn",variant="champion",version="1"} 1.0',
        'zelo_predictions_total{label="Risco baixo",project="churn",variant="champion",version="1"} 2.0',
        'zelo_batch_rows_sum{project="churn"} 3.0',
        'zelo_ledger_commit_seconds_count{project="churn"} 2.0',
        'zelo_request_duration_seconds_count{project="churn",route="/predict"} 2.0',
        "zelo_requests_in_progress 1.0",
        'zelo_model_info{project="churn",runtime="onnx",synthetic="false",version="1"} 1.0',
    ):
        assert line in metrics
    assert "process_resident_memory_bytes" in metrics
    assert "wp-admin" not in metrics


def test_each_app_counts_for_itself(service: Service, client: Client) -> None:
    client.post("/predict", json=ROW)

    with Client(create_app({"churn": service})) as other:
        assert 'route="/predict"' not in other.get("/metrics").text


def test_every_response_names_its_request(client: Client) -> None:
    made = client.get("/health").headers["x-request-id"]
    given = client.get("/nowhere", headers={"x-request-id": "abc-1"}).headers["x-request-id"]
    refused = client.get("/health", headers={"x-request-id": "a b\x7f"}).headers["x-request-id"]

    assert len(made) == 36
    assert given == "abc-1"
    assert refused != "a b\x7f"


def test_a_failure_in_the_code_is_a_problem_and_is_logged_without_the_body(
    registry: Registry, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    class Fragile(AgePredictor):
        def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
            if (columns["saldo"] == 1313).any():
                raise ArithmeticError("no such thing")
            return super().scores(columns)

    registry.current = ("1", bundle(Fragile()))
    with caplog.at_level(logging.ERROR), Client(create_app({"churn": Service(registry, ledger)})) as client:
        response = client.post("/predict", json={**ROW, "saldo": 1313})
        assert client.post("/predict", json=ROW).status_code == 200

    assert response.status_code == 500
    assert response.json()["code"] == "failed"
    assert "no such thing" not in response.text
    assert response.headers["x-request-id"] in caplog.text
    assert "1313" not in caplog.text


def test_a_caller_who_leaves_is_counted_and_nothing_is_recorded(client: Client, ledger: Ledger) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/predict",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }

    async def leave(_: httpx.AsyncClient) -> None:
        async def receive() -> dict[str, str]:
            return {"type": "http.disconnect"}

        async def send(_message: Any) -> None:
            pytest.fail("nobody is there")

        await client.app(scope, receive, send)

    client.run(leave)

    assert 'route="/predict",status="499"} 1.0' in client.get("/metrics").text
    assert ledger.count("churn") == 0


def test_a_reload_under_load_drops_no_request(service: Service, registry: Registry, ledger: Ledger) -> None:
    class Certain(AgePredictor):
        def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
            return super().scores(columns)[:, ::-1]

    versions = {"1": bundle(AgePredictor()), "2": bundle(Certain())}

    async def load(http: httpx.AsyncClient) -> list[tuple[int, httpx.Response]]:
        answered: list[tuple[int, httpx.Response]] = []
        done = asyncio.Event()

        async def caller(first: int) -> None:
            age = first
            while not done.is_set():
                age = (age + 7) % 101
                answered.append((age, await http.post("/predict", json={**ROW, "idade": age})))

        callers = [asyncio.create_task(caller(first)) for first in range(8)]
        for number in range(20):
            version = str(number % 2 + 1)
            registry.current = (version, versions[version])
            assert (await http.post("/model/reload")).json()["model_version"] == version
            await asyncio.sleep(0.02)
        done.set()
        await asyncio.gather(*callers)
        return answered

    with Client(create_app({"churn": service})) as client:
        answered = client.run(load)

    assert {response.status_code for _, response in answered} == {200}
    seen = set()
    for age, response in answered:
        body = response.json()
        seen.add(body["model_version"])
        assert body["score"] == (age / 100 if body["model_version"] == "1" else 1 - age / 100)
    assert seen == {"1", "2"}
    assert ledger.count("churn") == len(answered)


def test_answers_never_cross_callers(client: Client) -> None:
    async def storm(http: httpx.AsyncClient) -> list[httpx.Response]:
        return await asyncio.gather(
            *[http.post("/predict", json={**ROW, "idade": age, "id_cliente": age}) for age in range(101)]
        )

    responses = client.run(storm)

    assert [response.json()["score"] for response in responses] == [age / 100 for age in range(101)]
    assert client.get("/metrics").text.count('zelo_batch_rows_count{project="churn"} 101.0') == 0


def test_the_document_tells_fields_answers_and_problems(client: Client) -> None:
    document = client.get("/openapi.json").json()

    predict = document["paths"]["/projects/churn/predict"]["post"]
    # 409: a version that was made before explanations cannot be explained.
    assert set(predict["responses"]) == {"200", "400", "409", "413", "415", "422", "503"}
    assert "application/problem+json" in predict["responses"]["422"]["content"]
    schemas = document["components"]["schemas"]
    assert schemas["churn_row"]["properties"]["idade"]["x-unit"] == "anos"
    assert schemas["churn_answer"]["properties"]["risk_level"]["enum"] == ["Risco alto", "Risco baixo"]
    assert "HTTPValidationError" not in schemas
    missing = [name for name in references(document) if name not in schemas]
    assert missing == []


def test_the_document_of_a_regression_tells_its_unit(two: dict[str, Service]) -> None:
    with Client(create_app(two)) as client:
        schemas = client.get("/openapi.json").json()["components"]["schemas"]

    assert schemas["man_hours_answer"]["properties"]["lower"]["description"] == "hours [h], lower end"


def test_the_document_follows_a_reload(client: Client, registry: Registry) -> None:
    registry.current = ("2", bundle(AgePredictor(), PROJECT.replace("max: 100", "max: 90")))
    client.post("/model/reload")

    schemas = client.get("/openapi.json").json()["components"]["schemas"]

    assert schemas["churn_row"]["properties"]["idade"]["maximum"] == 90


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        here = [part["$ref"].rpartition("/")[2]] if "$ref" in part else []
        return here + [name for value in part.values() for name in references(value)]
    return [name for value in part for name in references(value)] if isinstance(part, list) else []
