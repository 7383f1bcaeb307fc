from __future__ import annotations

import json
from typing import Any

import pytest

from zelo.ledger.store import Ledger
from zelo.serving.app import create_app
from zelo.serving.service import Service

from .fakes import AgePredictor, Client, Registry, bundle
from .test_division import Written, traffic

INFER = "/v2/models/churn/infer"


def asked(*ages: Any, country: str = "França", **more: Any) -> dict[str, Any]:
    return {
        "inputs": [
            {"name": "idade", "shape": [len(ages)], "datatype": "INT64", "data": list(ages)},
            {"name": "pais", "shape": [len(ages)], "datatype": "BYTES", "data": [country] * len(ages)},
        ],
        **more,
    }


def outputs(response: Any) -> dict[str, list[Any]]:
    assert response.status_code == 200, response.text
    return {one["name"]: one["data"] for one in response.json()["outputs"]}


def refusal(response: Any, status: int) -> str:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.json().keys() == {"error"}
    words: str = response.json()["error"]
    return words


def test_the_answers_are_those_of_predict(client: Client) -> None:
    plain = client.post("/predict/batch", json={"rows": [{"idade": 20, "pais": "França"}]}).json()
    found = outputs(client.post(INFER, json=asked(20)))

    (answer,) = plain["predictions"]
    for name in ("model_version", "prediction", "probability", "score", "risk_level", "recommendation"):
        assert found[name] == [answer[name]]


def test_wanted_outputs_come_in_their_order(client: Client) -> None:
    response = client.post(INFER, json=asked(20, outputs=[{"name": "score"}, {"name": "id"}], id="7"))

    assert [one["name"] for one in response.json()["outputs"]] == ["score", "id"]
    assert response.json()["id"] == "7"


def test_an_output_that_is_none_is_refused_before_anything_is_recorded(
    client: Client, ledger: Ledger
) -> None:
    assert "no such output; found nothing" in refusal(
        client.post(INFER, json=asked(20, outputs=[{"name": "nothing"}])), 400
    )
    assert ledger.count("churn") == 0


def test_one_bad_row_refuses_all_and_is_counted(client: Client, ledger: Ledger) -> None:
    words = refusal(client.post(INFER, json=asked(20, 500)), 422)

    assert "row 1, idade: found 500, expected a whole number from 0 to 100 anos" in words
    assert ledger.count("churn") == 0
    metrics = client.get("/metrics").text
    assert 'zelo_field_faults_total{fault="range",field="idade",project="churn"} 1.0' in metrics
    assert f'project="churn",route="{INFER.replace("churn", "{model}")}",status="422"' in metrics


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 422),
        (b"{}", {"content-type": "text/plain"}, 415),
        (b"x" * 100_001, {}, 413),
        (b"{}", {"inference-header-content-length": "3"}, 400),
        (b"{}", {"inference-header-content-length": "-1"}, 400),
        (b"{}", {"inference-header-content-length": "x"}, 400),
    ],
)
def test_a_request_that_cannot_be_read(
    client: Client, body: bytes, headers: dict[str, str], status: int
) -> None:
    refusal(client.post(INFER, content=body, headers=headers), status)


def test_an_unknown_model_or_version(client: Client) -> None:
    for path in ("/v2/models/nobody", "/v2/models/churn/versions/2", "/v2/models/nobody/ready"):
        assert "expected" in refusal(client.get(path), 404)
    refusal(client.post("/v2/models/churn/versions/2/infer", json=asked(20)), 404)


def test_readiness_goes_before_the_server_stops(client: Client) -> None:
    assert client.get("/v2/health/ready").json() == {"ready": True}
    client.app.state.stopping = True

    for path, body in (
        ("/v2/health/ready", {"ready": False}),
        ("/v2/models/churn/ready", {"name": "churn", "ready": False}),
        ("/v2/models/churn/versions/1/ready", {"name": "churn", "ready": False}),
    ):
        response = client.get(path)
        assert (response.status_code, response.json()) == (503, body)
    assert client.get("/v2/health/live").json() == {"live": True}


def test_a_version_asked_by_its_number_answers_alone(ledger: Ledger) -> None:
    written = Written("1", traffic(100), bundle(AgePredictor()))
    service = Service(Registry("1", bundle(AgePredictor())), ledger, written)
    with Client(create_app({"churn": service})) as client:
        divided = client.post(INFER, json=asked(20, 30))
        alone = client.post("/v2/models/churn/versions/1/infer", json=asked(20, 30))

    assert outputs(divided)["model_version"] == ["2", "2"]
    assert divided.json()["model_version"] == "2"
    assert outputs(alone)["model_version"] == ["1", "1"]


def test_the_document_names_every_schema_that_it_uses(client: Client) -> None:
    document = client.get("/openapi.json").text
    schemas = json.loads(document)["components"]["schemas"]

    used = {part.partition('"')[0] for part in document.split("#/components/schemas/")[1:]}
    assert used <= schemas.keys()
    assert "InferenceRequest" in used
