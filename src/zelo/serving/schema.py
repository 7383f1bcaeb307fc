"""The request model of a project, made from its contract: what it accepts is what the contract accepts."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, Strict, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json
from typing_extensions import TypedDict

from zelo.errors import RequestError
from zelo.features.history import gathered
from zelo.serving.faults import Fault, fault_of
from zelo.serving.field_types import entity_in_words, entity_type, longest, number_type, text_type
from zelo.spec.project import PRICES, Column, Project

MAX_ROWS = 10_000
MAX_REPORTED = 1_000
_REPORTED_A_ROW = 100
_SHOWN = 80

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field that breaks the contract; ``index`` is the row's place in a batch, from 0."""

    field: str
    found: str
    expected: str
    index: int | None = None
    # For whoever counts: no part of what a caller is told.
    fault: Fault = dataclasses.field(default="other", compare=False)

    def as_dict(self) -> dict[str, str | int]:
        place = {} if self.index is None else {"index": self.index}
        return {**place, "field": self.field, "found": self.found, "expected": self.expected}


@dataclass(frozen=True, slots=True)
class CheckedRows:
    """The rows of a batch that hold the contract, where each stood in it, and what the others break."""

    rows: list[Row]
    indices: list[int]
    errors: tuple[FieldError, ...] = ()
    bad_rows: int = 0


