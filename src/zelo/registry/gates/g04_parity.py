"""G04: what is served gives the scores that were measured."""

from __future__ import annotations

import json

import numpy as np

from zelo.registry.examination import Examination
from zelo.registry.gates.gate import Gate, Status
from zelo.registry.parity import TOLERANCE

TEST_SCORES = "test_scores.json"


def check(examination: Examination) -> tuple[Status, str, str]:
    """The served runtime scores the test rows again; the fitted pipeline's scores are in the bundle."""
    bundle = examination.bundle
    measured = np.asarray(
        json.loads((bundle.path / TEST_SCORES).read_text(encoding="utf-8")), dtype=np.float64
    )
    expected = f"scores within {TOLERANCE:g} of those that were measured"
    if measured.shape != examination.tested.scores.shape:
        return "failed", f"{len(examination.tested)} test rows, and {len(measured)} were measured", expected
    spread = 1.0 if bundle.policy.classes else max(float(measured.std()), 1e-12)
    difference = float(np.abs(measured - examination.tested.scores).max()) / spread
    reason = json.loads((bundle.path / "parity.json").read_text(encoding="utf-8"))["reason"]
    runtime = "the fitted pipeline" if bundle.predictor.runtime == "native" else "the compiled model"
    found = f"{runtime} serves ({reason}); largest difference {difference:.1e}"
    return "passed" if difference <= TOLERANCE else "failed", found, expected


GATE = Gate("G04", "served as measured", check)
