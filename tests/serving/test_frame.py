from __future__ import annotations

import base64
import hashlib
import re
import time
from typing import Any

import httpx
import numpy as np
import pytest

from zelo.features.columns import Columns
from zelo.ledger.store import Ledger
from zelo.serving.app import create_app
from zelo.serving.service import Service

from .fakes import ROW, AgePredictor, Client, Registry, bundle


@pytest.mark.parametrize("path", ["/model", "/nowhere", "/metrics", "/openapi.json"])
def test_no_answer_is_a_page_is_kept_or_is_guessed_at(client: Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "server" not in headers


def test_an_answer_has_them_too(client: Client) -> None:
    for answered in (client.post("/predict", json=ROW), client.post("/predict", json={})):
        assert answered.headers["cache-control"] == "no-store"
        assert answered.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
def test_the_documentation_may_run_its_own_scripts_alone(client: Client, path: str) -> None:
    page = client.get(path)

    policy = page.headers["content-security-policy"]
    inline = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    named = re.findall(r"'sha256-([^']+)'", policy)
    assert named == [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in inline]
    assert len(inline) >= (path != "/redoc")
    scripts = re.search(r"script-src ([^;]*);", policy)
    assert scripts is not None
    assert "unsafe" not in scripts[1]
    assert "frame-ancestors 'none'" in policy
    # Whatever else the page loads is this server's own.
    assert re.findall(r'(?:src|href)="(?!/)[^"]*"', page.text) == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_page_of_another_site_may_ask_for_anything_to_be_done(client: Client, site: str) -> None:
    refused = client.post("/predict", json=ROW, headers={"sec-fetch-site": site})

    assert (refused.status_code, refused.json()["code"]) == (403, "cross_site")
    assert client.post("/predict", json=ROW, headers={"sec-fetch-site": "same-origin"}).status_code == 200


def test_no_other_origin_is_ever_allowed(client: Client) -> None:
    origin = {"origin": "https://evil.example"}

    async def preflight(http: httpx.AsyncClient) -> httpx.Response:
        asked = {**origin, "access-control-request-method": "POST"}
        return await http.options("/predict", headers=asked)

    for answered in (client.get("/model", headers=origin), client.run(preflight)):
        assert not [name for name in answered.headers if name.startswith("access-control")]


def test_a_request_has_so_many_headers_and_so_long_a_url(client: Client) -> None:
    many = client.get("/model", headers={f"x-{number}": "1" for number in range(101)})
    long = client.get("/predictions", params={"entity": "a" * 9_000})

    assert (many.status_code, many.json()["code"]) == (431, "too_many_headers")
    assert (long.status_code, long.json()["code"]) == (414, "url_too_long")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[" * 100_000, 400),
        (b'{"idade": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"idade": ' + b"9" * 5_000 + b"}", 400),
        (b'{"idade": 1e400, "saldo": 1, "pais": "x"}', 422),
        (b'{"idade": 40, "idade": 41, "pais": "Fran\xff"}', 400),
    ],
    ids=["nested", "nested in a field", "a long number", "infinite", "no UTF-8"],
)
def test_a_body_that_is_made_to_hurt_is_refused(client: Client, body: bytes, code: int) -> None:
    for path, sent in (("/predict", body), ("/predict/batch", b'{"rows": [' + body + b"]}")):
        refused = client.post(path, content=sent, headers={"content-type": "application/json"})
        assert refused.status_code in (code, 413), refused.text
        assert refused.headers["content-type"] == "application/problem+json"


class Slow(AgePredictor):
    """Takes its time, if the balance is 13."""

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        if (columns["saldo"] == 13).any():
            time.sleep(0.8)
        return super().scores(columns)


def test_what_takes_too_long_is_told_so_and_the_next_is_answered(ledger: Ledger) -> None:
    app = create_app({"churn": Service(Registry("1", bundle(Slow())), ledger)}, request_seconds=0.2)

    with Client(app) as client:
        late = client.post("/predict", json={**ROW, "saldo": 13})
        assert (late.status_code, late.json()["code"]) == (503, "too_slow")
        assert late.headers["retry-after"] == "1"
        assert client.post("/predict", json=ROW).status_code == 200
        metrics = client.get("/metrics").text

    assert 'zelo_request_problems_total{code="too_slow",project="churn",route="/predict"} 1.0' in metrics
    assert 'zelo_requests_total{project="churn",route="/predict",status="503"} 1.0' in metrics
    assert "zelo_requests_in_progress 1.0" in metrics


def test_what_is_answered_in_time_is_left_alone(ledger: Ledger) -> None:
    app = create_app({"churn": Service(Registry("1", bundle(AgePredictor())), ledger)}, request_seconds=30)

    with Client(app) as client:
        assert [client.post("/predict", json=ROW).status_code for _ in range(20)] == [200] * 20
