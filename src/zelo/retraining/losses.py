"""How much worse one version's answers turned out than another's on the same rows, within [-1, 1]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zelo.ledger.records import Paired
from zelo.retraining.costs import cost_matrix
from zelo.spec.project import Project
from zelo.stats.arrays import FloatArray

Body = Mapping[str, Any]
SHARES = {"log_loss": 0.85, "cost": 0.15, "absolute_error": 1.0}
"""Of the first wealth, what is staked on each loss.

The log loss sees a worse model several times sooner than its decisions do, which differ on few rows; a
threshold that is worse alone, or dear mistakes, only the decisions show.
"""
_LEAST = 1e-3


def differences(
    pairs: Sequence[Paired], version: str, project: Project, *, scale: float = 1.0
) -> dict[str, FloatArray]:
    """Each loss of ``version`` less the other version's, shape [n], in the order of ``pairs``.

    ``log_loss``: a row counts at most one nat; where the two are further apart whatever the truth, it is
    scaled down, by what they say alone. ``cost``: by the project's table, in shares of its dearest mistake;
    without one, errors. ``absolute_error``, of values: in multiples of ``scale`` or, where they are
    further apart, of the distance between the two.

    Args:
        pairs: see :func:`zelo.ledger.shadows.paired`; those where the truth or an answer is no class of
            the project, or no number, are left out.
        version: whose answers are judged.
        scale: of a value's error: the champion's mean absolute error on its test set.
    """
    rows = [
        (mine, other, pair.outcome.value)
        for pair in pairs
        for mine, other in [_sides(pair, version)]
        if _usable(mine, other, pair.outcome.value, project)
    ]
    if project.task.kind == "regression":
        said = np.array([[mine["prediction"], other["prediction"], truth] for mine, other, truth in rows])
        return {"absolute_error": _errors(said.reshape(-1, 3).astype(np.float64), scale)}
    log_losses = [_log_loss(mine, other, truth, project) for mine, other, truth in rows]
    return {"log_loss": np.array(log_losses, dtype=np.float64), "cost": _costs(rows, project)}


def _sides(pair: Paired, version: str) -> tuple[Body, Body]:
    answered = {**pair.prediction.decision, "score": pair.prediction.score}
    shadow = {**pair.shadow.decision, "score": pair.shadow.score}
    return (answered, shadow) if pair.prediction.version == version else (shadow, answered)


def _usable(mine: Body, other: Body, truth: Any, project: Project) -> bool:
    if project.classes:
        return all(label in project.classes for label in (truth, mine["prediction"], other["prediction"]))
    values = (mine["prediction"], other["prediction"], truth)
    return all(isinstance(v, int | float) and not isinstance(v, bool) and np.isfinite(v) for v in values)


def _errors(said: FloatArray, scale: float) -> FloatArray:
    mine, other, truth = said.T
    apart = np.abs(mine - truth) - np.abs(other - truth)
    # No truth makes the errors of two values differ by more than the values do.
    found: FloatArray = apart / np.maximum(np.abs(mine - other), scale)
    return found


def _log_loss(mine: Body, other: Body, truth: Any, project: Project) -> float:
    labels = project.classes if project.task.kind == "binary" else _listed(mine) | _listed(other)
    said = {
        label: np.log(_probability(other, label, project) / _probability(mine, label, project))
        for label in labels
    }
    rest = np.log(_rest(other, project) / _rest(mine, project)) if len(said) < len(project.classes) else 0.0
    furthest = max(abs(rest), *(abs(value) for value in said.values()))
    return float(said.get(truth, rest) / max(furthest, 1.0))


def _probability(body: Body, label: Any, project: Project) -> float:
    """What was said of a class, not below 0.001; of one that was not listed, its share of the rest."""
    if project.task.kind == "binary":
        share = body["score"] if label == project.positive else 1 - body["score"]
        return max(float(share), _LEAST)
    for entry in body["classes"]:
        if entry["label"] == label:
            return max(float(entry["probability"]), _LEAST)
    return _rest(body, project)


def _rest(body: Body, project: Project) -> float:
    listed = body["classes"]
    others = len(project.classes) - len(listed)
    left: float = 1.0 - sum(entry["probability"] for entry in listed)
    return max(left / max(others, 1), _LEAST)


def _listed(body: Body) -> set[Any]:
    return {entry["label"] for entry in body["classes"]}


def _costs(rows: Sequence[tuple[Body, Body, Any]], project: Project) -> FloatArray:
    matrix = cost_matrix(project, project.costs) if project.costs else 1 - np.eye(len(project.classes))
    place: dict[Any, int] = {label: index for index, label in enumerate(project.classes)}
    found = [
        matrix[place[truth], place[mine["prediction"]]] - matrix[place[truth], place[other["prediction"]]]
        for mine, other, truth in rows
    ]
    return np.array(found, dtype=np.float64) / max(float(matrix.max()), np.finfo(np.float64).tiny)
