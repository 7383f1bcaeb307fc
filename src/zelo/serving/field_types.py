"""The types of the fields of a request: what a number, a text, a category or an entity may be."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    StrictInt,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from zelo.spec.project import Column

MAX_CATEGORY = 1_000
MAX_TEXT = 20_000
MAX_ENTITY = 200
_NO_NUL = r"^[^\x00]*$"


class _Whole:
    """Documents a number without fraction as an integer; 42.0 is one too, as in the contract."""

    @staticmethod
    def __get_pydantic_json_schema__(schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        documented = {key: value for key, value in handler(schema).items() if key != "multipleOf"}
        return {**documented, "type": "integer"}


class _Trimmed:
    """Takes spaces off before a category is looked up, as reading a table does."""

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        trimmed = core_schema.str_schema(strict=True, strip_whitespace=True, max_length=MAX_CATEGORY)
        return core_schema.chain_schema([trimmed, handler(source)])

    @staticmethod
    def __get_pydantic_json_schema__(schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        assert schema["type"] == "chain"
        return handler(schema["steps"][-1])


def number_type(field: Column) -> Any:
    whole = field.type == "integer"
    limits = Field(ge=field.min, le=field.max, multiple_of=1 if whole else None, allow_inf_nan=False)
    return Annotated[float, Strict(), limits, _Whole] if whole else Annotated[float, Strict(), limits]


def text_type(field: Column) -> Any:
    # In a table an empty cell is a missing one, so an empty text is too.
    empty = field.missing == "allowed"
    if field.values is not None:
        return Annotated[Literal[(*field.values, *([""] if empty else []))], _Trimmed]
    return _text(0 if empty else 1, longest(field))


def _text(shortest: int, longest: int) -> Any:
    return Annotated[
        str,
        StringConstraints(
            strict=True, strip_whitespace=True, min_length=shortest, max_length=longest, pattern=_NO_NUL
        ),
    ]


def entity_type(field: Column | None) -> Any:
    """Whom or what a row is about, where it is sent for that alone; a day has one form."""
    if field is not None and field.type == "date":
        # The ledger joins the truth to it by what is written.
        day = Annotated[
            str,
            StringConstraints(strict=True, strip_whitespace=True, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
            AfterValidator(_of_the_calendar),
            Field(json_schema_extra={"format": "date"}),
        ]
        about = "the day that the prediction is about, as YYYY-MM-DD; the model does not read it"
        return Annotated[day | None, Field(description=about)]
    about = "whom or what the prediction is about; the model does not read it"
    return Annotated[_text(1, MAX_ENTITY) | StrictInt | None, Field(description=about)]


def entity_in_words(field: Column | None) -> str:
    """What such an entity takes, in words."""
    if field is not None and field.type == "date":
        return "a day of the calendar as YYYY-MM-DD, such as 2025-06-30"
    return f"a text of 1 to {MAX_ENTITY} characters, or an integer"


def _of_the_calendar(day: str) -> str:
    dt.date.fromisoformat(day)
    return day


def longest(field: Column) -> int:
    return MAX_TEXT if field.type == "text" else MAX_CATEGORY
