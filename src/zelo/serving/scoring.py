"""Questions to a loaded model, and the decisions that answer them: one predictor call for all that wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from zelo.decisions.decide import Decision, decide, decide_ahead, predicted_classes
from zelo.decisions.words import NOTHING_LEFT_OUT, Occlusion, occlude, weights
from zelo.errors import RequestError, ServingError
from zelo.features.ahead import known_ahead, steps
from zelo.features.columns import Columns, columns_from_rows, count
from zelo.features.history import windows_of
from zelo.registry.bundle import Bundle
from zelo.registry.traffic import Traffic
from zelo.registry.typical import Typical
from zelo.serving.schema import FieldError, RequestSchema, Row
from zelo.serving.truth import OutcomeSchema
from zelo.spec.project import PRICES

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Model:
    """A loaded version with the schemas made from its contract; ``sample`` and ``typical`` are
    its bundle's, if it has them."""

    version: str
    bundle: Bundle
    requests: RequestSchema
    outcomes: OutcomeSchema
    loaded_at: datetime
    sample: Mapping[str, Any] | None = None
    typical: Typical | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The fields of a row, in the order of the contract."""
        return tuple(self.bundle.project.data.fields)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The texts whose words are told; none without classes."""
        project = self.bundle.project
        return tuple(project.texts) if project.classes else ()


@dataclass(frozen=True, slots=True)
class Beside:
    """Another version, and its part of the traffic."""

    traffic: Traffic
    model: Model


@dataclass(frozen=True, slots=True)
class Question:
    """Checked rows, bound to the version whose contract they were checked against.

    ``beside`` is the version that scores them too. ``occlusion`` holds the first row without each of its
    words, where the answer is to tell which carried it.
    """

    model: Model
    rows: Sequence[Row]
    indices: Sequence[int] = (0,)
    errors: tuple[FieldError, ...] = ()
    bad_rows: int = 0
    occlusion: Occlusion = NOTHING_LEFT_OUT
    beside: Beside | None = None

    @property
    def size(self) -> int:
        """How many rows the predictor is asked for."""
        return len(self.rows) + len(self.occlusion.variants)


def question_of(model: Model, row: Row, beside: Beside | None = None) -> Question:
    """A question of one row; where the classes depend on texts the answer tells which words carried it."""
    occlusion = occlude(row, model.texts) if model.texts else NOTHING_LEFT_OUT
    return Question(model, [row], occlusion=occlusion, beside=beside)


def decided(questions: Sequence[Question]) -> list[list[Decision] | Exception]:
    """Decisions a question. All rows of a version go through its predictor at once."""
    results: list[list[Decision] | Exception] = [[] for _ in questions]
    by_model: dict[int, list[int]] = {}
    for place, question in enumerate(questions):
        by_model.setdefault(id(question.model), []).append(place)
    for places in by_model.values():
        some = [questions[place] for place in places]
        for place, decisions in zip(places, _together(some), strict=True):
            results[place] = decisions
    return results


def decisions_of(model: Model, rows: Sequence[Row]) -> list[Decision]:
    """The decisions of checked rows. Raises whatever keeps the model from answering."""
    (found,) = decided([Question(model, rows)])
    if isinstance(found, Exception):
        raise found
    return found


def decided_ahead(model: Model, rows: Sequence[Row]) -> tuple[list[Row], list[Decision]]:
    """What a forecast says of rows that come one after the other, and the inputs that each was made from.

    The first row has its whole history; of the others the calendar alone is read.

    Raises:
        ServingError: the model gave no usable score.
    """
    project = model.bundle.project
    names = known_ahead(project)
    first, *later = rows
    calendars = [{name: np.array([row[name]], dtype=np.float64) for name in names} for row in later]
    origin = columns_from_rows(project, [first])
    found = list(steps(lambda columns: scored(model, columns), origin, calendars, project))
    about = [{name: value for name, value in row.items() if name not in project.inputs} for row in rows]
    inputs = [
        {**told, **{name: values[0].item() for name, values in columns.items()}}
        for told, (columns, _) in zip(about, found, strict=True)
    ]
    values = np.concatenate([values for _, values in found])
    histories = [_windows(model, columns) for columns, _ in found]
    windows = np.vstack([history for history in histories if history is not None])
    decisions = decide_ahead(values, model.bundle.policy, windows)
    # The later histories hold forecasts: what is known of drift is the first one's.
    (known,) = _watched(model, decisions[:1], windows[:1])
    return inputs, [decision._replace(drift=known.drift) for decision in decisions]


