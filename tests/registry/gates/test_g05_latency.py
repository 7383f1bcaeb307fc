from __future__ import annotations

from pathlib import Path

from tests.registry.fakes import Fixed, examined, guesses, truth
from tests.tables import make_project

from zelo.registry.gates.g05_latency import GATE


def test_a_model_in_time_passes(tmp_path: Path) -> None:
    project = make_project(gates={"latency_ms": 1000.0})
    result = GATE.run(examined(tmp_path, guesses(truth(30), right=0.9), project=project))
    assert (result.code, result.status) == ("G05", "passed")


def test_a_slow_model_fails(tmp_path: Path) -> None:
    project = make_project(gates={"latency_ms": 0.5})
    slow = Fixed(seconds=0.001)
    result = GATE.run(examined(tmp_path, guesses(truth(30), right=0.9), project=project, predictor=slow))
    assert result.status == "failed"
    assert "p95" in result.found
    assert result.expected == "at most 0.5 ms"
