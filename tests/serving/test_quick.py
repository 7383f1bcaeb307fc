"""The way past the framework gives what the framework's way gives."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zelo.ledger.store import Ledger
from zelo.serving.app import create_app
from zelo.serving.service import Service

from .fakes import ROW, Client

JSON = {"content-type": "application/json"}
BODIES: list[tuple[bytes, dict[str, str]]] = [
    (json.dumps(ROW).encode(), JSON),
    (json.dumps(ROW).encode(), {"content-type": "application/json; charset=utf-8"}),
    (json.dumps({"rows": [ROW, {}, ROW]}).encode(), JSON),
    (json.dumps({"rows": []}).encode(), JSON),
    (b"", JSON),
    (b"{", JSON),
    (b"null", JSON),
    (b"\xff\xfe", JSON),
    (json.dumps({**ROW, "idade": -1, "mais": 1}).encode(), JSON),
    (json.dumps(ROW).encode(), {"content-type": "text/plain"}),
    (json.dumps(ROW).encode(), {}),
    (b'{"a": "' + b"x" * 200_000 + b'"}', JSON),
]


def without_ids(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {name: without_ids(value) for name, value in answer.items() if name != "id"}
    return [without_ids(one) for one in answer] if isinstance(answer, list) else answer


@pytest.mark.parametrize("path", ["/predict", "/predict/batch", "/projects/churn/predict"])
@pytest.mark.parametrize(("body", "headers"), BODIES)
def test_both_ways_answer_alike(client: Client, path: str, body: bytes, headers: dict[str, str]) -> None:
    quick = client.post(path, content=body, headers=headers)
    slow = client.post(f"{path}?", content=body, headers=headers, params={"unknown": "1"})

    assert quick.status_code == slow.status_code
    assert without_ids(quick.json()) == without_ids(slow.json())
    for name in ("content-type", "retry-after", "connection"):
        assert quick.headers.get(name) == slow.headers.get(name)


def test_the_quick_way_is_taken_and_counted_as_the_route(client: Client) -> None:
    client.app.api.router.routes.clear()

    assert client.post("/predict", json=ROW).status_code == 200
    assert client.post("/predict?a=1", json=ROW).status_code == 404
    counted = client.app.state.metrics.exposition().decode()
    assert 'zelo_requests_total{project="churn",route="/predict",status="200"} 1.0' in counted


def test_a_failure_past_the_framework_is_a_problem_too(ledger: Ledger, registry: Any) -> None:
    service = Service(registry, ledger)
    with Client(create_app({"churn": service})) as client:
        service.ask_row = lambda body: 1 / 0  # type: ignore[assignment, method-assign, return-value]
        answer = client.post("/predict", json=ROW)

    assert (answer.status_code, answer.json()["code"]) == (500, "failed")
    assert answer.headers["x-request-id"]


def test_a_single_row_that_comes_in_pieces_is_put_together(client: Client) -> None:
    async def pieces() -> Any:
        for byte in json.dumps(ROW).encode():
            yield bytes([byte])

    assert client.post("/predict", content=pieces(), headers=JSON).status_code == 200