class RequestSchema:
    """Reads the bodies of prediction requests for one project."""

    def __init__(self, project: Project, *, max_rows: int = MAX_ROWS) -> None:
        self.max_rows = max_rows
        # What is no feature may be sent all the same: it is kept for slices. Dates have no form in JSON.
        self._fields = {
            name: field
            for name, field in project.data.fields.items()
            if field.use == "input" or field.type != "date"
        }
        self._history = _history_of(project)
        prices = project.forecast is not None and project.forecast.learns == "returns"
        self._limits = f" above 0 and at most {PRICES[1]:g}" if prices else ""
        self._project = project
        self._entity = project.serving.entity or project.data.key
        names = (project.serving.entity, project.data.key)
        self._about = {
            name: project.data.fields.get(name) for name in names if name and name not in self._fields
        }
        self._integers = [name for name, field in self._fields.items() if field.type == "integer"]
        self._empty = [name for name, field in self._fields.items() if not field.is_numeric]
        self._others = (*self._about, *self._history)
        row: Any = _row_type(
            project.name, self._fields, self._about, self._history, PRICES if prices else None
        )
        self._row: TypeAdapter[Row] = TypeAdapter(row)
        self._batch: TypeAdapter[dict[str, list[Row]]] = TypeAdapter(
            closed_object("batch", {"rows": list_of(row, shortest=0, longest=max_rows)})
        )

    def read_row(self, body: bytes) -> Row:
        """One row from a JSON object.

        Raises:
            RequestError: the body is no JSON, or the row breaks the contract (then with an error a field).
        """
        try:
            return self._row.validate_json(body)
        except ValidationError as error:
            refuse_malformed(error)
            raise RequestError("the row breaks the contract", errors=list(self._errors(error))) from error

    def read_rows(self, body: bytes) -> CheckedRows:
        """The rows of ``{"rows": [...]}``; bad ones are reported beside the good ones.

        Raises:
            RequestError: the body is no JSON or not of this shape, or holds no row, too many, or no good one.
        """
        try:
            rows = self._batch.validate_json(body)["rows"]
        except ValidationError as error:
            refuse_malformed(error)
        else:
            _refuse_size(len(rows), self.max_rows)
            return CheckedRows(rows, list(range(len(rows))))
        return self.sorted_out(_rows_of(body, self.max_rows))

    def entity_of(self, row: Row) -> str | None:
        """Whom or what the row is about, as text; ``None`` where it does not say."""
        found = row.get(self._entity) if self._entity else None
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        return None if found is None or found == "" else str(found)

    def recorded(self, row: Row) -> Row:
        """The row as the ledger keeps it: each field in order, ``None`` if missing."""
        if self._history:
            row = gathered(row, self._project)
        kept = {name: row.get(name) for name in self._fields}
        for name in self._integers:
            if isinstance(found := kept[name], float):
                kept[name] = int(found)
        for name in self._empty:
            if kept[name] == "":
                kept[name] = None
        for name in self._others:
            if (found := row.get(name)) is not None:
                kept[name] = found
        return kept

    def example(self) -> Row:
        """A row that holds the contract."""
        history = {name: [100.0] * length for name, length in self._history.items()}
        return {name: _example(field) for name, field in self._fields.items()} | history

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of a row, with each field's unit, meaning and range."""
        schema = self._row.json_schema(mode="validation")
        return {**schema, "description": "One row of the contract.", "examples": [self.example()]}

    def sorted_out(self, rows: Sequence[Any]) -> CheckedRows:
        """Rows of plain values, the bad ones set apart. Raises RequestError where none is good."""
        good: list[Row] = []
        indices: list[int] = []
        errors: list[FieldError] = []
        bad_rows = 0
        for index, row in enumerate(rows):
            try:
                good.append(self._row.validate_python(row))
                indices.append(index)
            except ValidationError as error:
                bad_rows += 1
                if len(errors) < MAX_REPORTED:
                    errors.extend(self._errors(error, index))
        if not good:
            raise RequestError("every row breaks the contract", found=f"{bad_rows} bad row(s)", errors=errors)
        return CheckedRows(good, indices, tuple(errors), bad_rows)

    def _errors(self, error: ValidationError, index: int | None = None) -> Iterator[FieldError]:
        seen = set()
        for details in error.errors(include_url=False, include_context=False)[:_REPORTED_A_ROW]:
            name = str(details["loc"][0])[:_SHOWN] if details["loc"] else ""
            place = f"[{details['loc'][1]}]" if name in self._history and len(details["loc"]) > 1 else ""
            if name + place in seen:
                continue
            seen.add(name + place)
            found = "nothing" if details["type"] == "missing" else shown(details["input"])
            expected = f"a number{self._limits}" if place else self._expectation(name)
            fault = fault_of(details["type"], details["input"])
            yield FieldError(name + place or "the row", found, expected, index, fault)

    def _expectation(self, name: str) -> str:
        if field := self._fields.get(name):
            return expectation(field)
        if name in self._about:
            return entity_in_words(self._about[name])
        if name in self._history:
            return f"a list of exactly {self._history[name]} numbers{self._limits}, the oldest first"
        known = [*self._fields, *self._about, *self._history]
        close = difflib.get_close_matches(name, known, n=1)
        if not name:
            return f"an object with the fields {', '.join(known)}"
        return (
            f"no such field; did you mean {close[0]}?" if close else f"no such field: only {', '.join(known)}"
        )


def refuse_malformed(error: ValidationError) -> None:
    """Raise where the body was no JSON at all; the message holds the line and the column.

    Raises:
        RequestError: it was none.
    """
    if error.error_count() == 1:
        only = error.errors(include_url=False, include_input=False)[0]
        if only["type"] == "json_invalid":
            raise RequestError(
                "the body is not JSON", found=str(only["ctx"]["error"]), expected="a JSON object in UTF-8"
            ) from error


def expectation(field: Column) -> str:
    """What a field takes, in words."""
    if field.values is not None:
        words = f"one of {', '.join(field.values)}"
    elif field.is_numeric:
        words = "a whole number" if field.type == "integer" else "a number"
        words += _range_in_words(field) + (f" {field.unit}" if field.unit else "")
    else:
        words = f"a text of 1 to {longest(field)} characters"
    return f"{words}, or null" if field.missing == "allowed" else words