def scores_of(model: Model, rows: Sequence[Any]) -> Array:
    """The model's scores [n, K] of checked rows. Raises ServingError where they are no use."""
    return scored(model, columns_from_rows(model.bundle.project, rows))


def scored(model: Model, columns: Columns) -> Array:
    """The model's scores [n, K] of columns.

    Raises:
        ServingError: they are no use.
        RequestError: they are not finite, where the model does give a score of the contract's example: a
            field without limits took a value that no model was made for.
    """
    scores = model.bundle.predictor.scores(columns)
    shape = (count(columns), max(len(model.bundle.project.classes), 1))
    if scores.shape == shape and np.isfinite(scores).all():
        return scores
    if scores.shape == shape and _scores_its_example(model):
        found = FieldError("the row", "values of which the model has no finite score", "less extreme values")
        raise RequestError("the row cannot be scored", errors=[found])
    raise ServingError(
        "the model gave no usable score",
        where=f"{model.bundle.project.name} version {model.version}",
        found=f"shape {scores.shape}" if scores.shape != shape else "a score that is not finite",
        expected=f"finite scores of shape {shape}",
        hint="zelo rollback puts the previous version back",
    )


def _scores_its_example(model: Model) -> bool:
    columns = columns_from_rows(model.bundle.project, [model.requests.example()])
    return bool(np.isfinite(model.bundle.predictor.scores(columns)).all())


def _windows(model: Model, columns: Columns) -> Array | None:
    """The history of each row [n, history], the newest value first; none without a forecast."""
    project = model.bundle.project
    windows = windows_of(columns, project)
    if windows is None or project.forecast is None or project.forecast.learns == "values":
        return windows
    least, most = PRICES
    if not ((windows >= least) & (windows <= most)).all():
        raise ServingError(
            "a value of the history cannot be a price",
            where=f"{project.name} version {model.version}",
            found=f"values from {windows.min():g} to {windows.max():g}",
            expected=f"values from {least:g} to {most:g}",
        )
    return windows


def _watched(model: Model, decisions: list[Decision], windows: Array | None) -> list[Decision]:
    """The decisions with what their histories have of drift, where the policy has limits for it."""
    limits = model.bundle.policy.window
    if limits is None or windows is None:
        return decisions
    drift = limits.findings(windows, model.bundle.project.language)
    return [decision._replace(drift=found) for decision, found in zip(decisions, drift, strict=True)]


def _together(questions: Sequence[Question]) -> list[list[Decision] | Exception]:
    model = questions[0].model
    rows = [row for question in questions for row in question.rows]
    without = [row for question in questions for row in question.occlusion.variants]
    try:
        columns = columns_from_rows(model.bundle.project, [*rows, *without])
        scores, windows = scored(model, columns), _windows(model, columns)
    except Exception as error:  # noqa: BLE001 - a predictor may raise anything; each caller gets its own
        if len(questions) == 1:
            return [error]
        # One row that the model cannot take must not spoil the answers of other callers.
        return [_together([question])[0] for question in questions]
    own = scores[: len(rows)]
    histories = None if windows is None else windows[: len(rows)]
    decisions = _watched(model, decide(own, model.bundle.policy, histories), histories)
    if without:
        _add_words(questions, decisions, own, scores[len(rows) :])
    ends = accumulate(len(question.rows) for question in questions)
    return [decisions[end - len(question.rows) : end] for question, end in zip(questions, ends, strict=True)]


def _add_words(questions: Sequence[Question], decisions: list[Decision], own: Array, without: Array) -> None:
    """Put the words that carried them into ``decisions``, of each question that has an occlusion."""
    start = place = 0
    for question in questions:
        if spans := question.occlusion.spans:
            (said,) = predicted_classes(own[start : start + 1], question.model.bundle.policy)
            lost = without[place : place + len(spans), said].tolist()
            words = weights(spans, float(own[start, said]), lost)
            decisions[start] = decisions[start]._replace(words=words)
        start += len(question.rows)
        place += len(question.occlusion.variants)
