"""What a project that reads texts answers, and what it says to texts that are none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from time import process_time
from typing import Any

import httpx
import pytest

from zelo.ledger.store import Ledger
from zelo.serving.app import create_app
from zelo.serving.field_types import MAX_TEXT
from zelo.serving.service import Service

from .fakes import TEXTS, Client, Clock, Registry, WordPredictor, bundle

SENTENCE = "vaza óleo e vaza água ; quebrou"
LIMITS = (0.9, 0.8, 0.3)


@pytest.fixture
def words() -> WordPredictor:
    return WordPredictor()


@pytest.fixture
def texts(words: WordPredictor, ledger: Ledger) -> Iterator[Client]:
    service = Service(Registry("1", bundle(words, TEXTS, LIMITS)), ledger, now=Clock())
    words.calls.clear()
    with Client(create_app({"faults": service})) as opened:
        yield opened


def ask(client: Client, text: Any) -> httpx.Response:
    return client.post("/predict", json={"comentario": text})


def test_an_answer_tells_classes_set_and_words_and_the_ledger_keeps_them(
    texts: Client, words: WordPredictor, ledger: Ledger
) -> None:
    found = ask(texts, SENTENCE).json()

    assert found["prediction"] == "vazamento"
    assert found["probability"] == found["score"] == pytest.approx(0.6652, abs=1e-4)
    assert [entry["label"] for entry in found["classes"]] == ["vazamento", "quebra"]
    assert found["classes"][0]["probability"] == found["probability"]
    assert found["abstain"] is False
    assert found["label_set"] == ["vazamento", "quebra"]
    assert words.calls == [1 + len(SENTENCE.split())]
    weights = [(entry["word"], entry["weight"]) for entry in found["words"]]
    assert weights == [("vaza", 0.2429), ("vaza", 0.2429), ("quebrou", -0.1217)]
    recorded = ledger.prediction(found["id"])
    assert recorded is not None
    assert recorded.decision == {name: found[name] for name in list(found)[2:]}


def test_an_unsure_answer_abstains_and_says_its_best_guess(texts: Client) -> None:
    found = ask(texts, "parado").json()

    assert found["abstain"] is True
    assert found["prediction"] == "vazamento"
    assert "words" not in found


def test_a_word_alone_is_compared_with_no_word(texts: Client) -> None:
    found = ask(texts, "quebrou").json()

    assert found["prediction"] == "quebra"
    assert found["words"] == [{"word": "quebrou", "weight": round(found["probability"] - 1 / 3, 4)}]


def test_the_variants_of_all_that_wait_cost_one_call(texts: Client, words: WordPredictor) -> None:
    async def together(http: httpx.AsyncClient) -> Any:
        asked = [http.post("/predict", json={"comentario": f"vaza muito {n}"}) for n in range(20)]
        return await asyncio.gather(*asked)

    answered = texts.run(together)

    assert {answer.status_code for answer in answered} == {200}
    assert {answer.json()["words"][0]["word"] for answer in answered} == {"vaza"}
    assert sum(words.calls) == 20 * 4
    assert len(words.calls) < 20


def test_batches_carry_no_words(texts: Client, words: WordPredictor) -> None:
    rows = [{"comentario": SENTENCE}, {"comentario": "quebrou"}]
    found = texts.post("/predict/batch", json={"rows": rows}).json()["predictions"]

    assert words.calls == [2]
    assert [entry["prediction"] for entry in found] == ["vazamento", "quebra"]
    assert not any("words" in entry for entry in found)


@pytest.mark.parametrize("text", ["", "   ", "\t\n\r ", "\u00a0\u2003"])
def test_an_empty_text(texts: Client, ledger: Ledger, text: str) -> None:
    answer = ask(texts, text)

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["expected"]) == ("comentario", f"a text of 1 to {MAX_TEXT} characters")
    assert ledger.predictions("faults") == []


@pytest.mark.parametrize("size", [MAX_TEXT + 1, 1 << 20])
def test_a_text_that_is_too_long(texts: Client, size: int) -> None:
    started = process_time()
    answer = ask(texts, "vaza " * (size // 5 + 1))

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["expected"] == f"a text of 1 to {MAX_TEXT} characters"
    assert len(answer.text) < 1_000
    assert process_time() - started < 2


def test_a_body_that_is_too_large(texts: Client) -> None:
    answer = ask(texts, "vaza " * (1 << 20))

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "text", ["vaza " * (MAX_TEXT // 5 - 1) + "vaza", "x" * MAX_TEXT, "a " * (MAX_TEXT // 2 - 1) + "a"]
)
def test_the_longest_text_is_answered_with_few_spans(texts: Client, words: WordPredictor, text: str) -> None:
    answer = ask(texts, text)

    assert answer.status_code == 200
    assert words.calls[-1] <= 25
    assert all(len(entry["word"]) <= 80 for entry in answer.json().get("words", []))


@pytest.mark.parametrize("text", ["vaza\x00óleo", "\x00\x01\x02", "\x7fELF\x00"])
def test_a_binary_text(texts: Client, text: str) -> None:
    answer = ask(texts, text)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "comentario"


@pytest.mark.parametrize(
    "body", [rb'{"comentario": "vaza \ud800"}', rb'{"comentario": "\udc00"}', b'{"comentario": "\xff\xfe"}']
)
def test_a_text_that_is_no_unicode(texts: Client, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    assert texts.post("/predict", content=body, headers=headers).status_code == 400
    batch = b'{"rows": [' + body + b"]}"
    assert texts.post("/predict/batch", content=batch, headers=headers).status_code == 400


@pytest.mark.parametrize(
    "text",
    [
        "🔥💥 vaza",
        "<script>alert('vaza')</script> <b>vaza</b>",
        "отказ насоса",
        "泵漏油",
        "تسرب",
        "'; DROP TABLE predictions; --",
        "\u202evaza\u202c",
        "\ufeffvaza",
        "e\u0301 vaza",
    ],
)
def test_any_language_emoji_and_markup_is_answered_and_kept_as_it_was_sent(
    texts: Client, ledger: Ledger, text: str
) -> None:
    answer = ask(texts, text)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    recorded = ledger.prediction(answer.json()["id"])
    assert recorded is not None
    assert recorded.inputs["comentario"] == text


@pytest.mark.parametrize("text", [None, 3, True, ["vaza"], {"a": "vaza"}])
def test_what_is_no_text(texts: Client, text: Any) -> None:
    assert ask(texts, text).status_code == 422


def test_a_class_never_seen_is_refused_with_those_there_are(texts: Client, ledger: Ledger) -> None:
    name = ask(texts, SENTENCE).json()["id"]
    outcome = {"prediction_id": name, "value": "explosão"}
    answer = texts.post("/outcomes", json={"outcomes": [outcome]})

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["expected"] == "one of vazamento, quebra, ruído"
    assert ledger.outcomes(name) == []


@pytest.mark.parametrize("value", ["quebra", " QUEBRA", "Aberto ", "aberto"])
def test_a_known_spelling_of_a_class_is_its_class(texts: Client, ledger: Ledger, value: str) -> None:
    name = ask(texts, SENTENCE).json()["id"]
    answer = texts.post("/outcomes", json={"outcomes": [{"prediction_id": name, "value": value}]})

    assert answer.status_code == 200
    assert [outcome.value for outcome in ledger.outcomes(name)] == ["quebra"]


def test_the_document_tells_what_an_answer_of_several_classes_holds(texts: Client) -> None:
    schemas = texts.get("/openapi.json").json()["components"]["schemas"]
    answer = schemas["faults_answer"]["properties"]

    assert {"classes", "label_set", "abstain", "words"} <= answer.keys()
    assert answer["classes"]["maxItems"] == 2
    assert "POST /predict alone" in answer["words"]["description"]
    assert "90%" in answer["label_set"]["description"]
    value = schemas["faults_outcome"]["properties"]["value"]
    assert value["anyOf"][0]["enum"] == ["vazamento", "quebra", "ruído"]
    assert json.dumps(schemas["faults_queue"]).count("worth")
