"""What each field is worth to a model: how much worse it gets when the field's values are shuffled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from zelo.features.columns import Columns, take
from zelo.spec.project import Project

if TYPE_CHECKING:
    from zelo.training.rows import Rows

Array = np.ndarray[Any, Any]


def importances(
    predict: Callable[[Columns], Array],
    rows: Rows,
    project: Project,
    *,
    seed: int,
    max_rows: int = 500,
    repeats: int = 3,
) -> dict[str, float]:
    """Permutation importance of each input field, falling: the mean rise of the loss.

    The history of a forecast is one: its values say the same, so they are shuffled together, row by row.

    The loss is log loss in nats (classes) or absolute error in the target's unit (regression). Around 0,
    or below it by chance, the model does without the field. Fields that tell the same share their worth.
    Source: Breiman, "Random forests", Machine Learning 2001, section 10.

    Args:
        predict: columns -> class probabilities [n, K] or values [n, 1].
        rows: of which at most ``max_rows`` are drawn.
        repeats: how often each field is shuffled; one call of ``predict`` a field serves them all.
    """
    rng = np.random.default_rng(seed)
    size = min(max_rows, len(rows.truth))
    drawn = rng.choice(len(rows.truth), size=size, replace=False)
    columns, truth = take(rows.columns, drawn), rows.truth[drawn]
    usual = _loss(predict(columns), truth, project).mean()
    stacked = take(columns, np.tile(np.arange(size), repeats))
    repeated = np.tile(truth, repeats)
    rises = {}
    groups: dict[str, tuple[str, ...]] = {
        name: (name,) for name in project.inputs if name not in project.lags
    }
    if project.forecast is not None:
        groups[project.history_name] = tuple(project.lags)
    for name, together in groups.items():
        shuffles = np.concatenate([rng.permutation(size) for _ in range(repeats)])
        scores = predict({**stacked, **{part: columns[part][shuffles] for part in together}})
        rises[name] = float(_loss(scores, repeated, project).mean() - usual)
    return dict(sorted(rises.items(), key=lambda item: -item[1]))


def _loss(scores: Array, truth: Array, project: Project) -> Array:
    """Each row's loss [n]."""
    if project.task.kind == "regression":
        return np.asarray(np.abs(scores[:, 0] - truth))
    smallest = np.finfo(np.float64).eps
    return np.asarray(-np.log(np.clip(scores[np.arange(len(truth)), truth], smallest, 1.0)))
