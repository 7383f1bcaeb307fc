"""The body of a request that brings outcomes: the truth about predictions, when it comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, NotRequired

from pydantic import (
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictInt,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from zelo.errors import RequestError
from zelo.ledger.records import OutcomeRecord
from zelo.serving.field_types import MAX_ENTITY, Moment, NotBlank
from zelo.serving.schema import (
    MAX_REPORTED,
    MAX_ROWS,
    FieldError,
    closed_object,
    described,
    list_of,
    refuse_malformed,
    shown,
)
from zelo.spec.labels import known_labels
from zelo.spec.project import Label, Project

_Name = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=MAX_ENTITY), NotBlank
]


class _Class:
    """Takes a class as the project spells it, or a text that means one; documents the classes."""

    def __init__(self, project: Project) -> None:
        self._classes = project.classes
        self._known = known_labels(project)
        self._other = project.task.other
        self._spelled = bool(project.task.spellings) or self._other is not None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._label)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        classes = {"enum": list(self._classes)}
        if not self._spelled:
            return classes
        return {"anyOf": [classes, {"type": "string", "description": "a text that means one of them"}]}

    def _label(self, value: object) -> Label:
        # ``true`` equals 1 in Python, and a number in quotes is none.
        if type(value) is int and value in self._classes:
            return value
        if isinstance(value, str) and value.strip():
            label = self._known(value)
            if label is None:
                label = self._other
            if isinstance(label, str) or (label is not None and value.strip() != str(label)):
                return label
        raise ValueError("no class")


class OutcomeSchema:
    """Reads the outcomes of one project."""

    def __init__(self, project: Project) -> None:
        self._classes = project.classes
        number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
        value: Any = Annotated[Any, _Class(project)] if project.classes else number
        self._body: TypeAdapter[dict[str, list[dict[str, Any]]]] = TypeAdapter(
            _body_type(project.name, value)
        )

    def read(self, body: bytes, *, now: Callable[[], datetime]) -> list[OutcomeRecord]:
        """Outcomes from ``{"outcomes": [...]}``; one without ``observed_at`` was observed now.

        Raises:
            RequestError: the body is no JSON, or an outcome is not valid; then nothing is to be recorded.
        """
        try:
            entries = self._body.validate_json(body)["outcomes"]
        except ValidationError as error:
            refuse_malformed(error)
            raise RequestError("the outcomes are not valid", errors=self._errors(error)) from error
        observed = now()
        records = []
        for index, entry in enumerate(entries):
            if ("prediction_id" in entry) == ("entity" in entry):
                raise RequestError("the outcomes are not valid", errors=[_ambiguous(index, entry)])
            entity = entry.get("entity")
            records.append(
                OutcomeRecord(
                    value=entry["value"],
                    observed_at=entry.get("observed_at") or observed,
                    prediction_id=entry.get("prediction_id"),
                    entity=None if entity is None else str(entity),
                )
            )
        return records

    def json_schema(self, *, ref_template: str) -> dict[str, Any]:
        """JSON Schema of the body."""
        return self._body.json_schema(mode="validation", ref_template=ref_template)

    def _errors(self, error: ValidationError) -> list[FieldError]:
        errors: dict[tuple[int | None, str], FieldError] = {}
        for details in error.errors(include_url=False, include_context=False)[:MAX_REPORTED]:
            place = details["loc"]
            index = place[1] if len(place) > 1 and isinstance(place[1], int) else None
            name = str(place[2] if len(place) > 2 else place[0] if place else "the body")[:MAX_ENTITY]
            found = "nothing" if details["type"] == "missing" else shown(details["input"])
            errors.setdefault((index, name), FieldError(name, found, self._expectation(name), index))
        return list(errors.values())

    def _expectation(self, name: str) -> str:
        value = f"one of {', '.join(map(str, self._classes))}" if self._classes else "a finite number"
        expected = {
            "value": value,
            "observed_at": "a time with its offset, such as 2026-01-31T12:00:00Z",
            "prediction_id": "the id of a prediction",
            "entity": f"a text of 1 to {MAX_ENTITY} characters, or an integer",
            "outcomes": f"a list of 1 to {MAX_ROWS} outcomes",
            "the body": 'an object with "outcomes"',
        }
        return expected.get(name, "value, and prediction_id or entity, and perhaps observed_at")


def _body_type(project: str, value: Any) -> Any:
    outcome = closed_object(
        f"{project}_outcome",
        {
            "value": described(value, "what turned out to be true"),
            "prediction_id": NotRequired[described(_Name, "the prediction that it is about")],
            "entity": NotRequired[
                described(
                    _Name | StrictInt, "its entity: the latest prediction at or before observed_at is meant"
                )
            ],
            "observed_at": NotRequired[described(Moment, "when; now if left out")],
        },
    )
    names = ("prediction_id", "entity")
    outcome.__pydantic_config__["json_schema_extra"] = {"oneOf": [{"required": [name]} for name in names]}
    return closed_object(f"{project}_outcomes", {"outcomes": list_of(outcome, shortest=1, longest=MAX_ROWS)})


def _ambiguous(index: int, entry: dict[str, Any]) -> FieldError:
    found = "both" if "entity" in entry else "neither"
    return FieldError("prediction_id", found, "either prediction_id or entity", index)
