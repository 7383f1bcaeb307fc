"""How the winner serves each class: out of fold, on the test set, and in the sets that it answers with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zelo.decisions.decide import decide
from zelo.spec.project import Label
from zelo.stats.bootstrap import Interval
from zelo.stats.per_class import ClassFigures, class_figures, share_interval
from zelo.training.train import Trained


@dataclass(frozen=True)
class Sets:
    """The sets of classes that answers hold, on the test rows: how often the truth is in them, and how many
    classes they hold in the mean (NaN without rows)."""

    coverage: Interval
    size: float


@dataclass(frozen=True)
class ByClass:
    """One class. ``sets`` are those of its own test rows; ``None`` where the policy makes no sets."""

    label: Label
    critical: bool
    out_of_fold: ClassFigures
    test: ClassFigures
    sets: Sets | None


@dataclass(frozen=True)
class ClassReport:
    """Every class in the project's order, and the sets over all test rows."""

    classes: tuple[ByClass, ...]
    sets: Sets | None


def class_report(trained: Trained) -> ClassReport:
    """The report of a training with classes."""
    project, winner, seed = trained.project, trained.comparison.winner, trained.project.split.seed
    assert winner.scored is not None
    critical = project.select.critical.classes if project.select.critical else ()
    sets = _sets_of(trained)
    truth = trained.tested.truth
    figures = zip(
        project.classes,
        class_figures(winner.scored, seed=seed),
        class_figures(trained.tested, seed=seed),
        strict=True,
    )
    classes = tuple(
        ByClass(label, label in critical, known, tested, None if sets is None else _sets(sets[truth == k]))
        for k, (label, known, tested) in enumerate(figures)
    )
    return ClassReport(classes, None if sets is None else _sets(sets))


def _sets_of(trained: Trained) -> np.ndarray[tuple[int, int], np.dtype[np.int64]] | None:
    """(Whether the truth is in the set, the set's size) of each test row, as it would be answered."""
    if not trained.policy.set_limits:
        return None
    labels = [trained.project.classes[k] for k in trained.tested.truth.astype(np.int64)]
    decisions = decide(trained.tested.scores, trained.policy)
    return np.array(
        [
            (label in made.label_set, len(made.label_set))
            for label, made in zip(labels, decisions, strict=True)
        ],
        dtype=np.int64,
    ).reshape(-1, 2)


def _sets(rows: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> Sets:
    size = float(rows[:, 1].mean()) if len(rows) else np.nan
    return Sets(share_interval(float(rows[:, 0].sum()), len(rows)), size)
