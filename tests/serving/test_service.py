from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from zelo.errors import BundleError, LedgerError, RegistryError, RequestError, ServingError, UnknownError
from zelo.features.columns import Columns
from zelo.ledger.records import PredictionRecord
from zelo.ledger.store import Ledger
from zelo.serving.answers import Answer
from zelo.serving.scoring import Question
from zelo.serving.service import Committed, Service

from .fakes import BANDS, PROJECT, REGRESSION, ROW, START, AgePredictor, Clock, Registry, bundle


def ask(service: Service, **change: Any) -> Question:
    return service.ask_row(json.dumps({**ROW, **change}).encode())


def answer(service: Service, **change: Any) -> Answer:
    (result,) = service.predict([ask(service, **change)])
    if isinstance(result, Exception):
        raise result
    return result[0]


def truth(**outcome: Any) -> bytes:
    return json.dumps({"outcomes": [outcome]}).encode()


class Fixed:
    """Gives the same scores for each row."""

    runtime = "native"

    def __init__(self, *scores: float) -> None:
        self._scores = scores

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        return np.tile(np.array(self._scores), (len(next(iter(columns.values()))), 1))


def test_an_answer_is_recorded_before_it_is_given(service: Service, ledger: Ledger) -> None:
    given = answer(service, idade=95, id_cliente=7)

    assert given == {
        "id": given["id"],
        "model_version": "1",
        "prediction": 1,
        "probability": 0.95,
        "score": 0.95,
        "risk_level": "Risco alto",
        "recommendation": "Ligar hoje",
    }
    recorded = ledger.prediction(given["id"])
    assert recorded is not None
    assert recorded.decision == {name: given[name] for name in list(given)[2:]}
    assert recorded.inputs == {"idade": 95, "saldo": 10.5, "pais": "França", "cidade": None, "id_cliente": 7}
    assert (recorded.entity, recorded.score, recorded.version) == ("7", 0.95, "1")
    assert START < recorded.at < START + timedelta(seconds=1)


def test_the_probability_is_that_of_the_predicted_class(service: Service) -> None:
    given = answer(service, idade=8)

    assert (given["prediction"], given["probability"], given["score"]) == (0, 0.92, 0.08)
    assert given["risk_level"] == "Risco baixo"


def test_questions_together_cost_one_call_and_one_transaction(
    service: Service, predictor: AgePredictor, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    record = ledger.record_predictions

    def counted(records: Sequence[PredictionRecord], _: object) -> None:
        written.append(len(records))
        record(records)

    monkeypatch.setattr(ledger, "record_predictions", counted)
    predictor.calls.clear()
    watched: list[Committed] = []
    service.watch(watched.append)
    batch = service.ask_rows(json.dumps({"rows": [{**ROW, "idade": 90}] * 3}).encode())

    results = service.predict([ask(service, idade=10), batch, ask(service, idade=20)])

    assert predictor.calls == [5]
    assert written == [5]
    scores = [[one["score"] for one in result] for result in results if isinstance(result, list)]
    assert scores == [[0.1], [0.9, 0.9, 0.9], [0.2]]
    assert watched[0].labels == {("1", "champion", "Risco baixo"): 2, ("1", "champion", "Risco alto"): 3}
    assert watched[0].rows == 5


def test_what_the_ledger_does_not_take_is_not_answered(
    service: Service, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise LedgerError("the disk is full")

    monkeypatch.setattr(ledger, "record_predictions", full)

    results = service.predict([ask(service), ask(service)])

    assert [type(result) for result in results] == [LedgerError, LedgerError]


def test_a_row_that_the_model_fails_on_spoils_no_other(registry: Registry, ledger: Ledger) -> None:
    class Fragile(AgePredictor):
        def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
            if (columns["idade"] == 13).any():
                raise ArithmeticError("13")
            return super().scores(columns)

    registry.current = ("1", bundle(Fragile()))
    service = Service(registry, ledger)

    first, bad, last = service.predict([ask(service, idade=1), ask(service, idade=13), ask(service, idade=2)])

    assert isinstance(bad, ArithmeticError)
    assert isinstance(first, list)
    assert isinstance(last, list)
    assert (first[0]["score"], last[0]["score"]) == (0.01, 0.02)
    assert ledger.count("churn") == 2


def test_a_score_that_is_no_number_is_never_answered(registry: Registry, ledger: Ledger) -> None:
    class Wrong(AgePredictor):
        factor: float

        def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
            scores = super().scores(columns)
            scores[columns["idade"] == 13] = np.nan
            return scores * self.factor

    wrong = Wrong()
    wrong.factor = 1.0
    registry.current = ("1", bundle(wrong))
    service = Service(registry, ledger)

    # It can score the contract's example: so the row is at fault.
    with pytest.raises(RequestError, match="cannot be scored"):
        answer(service, idade=13)
    wrong.factor = np.nan
    with pytest.raises(ServingError, match="no usable score") as broken:
        answer(service, idade=13)
    assert not isinstance(broken.value, RequestError)
    assert ledger.count("churn") == 0


def test_a_regression_answers_with_its_interval(ledger: Ledger) -> None:
    service = Service(Registry("1", bundle(Fixed(7.0), REGRESSION)), ledger)

    (result,) = service.predict([service.ask_row(b'{"flights": 3}')])

    assert isinstance(result, list)
    assert {name: result[0][name] for name in list(result[0])[2:]} == {
        "prediction": 7.0,
        "lower": 5.0,
        "upper": 9.0,
    }
    recorded = ledger.prediction(result[0]["id"])
    assert recorded is not None
    assert recorded.score == 7.0


def test_a_multiclass_answers_without_bands(ledger: Ledger) -> None:
    text = PROJECT.replace("kind: binary,", "kind: multiclass, classes: [a, b, c],")
    text = text.replace(BANDS, "").replace("primary: f1", "primary: mcc")
    service = Service(Registry("1", bundle(Fixed(0.2, 0.5, 0.3), text)), ledger)

    given = answer(service)

    assert {name: given[name] for name in list(given)[2:]} == {
        "prediction": "b",
        "probability": 0.5,
        "score": 0.5,
        "classes": [
            {"label": "b", "probability": 0.5},
            {"label": "c", "probability": 0.3},
            {"label": "a", "probability": 0.2},
        ],
    }


def test_reload_puts_the_new_version_in_place(service: Service, registry: Registry) -> None:
    before = ask(service, idade=50)
    registry.current = ("2", bundle(Fixed(0.1, 0.9)))

    assert service.reload() == ("1", "2")

    # A question keeps the version whose contract it was checked against.
    old, new = service.predict([before, ask(service, idade=50)])
    assert isinstance(old, list)
    assert isinstance(new, list)
    assert (old[0]["model_version"], old[0]["score"]) == ("1", 0.5)
    assert (new[0]["model_version"], new[0]["score"]) == ("2", 0.9)


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (BundleError("the model file is cut short"), BundleError),
        (("2", bundle(Fixed(0.1, 0.2, 0.7))), BundleError),
        (("2", bundle(Fixed(np.nan, np.nan))), BundleError),
        (("2", bundle(None)), BundleError),
        (("2", bundle(Fixed(1.0), REGRESSION)), RegistryError),
    ],
)
def test_a_reload_that_fails_leaves_the_old_version(
    service: Service, registry: Registry, broken: Any, kind: type[Exception]
) -> None:
    registry.current = broken

    with pytest.raises(kind):
        service.reload()

    assert answer(service)["model_version"] == "1"
    assert service.health()["model_version"] == "1"


