"""What the API's document says of each project: fields with unit and meaning, answers, problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from zelo.serving.problems import MEDIA_TYPE
from zelo.serving.service import Service
from zelo.spec.project import Project

_REF = "#/components/schemas/{model}"
_MEANINGS = {
    400: "the body is not JSON",
    404: "what the request names does not exist",
    409: "the new version cannot be loaded; the old one goes on serving",
    413: "the body is too large",
    415: "the body is not declared as application/json",
    422: "the request breaks the contract: errors names each field",
    503: "try again later: too much is waiting, or the ledger cannot be written",
}


def answers(meaning: str, schema: str | None, *problems: int) -> dict[int | str, dict[str, Any]]:
    """The ``responses`` of a route: what it answers, and the problems it may have."""
    content = {"schema": {"$ref": _REF.format(model=schema)} if schema else {"type": "object"}}
    found: dict[int | str, dict[str, Any]] = {
        200: {"description": meaning, "content": {"application/json": content}}
    }
    problem = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
    found.update({status: {"description": _MEANINGS[status], "content": problem} for status in problems})
    return found


def takes(schema: str) -> dict[str, Any]:
    """The ``openapi_extra`` of a route that reads its body by itself."""
    content = {"application/json": {"schema": {"$ref": _REF.format(model=schema)}}}
    return {"requestBody": {"required": True, "content": content}}


def document(app: FastAPI, services: Mapping[str, Service]) -> dict[str, Any]:
    """The OpenAPI document, with the contracts of the versions that answer now."""
    found = get_openapi(title=app.title, version=app.version, routes=app.routes)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _problem_schema()
    for name, service in services.items():
        schemas.update(_project_schemas(name, service))
    return found


def _project_schemas(name: str, service: Service) -> dict[str, Any]:
    model = service.model
    row = {"$ref": _REF.format(model=f"{name}_row")}
    rows = {"type": "array", "items": row, "minItems": 1, "maxItems": model.requests.max_rows}
    outcomes = model.outcomes.json_schema(ref_template=_REF)
    return {
        **outcomes.pop("$defs", {}),
        f"{name}_outcomes": outcomes,
        f"{name}_row": model.requests.json_schema(),
        f"{name}_rows": {
            "type": "object",
            "properties": {"rows": rows},
            "required": ["rows"],
            "additionalProperties": False,
        },
        f"{name}_answer": _answer_schema(model.bundle.project),
        f"{name}_answers": _answers_schema(name),
    }


def _answer_schema(project: Project) -> dict[str, Any]:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    properties: dict[str, Any] = {
        "id": {"type": "string", "format": "uuid", "description": "the prediction in the ledger"},
        "model_version": {"type": "string", "description": "the version that made it"},
    }
    target = f"{project.task.meaning or project.task.target}"
    if project.task.kind == "regression":
        unit = f" [{project.task.unit}]" if project.task.unit else ""
        for name, what in (("prediction", ""), ("lower", ", lower end"), ("upper", ", upper end")):
            properties[name] = {"type": "number", "description": f"{target}{unit}{what}"}
    else:
        about = project.positive if project.task.kind == "binary" else "the predicted class"
        properties["prediction"] = {"enum": list(project.classes), "description": target}
        properties["probability"] = {**share, "description": "of the predicted class"}
        properties["score"] = {**share, "description": f"the probability of {about}"}
    if bands := project.decision.bands:
        properties["risk_level"] = {"enum": [band.label for band in bands]}
        properties["recommendation"] = {"type": "string", "description": "what to do"}
    always = ["id", "model_version", "prediction"]
    return {"type": "object", "properties": properties, "required": always}


def _answers_schema(name: str) -> dict[str, Any]:
    place = {"type": "integer", "description": "the row's place in the batch, from 0"}
    indexed = {"type": "object", "properties": {"index": place}, "required": ["index"]}
    answered = {"allOf": [{"$ref": _REF.format(model=f"{name}_answer")}, indexed]}
    return {
        "type": "object",
        "properties": {
            "predictions": {"type": "array", "items": answered},
            "errors": {"type": "array", "items": _field_error_schema()},
            "bad_rows": {"type": "integer"},
        },
        "required": ["predictions", "errors", "bad_rows"],
    }


def _field_error_schema() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "properties": {"index": {"type": "integer"}, "field": text, "found": text, "expected": text},
        "required": ["field", "found", "expected"],
    }


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "description": "RFC 9457. code is stable; errors names each field at fault.",
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "code": text,
            "detail": text,
            "found": text,
            "expected": text,
            "hint": text,
            "errors": {"type": "array", "items": _field_error_schema()},
        },
        "required": ["type", "title", "status", "code", "detail"],
    }
