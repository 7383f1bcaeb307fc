from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from zelo.errors import RequestError
from zelo.ledger.records import OutcomeRecord
from zelo.serving.truth import OutcomeSchema
from zelo.spec.loading import parse_project

from .fakes import BANDS, PROJECT, REGRESSION, START, TEXTS

CLASSES = OutcomeSchema(parse_project(PROJECT))
VALUES = OutcomeSchema(parse_project(REGRESSION))


def read(schema: OutcomeSchema, outcomes: Any) -> list[OutcomeRecord]:
    return schema.read(json.dumps({"outcomes": outcomes}).encode(), now=lambda: START)


def test_outcomes_by_id_and_by_entity() -> None:
    found = read(
        CLASSES,
        [
            {"value": 1, "prediction_id": "x"},
            {"value": 0, "entity": 7, "observed_at": "2026-02-01T00:00:00-03:00"},
        ],
    )

    assert found == [
        OutcomeRecord(1, START, prediction_id="x"),
        OutcomeRecord(0, datetime(2026, 2, 1, 3, tzinfo=UTC), entity="7"),
    ]
    assert read(VALUES, [{"value": 3, "entity": "a"}])[0].value == 3.0


@pytest.mark.parametrize(
    ("schema", "outcome", "field"),
    [
        (CLASSES, {"value": 2, "entity": "a"}, "value"),
        (CLASSES, {"value": True, "entity": "a"}, "value"),
        (CLASSES, {"value": "1", "entity": "a"}, "value"),
        (CLASSES, {"entity": "a"}, "value"),
        (CLASSES, {"value": 1}, "prediction_id"),
        (CLASSES, {"value": 1, "entity": "a", "prediction_id": "b"}, "prediction_id"),
        (CLASSES, {"value": 1, "entity": "a", "observed_at": "2026-02-01T00:00:00"}, "observed_at"),
        (CLASSES, {"value": 1, "entity": "a", "observed_at": 1769904000}, "observed_at"),
        (CLASSES, {"value": 1, "entity": "a", "observed_at": "1769904000"}, "observed_at"),
        (CLASSES, {"value": 1, "entity": "a", "when": "x"}, "when"),
        (VALUES, {"value": float("nan"), "entity": "a"}, "value"),
        (VALUES, {"value": "3", "entity": "a"}, "value"),
    ],
)
def test_a_bad_outcome_is_named_by_its_place(
    schema: OutcomeSchema, outcome: dict[str, Any], field: str
) -> None:
    good = {"value": 1, "entity": "a"}

    with pytest.raises(RequestError) as caught:
        read(schema, [good, outcome])

    assert [(error.index, error.field) for error in caught.value.errors] == [(1, field)]


def test_classes_may_be_texts_or_both() -> None:
    texts = PROJECT.replace("kind: binary,", "kind: binary, classes: [não, sim],")
    mixed = PROJECT.replace("kind: binary,", "kind: multiclass, classes: [a, b, 1],")
    mixed = mixed.replace(BANDS, "").replace("primary: f1", "primary: mcc")
    schema = OutcomeSchema(parse_project(mixed))

    assert read(OutcomeSchema(parse_project(texts)), [{"value": "sim", "entity": "a"}])[0].value == "sim"
    assert [read(schema, [{"value": value, "entity": "a"}])[0].value for value in ("b", 1)] == ["b", 1]
    with pytest.raises(RequestError):
        read(schema, [{"value": True, "entity": "a"}])


def test_spellings_and_the_other_class_are_taken() -> None:
    text = TEXTS.replace("spellings:", "other: ruído\n  spellings:")
    spelled, other = OutcomeSchema(parse_project(TEXTS)), OutcomeSchema(parse_project(text))

    def value(schema: OutcomeSchema, found: str) -> object:
        return read(schema, [{"value": found, "entity": "a"}])[0].value

    assert [value(spelled, found) for found in ("Aberto ", "VAZA", "Quebra")] == [
        "quebra",
        "vazamento",
        "quebra",
    ]
    assert value(other, "nunca visto") == "ruído"
    for schema, found in ((spelled, "nunca visto"), (other, "  ")):
        with pytest.raises(RequestError) as caught:
            value(schema, found)
        assert caught.value.errors[0].expected == "one of vazamento, quebra, ruído"


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b'{"outcomes": []}', b'{"outcomes": 3}', b'{"outcomes": [1]}']
)
def test_a_body_of_another_shape(body: bytes) -> None:
    with pytest.raises(RequestError) as caught:
        CLASSES.read(body, now=lambda: START)
    assert caught.value.errors


def test_no_json() -> None:
    with pytest.raises(RequestError, match="not JSON"):
        CLASSES.read(b"{", now=lambda: START)
