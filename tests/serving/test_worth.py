"""The label queue over HTTP, from the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from zelo.ledger.store import Ledger
from zelo.serving import worth
from zelo.serving.app import create_app
from zelo.serving.service import Service

from .fakes import (
    PROJECT,
    REGRESSION,
    ROW,
    TEXTS,
    AgePredictor,
    Client,
    Clock,
    Registry,
    WordPredictor,
    bundle,
)


def served(predictor: Any, text: str, ledger: Ledger) -> Client:
    service = Service(Registry("1", bundle(predictor, text)), ledger, now=Clock())
    return Client(create_app({service.name: service}))


@pytest.fixture
def texts(ledger: Ledger) -> Iterator[Client]:
    with served(WordPredictor(), TEXTS, ledger) as opened:
        yield opened


def ask(client: Client, *texts: str) -> list[str]:
    return [client.post("/predict", json={"comentario": text}).json()["id"] for text in texts]


def label(client: Client, name: str, value: str) -> None:
    body = {"outcomes": [{"prediction_id": name, "value": value}]}
    assert client.post("/outcomes", json=body).status_code == 200


def queue(client: Client, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/queue{query}").json()["queue"]
    return found


def test_the_unsure_come_first_and_tell_why(texts: Client) -> None:
    sure, unsure = ask(texts, "vaza vaza vaza vaza", "bomba vaza e quebrou")
    found = queue(texts)

    assert [entry["id"] for entry in found] == [unsure, sure]
    first, last = found
    assert first["inputs"] == {"comentario": "bomba vaza e quebrou", "ativo": None}
    assert [entry["label"] for entry in first["classes"]] == ["vazamento", "quebra"]
    assert first["why"] == [
        "a resposta ficou abaixo da confiança do projeto",
        "dúvida entre vazamento e quebra",
    ]
    assert last["why"] == ["menos dúvida do que nas anteriores"]
    assert first["worth"] > last["worth"]


def test_equal_inputs_stand_once_and_like_ones_late(texts: Client) -> None:
    ask(texts, "motor quebrou vaza", "motor quebrou vaza", "motor quebrou  vaza", "freio ruido quebrou")
    found = [entry["inputs"]["comentario"] for entry in queue(texts)]

    assert len(found) == 3
    assert found[-1].split() == ["motor", "quebrou", "vaza"]
    assert "freio ruido quebrou" in found[:2]


def test_a_label_stands_for_equal_inputs_too(texts: Client) -> None:
    first, *_ = ask(texts, "motor quebrou vaza", "motor quebrou vaza", "freio ruido quebrou")
    label(texts, first, "quebra")
    assert [entry["inputs"]["comentario"] for entry in queue(texts)] == ["freio ruido quebrou"]


def test_a_labelled_one_leaves_and_takes_its_likes_to_the_end(texts: Client) -> None:
    name, like, other = ask(texts, "correia quebrou vaza", "correia quebrou, vaza", "ruido no cubo ; quebrou")
    label(texts, name, "quebra")
    found = queue(texts)

    assert [entry["id"] for entry in found] == [other, like]
    assert "diferente do que já foi rotulado" in found[0]["why"]
    assert "diferente do que já foi rotulado" not in found[1]["why"]


def test_a_class_with_few_labels_is_worth_more(texts: Client) -> None:
    for name in ask(texts, "vaza a", "vaza b", "vaza c", "quebrou d"):
        label(texts, name, "vazamento")
    common, rare = ask(texts, "xyz vaza vaza ruido", "jkl ruido ruido vaza")
    found = queue(texts)

    assert [entry["id"] for entry in found] == [rare, common]
    assert "ruído tem poucos rótulos até agora" in found[0]["why"]


@pytest.mark.parametrize("limit", ["0", "-1", "201", "many", "1.5"])
def test_a_limit_that_is_none(texts: Client, limit: str) -> None:
    answer = texts.get(f"/queue?limit={limit}")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "limit"


def test_no_more_than_asked_for(texts: Client) -> None:
    ask(texts, *(f"vaza {number} quebrou" for number in range(30)))

    assert len(queue(texts)) == 20
    assert len(queue(texts, "?limit=3")) == 3
    assert len(queue(texts, "?limit=200")) == 30


def test_nothing_to_label(texts: Client) -> None:
    assert queue(texts) == []


def test_the_newest_are_looked_at(texts: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worth, "MOST_CANDIDATES", 2)
    names = ask(texts, "vaza a", "vaza b", "vaza c")

    assert {entry["id"] for entry in queue(texts)} == set(names[1:])


def test_a_table_has_its_queue_too(ledger: Ledger) -> None:
    with served(AgePredictor(), PROJECT, ledger) as client:
        for age in (1, 49, 99):
            client.post("/predict", json={**ROW, "idade": age})
        found = queue(client)

    assert [entry["inputs"]["idade"] for entry in found] == [49, 1, 99]
    assert [entry["label"] for entry in found[0]["classes"]] == [0, 1]
    assert found[0]["classes"][1]["probability"] == pytest.approx(0.49)


def test_values_have_no_queue(ledger: Ledger) -> None:
    class Flights:
        runtime = "onnx"

        def scores(self, columns: Any) -> Any:
            return columns["flights"].reshape(-1, 1)

    with served(Flights(), REGRESSION, ledger) as client:
        answer = client.get("/queue")
        assert "/queue" not in client.get("/openapi.json").json()["paths"]

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["expected"] == "binary or multiclass"
