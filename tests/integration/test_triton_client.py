"""Triton's own client asks a real server by the Open Inference Protocol, in JSON and in bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.running import running
from tests.serving.fakes import TEXTS, AgePredictor, Registry, WordPredictor, bundle
from tritonclient import http as triton
from tritonclient.utils import InferenceServerException

from zelo.ledger.store import Ledger
from zelo.serving.app import create_app
from zelo.serving.service import Service

AGES, BALANCES = [20, 50, 90], [1.5, np.nan, -3.25]
COUNTRIES = ["França", "Alemanha", "França"]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as opened:
        yield opened


@pytest.fixture
def client(ledger: Ledger) -> Iterator[Any]:
    services = {
        "churn": Service(Registry("1", bundle(AgePredictor())), ledger),
        "faults": Service(Registry("4", bundle(WordPredictor(), TEXTS, (0.1, 0.1, 0.1))), ledger),
    }
    with running(create_app(services)) as address, triton.InferenceServerClient(address) as opened:
        yield opened


def tensor(name: str, values: Any, datatype: str, *, binary: bool) -> triton.InferInput:
    array = np.array(values, dtype={"INT64": np.int64, "FP64": np.float64, "BYTES": object}[datatype])
    made = triton.InferInput(name, list(array.shape), datatype)
    made.set_data_from_numpy(array, binary_data=binary)
    return made


def customers(*, binary: bool) -> list[triton.InferInput]:
    return [
        tensor("idade", AGES, "INT64", binary=binary),
        tensor("saldo", BALANCES, "FP64", binary=binary),
        tensor("pais", COUNTRIES, "BYTES", binary=binary),
    ]


def texts(found: Any) -> list[str]:
    return [value.decode() if isinstance(value, bytes) else value for value in found.tolist()]


def test_it_is_found_live_ready_and_described(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("churn")
    assert client.is_model_ready("churn", "1")
    assert not client.is_model_ready("churn", "2")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    described = client.get_model_metadata("churn")
    assert described["versions"] == ["1"]
    assert {"name": "idade", "datatype": "INT64", "shape": [-1]} in described["inputs"]
    assert {"name": "score", "datatype": "FP64", "shape": [-1]} in described["outputs"]


@pytest.mark.parametrize("binary_in", [False, True])
@pytest.mark.parametrize("binary_out", [False, True])
def test_rows_are_answered_in_order_and_recorded(
    client: Any, ledger: Ledger, binary_in: bool, binary_out: bool
) -> None:
    wanted = [
        triton.InferRequestedOutput(name, binary_data=binary_out)
        for name in ("score", "id", "prediction", "risk_level")
    ]

    found = client.infer("churn", customers(binary=binary_in), request_id="mine", outputs=wanted)

    assert found.get_response()["id"] == "mine"
    assert found.get_response()["model_version"] == "1"
    assert found.as_numpy("score").tolist() == [0.2, 0.5, 0.9]
    assert found.as_numpy("prediction").tolist() == [0, 1, 1]
    assert texts(found.as_numpy("risk_level")) == ["Risco baixo", "Risco baixo", "Risco alto"]
    recorded = [ledger.prediction(one) for one in texts(found.as_numpy("id"))]
    assert [(one.inputs["idade"], one.inputs["saldo"], one.inputs["pais"]) for one in recorded if one] == [
        (20, 1.5, "França"),
        (50, None, "Alemanha"),
        (90, -3.25, "França"),
    ]
    assert ledger.count("churn") == 3


def test_without_wanted_outputs_all_come_as_bytes(client: Any) -> None:
    rows = [tensor("comentario", ["vaza", "quebrou tudo", "ruido"], "BYTES", binary=True)]

    found = client.infer("faults", rows)

    assert texts(found.as_numpy("prediction")) == ["vazamento", "quebra", "ruído"]
    described = client.get_model_metadata("faults")["outputs"]
    told = [
        {"name": one["name"], "datatype": one["datatype"], "shape": [-1]}
        for one in found.get_response()["outputs"]
    ]
    assert told == described


def test_a_bad_row_refuses_all_and_is_named(client: Any, ledger: Ledger) -> None:
    rows = [*customers(binary=False)[1:], tensor("idade", [20, 500, 90], "INT64", binary=True)]

    with pytest.raises(InferenceServerException, match="row 1, idade: found 500") as caught:
        client.infer("churn", rows)

    assert caught.value.status() == "422"
    assert ledger.count("churn") == 0


def test_an_unknown_model_and_version(client: Any) -> None:
    for name, version in (("nobody", ""), ("churn", "7")):
        with pytest.raises(InferenceServerException, match=r"no such model|not served") as caught:
            client.infer(name, customers(binary=False), version)
        assert caught.value.status() == "404"