def test_a_model_that_cannot_answer_does_not_start(ledger: Ledger) -> None:
    with pytest.raises(BundleError, match="fails on an example"):
        Service(Registry("1", bundle(Fixed(np.nan, 0.5))), ledger)


def test_outcomes_are_joined_and_read_with_the_prediction(service: Service) -> None:
    given = answer(service, id_cliente=7)

    counts = service.record_outcomes(truth(entity=7, value=1))

    assert counts == {"received": 1, "joined": 1, "repeated": 0, "unknown": []}
    assert service.prediction(given["id"])["outcome"]["value"] == 1


def test_unknown_outcomes_are_told(service: Service) -> None:
    given = answer(service)
    body = {"outcomes": [{"prediction_id": "x", "value": 1}, {"prediction_id": given["id"], "value": 0}]}

    counts = service.record_outcomes(json.dumps(body).encode())

    assert counts["unknown"] == [{"index": 0, "prediction_id": "x"}]
    with pytest.raises(UnknownError):
        service.record_outcomes(truth(prediction_id="x", value=1))


def test_lookups(service: Service) -> None:
    for name, age in (("ana", 90), ("ana", 30), ("bia", 85), ("cai", 99)):
        answer(service, idade=age, id_cliente=name)

    assert service.latest("ana")["score"] == 0.3
    assert [one["entity"] for one in service.ranking(minimum_score=0.5, limit=10)] == ["cai", "bia"]
    assert [one["entity"] for one in service.ranking(minimum_score=None, limit=1)] == ["cai"]
    assert [one["score"] for one in service.predictions(entity="ana", limit=10)] == [0.3, 0.9]
    with pytest.raises(UnknownError):
        service.latest("nobody")
    with pytest.raises(UnknownError):
        service.prediction("nothing")


def test_the_prediction_of_another_project_is_unknown(service: Service, ledger: Ledger) -> None:
    other = Service(Registry("1", bundle(Fixed(7.0), REGRESSION)), ledger)
    (result,) = other.predict([other.ask_row(b'{"flights": 3}')])
    assert isinstance(result, list)

    with pytest.raises(UnknownError):
        service.prediction(result[0]["id"])


def test_health_in_plain_words(ledger: Ledger) -> None:
    loaded = bundle(AgePredictor(), synthetic=True, runtime_reason="parity held on 512 rows")

    health = Service(Registry("4", loaded), ledger, now=Clock()).health()

    assert health["status"] == "ok"
    assert health["model_version"] == "4"
    assert health["runtime"] == {"name": "onnx", "reason": "parity held on 512 rows"}
    assert health["data"]["synthetic"] is True
    assert "synthetic" in health["data"]["note"]
    assert health["ledger"] == {
        "reachable": True,
        "journal": {"rows": 0, "since": None, "set_aside": 0},
    }
    assert health["uptime_seconds"] > 0


def test_health_with_an_unreachable_ledger(
    service: Service, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise LedgerError("the ledger cannot be used")

    monkeypatch.setattr(ledger, "waiting", gone)

    assert service.health()["status"] == "degraded"
    assert service.health()["ledger"] == {"reachable": False, "reason": "the ledger cannot be used"}


def test_the_facts_of_a_model(service: Service) -> None:
    facts = service.facts()

    assert facts["project"] == "churn"
    assert facts["policy"]["threshold"] == 0.5
    assert "files" not in facts["manifest"]
