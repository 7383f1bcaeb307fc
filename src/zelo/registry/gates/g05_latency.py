"""G05: one row is scored and decided in time."""

from __future__ import annotations

import time

import numpy as np

from zelo.decisions.decide import decide
from zelo.features.columns import count, take
from zelo.features.history import windows_of
from zelo.registry.examination import Examination
from zelo.registry.gates.gate import Gate, Status

WARM, TIMED = 20, 200


def check(examination: Examination) -> tuple[Status, str, str]:
    """p95 over 200 single rows, after 20 to warm up; network and ledger are not in it."""
    bundle, limit = examination.bundle, examination.project.gates.latency_ms
    total = count(examination.rows)
    elapsed = []
    for turn in range(WARM + TIMED):
        row = take(examination.rows, np.array([turn % total]))
        start = time.perf_counter()
        decide(bundle.predictor.scores(row), bundle.policy, windows_of(row, bundle.project))
        elapsed.append(time.perf_counter() - start)
    p95 = float(np.percentile(elapsed[WARM:], 95)) * 1000
    return "passed" if p95 <= limit else "failed", f"p95 {p95:.2f} ms a row", f"at most {limit:g} ms"


GATE = Gate("G05", "fast enough", check)
