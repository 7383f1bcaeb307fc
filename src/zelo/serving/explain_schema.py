"""What the API's document says of an explanation."""

from __future__ import annotations

from typing import Any

from zelo.spec.project import Project

_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_ANY_VALUE = {"type": ["number", "string", "null"]}


def explanation_schema(project: Project) -> dict[str, Any]:
    """JSON Schema of the ``explanation`` in an answer, which is there with ``?explain=true``."""
    share = {
        **_NUMBER,
        "description": "what it adds to the score; all of these sum to score - reference_score",
    }
    of = (
        f"the probability of {project.positive}"
        if project.task.kind == "binary"
        else "that of the prediction"
    )
    score = "the predicted value" if project.task.kind == "regression" else of
    properties: dict[str, Any] = {
        "score": {**_NUMBER, "description": f"what is explained: {score}"},
        "reference_score": {
            **_NUMBER,
            "description": "the score of the typical row that this one is compared with: medians of numbers, "
            "the most frequent categories, a text without words, a history that stays at its mean",
        },
        "method": {
            "enum": ["exact", "sampled"],
            "description": "of the Shapley values: from every mix with the typical row, or from some",
        },
        "error": {**_NUMBER, "description": "where sampled, the largest standard error of a contribution"},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"enum": _names(project)},
                    "value": _ANY_VALUE,
                    "unit": _TEXT,
                    "reference": {**_ANY_VALUE, "description": "the field's value in the typical row"},
                    "contribution": share,
                    **_parts(project, share),
                },
                "required": ["field", "contribution"],
            },
            "description": "every field, the one that adds or takes the most first",
        },
    }
    if project.task.kind == "binary":
        properties["nearest_change"] = _change_schema(project)
    needed = ["score", "reference_score", "method", "fields"]
    return {
        "type": "object",
        "description": "only with ?explain=true; not recorded",
        "properties": properties,
        "required": needed,
    }


def _names(project: Project) -> list[str]:
    plain = [name for name in project.inputs if name not in project.lags]
    return plain if project.forecast is None else [*plain, project.history_name]


def _parts(project: Project, share: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if project.texts:
        word = {"type": "object", "properties": {"word": _TEXT, "contribution": share}}
        found["words"] = {"type": "array", "items": word, "description": "of a text, or spans of a long one"}
    if project.forecast is not None:
        place = {"type": "integer", "description": "in the history, from 0, the oldest"}
        value = {"place": place, "value": _NUMBER, "contribution": share}
        found["values"] = {"type": "array", "items": {"type": "object", "properties": value}}
    return found


def _change_schema(project: Project) -> dict[str, Any]:
    change = {"field": {"enum": _names(project)}, "unit": _TEXT, "from": _ANY_VALUE, "to": _ANY_VALUE}
    return {
        "type": "object",
        "description": "the nearest change of one field, or of two, that alters the prediction. Answers of "
        "POST /predict alone: those of a batch have none",
        "properties": {
            "changes": {"type": "array", "items": {"type": "object", "properties": change}, "maxItems": 2},
            "distance": {**_NUMBER, "description": "in standard deviations; another category counts 1"},
            "prediction": {"enum": list(project.classes)},
            "score": _NUMBER,
            "risk_level": _TEXT,
            "text": {**_TEXT, "description": "the same in the project's language"},
        },
        "required": ["changes", "text"],
    }
