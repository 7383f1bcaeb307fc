"""Folds of the training part: every candidate is compared on the same ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit

from zelo.errors import TrainingError
from zelo.spec.project import Project

Array = np.ndarray[Any, Any]
Folds = list[tuple[Array, Array]]


def make_folds(truth: Array, project: Project) -> Folds:
    """(rows to fit on, rows to score) a fold, as positions in the training part.

    By class or at random each row is scored once. By time (rows in order of time) a fold is fitted on
    the rows before it alone, so the first rows are scored by none.

    Raises:
        TrainingError: a class has fewer rows than there are folds.
    """
    folds, seed = project.select.folds, project.split.seed
    rows = np.arange(len(truth))
    if project.split.by == "time":
        return list(TimeSeriesSplit(folds).split(rows))
    if project.split.by == "class":
        smallest = np.bincount(truth, minlength=len(project.classes)).min()
        if smallest < folds:
            label = project.classes[int(np.bincount(truth, minlength=len(project.classes)).argmin())]
            raise TrainingError(
                "a class is too rare for the folds",
                where=f"{project.name}: select.folds",
                found=f"{smallest} training rows of class {label!r} for {folds} folds",
                expected="at least as many rows of each class as folds",
                hint="lower select.folds, merge or drop the class, or set split.by: random",
            )
        return list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, truth))
    return list(KFold(folds, shuffle=True, random_state=seed).split(rows))