def shown(value: object) -> str:
    """A value as JSON, cut short; of a list or an object its kind alone, of a list also its length."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)} values"
    if isinstance(value, str):
        return to_json(
            value if len(value) <= _SHOWN else f"{value[:_SHOWN]}... ({len(value)} characters)"
        ).decode()
    if isinstance(value, float) and not abs(value) < float("inf"):
        return str(value)
    return to_json(value, inf_nan_mode="constants").decode()[:_SHOWN]


def closed_object(name: str, types: dict[str, Any]) -> Any:
    """A type for a JSON object with these fields and no other."""
    # A field may have any name here, also one that a pydantic model would keep for itself.
    make: Any = TypedDict
    kind = make(name, types)
    kind.__pydantic_config__ = ConfigDict(extra="forbid")
    return kind


def described(kind: Any, description: str) -> Any:
    """A type with what it means."""
    return Annotated[kind, Field(description=description)]


def list_of(kind: Any, *, shortest: int, longest: int) -> Any:
    """A type for a JSON list of that many."""
    return Annotated[list[kind], Field(min_length=shortest, max_length=longest)]


def _row_type(
    name: str,
    fields: Mapping[str, Column],
    about: Mapping[str, Column | None],
    history: Mapping[str, int],
    limits: tuple[float, float] | None,
) -> Any:
    types: dict[str, Any] = {key: _field_type(field) for key, field in fields.items()}
    lists = {key: _history_type(length, limits) for key, length in history.items()}
    return closed_object(
        name, types | lists | {key: NotRequired[entity_type(field)] for key, field in about.items()}
    )


def _history_of(project: Project) -> dict[str, int]:
    """The list that a request brings in place of the lags, with its length; none without a forecast."""
    return {} if project.forecast is None else {project.history_name: project.forecast.history}


def _history_type(length: int, limits: tuple[float, float] | None) -> Any:
    least, most = limits or (None, None)
    number = Annotated[float, Strict(), Field(allow_inf_nan=False, ge=least, le=most)]
    return described(
        list_of(number, shortest=length, longest=length), f"the last {length} values, the oldest first"
    )


def _field_type(field: Column) -> Any:
    kind = number_type(field) if field.is_numeric else text_type(field)
    optional = field.missing == "allowed" or field.use == "metadata"
    documented: Any = Annotated[
        kind | None if optional else kind,
        Field(
            description=_description(field),
            examples=[_example(field)],
            json_schema_extra={"x-unit": field.unit} if field.unit else None,
        ),
    ]
    return NotRequired[documented] if optional else documented


def _range_in_words(field: Column) -> str:
    if field.min is not None and field.max is not None:
        return f" from {field.min:g} to {field.max:g}"
    if field.min is not None:
        return f" of at least {field.min:g}"
    return f" of at most {field.max:g}" if field.max is not None else ""


def _description(field: Column) -> str:
    unit = f" [{field.unit}]" if field.unit else ""
    return f"{field.meaning or ''}{unit}".strip() or expectation(field)


def _example(field: Column) -> Any:
    if field.example is not None:
        return (
            int(field.example)
            if field.type == "integer" and isinstance(field.example, float)
            else field.example
        )
    if field.values is not None:
        return field.values[0]
    if not field.is_numeric:
        return "texto"
    low = field.min if field.min is not None else min(0.0, field.max or 0.0)
    high = field.max if field.max is not None else max(low, 1.0)
    return int(high) if field.type == "integer" else (low + high) / 2


def _refuse_size(rows: int, limit: int) -> None:
    if not 0 < rows <= limit:
        raise RequestError(
            "the number of rows cannot be served",
            errors=[FieldError("rows", f"{rows} rows", f"from 1 to {limit} rows")],
        )


def _rows_of(body: bytes, limit: int) -> list[Any]:
    document = from_json(body)
    if (
        not isinstance(document, dict)
        or document.keys() != {"rows"}
        or not isinstance(document["rows"], list)
    ):
        found = ", ".join(map(str, document)) if isinstance(document, dict) else shown(document)
        raise RequestError(
            "the body is not a batch",
            errors=[FieldError("the body", found[:_SHOWN], 'an object with "rows" alone: a list of rows')],
        )
    rows: list[Any] = document["rows"]
    _refuse_size(len(rows), limit)
    return rows
