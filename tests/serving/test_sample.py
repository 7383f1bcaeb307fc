from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zelo.ledger.store import Ledger
from zelo.registry.bundle import Bundle, seal
from zelo.serving.app import create_app
from zelo.serving.service import Service

from .fakes import Client, Registry
from .prices import HISTORY, make_prices_bundle, walk

SAMPLE = {
    "last_prices": walk()[-HISTORY:].tolist(),
    "dates": [f"2026-01-{day + 1:02d}" for day in range(HISTORY)],
}


def sealed(folder: Path, sample: dict[str, Any] | None, **facts: Any) -> Bundle:
    staging = folder / "staging"
    staging.mkdir(parents=True)
    if sample is not None:
        (staging / "sample.json").write_text(json.dumps(sample), encoding="utf-8")
    placed = seal(staging, folder / "bundles", facts)
    manifest = json.loads((placed / "manifest.json").read_text(encoding="utf-8"))
    return replace(make_prices_bundle(placed), manifest={"runtime": "onnx", **manifest})


@pytest.mark.parametrize(
    ("synthetic", "note"),
    [
        (False, f"os últimos {HISTORY} valores dos dados desta versão, os de teste entre eles"),
        (True, f"os últimos {HISTORY} valores de dados sintéticos: um gerador os fez"),
    ],
)
def test_the_last_history_can_be_asked_as_it_is(
    tmp_path: Path, ledger: Ledger, synthetic: bool, note: str
) -> None:
    service = Service(Registry("1", sealed(tmp_path, SAMPLE, synthetic=synthetic)), ledger)
    with Client(create_app({"quotes": service})) as client:
        sample = client.get("/sample-data").json()
        answer = client.post("/predict", json=sample["row"])
        schema = client.get("/openapi.json").json()["components"]["schemas"]["quotes_sample"]
    assert {name: sample[name] for name in SAMPLE} == SAMPLE
    assert (sample["synthetic"], sample["note"]) == (synthetic, note)
    assert answer.json()["predicted_price"] == SAMPLE["last_prices"][-1]
    assert set(sample) == set(schema["properties"])


def test_a_bundle_of_before_has_an_example_of_the_contract(tmp_path: Path, ledger: Ledger) -> None:
    service = Service(Registry("1", sealed(tmp_path, None)), ledger)
    found = service.sample()
    assert found == {
        "row": {"last_prices": [100.0] * HISTORY},
        "synthetic": True,
        "note": "um exemplo feito do contrato: não é um caso real",
    }


def test_a_project_without_a_forecast_has_an_example_that_can_be_asked(client: Client) -> None:
    sample = client.get("/projects/churn/sample-data").json()
    assert sample["synthetic"] is True
    assert client.post("/predict", json=sample["row"]).status_code == 200
