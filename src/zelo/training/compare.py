"""Which candidate wins, what it shares the Pareto front with, and why: out of fold, never on the test set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zelo.errors import TrainingError
from zelo.spec.project import LATENCY, LOWER_IS_BETTER, Label, Project
from zelo.stats.bootstrap import Difference, paired_difference
from zelo.stats.pareto import pareto_front
from zelo.training.evaluate import Assessed
from zelo.training.fallback import LEVEL, Challenge, challenge


@dataclass(frozen=True)
class Comparison:
    """The candidates from best to worst in the primary metric, and the one that was chosen.

    ``front`` are the names that no other beats in every reported metric. ``neglects`` are the critical
    classes whose recall is below the project's floor, by the candidate's name: it is not eligible while
    another is. ``tied`` are the eligible ones whose gap to the best of them is not significant, the best
    included: among them the lowest proper loss wins. ``challenge`` is what the others showed against the
    fallback of a forecast that has one: only who beats it is eligible, and else the fallback.

    ``instead_of`` is whom the comparison would have taken, where another was picked by hand.
    """

    ranked: tuple[Assessed, ...]
    winner: Assessed
    front: frozenset[str]
    tied: tuple[str, ...]
    why: str
    neglects: Mapping[str, tuple[Label, ...]]
    challenge: Challenge | None = None
    instead_of: str | None = None


def compare(assessed: Sequence[Assessed], project: Project) -> Comparison:
    """Rank the candidates that could be fitted, and choose.

    A threshold makes metrics such as F2 noisy, and the best of many noisy figures is the luckiest. So the
    candidates that a paired bootstrap cannot tell from the best are a tie, which the log loss (classes) or
    the absolute error (regression) settles.

    Raises:
        TrainingError: none could be fitted, or not the fallback.
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
    neglects = {item.name: found for item in ranked if (found := neglected(item, project))}
    challenged = challenge(ranked, project)
    eligible = [item for item in ranked if item.name not in neglects] or ranked
    if challenged is not None:
        able = challenged.beaten_by or (challenged.fallback,)
        eligible = [item for item in ranked if item.name in able]
    gaps = {item.name: _gap(eligible[0], item, project) for item in eligible[1:]}
    tied = [eligible[0], *(item for item in eligible[1:] if not gaps[item.name].low > 0)]
    loss = proper_loss(project)
    winner = min(tied, key=lambda item: _worst_if_undefined(item.metrics[loss].value))
    front = _front(ranked, project)
    parts = [*_left_out(neglects, ranked, project), *_challenged(challenged)]
    if challenged is None or challenged.beaten_by:
        parts.append(_why(winner, eligible, gaps, tied, front, project))
    names = tuple(item.name for item in tied)
    return Comparison(tuple(ranked), winner, front, names, "; ".join(parts), neglects, challenged)


def picked_by_hand(found: Comparison, assessed: Sequence[Assessed], name: str) -> Comparison:
    """The comparison with the candidate ``name`` in the winner's place; the ranking stays what it is.

    Raises:
        TrainingError: it could not be fitted.
    """
    item = next(item for item in assessed if item.name == name)
    if item.scored is None:
        raise TrainingError(
            "the candidate that was picked could not be fitted",
            where=name,
            found=item.error or "",
            expected=f"one that fits: {', '.join(other.name for other in found.ranked)}",
            hint="mend its parameters, or pick another",
        )
    if name == found.winner.name:
        return replace(found, why=f"{name} was picked by hand, and the comparison takes it too: {found.why}")
    why = f"{name} was picked by hand; the comparison would have taken {found.winner.name}: {found.why}"
    return replace(found, winner=item, instead_of=found.winner.name, why=why)


def neglected(item: Assessed, project: Project) -> tuple[Label, ...]:
    """The critical classes whose recall out of fold lies below the floor, those without a scored row too."""
    critical, scored = project.select.critical, item.scored
    if critical is None or scored is None or scored.predicted is None:
        return ()
    places = {label: project.classes.index(label) for label in critical.classes}
    hit = np.equal(scored.predicted, scored.truth)
    of_class = {label: scored.truth == place for label, place in places.items()}
    return tuple(
        label for label, rows in of_class.items() if not rows.any() or hit[rows].mean() < critical.recall
    )


def proper_loss(project: Project) -> str:
    """The metric that settles ties: lower is better, and only the truth minimises it."""
    return "mae" if project.task.kind == "regression" else "log_loss"


def figure(item: Assessed, name: str) -> float:
    """What a candidate reached out of fold in a metric that may be reported, its latency among them."""
    return item.latency_ms if name == LATENCY else item.metrics[name].value


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
    points = np.array([[figure(item, name) for name in metrics] for item in ranked])
    higher = [name not in LOWER_IS_BETTER for name in metrics]
    worst = np.where(np.isnan(points), np.where(higher, -np.inf, np.inf), points)
    kept = pareto_front(worst, higher)
    return frozenset(item.name for item, stays in zip(ranked, kept, strict=True) if stays)


def _left_out(
    neglects: Mapping[str, Sequence[Label]], ranked: Sequence[Assessed], project: Project
) -> list[str]:
    if project.select.critical is None or not neglects:
        return []
    floor = f"recall of {project.select.critical.recall:g} out of fold on each critical class"
    if len(neglects) == len(ranked):
        return [f"no candidate has the {floor}"]
    told = ", ".join(f"{name} ({', '.join(map(str, labels))})" for name, labels in neglects.items())
    return [f"not eligible without the {floor}: {told}"]


def _challenged(found: Challenge | None) -> list[str]:
    """What became of the fallback, in a sentence."""
    if found is None:
        return []
    if found.nearest is None:
        return [f"{found.fallback} serves: no other candidate was compared"]
    test = f"by Holm over {len(found.adjusted)} candidates; Diebold-Mariano, against {LEVEL}"
    if not found.beaten_by:
        return [
            f"no candidate beats {found.fallback} out of fold by more than chance, so {found.fallback} "
            f"serves: the nearest is {_p(found, found.nearest)} ({test})"
        ]
    told = ", ".join(_p(found, name) for name in found.beaten_by)
    return [f"{found.fallback} is beaten out of fold by more than chance: {told} ({test})"]


def _p(found: Challenge, name: str) -> str:
    return f"{name} with p = {found.p_values[name]:.3f}, adjusted {found.adjusted[name]:.3f}"


def _why(
    winner: Assessed,
    eligible: Sequence[Assessed],
    gaps: Mapping[str, Difference],
    tied: Sequence[Assessed],
    front: frozenset[str],
    project: Project,
) -> str:
    primary, loss, best = project.select.primary, proper_loss(project), eligible[0]
    found = best.metrics[primary]
    figure = f"{found.value:.4f} [{found.low:.4f}, {found.high:.4f}]"
    parts = [f"{best.name} has the best {primary} out of fold: {figure}"]
    if len(tied) > 1:
        others = ", ".join(item.name for item in tied[1:])
        parts.append(f"not significantly better than {others}")
        parts.append(f"of these, {winner.name} has the lowest {loss}: {winner.metrics[loss].value:.4f}")
    elif len(eligible) > 1:
        gap = gaps[eligible[1].name]
        parts.append(f"ahead of {eligible[1].name} by {gap.value:.4f} [{gap.low:.4f}, {gap.high:.4f}]")
    stands = "on" if winner.name in front else "not on"
    return "; ".join([*parts, f"{winner.name} is {stands} the Pareto front of the reported metrics"])
