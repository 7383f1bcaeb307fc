"""G07: probabilities mean what they say; intervals hold what they promise."""

from __future__ import annotations

import numpy as np

from zelo.decisions.policy import INTERVAL_LEVEL
from zelo.registry.examination import Examination
from zelo.registry.gates.gate import Gate, Status
from zelo.stats.bootstrap import metric_intervals
from zelo.stats.calibration import wilson_interval


def check(examination: Examination) -> tuple[Status, str, str]:
    """Expected calibration error on the test rows; for a regression, the coverage of its intervals.

    The plain error of a perfect model grows as rows get few (0.05 at 300 rows), so the lower bound is judged:
    a version fails where its error is above the limit beyond that.
    """
    return _coverage(examination) if not examination.bundle.policy.classes else _error(examination)


def _error(examination: Examination) -> tuple[Status, str, str]:
    limit = examination.project.gates.calibration_error
    found = metric_intervals(examination.tested, ("ece",), seed=examination.project.split.seed)["ece"]
    text = f"calibration error {found.value:.4f} [{found.low:.4f}, {found.high:.4f}]"
    return "passed" if found.low <= limit else "failed", text, f"not above {limit:g} beyond chance"


def _coverage(examination: Examination) -> tuple[Status, str, str]:
    expected = f"{INTERVAL_LEVEL:.0%} within the interval of what the intervals cover"
    tested = examination.tested
    if tested.bounds is None:
        return "failed", "the model gives no intervals", expected
    low_end, high_end = tested.bounds.T
    within = (low_end <= tested.truth) & (tested.truth <= high_end)
    share, rows = float(within.mean()), len(tested)
    low, high = wilson_interval(np.array([share]), np.array([rows]))
    text = f"{share:.1%} [{low[0]:.1%}, {high[0]:.1%}] of {rows} rows covered"
    return "passed" if high[0] >= INTERVAL_LEVEL else "failed", text, expected


GATE = Gate("G07", "calibrated", check)
