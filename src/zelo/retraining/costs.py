"""What answers cost by the project's table: where the truth is known, and as expected where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zelo.spec.project import Project
from zelo.spec.watching import Costs
from zelo.stats.arrays import FloatArray

Array = np.ndarray[Any, Any]
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Compared:
    """What the answers of two versions to the same ``rows`` cost, in ``currency``.

    ``difference`` is challenger less champion, with its 95 % interval; the ends are ``None`` below two rows.
    """

    rows: int
    champion: float
    challenger: float
    difference: float
    low: float | None
    high: float | None


def compared(champion: FloatArray, challenger: FloatArray) -> Compared | None:
    """Two versions' costs of each row; ``None`` without rows. The interval is the normal one of a sum."""
    rows = len(champion)
    if not rows:
        return None
    apart = challenger - champion
    half = Z95 * float(np.std(apart, ddof=1)) * rows**0.5 if rows > 1 else None
    total = float(apart.sum())
    return Compared(
        rows,
        float(champion.sum()),
        float(challenger.sum()),
        total,
        None if half is None else total - half,
        None if half is None else total + half,
    )


def cost_matrix(project: Project, costs: Costs) -> FloatArray:
    """What it costs to answer class j where the truth is class i, shape [K, K]."""
    size = len(project.classes)
    if project.task.kind == "multiclass":
        assert costs.wrong is not None
        found: FloatArray = costs.wrong * (1 - np.eye(size))
        return found
    assert costs.false_positive is not None
    assert costs.false_negative is not None
    positive = project.classes.index(project.positive)
    found = np.zeros((2, 2))
    found[1 - positive, positive], found[positive, 1 - positive] = costs.false_positive, costs.false_negative
    return found


def cost_of_values(values: FloatArray, truth: FloatArray, costs: Costs) -> FloatArray:
    """What values answered cost where these came, shape [n]."""
    assert costs.over is not None
    assert costs.under is not None
    error = values - truth
    return np.where(error > 0, costs.over * error, -costs.under * error)


def expected_costs(
    matrix: FloatArray, predicted: tuple[Array, Array], scores: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """What each version's answers are expected to cost, shape [n] each.

    The truth is expected by the mean of the two versions' probabilities: by its own alone each would be the
    better one.

    Args:
        matrix: from :func:`cost_matrix`.
        predicted: class indices, shape [n], the champion's and the challenger's.
        scores: their probabilities, shape [n, K] each.
    """
    by_answer = (scores[0] + scores[1]) / 2 @ matrix
    rows = np.arange(len(by_answer))
    return by_answer[rows, predicted[0]], by_answer[rows, predicted[1]]
