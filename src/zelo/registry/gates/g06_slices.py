"""G06: no slice of people or machines is served much worse than the whole."""

from __future__ import annotations

import numpy as np

from zelo.registry.examination import Examination
from zelo.registry.gates.gate import Gate, Status
from zelo.spec.project import LOWER_IS_BETTER
from zelo.stats.bootstrap import Interval
from zelo.stats.metrics import point
from zelo.training.slices import by_slice


def check(examination: Examination) -> tuple[Status, str, str]:
    """A slice fails where the primary metric lies below the whole by more than the limit, beyond chance."""
    project, tested = examination.project, examination.tested
    drop, primary = project.gates.slice_drop, project.select.primary
    expected = f"{primary} of each slice no more than {drop:g} below the whole"
    if not examination.slices:
        return "skipped", "the project names no slices", expected
    whole = point(tested, (primary,))[primary]
    slices = by_slice(tested, examination.slices, (primary,), seed=project.split.seed)
    judged = [
        (f"{item.field}={item.value}", item.metrics[primary])
        for item in slices
        # One class alone leaves some metrics without a value.
        if item.metrics is not None and np.isfinite(item.metrics[primary].value)
    ]
    if not judged:
        return "skipped", f"all {len(slices)} slices are too small to judge", expected
    lower = primary in LOWER_IS_BETTER
    failed = [name for name, found in judged if _falls(found, whole, drop, lower_is_better=lower)]
    name, worst = (max if lower else min)(judged, key=lambda item: item[1].value)
    text = (
        f"{len(judged)} slices judged, {len(slices) - len(judged)} too small; the lowest is "
        f"{name}: {worst.value:.4f} [{worst.low:.4f}, {worst.high:.4f}], the whole {whole:.4f}"
    )
    if failed:
        return "failed", f"{', '.join(failed)} too low; {text}", expected
    return "passed", text, expected


def _falls(found: Interval, whole: float, drop: float, *, lower_is_better: bool) -> bool:
    """Further than ``drop`` on the bad side of the whole, with the interval's good end on that side too."""
    if lower_is_better:
        return found.value > whole + drop and found.low > whole
    return found.value < whole - drop and found.high < whole


GATE = Gate("G06", "no slice left behind", check)
