"""Rows as the tensors of the Open Inference Protocol, and answers as tensors: one tensor a field.

https://github.com/kserve/open-inference-protocol, with the extension that sends tensors as bytes
(https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.json_schema import models_json_schema
from pydantic_core import to_json

from zelo.errors import RequestError
from zelo.serving.answers import Answer
from zelo.serving.schema import FieldError, RequestSchema, Row, refuse_malformed, shown

Datatype = Literal[
    "BOOL",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "UINT8",
    "UINT16",
    "UINT32",
    "UINT64",
    "FP16",
    "FP32",
    "FP64",
    "BYTES",
]
_BYTES = "binary_data_size"
_MOST_TENSORS = 1_000
_MOST_SAID = 80
_PLAIN: Mapping[type, str] = {bool: "BOOL", int: "INT64", float: "FP64", str: "BYTES"}
_NUMPY: Mapping[str, str] = {
    "BOOL": "?",
    **{f"INT{bits}": f"<i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": f"<u{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": f"<f{bits // 8}" for bits in (16, 32, 64)},
}


class _Part(BaseModel):
    # What other servers read may be sent along: the protocol lets a server pass over it.
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    parameters: dict[str, Any] | None = None

    def parameter(self, name: str, default: Any = None) -> Any:
        """A parameter, where it is sent."""
        return (self.parameters or {}).get(name, default)


class InputTensor(_Part):
    """One field of all rows: ``data`` flat or as rows, or in the bytes after the JSON."""

    name: Annotated[str, Field(max_length=200)]
    shape: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1, max_length=2)]
    datatype: Datatype
    data: list[Any] | None = None


class WantedTensor(_Part):
    """An output that is asked for."""

    name: Annotated[str, Field(max_length=200)]


class InferenceRequest(_Part):
    """Fields of one or more rows. Every tensor has the same number of rows; row i is the i-th of each."""

    id: Annotated[str, Field(max_length=200)] | None = None
    inputs: Annotated[list[InputTensor], Field(min_length=1, max_length=_MOST_TENSORS)]
    outputs: Annotated[list[WantedTensor], Field(max_length=_MOST_TENSORS)] | None = None

    def wants_bytes(self, name: str) -> bool:
        """Whether an output is to come as bytes after the JSON."""
        default = self.parameter("binary_data_output")
        named = {one.name: one.parameter("binary_data", default) for one in self.outputs or ()}
        return named.get(name, default) is True


class OutputTensor(BaseModel):
    """One part of all answers."""

    name: str
    shape: list[int]
    datatype: Datatype
    parameters: dict[str, Any] = {}
    data: list[Any]


class InferenceResponse(BaseModel):
    """The answers, recorded: an output named id holds the predictions' ids."""

    model_name: str
    model_version: str
    id: str = ""
    outputs: list[OutputTensor]


class TensorMetadata(BaseModel):
    """What a tensor must look like; -1 is the number of rows."""

    name: str
    datatype: Datatype
    shape: list[int]


class ModelMetadata(BaseModel):
    """The fields that a model takes and the parts of its answers."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ServerMetadata(BaseModel):
    """What serves."""

    name: str
    version: str
    extensions: list[str]


class Liveness(BaseModel):
    """Whether the process answers."""

    live: bool


class Readiness(BaseModel):
    """Whether requests can be answered now; of a model with its name."""

    name: str = ""
    ready: bool


class InferenceError(BaseModel):
    """What went wrong, in words."""

    error: str


_REQUEST = TypeAdapter(InferenceRequest)


def json_schemas(ref_template: str) -> dict[str, Any]:
    """JSON Schema of what is sent and answered, by name."""
    models: tuple[type[BaseModel], ...] = (
        InferenceRequest,
        InferenceResponse,
        ModelMetadata,
        ServerMetadata,
        Liveness,
        Readiness,
        InferenceError,
    )
    _, found = models_json_schema([(model, "validation") for model in models], ref_template=ref_template)
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def read_request(head: bytes) -> InferenceRequest:
    """An inference request from its JSON.

    Raises:
        RequestError: it is no JSON, or not of the protocol's shape.
    """
    try:
        return _REQUEST.validate_json(head)
    except ValidationError as error:
        refuse_malformed(error)
        faults = [
            FieldError(
                ".".join(str(part)[:_MOST_SAID] for part in details["loc"]) or "the body",
                "nothing" if details["type"] == "missing" else shown(details["input"]),
                details["msg"],
            )
            for details in error.errors(include_url=False, include_context=False)[:10]
        ]
        raise RequestError("the request is not one of the protocol", errors=faults) from error


def rows_of(request: InferenceRequest, tail: bytes, *, max_rows: int) -> list[Row]:
    """A row for each place of the tensors; NaN is a missing value. ``tail`` holds tensors sent as bytes.

    Raises:
        RequestError: tensors of different lengths, too many rows, or data that do not fit their shape.
    """
    _refuse_shapes(request.inputs, max_rows)
    columns = {}
    for tensor in request.inputs:
        size = tensor.parameter(_BYTES)
        if size is None:
            columns[tensor.name] = _told(tensor)
            continue
        if type(size) is not int or not 0 <= size <= len(tail):
            raise _refusal(tensor, f"{_BYTES} {shown(size)}", f"at most the {len(tail)} bytes that are left")
        columns[tensor.name] = _from_bytes(tensor, tail[:size])
        tail = tail[size:]
    if tail:
        raise RequestError("bytes are left that belong to no tensor", found=f"{len(tail)} bytes")
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def inputs_of(requests: RequestSchema) -> list[dict[str, Any]]:
    """Name, datatype and shape of every field that a row may have; -1 is the number of rows."""
    return [
        {"name": name, "datatype": _datatype_of(schema), "shape": [-1, *_width(schema)]}
        for name, schema in requests.json_schema()["properties"].items()
    ]


def outputs_of(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """The answers as tensors of shape [n], with their data.

    A number that an answer lacks is null. What is no plain value (classes, a label set) is JSON in a text,
    and its parameters say so.
    """
    tensors = []
    for name in dict.fromkeys(name for answer in answers for name in answer):
        values = [answer.get(name) for answer in answers]
        datatype, plain = _datatype_in(values)
        tensor: dict[str, Any] = {"name": name, "shape": [len(values)], "datatype": datatype}
        if plain:
            tensors.append({**tensor, "data": values})
        else:
            texts = [to_json(value).decode() for value in values]
            tensors.append({**tensor, "parameters": {"content_type": "application/json"}, "data": texts})
    return tensors


def as_bytes(tensor: Mapping[str, Any]) -> bytes:
    """The data of an output in the extension's bytes."""
    values = tensor["data"]
    if tensor["datatype"] == "BYTES":
        texts = [text.encode() for text in values]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return np.array(values, dtype=_NUMPY[tensor["datatype"]]).tobytes()


