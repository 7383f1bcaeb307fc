"""G06: no slice of people or machines is served much worse than the whole."""

from __future__ import annotations

import numpy as np

from zelo.registry.examination import Examination
from zelo.registry.gates.gate import Gate, Status
from zelo.spec.project import LOWER_IS_BETTER
from zelo.stats.bootstrap import metric_intervals
from zelo.stats.metrics import point

FEWEST_ROWS, FEWEST_POSITIVES = 50, 10


def check(examination: Examination) -> tuple[Status, str, str]:
    """A slice fails where the primary metric lies below the whole by more than the limit, beyond chance.

    Slices with fewer than 50 rows, or 10 of the positive class, are counted and not judged.
    """
    project, tested = examination.project, examination.tested
    drop, primary = project.gates.slice_drop, project.select.primary
    expected = f"{primary} of each slice no more than {drop:g} below the whole"
    if not examination.slices:
        return "skipped", "the project names no slices", expected
    sign = -1.0 if primary in LOWER_IS_BETTER else 1.0
    whole = point(tested, (primary,))[primary]
    failed, worst, judged, small = [], (np.inf, ""), 0, 0
    for field, values in examination.slices.items():
        for value in np.unique(values):
            part = tested.where(values == value)
            positives = len(part) if part.positive is None else int((part.truth == part.positive).sum())
            if len(part) < FEWEST_ROWS or positives < FEWEST_POSITIVES:
                small += 1
                continue
            judged += 1
            found = metric_intervals(part, (primary,), seed=project.split.seed)[primary]
            gap = sign * (found.value - whole)
            worst = min(
                worst, (gap, f"{field}={value}: {found.value:.4f} [{found.low:.4f}, {found.high:.4f}]")
            )
            best_end = sign * ((found.high if sign > 0 else found.low) - whole)
            if gap < -drop and best_end < 0:
                failed.append(f"{field}={value}")
    if not judged:
        return "skipped", f"all {small} slices are too small to judge", expected
    found_text = f"{judged} slices judged, {small} too small; the lowest is {worst[1]}, the whole {whole:.4f}"
    return (
        ("failed", f"{', '.join(failed)} too low; {found_text}", expected)
        if failed
        else ("passed", found_text, expected)
    )


GATE = Gate("G06", "no slice left behind", check)
