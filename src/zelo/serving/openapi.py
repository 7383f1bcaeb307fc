"""What the API's document says of each project: fields with unit and meaning, answers, problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from zelo.decisions.policy import Policy
from zelo.decisions.words import MOST_WORDS
from zelo.serving.explain_schema import explanation_schema
from zelo.serving.problems import MEDIA_TYPE
from zelo.serving.service import Service
from zelo.serving.tensors import json_schemas
from zelo.serving.worth import MOST_QUEUED
from zelo.spec.project import Project


def _pair(name: str, of: dict[str, Any], other: str, of_other: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: of, other: of_other}, "required": [name, other]}


_REF = "#/components/schemas/{model}"
_MEANINGS = {
    400: "the body is not JSON",
    404: "what the request names does not exist",
    409: "what is asked does not go with the version that answers: it cannot be explained, or another one "
    "cannot be loaded",
    413: "the body is too large",
    415: "the body is not declared as application/json",
    422: "the request breaks the contract: errors names each field",
    503: "try again later: too much is waiting, or the ledger cannot be written",
}
_WORDS = {
    "type": "array",
    "items": _pair("word", {"type": "string"}, "weight", {"type": "number"}),
    "maxItems": MOST_WORDS,
    "description": "The words that carried the decision, the weightiest first: what the probability of the "
    "predicted class loses without the word, below 0 where the word spoke against it. Long texts are told in "
    "spans of words; a text of one word is compared with one that has none. Answers of POST /predict alone: "
    "batches and files have none.",
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
    schemas.update(json_schemas(_REF))
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
        f"{name}_answer": answer_schema(model.bundle.project, model.bundle.policy),
        f"{name}_answers": _answers_schema(name),
        f"{name}_queue": _queue_schema(model.bundle.project),
        f"{name}_sample": _sample_schema(name, model.bundle.project),
    }


def answer_schema(project: Project, policy: Policy) -> dict[str, Any]:
    """JSON Schema of an answer."""
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
        properties |= _forecast(project, policy)
    else:
        about = project.positive if project.task.kind == "binary" else "the predicted class"
        properties["prediction"] = {"enum": list(project.classes), "description": target}
        properties["probability"] = {**share, "description": "of the predicted class"}
        properties["score"] = {**share, "description": f"the probability of {about}"}
    if project.task.kind == "multiclass":
        properties |= _several(project)
    if project.classes and project.texts:
        properties["words"] = _WORDS
    if bands := project.decision.bands:
        properties["risk_level"] = {"enum": [band.label for band in bands]}
        properties["recommendation"] = {"type": "string", "description": "what to do"}
    properties["explanation"] = explanation_schema(project)
    always = ["id", "model_version", "prediction"]
    return {"type": "object", "properties": properties, "required": always}


def _forecast(project: Project, policy: Policy) -> dict[str, Any]:
    """What an answer says of a forecast beside the value."""
    found: dict[str, Any] = {}
    text, number = {"type": "string"}, {"type": "number"}
    if project.forecast and project.forecast.answer:
        found[project.forecast.answer] = {**number, "description": "prediction, by the project's name for it"}
    if policy.window is not None:
        found["drift_warning"] = {"type": "boolean", "description": "the history is unlike the training"}
        meaning = "in what: level, volatility, range, distribution; in the project's language"
        found["drift_details"] = {"type": "array", "items": text, "description": meaning}
    if policy.author is not None:
        found["model"] = {
            "type": "object",
            "description": "who forecasts",
            "properties": {
                "name": {**text, "description": "the candidate"},
                "baseline": text,
                "skill": {**number, "description": "1 less the ratio of their mean absolute errors"},
                "p_value": {**number, "description": "of the test of Diebold and Mariano"},
                "note": {**text, "description": "the same in words, in the project's language"},
            },
            "required": ["name", "baseline", "note"],
        }
    return found


def _several(project: Project) -> dict[str, Any]:
    """What an answer says of several classes beside the predicted one."""
    coverage = f"{project.decision.coverage:.0%}"
    found: dict[str, Any] = {
        "classes": _listed_classes(project),
        "label_set": {
            "type": "array",
            "items": {"enum": list(project.classes)},
            "minItems": 1,
            "description": f"holds the true class in {coverage} of the cases of each class",
        },
    }
    if (confidence := project.decision.confidence) is not None:
        meaning = f"the probability is below {confidence:g}: let a person decide"
        found["abstain"] = {"type": "boolean", "description": f"{meaning}; prediction is the best guess"}
    return found


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


def _sample_schema(name: str, project: Project) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "row": {"$ref": _REF.format(model=f"{name}_row")},
        "synthetic": {"type": "boolean"},
        "note": {"type": "string", "description": "where it is from, in the project's language"},
    }
    needed = list(properties)
    if project.forecast is not None:
        history = {"type": "array", "items": {"type": "number"}, "description": "the oldest first"}
        dates = {"type": "array", "items": {"type": "string", "format": "date"}}
        properties |= {project.history_name: history, "dates": dates}
    return {"type": "object", "properties": properties, "required": needed}


def _queue_schema(project: Project) -> dict[str, Any]:
    text = {"type": "string"}
    entry = {
        "id": {**text, "format": "uuid", "description": "the prediction_id of its outcome"},
        "at": {**text, "format": "date-time"},
        "entity": text,
        "inputs": {"type": "object", "description": "what the prediction was made of"},
        "prediction": {"enum": list(project.classes)},
        "classes": _listed_classes(project),
        "worth": {"type": "number", "description": "of its label, before what is like it in the queue"},
        "why": {"type": "array", "items": text, "description": "in the project's language"},
    }
    needed = [name for name in entry if name != "entity"]
    items = {"type": "object", "properties": entry, "required": needed}
    properties = {"queue": {"type": "array", "items": items, "maxItems": MOST_QUEUED}}
    return {"type": "object", "properties": properties, "required": ["queue"]}


def _listed_classes(project: Project) -> dict[str, Any]:
    share = {"type": "number", "minimum": 0, "maximum": 1}
    return {
        "type": "array",
        "items": _pair("label", {"enum": list(project.classes)}, "probability", share),
        "maxItems": project.decision.top,
        "description": "the most probable classes, falling",
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
