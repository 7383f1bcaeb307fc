"""What an explained answer tells, checked against models whose contributions are known by hand."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from tests.homes import Home

from zelo.features.columns import Columns
from zelo.ledger.store import Ledger
from zelo.registry.bundle import Bundle
from zelo.registry.traffic import Traffic
from zelo.registry.typical import TYPICAL, Typical
from zelo.serving.app import create_app
from zelo.serving.explain import MOST_EXPLAINED
from zelo.serving.service import Service

from .fakes import PROJECT, REGRESSION, ROW, TEXTS, Client, Clock, Registry, WordPredictor, bundle
from .prices import HISTORY, make_prices_bundle, walk

PRICES = {"last_prices": walk()[-HISTORY:].tolist(), "date": "2026-01-02"}
TYPICAL_ROW = Typical(
    row={"idade": 30.0, "saldo": 100.0, "pais": "França", "cidade": None},
    spread={"idade": 10.0, "saldo": 50.0},
    levels={
        "idade": (10.0, 30.0, 50.0, 70.0, 90.0),
        "saldo": (0.0, 200.0),
        "pais": ("Alemanha", "França"),
        "cidade": (),
    },
)


class Sum:
    """The probability is 0.1 + 0.006 idade, and 0.2 more in Alemanha; saldo and cidade are not read."""

    runtime = "onnx"

    def chance(self, columns: Columns) -> np.ndarray[Any, Any]:
        return 0.1 + 0.006 * columns["idade"] + 0.2 * (columns["pais"] == "Alemanha")

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        share = self.chance(columns)
        return np.stack([1 - share, share], axis=1)


class Product(Sum):
    """0.2, and 0.4 more where idade is above 60 and pais is Alemanha: neither does it alone."""

    def chance(self, columns: Columns) -> np.ndarray[Any, Any]:
        return 0.2 + 0.4 * (columns["idade"] > 60) * (columns["pais"] == "Alemanha")


class Held(Sum):
    """Waits for a sign before it scores the mixes of a row."""

    def __init__(self) -> None:
        self.mixing, self.go_on = threading.Event(), threading.Event()

    def chance(self, columns: Columns) -> np.ndarray[Any, Any]:
        if (columns["idade"] == 30).any():
            self.mixing.set()
            assert self.go_on.wait(10)
        return super().chance(columns)


Open = Callable[..., Client]


def explainable(folder: Path, found: Bundle, typical: Typical = TYPICAL_ROW) -> Bundle:
    folder.mkdir(exist_ok=True)
    (folder / TYPICAL).write_text(typical.model_dump_json())
    return replace(found, path=folder, manifest={**found.manifest, "files": {TYPICAL: ""}})


@pytest.fixture
def opened(ledger: Ledger, tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:

        def make(predictor: Any = None, text: str = PROJECT, typical: Typical = TYPICAL_ROW) -> Client:
            served = explainable(tmp_path / "bundle", bundle(predictor or Sum(), text), typical)
            service = Service(Registry("1", served), ledger, now=Clock())
            return stack.enter_context(Client(create_app({served.project.name: service})))

        yield make


def why(client: Client, row: dict[str, Any]) -> dict[str, Any]:
    response = client.post("/predict?explain=true", json=row)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["explanation"]
    return found


def added(explanation: dict[str, Any]) -> dict[str, float]:
    return {entry["field"]: entry["contribution"] for entry in explanation["fields"]}


def test_each_field_adds_what_it_adds_in_the_model_and_the_largest_comes_first(opened: Open) -> None:
    found = why(opened(), {**ROW, "pais": "Alemanha", "cidade": "Lyon"})
    assert found["score"] == pytest.approx(0.54)
    assert found["reference_score"] == pytest.approx(0.28)
    assert found["method"] == "exact"
    assert "error" not in found
    assert found["fields"][0] == {
        "field": "pais",
        "value": "Alemanha",
        "reference": "França",
        "contribution": pytest.approx(0.2),
    }
    assert found["fields"][1] == {
        "field": "idade",
        "value": 40,
        "unit": "anos",
        "reference": 30,
        "contribution": pytest.approx(0.06),
    }
    assert added(found) == {"pais": pytest.approx(0.2), "idade": pytest.approx(0.06), "saldo": 0, "cidade": 0}


def test_what_two_fields_do_together_is_halved(opened: Open) -> None:
    found = why(opened(Product()), {**ROW, "idade": 70, "pais": "Alemanha"})
    assert added(found) == {"idade": pytest.approx(0.2), "pais": pytest.approx(0.2), "saldo": 0, "cidade": 0}


def test_a_row_like_the_typical_one_owes_nothing_to_any_field(opened: Open) -> None:
    found = why(opened(), {"idade": 30, "saldo": 100.0, "pais": "França", "cidade": None})
    assert set(added(found).values()) == {0}
    assert found["reference_score"] == found["score"]


def test_the_explanation_is_of_the_score_that_was_answered_and_is_not_recorded(
    opened: Open, ledger: Ledger
) -> None:
    client = opened()
    answer = client.post("/predict?explain=true", json=ROW).json()
    explanation = answer.pop("explanation")
    recorded = ledger.prediction(answer["id"])
    assert recorded is not None
    assert recorded.decision == {name: answer[name] for name in list(answer)[2:]}
    assert sum(added(explanation).values()) == pytest.approx(answer["score"] - explanation["reference_score"])
    counted = client.get("/metrics").text
    labels = 'label="Risco baixo",project="churn",variant="champion",version="1"'
    assert f"zelo_predictions_total{{{labels}}} 1.0" in counted
    assert "explanation" not in client.post("/predict", json=ROW).json()
    assert "explanation" not in client.post("/predict?explain=false", json=ROW).json()


def test_a_batch_tells_the_same_of_each_row_that_is_good(opened: Open) -> None:
    client = opened()
    rows = [{**ROW, "idade": age} for age in range(20, 60)]
    body = client.post("/predict/batch?explain=true", json={"rows": [{}, *rows]}).json()
    assert body["bad_rows"] == 1
    assert [one["index"] for one in body["predictions"]] == list(range(1, 41))
    for row, answer in zip(rows, body["predictions"], strict=True):
        alone = why(client, row)
        assert "nearest_change" in alone
        alone.pop("nearest_change")
        assert answer["explanation"] == alone


def test_the_nearest_change_is_the_category_where_that_is_nearer(opened: Open) -> None:
    found = why(opened(), ROW)["nearest_change"]
    assert found == {
        "changes": [{"field": "pais", "from": "França", "to": "Alemanha"}],
        "distance": 1.0,
        "prediction": 1,
        "score": pytest.approx(0.54),
        "risk_level": "Risco baixo",
        "text": "Com pais em Alemanha (agora França), a decisão seria saiu = 1, Risco baixo.",
    }


def test_what_nobody_can_change_is_in_no_change_and_a_number_is_drawn_near(opened: Open) -> None:
    text = PROJECT.replace("pais: {type", "pais: {actionable: false, type")
    found = why(opened(text=text), ROW)["nearest_change"]
    # 0.1 + 0.006 idade is above 0.5 from 67 on.
    assert found["changes"] == [{"field": "idade", "unit": "anos", "from": 40, "to": 67}]
    assert found["distance"] == pytest.approx(2.7)
    assert (found["prediction"], found["score"]) == (1, pytest.approx(0.502))
    assert found["text"].startswith("Com idade em 67 anos (agora 40 anos), a decisão seria saiu = 1")


def test_a_change_stays_within_the_contract(opened: Open) -> None:
    text = PROJECT.replace("pais: {type", "pais: {actionable: false, type").replace("max: 100", "max: 66")
    found = why(opened(text=text), ROW)["nearest_change"]
    assert found["changes"] == []
    assert found["text"].startswith("Nenhuma mudança")


def test_two_fields_change_where_one_is_not_enough_and_both_are_drawn_near(opened: Open) -> None:
    found = why(opened(Product()), ROW)["nearest_change"]
    assert {change["field"]: change["to"] for change in found["changes"]} == {"idade": 61, "pais": "Alemanha"}
    assert found["distance"] == pytest.approx(3.1)
    assert " e pais em Alemanha (agora França)" in found["text"]


def test_a_missing_number_is_not_made_up(opened: Open) -> None:
    text = PROJECT.replace("idade: {type: integer", "idade: {actionable: false, type: integer")
    found = why(opened(Product(), text=text), {**ROW, "saldo": None})
    assert {entry["field"]: entry["value"] for entry in found["fields"]}["saldo"] is None
    assert found["nearest_change"]["changes"] == []


def test_many_fields_are_sampled_and_the_error_is_told(opened: Open) -> None:
    names = [f"f{place}" for place in range(12)]
    fields = "".join(f"    {name}: {{type: number}}\n" for name in names)
    start, end = REGRESSION.index("  fields:"), REGRESSION.index("split:")
    text = f"{REGRESSION[:start]}  fields:\n{fields}{REGRESSION[end:]}"
    typical = Typical(row=dict.fromkeys(names, 0.0), spread={}, levels={})

    class Cubed:
        runtime = "onnx"

        def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
            return np.column_stack([columns[name] for name in names]).sum(axis=1, keepdims=True) ** 3

    found = why(opened(Cubed(), text, typical), {name: 0.1 * place for place, name in enumerate(names)})
    assert found["method"] == "sampled"
    assert 0 < found["error"] < 5
    assert sum(added(found).values()) == pytest.approx(found["score"] - found["reference_score"])
    # What grows faster than its fields: the largest field adds most.
    assert found["fields"][0]["field"] == "f11"
    assert "nearest_change" not in found


def test_a_text_is_told_in_its_words(opened: Open) -> None:
    nothing = Typical(row={}, spread={}, levels={})
    client = opened(WordPredictor(), TEXTS, nothing)
    found = why(client, {"comentario": "vaza muito vaza quebrou"})
    (entry,) = found["fields"]
    assert entry["field"] == "comentario"
    assert found["reference_score"] == pytest.approx(1 / 3)
    assert entry["contribution"] == pytest.approx(found["score"] - 1 / 3)
    words = [(told["word"], told["contribution"]) for told in entry["words"]]
    assert [word for word, _ in words] == ["vaza", "vaza", "quebrou", "muito"]
    assert words[0][1] == pytest.approx(words[1][1])
    assert words[2][1] < 0 == words[3][1]


def test_a_text_without_a_word_has_none_to_tell(opened: Open) -> None:
    found = why(opened(WordPredictor(), TEXTS, Typical(row={}, spread={}, levels={})), {"comentario": ". "})
    assert found["method"] == "exact"


def test_the_history_of_a_forecast_is_compared_with_its_own_mean(ledger: Ledger, tmp_path: Path) -> None:
    served = explainable(tmp_path / "b", make_prices_bundle(), Typical(row={}, spread={}, levels={}))
    with Client(create_app({"quotes": Service(Registry("1", served), ledger, now=Clock())})) as client:
        found = why(client, PRICES)
    (entry,) = found["fields"]
    closes = PRICES["last_prices"]
    assert entry["field"] == "last_prices"
    assert entry["reference"] == pytest.approx(np.mean(closes))
    newest, *others = entry["values"]
    # It forecasts the last price, and reads no other.
    assert (newest["place"], newest["value"]) == (len(closes) - 1, closes[-1])
    assert newest["contribution"] == pytest.approx(closes[-1] - np.mean(closes))
    assert {value["contribution"] for value in others} == {0}


def test_a_version_without_a_typical_row_says_so_before_it_predicts(client: Client, ledger: Ledger) -> None:
    response = client.post("/predict?explain=true", json=ROW)
    assert response.status_code == 409
    assert response.json()["detail"] == "this version cannot be explained"
    assert ledger.predictions("churn", limit=1) == []
    assert client.post("/predict", json=ROW).status_code == 200


def test_more_rows_than_can_be_explained_are_refused(opened: Open, ledger: Ledger) -> None:
    response = opened().post("/predict/batch?explain=true", json={"rows": [ROW] * (MOST_EXPLAINED + 1)})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "rows"
    assert ledger.predictions("churn", limit=1) == []


def test_predictions_do_not_wait_for_explanations(opened: Open) -> None:
    held = Held()
    client = opened(held)

    async def together(http: httpx.AsyncClient) -> list[float]:
        explained = asyncio.create_task(http.post("/predict?explain=true", json=ROW))
        await asyncio.to_thread(held.mixing.wait, 10)
        plain = [await http.post("/predict", json={**ROW, "idade": age}) for age in (50, 51)]
        assert not explained.done()
        held.go_on.set()
        return [response.json()["score"] for response in [*plain, await explained]]

    assert client.run(together) == pytest.approx([0.4, 0.406, 0.34])


def test_what_the_model_makes_of_a_mix_is_told_to_its_caller_alone(opened: Open) -> None:
    class Odd(Sum):
        def chance(self, columns: Columns) -> np.ndarray[Any, Any]:
            mixed = (columns["idade"] == 30) & (columns["pais"] == "Alemanha")
            return np.where(mixed, np.nan, super().chance(columns))

    client = opened(Odd())

    async def together(http: httpx.AsyncClient) -> list[int]:
        rows = [{**ROW, "pais": "Alemanha"}, ROW]
        asked = [http.post("/predict?explain=true", json=row) for row in rows]
        return [response.status_code for response in await asyncio.gather(*asked)]

    assert client.run(together) == [422, 200]


def test_each_answer_is_explained_by_the_version_that_made_it(ledger: Ledger, tmp_path: Path) -> None:
    class Doubled(Sum):
        def chance(self, columns: Columns) -> np.ndarray[Any, Any]:
            return 2 * super().chance(columns)

    other = explainable(tmp_path / "other", bundle(Doubled()))

    class Half:
        def champion(self) -> str:
            return "1"

        def traffic(self) -> Traffic:
            at = Clock()()
            return Traffic(
                mode="split", version="2", bundle="b2", share=50, started=at, since=at, actor="", reason=""
            )

        def load(self, traffic: Traffic) -> Bundle:
            return other

    registry = Registry("1", explainable(tmp_path / "own", bundle(Sum())))
    with Client(create_app({"churn": Service(registry, ledger, Half(), now=Clock())})) as client:
        rows = [{**ROW, "id_cliente": place} for place in range(30)]
        answers = client.post("/predict/batch?explain=true", json={"rows": rows}).json()["predictions"]
    shares = {(one["model_version"], round(added(one["explanation"])["idade"], 9)) for one in answers}
    assert shares == {("1", 0.06), ("2", 0.12)}


def test_the_document_describes_what_is_answered(opened: Open) -> None:
    client = opened()
    schema = client.get("/openapi.json").json()
    described = schema["components"]["schemas"]["churn_answer"]["properties"]["explanation"]["properties"]
    assert described.keys() >= why(client, ROW).keys()
    named = described["nearest_change"]["properties"].keys()
    assert named >= why(client, ROW)["nearest_change"].keys()
    (parameter,) = schema["paths"]["/predict"]["post"]["parameters"]
    assert (parameter["name"], parameter["required"]) == ("explain", False)


def test_a_trained_model_is_explained_in_the_direction_of_what_it_learned(
    make_home: Callable[[str], Home], ledger: Ledger
) -> None:
    served = make_home("served").bundle("champion")
    with Client(create_app({"pumps": Service(Registry("1", served), ledger, now=Clock())})) as client:
        old, young = (why(client, {"age": age, "load": 75.0, "site": "South"}) for age in (45, 5))
    assert added(old)["age"] > 0 > added(young)["age"]
    assert added(old)["load"] > 0
    for found in (old, young):
        assert sum(added(found).values()) == pytest.approx(found["score"] - found["reference_score"])
    changed = old["nearest_change"]
    assert (old["score"] > changed["score"], changed["prediction"]) == (True, 0)
    (change,) = changed["changes"]
    assert change["to"] < change["from"]
    assert changed["text"].startswith(f"With {change['field']} at {change['to']:g} ")
