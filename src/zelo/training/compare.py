"""Which candidate wins, what it shares the Pareto front with, and why: out of fold, never on the test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zelo.errors import TrainingError
from zelo.spec.project import LOWER_IS_BETTER, Project
from zelo.stats.bootstrap import Difference, paired_difference
from zelo.stats.pareto import pareto_front
from zelo.training.evaluate import Assessed, is_better


@dataclass(frozen=True)
class Comparison:
    """The candidates from best to worst in the primary metric, with the winner first.

    ``front`` are the names that no other beats in every reported metric. ``lead`` is the winner's
    gain over the runner-up on the same rows; ``None`` where there is no other.
    """

    ranked: tuple[Assessed, ...]
    front: frozenset[str]
    lead: Difference | None
    why: str

    @property
    def winner(self) -> Assessed:
        return self.ranked[0]


def compare(assessed: Sequence[Assessed], project: Project) -> Comparison:
    """Rank the candidates that could be fitted.

    Raises:
        TrainingError: none could.
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
    metrics = project.select.metrics
    points = np.array([[item.metrics[name].value for name in metrics] for item in ranked])
    front = pareto_front(
        np.nan_to_num(points, nan=-np.inf), [name not in LOWER_IS_BETTER for name in metrics]
    )
    names = frozenset(item.name for item, kept in zip(ranked, front, strict=True) if kept)
    lead = _lead(ranked, project) if len(ranked) > 1 else None
    return Comparison(tuple(ranked), names, lead, _why(ranked, names, lead, project))


def _rank(value: float) -> float:
    return -np.inf if np.isnan(value) else value


def _lead(ranked: Sequence[Assessed], project: Project) -> Difference:
    primary = project.select.primary
    first, second = ranked[0].scored, ranked[1].scored
    assert first is not None
    assert second is not None
    return paired_difference(
        first, second, primary, higher_is_better=primary not in LOWER_IS_BETTER, seed=project.split.seed
    )


def _why(ranked: Sequence[Assessed], front: frozenset[str], lead: Difference | None, project: Project) -> str:
    primary = project.select.primary
    winner = ranked[0]
    best = winner.metrics[primary]
    parts = [
        f"{winner.name} has the best {primary} out of fold: {best.value:.4f} [{best.low:.4f}, {best.high:.4f}]"
    ]
    if lead is not None:
        word = "significant" if lead.low > 0 else "not significant"
        parts.append(
            f"its lead over {ranked[1].name} is {lead.value:.4f} [{lead.low:.4f}, {lead.high:.4f}], {word} at 95 %"
        )
    beaten = [
        name
        for name in project.select.metrics
        if any(is_better(name, item.metrics[name].value, winner.metrics[name].value) for item in ranked[1:])
    ]
    parts.append(
        f"another candidate is better in {', '.join(beaten)}"
        if beaten
        else "it is the best in every reported metric"
    )
    parts.append("it is on the Pareto front" if winner.name in front else "it is not on the Pareto front")
    return "; ".join(parts)
