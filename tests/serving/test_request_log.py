"""The log of requests: a line each, with its id, and nobody's values, whatever goes wrong."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import numpy as np
import pytest
from loguru import logger

from zelo.features.columns import Columns
from zelo.ledger.store import Ledger
from zelo.logs import set_up
from zelo.serving.app import create_app
from zelo.serving.service import Service

from .fakes import PROJECT, ROW, AgePredictor, Client, Registry, bundle

SECRETS = ("Maria-Aparecida", "12345678909", "9876.54")
PERSONAL = {**ROW, "id_cliente": SECRETS[1], "cidade": SECRETS[0], "saldo": float(SECRETS[2])}


@pytest.fixture(params=["human", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    with logged(request.param) as stream:
        yield stream


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    with logged("json") as stream:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


@contextmanager
def logged(form: Any) -> Iterator[io.StringIO]:
    root, levels = logging.getLogger(), {name: logging.getLogger(name).level for name in ("zelo", "uvicorn")}
    handlers, stream = list(root.handlers), io.StringIO()
    set_up(stream=stream, form=form, level="DEBUG")
    yield stream
    logger.remove()
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


class Quoting(AgePredictor):
    """Its error quotes the row, as those of libraries do."""

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        if SECRETS[0] in columns["cidade"]:
            raise ValueError(f"could not convert {columns['cidade']!r} beside {columns['saldo']!r}")
        return super().scores(columns)


def client(ledger: Ledger, predictor: AgePredictor, text: str = PROJECT) -> Client:
    return Client(create_app({"churn": Service(Registry("1", bundle(predictor, text)), ledger)}))


Ask = Callable[[Client], httpx.Response]


@pytest.mark.parametrize(
    ("status", "ask"),
    [
        (200, lambda client: client.post("/predict", json=PERSONAL | {"cidade": "Recife"})),
        (500, lambda client: client.post("/predict", json=PERSONAL)),
        (422, lambda client: client.post("/predict", json=PERSONAL | {"idade": SECRETS[0]})),
        (422, lambda client: client.post("/predict", json=PERSONAL | {SECRETS[0]: SECRETS[1]})),
        (400, lambda client: client.post("/predict", content=f'{{"idade": {SECRETS[0]}', headers=JSON)),
        (404, lambda client: client.get(f"/churn/{SECRETS[1]}")),
        (404, lambda client: client.get(f"/{SECRETS[1]}/{SECRETS[0]}?cpf={SECRETS[1]}")),
        (404, lambda client: client.post("/outcomes", json={"outcomes": [OUTCOME]})),
        (422, lambda client: client.get(f"/predictions?limit={SECRETS[0]}")),
    ],
)
def test_nobodys_values_are_in_the_log(ledger: Ledger, log: io.StringIO, status: int, ask: Ask) -> None:
    with client(ledger, Quoting()) as opened:
        assert ask(opened).status_code == status

    assert log.getvalue()
    for secret in (*SECRETS, SECRETS[2].replace(".", "")):
        assert secret not in log.getvalue()


JSON: Mapping[str, str] = {"content-type": "application/json"}
OUTCOME = {"entity": SECRETS[1], "value": 1}


def test_a_ledger_that_fails_quotes_nobody(ledger: Ledger, log: io.StringIO) -> None:
    with client(ledger, AgePredictor()) as opened:
        with ledger.writing() as connection:
            connection.exec_driver_sql("DROP TABLE journal")
        assert opened.post("/predict", json=PERSONAL).status_code == 503

    assert not [secret for secret in SECRETS if secret in log.getvalue()]


def test_a_request_is_a_line_with_its_id_its_route_and_its_time(
    ledger: Ledger, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    with client(ledger, AgePredictor()) as opened:
        opened.get("/churn/77", headers={"x-request-id": "abc-7"})

    (line,) = [line for line in lines() if line["logger"] == "zelo.serving.request_log"]
    assert (line["request"], line["project"], line["level"]) == ("abc-7", "churn", "INFO")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/churn/{id_cliente}", 404)
    assert line["ms"] > 0
    assert line["code"] == "unknown"


def test_the_batchs_thread_knows_whose_requests_it_answers(
    ledger: Ledger, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    class Talking(AgePredictor):
        def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
            logging.getLogger("zelo.talking").info("asked")
            return super().scores(columns)

    with client(ledger, Talking()) as opened:
        opened.post("/predict", json=ROW, headers={"x-request-id": "abc-8"})
        opened.post("/predict", json=ROW, headers={"x-request-id": "abc-9"})

    said = [
        line for line in lines() if line["message"] == "asked" and line["thread"].startswith("zelo-batch")
    ]
    assert [line["request"] for line in said] == ["abc-8", "abc-9"]


def test_a_refused_field_is_named_and_its_value_told_where_it_is_harmless(
    ledger: Ledger, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    text = PROJECT.replace("values: [França, Alemanha]", "values: [França, Alemanha], harmless: true")
    rows = [ROW | {"pais": "Itália"}, ROW | {"pais": "Itália", "idade": 777}, ROW]
    with client(ledger, AgePredictor(), text) as opened:
        assert opened.post("/predict/batch", json={"rows": rows}).status_code == 200

    (line,) = [line for line in lines() if line["message"].startswith("refused")]
    assert line["level"] == "WARNING"
    assert 'pais (category, found "Itália") (2 times)' in line["message"]
    assert "idade (range)" in line["message"]
    assert "777" not in line["message"]
