"""Whether a model holds where it will be used: by year and by slice, and under texts written otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zelo.features.columns import Columns, count, take
from zelo.spec.project import Project
from zelo.stats.bootstrap import Interval, metric_intervals
from zelo.stats.metrics import Scored
from zelo.stats.per_class import share_interval
from zelo.training.parts import Side, parts_of
from zelo.training.perturbation import Perturbation, perturbations
from zelo.training.rows import Rows
from zelo.training.slices import Slice, by_slice
from zelo.training.train import Trained
from zelo.training.truth import scored_rows

Array = np.ndarray[Any, Any]
Predict = Callable[[Columns], tuple[Array, Array]]
"""Inputs -> probabilities [n, K] and predicted class indices [n]."""

MOST_ROWS = 500
"""Test rows that are written otherwise; more make the answer no clearer."""
FEWEST_ROWS = 20
"""Of a slice, which is shown with its interval here and judged by no gate."""


@dataclass(frozen=True)
class Behaviour:
    """What one way of writing otherwise does to the labels.

    ``rows`` are the test rows whose text it changes at all, ``unchanged`` the share of them that keep their
    label, ``clean`` and ``changed`` the primary metric on all ``of`` test rows before and after.
    """

    name: str
    rows: int
    of: int
    unchanged: Interval
    clean: Interval
    changed: Interval


@dataclass(frozen=True)
class SliceOf:
    """A slice, and which rows it is of."""

    side: Side
    slice: Slice


@dataclass(frozen=True)
class Robustness:
    """Both reports."""

    slices: tuple[SliceOf, ...]
    behaviours: tuple[Behaviour, ...]


def robustness(trained: Trained, predict: Predict) -> Robustness:
    """How the winner holds; ``predict`` is what will be served."""
    return Robustness(sliced(trained), behaviours(trained.test, trained.project, predict))


def sliced(trained: Trained) -> tuple[SliceOf, ...]:
    """The reported metrics by the project's slicing fields and by the year of its dates.

    Test rows alone are few in a small set, so the winner's rows out of fold are shown as well.
    """
    project = trained.project
    return tuple(
        SliceOf(part.side, item)
        for part in parts_of(trained)
        for item in by_slice(
            part.scored,
            {name: column[part.positions] for name, column in trained.groups.items()},
            project.select.measured,
            seed=project.split.seed,
            fewest=FEWEST_ROWS,
        )
    )


def behaviours(rows: Rows, project: Project, predict: Predict) -> tuple[Behaviour, ...]:
    """The label should not change where a text is merely written otherwise.

    Args:
        rows: the test rows; at most 500 of them, drawn by the project's seed, are used.
        predict: what answers.

    Returns:
        One entry a way of writing; none for a project without texts or without classes.
    """
    if not project.texts or not project.classes:
        return ()
    rng = np.random.default_rng(project.split.seed)
    drawn = np.sort(rng.permutation(len(rows.truth))[:MOST_ROWS])
    columns, truth = take(rows.columns, drawn), rows.truth[drawn]
    clean = _scored(columns, truth, project, predict)
    return tuple(
        _behaviour(name, perturb, columns, clean, project, predict)
        for name, perturb in perturbations(project.text.abbreviations).items()
    )


def _behaviour(
    name: str, perturb: Perturbation, columns: Columns, clean: Scored, project: Project, predict: Predict
) -> Behaviour:
    rng = np.random.default_rng(project.split.seed)
    otherwise = {field: _each(columns[field], perturb, rng) for field in project.texts}
    touched = np.any([otherwise[field] != columns[field] for field in project.texts], axis=0)
    changed = _scored({**columns, **otherwise}, clean.truth, project, predict)
    assert clean.predicted is not None
    assert changed.predicted is not None
    kept = int((changed.predicted[touched] == clean.predicted[touched]).sum())
    primary, seed = project.select.primary, project.split.seed
    return Behaviour(
        name=name,
        rows=int(touched.sum()),
        of=count(columns),
        unchanged=share_interval(kept, int(touched.sum())),
        clean=metric_intervals(clean, (primary,), seed=seed)[primary],
        changed=metric_intervals(changed, (primary,), seed=seed)[primary],
    )


def _each(texts: Array, perturb: Perturbation, rng: np.random.Generator) -> Array:
    return np.array([perturb(text, rng) for text in texts], dtype=object)


def _scored(columns: Columns, truth: Array, project: Project, predict: Predict) -> Scored:
    scores, predicted = predict(columns)
    return scored_rows(truth, scores, predicted, project)
