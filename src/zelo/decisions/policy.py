"""What turns a score into a decision, fixed at training time and kept in the bundle."""

from __future__ import annotations

from typing import Literal

from zelo.spec.project import Band, Frozen, Label, Project

INTERVAL_LEVEL = 0.9
"""The share of outcomes that a regression's prediction interval promises to hold."""


class Policy(Frozen):
    """Threshold, bands and words of one version.

    ``threshold`` applies to the positive class of a binary task, ``half_width`` to a regression:
    the distance from the value to each end of its prediction interval, in the target's unit.
    """

    kind: Literal["binary", "multiclass", "regression"]
    classes: tuple[Label, ...] = ()
    positive: Label | None = None
    threshold: float = 0.5
    bands: tuple[Band, ...] = ()
    half_width: float | None = None


def make_policy(project: Project, *, threshold: float = 0.5, half_width: float | None = None) -> Policy:
    """The policy of a project with what was fitted out of fold."""
    return Policy(
        kind=project.task.kind,
        classes=project.classes,
        positive=project.positive if project.task.kind == "binary" else None,
        threshold=threshold,
        bands=project.decision.bands,
        half_width=half_width,
    )
