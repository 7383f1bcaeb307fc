"""Questions to a loaded model, and the decisions that answer them: one predictor call for all that wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from zelo.decisions.decide import Decision, decide, decide_ahead, predicted_classes
from zelo.decisions.words import NOTHING_LEFT_OUT, Occlusion, occlude, weights
from zelo.errors import ServingError
from zelo.features.ahead import known_ahead, steps
from zelo.features.columns import Columns, columns_from_rows, count
from zelo.features.history import windows_of
from zelo.registry.bundle import Bundle
from zelo.registry.traffic import Traffic
from zelo.serving.schema import FieldError, RequestSchema, Row
from zelo.serving.truth import OutcomeSchema
from zelo.spec.project import PRICES

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Model:
    """A loaded version with the schemas made from its contract; ``sample`` is its bundle's, if it has one."""

    version: str
    bundle: Bundle
    requests: RequestSchema
    outcomes: OutcomeSchema
    loaded_at: datetime
    sample: Mapping[str, Any] | None = None


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
    project = model.bundle.project
    texts = project.texts if project.classes else ()
    return Question(model, [row], occlusion=occlude(row, texts), beside=beside)


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
    found = list(steps(lambda columns: _scores(model, columns), origin, calendars, project))
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
    return inputs, [replace(decision, drift=known.drift) for decision in decisions]


def scores_of(model: Model, rows: Sequence[Any]) -> Array:
    """The model's scores [n, K] of checked rows. Raises ServingError where they are no use."""
    return _scores(model, columns_from_rows(model.bundle.project, rows))


def _scores(model: Model, columns: Columns) -> Array:
    bundle = model.bundle
    scores = bundle.predictor.scores(columns)
    shape = (count(columns), max(len(bundle.project.classes), 1))
    if scores.shape != shape or not np.isfinite(scores).all():
        raise ServingError(
            "the model gave no usable score",
            where=f"{bundle.project.name} version {model.version}",
            found=f"shape {scores.shape}" if scores.shape != shape else "a score that is not finite",
            expected=f"finite scores of shape {shape}",
            hint="zelo rollback puts the previous version back",
        )
    return scores


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
    return [replace(decision, drift=found) for decision, found in zip(decisions, drift, strict=True)]


def _together(questions: Sequence[Question]) -> list[list[Decision] | Exception]:
    model = questions[0].model
    asked = [row for question in questions for row in (*question.rows, *question.occlusion.variants)]
    try:
        columns = columns_from_rows(model.bundle.project, asked)
        scores, windows = _scores(model, columns), _windows(model, columns)
    except Exception as error:  # noqa: BLE001 - a predictor may raise anything; each caller gets its own
        if len(questions) == 1:
            return [error]
        # One row that the model cannot take must not spoil the answers of other callers.
        return [_together([question])[0] for question in questions]
    ends = np.cumsum([question.size for question in questions])[:-1]
    shares = np.split(scores, ends)
    histories = [None] * len(questions) if windows is None else np.split(windows, ends)
    return [
        _answered(question, share, history)
        for question, share, history in zip(questions, shares, histories, strict=True)
    ]


def _answered(question: Question, scores: Array, windows: Array | None) -> list[Decision]:
    policy = question.model.bundle.policy
    own, without = np.split(scores, [len(question.rows)])
    decisions = decide(own, policy, windows)
    if len(without):
        (said,) = predicted_classes(own, policy)
        words = weights(question.occlusion.spans, float(own[0, said]), without[:, said].tolist())
        decisions = [replace(decisions[0], words=words)]
    return _watched(question.model, decisions, windows)
