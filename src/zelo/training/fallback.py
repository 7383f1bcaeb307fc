"""Who may forecast in place of the project's fallback: whoever beats it by more than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zelo.errors import TrainingError
from zelo.spec.project import Project
from zelo.stats.diebold_mariano import diebold_mariano
from zelo.stats.holm import holm
from zelo.training.against import absolute_errors
from zelo.training.evaluate import Assessed

LEVEL = 0.05


@dataclass(frozen=True)
class Challenge:
    """The fallback, and of each other candidate the p-value of "its absolute errors are not smaller".

    The p-values are of the test of Diebold and Mariano (with Harvey's correction, one-sided) on the same rows
    out of fold. What counts is ``adjusted``, by Holm: the best of many beats the fallback by luck more often
    than one alone.
    """

    fallback: str
    p_values: Mapping[str, float]
    adjusted: Mapping[str, float]

    @property
    def beaten_by(self) -> tuple[str, ...]:
        """The candidates that may serve in its place, in the order that they were compared in."""
        return tuple(name for name, p_value in self.adjusted.items() if p_value < LEVEL)

    @property
    def nearest(self) -> str | None:
        """The candidate with the smallest p-value; none where the fallback stood alone."""
        return min(self.p_values, key=lambda name: self.p_values[name], default=None)


def challenge(ranked: Sequence[Assessed], project: Project) -> Challenge | None:
    """The fallback against all others that could be fitted; nothing where the project has none.

    Raises:
        TrainingError: the fallback could not be fitted.
    """
    if project.forecast is None or project.forecast.fallback is None:
        return None
    name = project.forecast.fallback
    errors = {item.name: absolute_errors(item.scored) for item in ranked if item.scored is not None}
    if name not in errors:
        raise TrainingError(
            "the fallback could not be fitted, so nothing can be judged against it",
            where=f"{project.name}: forecast.fallback",
            found=name,
            expected=f"one that fits: {', '.join(errors)}",
            hint="choose another fallback; persistence always fits",
        )
    others = [other for other in errors if other != name]
    found = [diebold_mariano(errors[other], errors[name]).p_value for other in others]
    # Without a test (the same forecasts, or too few rows) nothing speaks for the other.
    p_values = np.nan_to_num(found, nan=1.0).tolist()
    adjusted = holm(p_values).tolist()
    return Challenge(name, dict(zip(others, p_values, strict=True)), dict(zip(others, adjusted, strict=True)))
