"""A recorded prediction is computed again: alone, in its batch, or with what differs told."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from zelo.errors import ServingError
from zelo.features.columns import Columns
from zelo.ledger.records import PredictionRecord
from zelo.ledger.store import Ledger
from zelo.ledger.together import scored_together
from zelo.serving.reproduction import Attempt, answered, attempts, broken_contract
from zelo.serving.scoring import Model
from zelo.serving.service import Service

from .fakes import ROW, TEXTS, AgePredictor, Clock, Registry, WordPredictor, bundle


class Rounding(AgePredictor):
    """As vector instructions do, it rounds a row otherwise that is scored with others."""

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        found = super().scores(columns)
        return found if len(found) % 2 else np.nextafter(found, 0)


class Neighbours(WordPredictor):
    """As a transformer's padding does, the longest text of a batch has a part in the others' scores."""

    def scores(self, columns: Columns) -> np.ndarray[Any, Any]:
        found = super().scores(columns)
        return np.asarray(found * (1 - 1e-9 * max(map(len, columns["comentario"]))))


def body(**changes: Any) -> bytes:
    return json.dumps(ROW | changes).encode()


def ages(*many: int) -> bytes:
    return json.dumps({"rows": [ROW | {"idade": age} for age in many]}).encode()


def tried(ledger: Ledger, model: Model, record: PredictionRecord) -> list[Attempt]:
    together = scored_together(ledger, record, record.version)
    return attempts(model, answered(record), together)


def every(ledger: Ledger, service: Service) -> list[tuple[PredictionRecord, list[Attempt]]]:
    records = ledger.predictions(service.name, order="oldest")
    return [(record, tried(ledger, service.model, record)) for record in records]


def test_a_row_has_the_same_bits_alone_or_else_in_the_batch_that_the_ledger_has(ledger: Ledger) -> None:
    service = Service(Registry("1", bundle(Rounding())), ledger, now=Clock())
    service.predict([service.ask_row(body(idade=33))])
    service.predict([service.ask_row(body(idade=age)) for age in (41, 43, 47)])
    service.predict([service.ask_row(body(idade=51)), service.ask_rows(ages(53, 57, 59))])

    found = every(ledger, service)
    assert [made[-1].same for _, made in found] == [True] * 8
    hows = [(made[-1].how, made[-1].rows) for _, made in found]
    assert hows == [("alone", 1)] * 4 + [("in its batch", 4)] * 4
    assert "score" in found[-1][1][0].differences[0]

    # As after a row that failed, or where another process answered in the same microsecond.
    record, together = found[-1][0], [found[-1][0], found[-2][0], found[-3][0]]
    made = attempts(service.model, answered(record), together)
    assert [(attempt.how, attempt.same) for attempt in made][1:] == [
        ("in its batch", False),
        ("beside itself", True),
    ]


def test_words_and_neighbours_are_as_they_were_asked(ledger: Ledger) -> None:
    service = Service(Registry("1", bundle(Neighbours(), TEXTS)), ledger, now=Clock())
    single = [service.ask_row(json.dumps({"comentario": text}).encode()) for text in ("vaza muito", "ok")]
    many = {"rows": [{"comentario": text} for text in ("quebrou", "um texto que é bem mais longo", "vaza")]}
    service.predict([*single, service.ask_rows(json.dumps(many).encode())])
    service.predict([service.ask_row(b'{"comentario": "quebrou e vaza"}')])
    service.predict([service.ask_rows(b'{"rows": [{"comentario": "quebrou e vaza"}]}')])

    found = every(ledger, service)
    assert ["words" in record.decision for record, _ in found] == [True, False, *[False] * 3, True, False]
    assert all(made[-1].same for _, made in found)
    assert [made[-1].how for _, made in found][:3] == ["in its batch"] * 3
    assert [made[-1].how for _, made in found][5:] == ["alone"] * 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"score": 0.4000000000000001}, "score it is ranked by: 0.4000000000000001 recorded, 0.4 now"),
        ({"decision": {"prediction": 1}}, "prediction: 1 recorded, 0 now"),
        ({"inputs": ROW | {"idade": 41}}, "score: 0.4 recorded, 0.41 now"),
    ],
)
def test_a_changed_record_is_told_field_by_field(
    ledger: Ledger, service: Service, change: dict[str, Any], told: str
) -> None:
    service.predict([service.ask_row(body())])
    (record,) = ledger.predictions("churn")
    changed = record._replace(**change)
    if "decision" in change:
        changed = record._replace(decision={**record.decision, **change["decision"]})
    made = attempts(service.model, answered(changed), [changed])
    assert not any(attempt.same for attempt in made)
    assert all(told in attempt.differences for attempt in made)


def test_inputs_that_the_version_cannot_score_are_an_error_that_names_them(
    ledger: Ledger, service: Service
) -> None:
    service.predict([service.ask_row(body())])
    (record,) = ledger.predictions("churn")
    assert broken_contract(service.model, record) == []
    changed = record._replace(inputs=dict(record.inputs) | {"idade": "quarenta"})
    with pytest.raises(ServingError, match="cannot score the recorded inputs"):
        attempts(service.model, answered(changed), [changed])
    (fault,) = broken_contract(service.model, changed)
    assert fault.startswith('idade: found "quarenta", expected a whole number')
