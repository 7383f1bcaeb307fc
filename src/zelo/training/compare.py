"""Which candidate wins, what it shares the Pareto front with, and why: out of fold, never on the test set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zelo.errors import TrainingError
from zelo.spec.project import LOWER_IS_BETTER, Project
from zelo.stats.bootstrap import Difference, paired_difference
from zelo.stats.pareto import pareto_front
from zelo.training.evaluate import Assessed


@dataclass(frozen=True)
class Comparison:
    """The candidates from best to worst in the primary metric, and the one that was chosen.

    ``front`` are the names that no other beats in every reported metric. ``tied`` are those whose gap to the
    best is not significant, the best included: among them the lowest proper loss wins.
    """

    ranked: tuple[Assessed, ...]
    winner: Assessed
    front: frozenset[str]
    tied: tuple[str, ...]
    why: str


def compare(assessed: Sequence[Assessed], project: Project) -> Comparison:
    """Rank the candidates that could be fitted, and choose.

    A threshold makes metrics such as F2 noisy, and the best of many noisy figures is the luckiest. So the
    candidates that a paired bootstrap cannot tell from the best are a tie, which the log loss (classes) or
    the absolute error (regression) settles.

    Raises:
        TrainingError: none could be fitted.
    """
    fitted = [item for item in assessed if item.scored is not None]
    if not fitted:
        raise TrainingError(
            "no candidate could be fitted",
            where=project.name,
            found="; ".join(f"{item.name}: {item.error}" for item in assessed),
            expected="at least one candidate that fits",
            hint="look at the first error; zelo check and zelo data tell more of the project",
        )
    primary = project.select.primary
    sign = -1.0 if primary in LOWER_IS_BETTER else 1.0
    ranked = sorted(fitted, key=lambda item: _rank(sign * item.metrics[primary].value), reverse=True)
    gaps = {item.name: _gap(ranked[0], item, project) for item in ranked[1:]}
    tied = [ranked[0], *(item for item in ranked[1:] if not gaps[item.name].low > 0)]
    loss = proper_loss(project)
    winner = min(tied, key=lambda item: _worst_if_undefined(item.metrics[loss].value))
    front = _front(ranked, project)
    why = _why(winner, ranked, gaps, tied, front, project)
    return Comparison(tuple(ranked), winner, front, tuple(item.name for item in tied), why)


def proper_loss(project: Project) -> str:
    """The metric that settles ties: lower is better, and only the truth minimises it."""
    return "mae" if project.task.kind == "regression" else "log_loss"


def _rank(value: float) -> float:
    return -np.inf if np.isnan(value) else value


def _worst_if_undefined(value: float) -> float:
    return np.inf if np.isnan(value) else value


def _gap(best: Assessed, item: Assessed, project: Project) -> Difference:
    primary = project.select.primary
    assert best.scored is not None
    assert item.scored is not None
    return paired_difference(
        best.scored,
        item.scored,
        primary,
        higher_is_better=primary not in LOWER_IS_BETTER,
        seed=project.split.seed,
    )


def _front(ranked: Sequence[Assessed], project: Project) -> frozenset[str]:
    metrics = project.select.metrics
    points = np.array([[item.metrics[name].value for name in metrics] for item in ranked])
    higher = [name not in LOWER_IS_BETTER for name in metrics]
    worst = np.where(np.isnan(points), np.where(higher, -np.inf, np.inf), points)
    kept = pareto_front(worst, higher)
    return frozenset(item.name for item, stays in zip(ranked, kept, strict=True) if stays)


def _why(
    winner: Assessed,
    ranked: Sequence[Assessed],
    gaps: Mapping[str, Difference],
    tied: Sequence[Assessed],
    front: frozenset[str],
    project: Project,
) -> str:
    primary, loss, best = project.select.primary, proper_loss(project), ranked[0]
    found = best.metrics[primary]
    figure = f"{found.value:.4f} [{found.low:.4f}, {found.high:.4f}]"
    parts = [f"{best.name} has the best {primary} out of fold: {figure}"]
    if len(tied) > 1:
        others = ", ".join(item.name for item in tied[1:])
        parts.append(f"not significantly better than {others}")
        parts.append(f"of these, {winner.name} has the lowest {loss}: {winner.metrics[loss].value:.4f}")
    elif len(ranked) > 1:
        gap = gaps[ranked[1].name]
        parts.append(f"ahead of {ranked[1].name} by {gap.value:.4f} [{gap.low:.4f}, {gap.high:.4f}]")
    stands = "on" if winner.name in front else "not on"
    return "; ".join([*parts, f"{winner.name} is {stands} the Pareto front of the reported metrics"])
