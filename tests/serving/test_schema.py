from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zelo.errors import RequestError
from zelo.features.columns import columns_from_rows
from zelo.serving.schema import FieldError, RequestSchema
from zelo.spec.loading import parse_project
from zelo.spec.project import Project

from .fakes import PROJECT, ROW

SCHEMA = RequestSchema(parse_project(PROJECT), max_rows=5)


def read(row: Any) -> dict[str, Any]:
    return SCHEMA.read_row(json.dumps(row).encode())


def refused(row: Any) -> tuple[FieldError, ...]:
    with pytest.raises(RequestError) as caught:
        read(row)
    return caught.value.errors


@pytest.mark.parametrize(
    "change",
    [
        {"idade": 0},
        {"idade": 100},
        {"idade": 41.0},
        {"saldo": None},
        {"saldo": -1e300},
        {"cidade": None},
        {"cidade": ""},
        {"cidade": "x" * 1000},
        {"pais": " Alemanha "},
        {"id_cliente": 15634602},
        {"id_cliente": "A-1"},
        {"id_cliente": None},
    ],
)
def test_what_the_contract_allows_is_accepted(change: dict[str, Any]) -> None:
    row = read({**ROW, **change})

    assert columns_from_rows(parse_project(PROJECT), [row])["idade"].dtype == np.float64


@pytest.mark.parametrize(
    ("change", "found", "expected"),
    [
        ({"idade": 101}, "101", "a whole number from 0 to 100 anos"),
        ({"idade": -1}, "-1", "a whole number from 0 to 100 anos"),
        ({"idade": 41.5}, "41.5", "a whole number from 0 to 100 anos"),
        ({"idade": 41.0000000001}, "41.0000000001", "a whole number from 0 to 100 anos"),
        ({"idade": 1e-42}, "1e-42", "a whole number from 0 to 100 anos"),
        ({"idade": True}, "true", "a whole number from 0 to 100 anos"),
        ({"idade": "41"}, '"41"', "a whole number from 0 to 100 anos"),
        ({"idade": None}, "null", "a whole number from 0 to 100 anos"),
        ({"saldo": math.nan}, "nan", "a number R$, or null"),
        ({"saldo": -math.inf}, "-inf", "a number R$, or null"),
        ({"saldo": "1,5"}, '"1,5"', "a number R$, or null"),
        ({"saldo": False}, "false", "a number R$, or null"),
        ({"pais": "Brasil"}, '"Brasil"', "one of França, Alemanha"),
        ({"pais": ""}, '""', "one of França, Alemanha"),
        ({"pais": None}, "null", "one of França, Alemanha"),
        ({"pais": ["França"]}, "a list of 1 values", "one of França, Alemanha"),
        ({"cidade": {"a": 1}}, "an object", "a text of 1 to 1000 characters, or null"),
        ({"cidade": "a\0b"}, '"a\\u0000b"', "a text of 1 to 1000 characters, or null"),
        ({"id_cliente": 1.5}, "1.5", "a text of 1 to 200 characters, or an integer"),
        ({"id_cliente": ""}, '""', "a text of 1 to 200 characters, or an integer"),
        ({"Idade": 1}, "1", "no such field; did you mean idade?"),
        ({"zzz": 1}, "1", "no such field: only idade, saldo, pais, cidade, id_cliente"),
    ],
)
def test_what_the_contract_refuses_is_named(change: dict[str, Any], found: str, expected: str) -> None:
    (name,) = change

    assert refused({**ROW, **change}) == (FieldError(name, found, expected),)


def test_every_bad_field_is_reported_at_once() -> None:
    assert [error.field for error in refused({"idade": 200, "cidade": 3})] == ["idade", "pais", "cidade"]


def test_a_text_of_a_megabyte_is_refused_and_not_repeated() -> None:
    (error,) = refused({**ROW, "cidade": "x" * (1 << 20)})

    assert len(error.found) < 200
    assert "(1048576 characters)" in error.found


@pytest.mark.parametrize("number", ["1e400", "1" + "0" * 400, "NaN", "Infinity", "-Infinity"])
def test_numbers_that_no_float_holds(number: str) -> None:
    with pytest.raises(RequestError):
        SCHEMA.read_row(json.dumps(ROW).replace("10.5", number).encode())


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"idade": 1,}', b"\xff\xfe", b"nope", b"[" * 10_000, b'{"a":"\\ud800"}']
)
def test_what_is_no_json_is_told_with_its_place(body: bytes) -> None:
    with pytest.raises(RequestError, match="not JSON") as caught:
        SCHEMA.read_row(body)
    assert caught.value.errors == ()
    assert "line 1 column" in caught.value.found or "utf" in caught.value.found.lower()