def _refuse_shapes(tensors: Sequence[InputTensor], max_rows: int) -> None:
    names = [tensor.name for tensor in tensors]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise RequestError("a tensor is sent twice", errors=[FieldError(twice, "twice", "once")])
    rows = tensors[0].shape[0]
    if not 0 < rows <= max_rows:
        raise _refusal(tensors[0], f"{rows} rows", f"from 1 to {max_rows} rows")
    for tensor in tensors:
        if tensor.shape[0] != rows:
            raise _refusal(tensor, f"{tensor.shape[0]} rows", f"{rows} rows, as {names[0]} has")


def _told(tensor: InputTensor) -> list[Any]:
    """A value a row from JSON, or a list where a row has several."""
    if tensor.data is None:
        raise _refusal(tensor, "no data", "data, or the number of its bytes")
    flat = list(_flat(tensor))
    if len(flat) != math.prod(tensor.shape):
        raise _refusal(tensor, f"{len(flat)} values", f"{math.prod(tensor.shape)}, as its shape says")
    whole = tensor.datatype.startswith(("INT", "UINT"))
    for value in flat:
        if whole and value is not None and type(value) is not int:
            raise _refusal(tensor, shown(value), f"integers, as {tensor.datatype} says")
    return _rowwise(tensor, [_without_nan(value) for value in flat])


def _flat(tensor: InputTensor) -> Iterator[Any]:
    """The values in row-major order; the protocol takes them flat and nested."""
    for value in tensor.data or ():
        if isinstance(value, list) and len(tensor.shape) == 2:
            if len(value) != tensor.shape[1]:
                raise _refusal(tensor, shown(value), f"rows of {tensor.shape[1]}, as its shape says")
            yield from value
        else:
            yield value


def _from_bytes(tensor: InputTensor, data: bytes) -> list[Any]:
    count = math.prod(tensor.shape)
    if tensor.datatype == "BYTES":
        return _rowwise(tensor, list(_texts(tensor, data, count)))
    kind = np.dtype(_NUMPY[tensor.datatype])
    if len(data) != count * kind.itemsize:
        raise _refusal(tensor, f"{len(data)} bytes", f"{count * kind.itemsize} of {tensor.datatype}")
    values = np.frombuffer(data, dtype=kind).tolist()
    return _rowwise(tensor, [_without_nan(value) for value in values])


def _texts(tensor: InputTensor, data: bytes, count: int) -> Iterator[str]:
    """Texts in UTF-8, each after its length in four bytes."""
    place = 0
    for _ in range(count):
        end = place + 4
        length = int.from_bytes(data[place:end], "little")
        if end + length > len(data):
            raise _refusal(tensor, f"{len(data)} bytes", f"{count} texts, each after its length")
        try:
            yield data[end : end + length].decode()
        except UnicodeDecodeError as error:
            raise _refusal(tensor, "bytes that are no text", "texts in UTF-8") from error
        place = end + length
    if place != len(data):
        raise _refusal(tensor, f"{len(data)} bytes", f"{count} texts in {place} bytes")


def _rowwise(tensor: InputTensor, flat: list[Any]) -> list[Any]:
    width = tensor.shape[1] if len(tensor.shape) == 2 else 1
    if width == 1:
        return flat
    return [flat[row * width : (row + 1) * width] for row in range(tensor.shape[0])]


def _without_nan(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _refusal(tensor: InputTensor, found: str, expected: str) -> RequestError:
    fault = FieldError(tensor.name[:_MOST_SAID], found, expected)
    return RequestError("a tensor cannot be read", errors=[fault])


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    return {str(one["type"]) for one in schema.get("anyOf", (schema,))}


def _datatype_of(schema: Mapping[str, Any]) -> str:
    kinds = _kinds(schema)
    if kinds == {"integer"}:
        return "INT64"
    # NaN tells a missing number, and integers have none.
    return "FP64" if "string" not in kinds else "BYTES"


def _width(schema: Mapping[str, Any]) -> list[int]:
    return [schema["maxItems"]] if _kinds(schema) == {"array"} else []


def _datatype_in(values: Sequence[Any]) -> tuple[str, bool]:
    """The datatype of an output, and whether its values are plain ones."""
    kinds = {type(value) for value in values}
    if float in kinds and kinds <= {float, NoneType}:
        return "FP64", True
    plain = _PLAIN.get(kinds.pop()) if len(kinds) == 1 else None
    return plain or "BYTES", plain is not None
