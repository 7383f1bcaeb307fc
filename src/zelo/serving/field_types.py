"""The types of the fields of a request: what a number, a text, a category or an entity may be."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
    StrictInt,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from zelo.spec.project import LONGEST_CATEGORY, Column

MAX_CATEGORY = LONGEST_CATEGORY
MAX_TEXT = 20_000
MAX_ENTITY = 200
_NO_NUL = r"^[^\x00]*$"
_NOT_BLANK = r"^[^\x00]*[^\s\x00][^\x00]*$"
# Spaces, and control, format and private characters.
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Co"})
_WITH_A_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]")


class _Whole:
    """Takes a number without fraction, 42.0 too, as in the contract, and documents it as an integer."""

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # Pydantic's own multiple_of takes 41.0000000001 and 1e-42 for whole.
        return core_schema.no_info_after_validator_function(_whole, handler(source))

    @staticmethod
    def __get_pydantic_json_schema__(schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "type": "integer"}


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


class NotBlank:
    """Documents that spaces alone are no text: they are taken off before it is measured."""

    @staticmethod
    def __get_pydantic_json_schema__(schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": _NOT_BLANK}


def _whole(value: float) -> float:
    if not value.is_integer():
        raise PydanticCustomError("multiple_of", "no whole number")
    return value


def number_type(field: Column) -> Any:
    whole = field.type == "integer"
    limits = Field(ge=field.min, le=field.max, allow_inf_nan=False)
    return Annotated[float, Strict(), limits, _Whole] if whole else Annotated[float, Strict(), limits]


def text_type(field: Column) -> Any:
    # In a table an empty cell is a missing one, so an empty text is too.
    empty = field.missing == "allowed"
    if field.values is not None:
        return Annotated[Literal[(*field.values, *([""] if empty else []))], _Trimmed]
    text = _text(0 if empty else 1, longest(field))
    return Annotated[text, AfterValidator(_seen)] if field.type == "text" else text


def _seen(text: str) -> str:
    """A text with something that can be seen, or an empty one; the first characters tell, as a rule."""
    if text and all(unicodedata.category(character) in _UNSEEN for character in text):
        raise PydanticCustomError("string_too_short", "nothing that can be seen")
    return text


def _text(shortest: int, longest: int) -> Any:
    limits = StringConstraints(
        strict=True, strip_whitespace=True, min_length=shortest, max_length=longest, pattern=_NO_NUL
    )
    return Annotated[str, limits, NotBlank] if shortest else Annotated[str, limits]


def _written_out(value: object) -> object:
    if isinstance(value, str) and _WITH_A_DAY.match(value):
        return value
    raise PydanticCustomError("datetime_parsing", "no day and time with its offset")


# Pydantic alone also takes numbers, as seconds since 1970.
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
"""A time of a request, as 2026-01-31T12:00:00Z."""


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
