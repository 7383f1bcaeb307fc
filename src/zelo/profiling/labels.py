"""Labels to look at again: those that a quick model, not fitted on their rows, would not have given.

Classes: confident learning, Northcutt, Jiang & Chuang (2021), by cleanlab. Values: the largest residuals.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from zelo.errors import TrainingError
from zelo.features.columns import columns_from_frame, frame_from_columns
from zelo.models.candidate import Setting
from zelo.models.catalogue import CATALOGUE
from zelo.profiling.facts import Count, Labels, Residual, Suspect, Swap
from zelo.profiling.outliers import robust_z
from zelo.profiling.rows import Rows
from zelo.training.fit import FIT_ERRORS, out_of_fold
from zelo.training.folds import Folds, make_folds
from zelo.training.truth import scored_at_all

Array = np.ndarray[Any, Any]

MOST_SHOWN, MOST_SWAPS = 40, 12
ONE_CLASS = "a fold would be fitted on one class alone"
FAR = 3.5
"""Robust deviations from which a residual is suspected: Iglewicz & Hoaglin (1993)."""


def describe(rows: Rows, *, threads: int, fold_done: Callable[[int, int], None]) -> Labels:
    """The suspected rows, the most doubtful first. Where no model can be fitted, the reason."""
    project = rows.project
    model = "logistic_regression" if project.texts and project.classes else "lightgbm"
    folds, at_random = _folds(rows)
    if project.classes and any(len(np.unique(rows.truth[fitted_on])) < 2 for fitted_on, _ in folds):
        return Labels(model, len(folds), at_random, 0, 0, reason=ONE_CLASS)
    done = iter(range(1, len(folds) + 1))
    frame = frame_from_columns(columns_from_frame(project, rows.frame))
    try:
        with warnings.catch_warnings(), threadpool_limits(limits=1):
            warnings.simplefilter("ignore")
            scores = out_of_fold(
                CATALOGUE[model],
                Setting(project, project.split.seed, threads),
                {},
                frame,
                rows.truth,
                folds,
                done=lambda: fold_done(next(done), len(folds)),
            )
    except FIT_ERRORS as error:
        return Labels(model, len(folds), at_random, 0, 0, reason=f"{type(error).__name__}: {error}")
    covered = np.flatnonzero(scored_at_all(scores))
    describe_rows = _classes if project.classes else _values
    return describe_rows(
        rows, covered, scores[covered], Labels(model, len(folds), at_random, len(covered), 0)
    )


def _folds(rows: Rows) -> tuple[Folds, bool]:
    """The project's folds, drawn once; at random, where a class is too rare for them."""
    project = rows.project
    once = project.model_copy(update={"select": project.select.model_copy(update={"repeats": 1})})
    try:
        return make_folds(rows.truth, once), False
    except TrainingError:
        by_chance = project.split.model_copy(update={"by": "random"})
        return make_folds(rows.truth, once.model_copy(update={"split": by_chance})), True


def _classes(rows: Rows, covered: Array, scores: Array, found: Labels) -> Labels:
    from cleanlab.filter import find_label_issues

    given = rows.truth[covered]
    names = [str(label) for label in rows.project.classes]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="May not flag all label issues")
        # "both" keeps the rows that two rules agree on: a person's time is what this list costs.
        issues = find_label_issues(
            given, scores, filter_by="both", return_indices_ranked_by="normalized_margin", n_jobs=1
        )
    suggested = scores.argmax(axis=1)
    # A row whose own label is the likeliest has none to suggest: it is doubtful, not mislabelled.
    issues = [int(place) for place in issues if suggested[place] != given[place]]
    per_class = Counter(names[given[place]] for place in issues)
    swaps = Counter((names[given[place]], names[suggested[place]]) for place in issues)
    sizes = np.bincount(given, minlength=len(names))
    return replace(
        found,
        agreement=float((suggested == given).mean()),
        suspected=len(issues),
        by_class=tuple(
            Count(name, per_class[name], per_class[name] / size)
            for name, size in zip(names, sizes.tolist(), strict=True)
            if size
        ),
        swaps=tuple(Swap(*pair, rows=count) for pair, count in swaps.most_common(MOST_SWAPS)),
        suspects=tuple(
            Suspect(
                row=rows.row(int(covered[place])),
                given=names[given[place]],
                suggested=names[suggested[place]],
                given_probability=float(scores[place, given[place]]),
                suggested_probability=float(scores[place, suggested[place]]),
            )
            for place in issues[:MOST_SHOWN]
        ),
    )


def _values(rows: Rows, covered: Array, scores: Array, found: Labels) -> Labels:
    observed, expected = rows.truth[covered], scores[:, 0]
    z = robust_z(observed - expected)
    ranked = [int(place) for place in np.argsort(-np.abs(z), kind="stable") if abs(z[place]) > FAR]
    return replace(
        found,
        suspected=len(ranked),
        residuals=tuple(
            Residual(
                rows.row(int(covered[place])), float(observed[place]), float(expected[place]), float(z[place])
            )
            for place in ranked[:MOST_SHOWN]
        ),
    )
