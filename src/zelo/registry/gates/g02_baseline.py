"""G02: better than the naive baseline, by more than chance."""

from __future__ import annotations

from zelo.registry.examination import Examination
from zelo.registry.gates.gate import Gate, Status

LEVEL = 0.05


def check(examination: Examination) -> tuple[Status, str, str]:
    """Paired bootstrap of the primary metric on the test rows, one-sided at 5 %."""
    primary = examination.project.select.primary
    gain = examination.gain_over(examination.baseline)
    found = f"{primary} better by {gain.value:.4f} [{gain.low:.4f}, {gain.high:.4f}], p = {gain.p_value:.3f}"
    return "passed" if gain.p_value < LEVEL else "failed", found, f"a gain over the baseline with p < {LEVEL}"


GATE = Gate("G02", "beats the naive baseline", check)
