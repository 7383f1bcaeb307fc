"""What turns a score into a decision, fixed at training time and kept in the bundle."""

from __future__ import annotations

from typing import Literal

from zelo.decisions.spread import Spread
from zelo.decisions.window import WindowLimits
from zelo.spec.frozen import Frozen
from zelo.spec.project import Band, Label, Project

INTERVAL_LEVEL = 0.9
"""The share of outcomes that a regression's prediction interval promises to hold."""


class Author(Frozen):
    """Which candidate forecasts, and how much better than the baseline it is.

    ``skill`` is 1 less the ratio of their mean absolute errors from rolling origins (0: no better), and
    ``p_value`` that of the test of Diebold and Mariano; both ``None`` where there is nothing to compare.
    """

    name: str
    baseline: str
    skill: float | None = None
    p_value: float | None = None


class Policy(Frozen):
    """Thresholds, bands and words of one version.

    ``threshold`` applies to the positive class of a binary task, ``half_width`` to a regression:
    the distance from the value to each end of its prediction interval, in the target's unit. A forecast has
    one for each horizon in ``half_widths``, of which the first is ``half_width``; ``None`` where the rows
    were too few to promise anything. Where a project has models of volatility, ``spread`` gives each interval
    a width of its own, and there are no half-widths. No interval reaches below ``least``. ``window`` are the
    limits that the history of a forecast is checked against, ``author`` says who forecasts.

    The rest applies to several classes. ``class_thresholds`` divide the probabilities before the largest
    is taken (none: the most probable class), and ``set_limits`` say which classes a set holds at
    ``coverage`` (:mod:`zelo.stats.conformal`), both in the order of ``classes``. An answer lists the
    ``top`` most probable classes, and abstains below ``confidence``.
    """

    kind: Literal["binary", "multiclass", "regression"]
    classes: tuple[Label, ...] = ()
    positive: Label | None = None
    threshold: float = 0.5
    bands: tuple[Band, ...] = ()
    half_width: float | None = None
    half_widths: tuple[float | None, ...] = ()
    least: float | None = None
    spread: Spread | None = None
    window: WindowLimits | None = None
    author: Author | None = None
    top: int = 3
    confidence: float | None = None
    class_thresholds: tuple[float, ...] = ()
    set_limits: tuple[float, ...] = ()
    coverage: float | None = None

    @property
    def has_intervals(self) -> bool:
        """Whether a regression's answers have an interval."""
        return self.half_width is not None or self.spread is not None


def make_policy(
    project: Project,
    *,
    threshold: float = 0.5,
    half_width: float | None = None,
    half_widths: tuple[float | None, ...] = (),
    class_thresholds: tuple[float, ...] = (),
    set_limits: tuple[float, ...] = (),
) -> Policy:
    """The policy of a project with what was fitted out of fold."""
    return Policy(
        kind=project.task.kind,
        classes=project.classes,
        positive=project.positive if project.task.kind == "binary" else None,
        threshold=threshold,
        bands=project.decision.bands,
        half_width=half_width,
        half_widths=half_widths,
        least=project.least,
        top=project.decision.top,
        confidence=project.decision.confidence,
        class_thresholds=class_thresholds,
        set_limits=set_limits,
        coverage=project.decision.coverage if set_limits else None,
    )
