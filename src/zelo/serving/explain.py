"""Why a prediction is as it is: what each field added to its score, and the nearest change that alters it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zelo.decisions.words import shown_span
from zelo.errors import ConflictError, RequestError
from zelo.features.columns import Columns, columns_from_rows, take
from zelo.serving.answers import Answer
from zelo.serving.change_words import change_in_words
from zelo.serving.contributions import Contributions, contributions, reference_of
from zelo.serving.nearest import Change, nearest_change
from zelo.serving.schema import FieldError, Row
from zelo.serving.scoring import Model, Question
from zelo.spec.project import Column, Project

Array = np.ndarray[Any, Any]
Explanation = dict[str, Any]

MOST_EXPLAINED = 1_000
"""Rows of a request, and rows that wait: each costs a model what up to some hundreds do."""
_AT_ONCE = 32
"""Rows that are mixed with their reference together: thousands of rows for the model."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with its answers, of which each is explained by the version that made it.

    ``nearest``: of a binary task, the nearest change is looked for as well.
    """

    question: Question
    answers: Sequence[Answer]
    nearest: bool


def check_explainable(question: Question) -> None:
    """Refuse what cannot be explained, before anything is predicted.

    Raises:
        RequestError: more than :data:`MOST_EXPLAINED` rows.
        ConflictError: a version that may answer was made before bundles had a typical row.
    """
    if len(question.rows) > MOST_EXPLAINED:
        found, most = f"{len(question.rows)} rows", f"at most {MOST_EXPLAINED} rows with explain=true"
        raise RequestError("the number of rows cannot be explained", errors=[FieldError("rows", found, most)])
    for model in _answering(question):
        if model.typical is None:
            raise ConflictError(
                "this version cannot be explained",
                found=f"version {model.version}: its bundle has no typical row to compare with",
                expected="a version that was trained since predictions can be explained",
                hint="train and promote a new version; without explain=true this one answers",
            )


def explained(asked: Sequence[Answered]) -> list[list[Explanation] | Exception]:
    """An explanation for each answer of each question, or the exception that is its caller's."""
    found: list[list[Explanation] | Exception] = []
    for one in asked:
        try:
            found.append(_explained(one))
        except Exception as error:  # noqa: BLE001 - a predictor may raise anything; each caller gets its own
            found.append(error)
    return found


def _answering(question: Question) -> list[Model]:
    """The versions that may answer; a shadow answers nobody."""
    beside = question.beside
    return [question.model, *([beside.model] if beside and beside.traffic.share else [])]


def _explained(one: Answered) -> list[Explanation]:
    found: dict[int, Explanation] = {}
    for model in _answering(one.question):
        places = [
            place for place, answer in enumerate(one.answers) if answer["model_version"] == model.version
        ]
        for start in range(0, len(places), _AT_ONCE):
            some = places[start : start + _AT_ONCE]
            rows = [one.question.rows[place] for place in some]
            answers = [one.answers[place] for place in some]
            explanations = _of_rows(model, rows, answers, nearest=one.nearest)
            found.update(zip(some, explanations, strict=True))
    return [found[place] for place in range(len(one.answers))]


def _of_rows(
    model: Model, rows: Sequence[Row], answers: Sequence[Answer], *, nearest: bool
) -> list[Explanation]:
    project, typical = model.bundle.project, model.typical
    assert typical is not None
    columns = columns_from_rows(project, rows)
    reference = reference_of(model, typical, columns)
    said = [project.classes.index(answer["prediction"]) if project.classes else 0 for answer in answers]
    scores = [answer["score"] if project.classes else answer["prediction"] for answer in answers]
    binary = project.task.kind == "binary"
    places = [project.classes.index(project.positive)] * len(said) if binary else said
    shared = contributions(model, columns, reference, places, scores)
    found = [
        {
            "score": score,
            "reference_score": one.reference,
            "method": "exact" if one.exact else "sampled",
            **({} if one.exact else {"error": one.error}),
            "fields": fields,
        }
        for score, one, fields in zip(
            scores, shared, _fields(project, columns, reference, shared), strict=True
        )
    ]
    if binary and nearest:
        for place, explanation in enumerate(found):
            row = take(columns, np.array([place]))
            change = nearest_change(model, typical, row, said[place])
            explanation["nearest_change"] = _change(project, row, change)
    return found


def _fields(
    project: Project, rows: Columns, reference: Columns, shared: Sequence[Contributions]
) -> Iterator[list[dict[str, Any]]]:
    """Every field of each row with what it adds, the largest first; a text with its spans."""
    inputs, lags, texts = project.inputs, project.lags, project.texts
    plain = [
        (
            name,
            _unit(inputs[name].unit),
            told_values(inputs[name], rows[name]),
            told_values(inputs[name], usual),
        )
        for name, usual in reference.items()
        if name not in lags
    ]
    for row, one in enumerate(shared):
        found = [
            {
                "field": name,
                "value": own[row],
                **unit,
                "reference": usual[row],
                "contribution": one.of.get(name, 0.0),
            }
            for name, unit, own, usual in plain
        ]
        found += [_text(name, rows[name][row], one) for name in texts]
        if lags:
            found.append(_history(project, rows, reference, row, one))
        yield _largest(found)


def _text(name: str, text: str, shared: Contributions) -> dict[str, Any]:
    spans = shared.of_words.get(name, [])
    words = [{"word": shown_span(span), "contribution": share} for span, share in spans]
    added = sum(share for _, share in spans)
    return {"field": name, "value": text, "contribution": added, "words": _largest(words)}


def _history(
    project: Project, rows: Columns, reference: Columns, row: int, shared: Contributions
) -> dict[str, Any]:
    lags = list(reversed(project.lags))
    values = [
        {"place": place, "value": float(rows[lag][row]), "contribution": shared.of.get(lag, 0.0)}
        for place, lag in enumerate(lags)
    ]
    return {
        "field": project.history_name,
        **_unit(project.task.unit),
        "reference": float(reference[lags[0]][row]),
        "contribution": sum(value["contribution"] for value in values),
        "values": _largest(values),
    }


def _change(project: Project, row: Columns, change: Change | None) -> dict[str, Any]:
    """The nearest change as the caller gets it, also in words; of none the words alone."""
    if change is None:
        return {"changes": [], "text": change_in_words(project, [], None)}
    inputs = project.inputs
    changes = [
        {
            "field": name,
            **_unit(inputs[name].unit),
            "from": told_values(inputs[name], row[name])[0],
            "to": told_values(inputs[name], np.array([value]))[0],
        }
        for name, value in change.to.items()
    ]
    decision = change.decision
    return {
        "changes": changes,
        "distance": change.distance,
        "prediction": decision.prediction,
        "score": decision.score,
        **({} if decision.band is None else {"risk_level": decision.band}),
        "text": change_in_words(project, changes, decision),
    }


def told_values(field: Column, values: Array) -> list[float | int | str | None]:
    """A column as the contract writes its values: whole numbers without a point, ``None`` where missing."""
    listed: list[Any] = values.tolist()
    if not field.is_numeric:
        return [value or None for value in listed]
    whole = field.type == "integer"
    return [None if math.isnan(value) else int(value) if whole else value for value in listed]


def _unit(unit: str | None) -> dict[str, str]:
    return {"unit": unit} if unit else {}


def _largest(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda entry: -abs(entry["contribution"]))
