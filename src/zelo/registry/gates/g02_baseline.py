"""G02: better than the naive baseline, by more than chance."""

from __future__ import annotations

from zelo.registry.examination import Examination
from zelo.registry.gates.gate import Gate, Status
from zelo.spec.project import LOWER_IS_BETTER
from zelo.stats.bootstrap import paired_difference

LEVEL = 0.05


def check(examination: Examination) -> tuple[Status, str, str]:
    """Paired bootstrap of the primary metric on the test rows, one-sided at 5 %."""
    primary = examination.project.select.primary
    gain = paired_difference(
        examination.tested,
        examination.baseline,
        primary,
        higher_is_better=primary not in LOWER_IS_BETTER,
        seed=examination.project.split.seed,
    )
    found = f"{primary} better by {gain.value:.4f} [{gain.low:.4f}, {gain.high:.4f}], p = {gain.p_value:.3f}"
    return "passed" if gain.p_value < LEVEL else "failed", found, f"a gain over the baseline with p < {LEVEL}"


GATE = Gate("G02", "beats the naive baseline", check)
