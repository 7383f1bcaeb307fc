"""Folds of the training part: every candidate is compared on the same ones."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit

from zelo.errors import TrainingError
from zelo.spec.project import Project

Array = np.ndarray[Any, Any]
Folds = list[tuple[Array, Array]]


def make_folds(truth: Array, project: Project) -> Folds:
    """(rows to fit on, rows to score) a fold, as positions in the training part.

    By class or at random each row is scored once a repetition: repetition r has the positions r * n to
    (r + 1) * n - 1, which are the training rows once more, and folds of its own. By time (rows in order of
    time) a fold is fitted on the rows before it alone, so the first rows are scored by none.

    Raises:
        TrainingError: a class has no training row, or too few for the folds of a binary task.
    """
    if project.split.by == "time":
        return list(TimeSeriesSplit(project.select.folds).split(truth))
    if project.split.by == "class":
        _check_classes(truth, project)
    return [
        (fitted_on + repetition * len(truth), scored + repetition * len(truth))
        for repetition in range(project.select.repeats)
        for fitted_on, scored in _shuffled(truth, project, project.split.seed + repetition)
    ]


def _shuffled(truth: Array, project: Project, seed: int) -> Folds:
    splitter = StratifiedKFold if project.split.by == "class" else KFold
    folds = splitter(project.select.folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class with fewer rows than folds is spread as far as it goes: some folds score none of it.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        return list(folds.split(truth, truth))


def _check_classes(truth: Array, project: Project) -> None:
    """Several classes may be rarer than the folds, though not all; of two neither may, for most metrics are
    about the one."""
    folds, rows = project.select.folds, np.bincount(truth, minlength=len(project.classes))
    rarest = int(rows.argmin())
    if not rows[rarest]:
        where, expected, hint = "task.classes", "a row of each class", "drop the class, or bring rows of it"
    elif rows[rarest] < folds and (project.task.kind == "binary" or rows.max() < folds):
        where, expected = "select.folds", "at least as many rows of each class as folds"
        hint = "lower select.folds, merge or drop the class, or set split.by: random"
    else:
        return
    raise TrainingError(
        "a class is too rare for the folds",
        where=f"{project.name}: {where}",
        found=f"{rows[rarest]} training rows of class {project.classes[rarest]!r} for {folds} folds",
        expected=expected,
        hint=hint,
    )