@pytest.mark.parametrize("row", [[], "x", 3, None, [ROW]])
def test_what_is_no_object_is_no_row(row: Any) -> None:
    (error,) = refused(row)

    assert error.field == "the row"
    assert error.expected.startswith("an object with the fields idade")


def test_a_bad_row_does_not_spoil_a_batch() -> None:
    rows = [ROW, {**ROW, "idade": 200, "pais": "x"}, ROW, 7]

    checked = SCHEMA.read_rows(json.dumps({"rows": rows}).encode())

    assert checked.indices == [0, 2]
    assert checked.rows == [read(ROW), read(ROW)]
    assert [(error.index, error.field) for error in checked.errors] == [
        (1, "idade"),
        (1, "pais"),
        (3, "the row"),
    ]
    assert checked.bad_rows == 2


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"row": [ROW]},
        {"rows": ROW},
        {"rows": []},
        {"rows": [ROW] * 6},
        {"rows": [ROW], "x": 1},
        {"rows": [{}]},
    ],
)
def test_a_batch_that_cannot_be_served(body: Any) -> None:
    with pytest.raises(RequestError) as caught:
        SCHEMA.read_rows(json.dumps(body).encode())
    assert caught.value.errors


def test_more_bad_rows_than_are_worth_telling() -> None:
    schema = RequestSchema(parse_project(PROJECT))

    checked = schema.read_rows(json.dumps({"rows": [{}] * 5000 + [ROW]}).encode())

    assert checked.bad_rows == 5000
    assert len(checked.errors) < 1100


def test_the_entity_is_a_text() -> None:
    assert SCHEMA.entity_of(read({**ROW, "id_cliente": 7})) == "7"
    assert SCHEMA.entity_of(read({**ROW, "id_cliente": " A7 "})) == "A7"
    assert SCHEMA.entity_of(read(ROW)) is None


def test_an_input_may_be_the_entity() -> None:
    schema = RequestSchema(parse_project(PROJECT.replace("entity: id_cliente", "entity: idade")))

    assert schema.entity_of(schema.read_row(json.dumps(ROW).encode())) == "40"


def test_the_ledger_keeps_each_field_in_order() -> None:
    row = read({"pais": " França", "id_cliente": 7, "idade": 40.0, "cidade": ""})

    kept = SCHEMA.recorded(row)

    assert list(kept.items()) == [
        ("idade", 40),
        ("saldo", None),
        ("pais", "França"),
        ("cidade", None),
        ("id_cliente", 7),
    ]
    assert isinstance(kept["idade"], int)


def test_field_names_that_a_python_class_would_refuse() -> None:
    names = ["copy", "json", "schema", "class", "model_config", "self", "keys"]
    fields = "\n".join(f"    {name}: {{type: number}}" for name in names)
    schema = RequestSchema(
        parse_project(
            f"name: p\ntitle: t\ntask: {{kind: binary, target: y}}\ncandidates: [prior]\n"
            f"select: {{primary: f1}}\ndata:\n  sources: {{train: a.csv}}\n  fields:\n{fields}\n"
        )
    )
    row = dict.fromkeys(names, 1.5)

    assert schema.read_row(json.dumps(row).encode()) == row


def test_the_document_tells_unit_meaning_and_range() -> None:
    fields = SCHEMA.json_schema()["properties"]

    assert fields["idade"] == {
        "title": "Idade",
        "type": "integer",
        "minimum": 0,
        "maximum": 100,
        "description": "Idade do cliente [anos]",
        "examples": [100],
        "x-unit": "anos",
    }
    assert fields["pais"]["enum"] == ["França", "Alemanha"]
    assert {"type": "null"} in fields["saldo"]["anyOf"]
    assert SCHEMA.json_schema()["required"] == ["idade", "pais"]


rows = st.fixed_dictionaries(
    {"idade": st.integers(0, 100), "pais": st.sampled_from(["França", "Alemanha"])},
    optional={
        "saldo": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "cidade": st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=50),
    },
)


@given(rows)
def test_what_was_recorded_is_accepted_again_and_gives_the_same_columns(row: dict[str, Any]) -> None:
    project: Project = parse_project(PROJECT)
    first = read(row)

    again = read(SCHEMA.recorded(first))

    before, after = columns_from_rows(project, [first]), columns_from_rows(project, [again])
    assert all(
        np.array_equal(before[name], after[name], equal_nan=before[name].dtype.kind == "f") for name in before
    )


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner) | st.dictionaries(st.text(), inner)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), nested))
def test_no_body_breaks_the_reader(body: Any) -> None:
    for read_body in (SCHEMA.read_row, SCHEMA.read_rows):
        with pytest.raises(RequestError):
            read_body(json.dumps(body).encode())
        with pytest.raises(RequestError):
            read_body(json.dumps({"rows": body}).encode())


def test_the_example_of_every_kind_of_field_holds_the_contract() -> None:
    assert read(SCHEMA.example())
