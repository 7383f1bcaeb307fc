"""What the page shows of errors, as plain values: confusions, the worst of them, and whose rows they are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from zelo.features.columns import Columns
from zelo.spec.project import Label, Project
from zelo.stats.confusion import confusion_counts
from zelo.training.parts import Part, Side
from zelo.training.train import Trained

Array = np.ndarray[Any, Any]

MOST_PAIRS, EXAMPLES = 15, 3
MOST_ERRORS = 15
"""Of each part."""
LONGEST_TEXT = 400
MOST_FIELDS = 6
"""Of a row without text; more than that nobody reads in a table."""


@dataclass(frozen=True)
class Mistake:
    """A row that was decided wrongly: its key, what it says, and what the model said of it."""

    side: Side
    key: str
    text: str
    truth: Label
    predicted: Label
    confidence: float
    """Probability of the predicted class."""
    true_probability: float


@dataclass(frozen=True)
class Pair:
    """Rows of one class taken for another. ``out_of_fold`` is the mean over repetitions."""

    truth: Label
    predicted: Label
    out_of_fold: float
    test: int
    share: float
    """Of the true class' rows, both parts together."""
    examples: tuple[Mistake, ...]


def confusion(part: Part, classes: int) -> Array:
    """Rows of class i decided as j [K, K]; of repeated rows the mean over repetitions."""
    scored = part.scored
    assert scored.predicted is not None
    (counts,) = confusion_counts(
        scored.truth.astype(np.int64), scored.predicted, classes, np.ones((1, len(scored)))
    )
    return np.asarray(counts / scored.repeats)


def mistakes(part: Part, trained: Trained) -> list[Mistake]:
    """Every wrong row of a part once, the surest first: of repetitions the one that was surest."""
    scored, classes = part.scored, trained.project.classes
    assert scored.predicted is not None
    truth, wrong = scored.truth.astype(np.int64), np.flatnonzero(scored.predicted != scored.truth)
    surest = wrong[np.argsort(-scored.scores[wrong, scored.predicted[wrong]], kind="stable")]
    _, first = np.unique(part.places[surest], return_index=True)
    return [
        Mistake(
            side=part.side,
            key=str(trained.keys[part.positions[row]]),
            text=said(part.rows.columns, int(part.places[row]), trained.project),
            truth=classes[truth[row]],
            predicted=classes[scored.predicted[row]],
            confidence=float(scored.scores[row, scored.predicted[row]]),
            true_probability=float(scored.scores[row, truth[row]]),
        )
        for row in surest[np.sort(first)]
    ]


def confused_pairs(
    matrices: dict[Side, Array], wrong: list[Mistake], classes: tuple[Label, ...]
) -> list[Pair]:
    """The most frequent confusions of both parts together, with the surest rows of each."""
    both = matrices["out_of_fold"] + matrices["test"]
    rows = both.sum(axis=1)
    errors = both * (1 - np.eye(len(classes)))
    examples: dict[tuple[Label, Label], list[Mistake]] = defaultdict(list)
    for mistake in wrong:
        examples[mistake.truth, mistake.predicted].append(mistake)
    frequent = np.argsort(-errors, axis=None, kind="stable")[:MOST_PAIRS]
    places = [divmod(int(cell), len(classes)) for cell in frequent]
    return [
        Pair(
            truth=classes[i],
            predicted=classes[j],
            out_of_fold=float(matrices["out_of_fold"][i, j]),
            test=int(matrices["test"][i, j]),
            share=float(errors[i, j] / rows[i]),
            examples=tuple(examples[classes[i], classes[j]][:EXAMPLES]),
        )
        for i, j in places
        if errors[i, j] > 0
    ]


def said(columns: Columns, row: int, project: Project) -> str:
    """A row as a person reads it: its text, or its first fields."""
    if project.texts:
        text = " · ".join(str(columns[name][row]) for name in project.texts)
    else:
        shown = list(project.inputs)[:MOST_FIELDS]
        text = ", ".join(f"{name} {_value(columns[name][row])}" for name in shown)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _value(value: object) -> str:
    if isinstance(value, float):
        return "–" if np.isnan(value) else f"{value:g}"
    return str(value) or "–"
