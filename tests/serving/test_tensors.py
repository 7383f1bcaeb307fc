from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zelo.errors import RequestError
from zelo.serving.schema import RequestSchema
from zelo.serving.tensors import as_bytes, inputs_of, outputs_of, read_request, rows_of
from zelo.spec.loading import parse_project

from .fakes import PROJECT, TEXTS
from .prices import HISTORY
from .prices import TEXT as QUOTES


def tensor(name: str, datatype: str, data: list[Any], shape: list[int] | None = None) -> dict[str, Any]:
    return {"name": name, "shape": shape or [len(data)], "datatype": datatype, "data": data}


def rows(*tensors: dict[str, Any], tail: bytes = b"", most: int = 10) -> list[dict[str, Any]]:
    return rows_of(read_request(json.dumps({"inputs": tensors}).encode()), tail, max_rows=most)


def test_every_field_is_described_by_its_contract() -> None:
    described = {one["name"]: one for one in inputs_of(RequestSchema(parse_project(PROJECT)))}

    assert {name: one["datatype"] for name, one in described.items()} == {
        "idade": "INT64",
        "saldo": "FP64",
        "pais": "BYTES",
        "cidade": "BYTES",
        "id_cliente": "BYTES",
    }
    assert all(one["shape"] == [-1] for one in described.values())


def test_a_history_is_a_tensor_of_two_dimensions() -> None:
    schema = RequestSchema(parse_project(QUOTES))
    closes = [[float(day + row) for day in range(HISTORY)] for row in range(2)]

    described = {one["name"]: one for one in inputs_of(schema)}
    found = rows(tensor("last_prices", "FP64", [day for row in closes for day in row], [2, HISTORY]))

    assert described["last_prices"] == {"name": "last_prices", "datatype": "FP64", "shape": [-1, HISTORY]}
    assert [row["last_prices"] for row in found] == closes
    assert rows(tensor("last_prices", "FP64", closes, [2, HISTORY])) == found


def test_fields_are_put_together_row_by_row() -> None:
    found = rows(tensor("a", "INT64", [1, 2]), tensor("b", "BYTES", [["x"], ["y"]], [2, 1]))

    assert found == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]


def test_nan_and_null_are_missing() -> None:
    assert rows(tensor("a", "FP64", [1.5, math.nan, None])) == [{"a": 1.5}, {"a": None}, {"a": None}]


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ([tensor("a", "INT64", [1, 2]), tensor("b", "INT64", [1])], "b"),
        ([tensor("a", "INT64", [1]), tensor("a", "INT64", [1])], "a"),
        ([tensor("a", "INT64", [1, 2, 3], [2])], "a"),
        ([tensor("a", "INT64", [[1, 2, 3], [4]], [2, 2])], "a"),
        ([tensor("a", "INT64", [1.0])], "a"),
        ([tensor("a", "INT64", [True])], "a"),
        ([tensor("a", "INT64", [], [0])], "a"),
        ([tensor("a", "INT64", [1] * 11)], "a"),
        ([{"name": "a", "shape": [1], "datatype": "INT64"}], "a"),
        ([{"name": "a", "shape": [1], "datatype": "INT64", "parameters": {"binary_data_size": 9}}], "a"),
        ([{"name": "a", "shape": [1], "datatype": "INT64", "parameters": {"binary_data_size": -1}}], "a"),
        ([{"name": "a", "shape": [1], "datatype": "INT64", "parameters": {"binary_data_size": True}}], "a"),
        ([{"name": "a", "shape": [1 << 40], "datatype": "INT64", "data": []}], "a"),
        ([tensor("a", "WORDS", [1])], "inputs.0.datatype"),
        ([tensor("a", "INT64", [1], [1, 1, 1])], "inputs.0.shape"),
        ([], "inputs"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(tensors: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(RequestError) as caught:
        rows(*tensors)

    assert [fault.field for fault in caught.value.errors] == [said]


@pytest.mark.parametrize("size", [0, 3, 5, 100])
def test_bytes_that_are_too_many_or_too_few(size: int) -> None:
    head = {"name": "a", "shape": [1], "datatype": "FP32", "parameters": {"binary_data_size": size}}

    with pytest.raises(RequestError):
        rows(head, tail=b"\0" * size)


@pytest.mark.parametrize(
    "tail", [b"", b"\1\0\0", b"\2\0\0\0x", b"\1\0\0\0\xff", b"\1\0\0\0xy", b"\xff\xff\xff\xffx"]
)
def test_texts_that_are_cut_short(tail: bytes) -> None:
    head = {"name": "a", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": len(tail)}}

    with pytest.raises(RequestError):
        rows(head, tail=tail)


def test_bytes_of_no_tensor() -> None:
    with pytest.raises(RequestError, match="belong to no tensor"):
        rows(tensor("a", "INT64", [1]), tail=b"\0")


@given(
    numbers=st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=5),
    kind=st.sampled_from(["FP32", "FP64"]),
)
def test_numbers_in_bytes_are_the_numbers_in_json(numbers: list[float], kind: str) -> None:
    told = tensor("a", kind, numbers)
    tail = as_bytes(told)
    head = {key: told[key] for key in ("name", "shape", "datatype")}

    found = rows({**head, "parameters": {"binary_data_size": len(tail)}}, tail=tail)

    assert found == [{"a": value} for value in numbers]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_texts_in_bytes_are_the_texts_in_json(texts: list[str]) -> None:
    told = tensor("a", "BYTES", texts)
    tail = as_bytes(told)
    head = {key: told[key] for key in ("name", "shape", "datatype")}

    found = rows({**head, "parameters": {"binary_data_size": len(tail)}}, tail=tail)

    assert found == rows(told) == [{"a": text} for text in texts]


@given(st.binary(max_size=40), st.sampled_from(["BYTES", "FP16", "INT8", "BOOL", "UINT64"]))
def test_any_bytes_are_read_or_refused(tail: bytes, datatype: str) -> None:
    head = {"name": "a", "shape": [2], "datatype": datatype, "parameters": {"binary_data_size": len(tail)}}

    try:
        found = rows(head, tail=tail)
    except RequestError:
        return
    assert len(found) == 2


def test_answers_become_one_tensor_a_part() -> None:
    answers = [
        {"prediction": "x", "score": 0.5, "abstain": True, "label_set": ["x", "y"], "lower": 1.0},
        {"prediction": "y", "score": 0.25, "abstain": False, "label_set": ["y"]},
    ]

    found = {one["name"]: one for one in outputs_of(answers)}

    assert {name: (one["datatype"], one["data"]) for name, one in found.items()} == {
        "prediction": ("BYTES", ["x", "y"]),
        "score": ("FP64", [0.5, 0.25]),
        "abstain": ("BOOL", [True, False]),
        "label_set": ("BYTES", ['["x","y"]', '["y"]']),
        "lower": ("FP64", [1.0, None]),
    }
    assert found["label_set"]["parameters"] == {"content_type": "application/json"}
    assert as_bytes(found["abstain"]) == b"\1\0"
    assert np.isnan(np.frombuffer(as_bytes(found["lower"]))[1])
    assert as_bytes(found["prediction"]) == struct.pack("<I", 1) + b"x" + struct.pack("<I", 1) + b"y"


def test_labels_of_two_types_are_told_as_json() -> None:
    (found,) = outputs_of([{"prediction": 1}, {"prediction": "1"}])

    assert found["data"] == ["1", '"1"']


def test_texts_project_has_texts() -> None:
    described = inputs_of(RequestSchema(parse_project(TEXTS)))

    assert {one["datatype"] for one in described} == {"BYTES"}
